"""A change set: what is to become of a stack, until somebody says so."""

from dataclasses import dataclass, field
from typing import Any

from moto.core.utils import utcnow

from tableguard.local.stacks.stack import Stack
from tableguard.local.stacks.submission import Submitted

NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."


@dataclass
class ChangeSet:
    """What is to become of a stack, until somebody says so."""

    arn: str
    name: str
    stack: Stack
    kind: str
    submitted: Submitted
    description: str | None
    changes: list[dict[str, Any]]
    made_at: Any = field(default_factory=utcnow)

    @property
    def is_empty(self) -> bool:
        """Whether the stack is as submitted already."""
        return self.stack.submitted is not None and self.stack.submitted.same_as(self.submitted)

    def describe(self) -> dict[str, Any]:
        """The answer to DescribeChangeSet."""
        return {
            "ChangeSetName": self.name,
            "ChangeSetId": self.arn,
            "StackId": self.stack.stack_id,
            "StackName": self.stack.name,
            "Description": self.description,
            "Parameters": dict(self.submitted.parameters),
            "Tags": [{"Key": key, "Value": value} for key, value in self.submitted.tags.items()],
            "CreationTime": self.made_at,
            "Status": "FAILED" if self.is_empty else "CREATE_COMPLETE",
            "StatusReason": NO_CHANGES if self.is_empty else None,
            "ExecutionStatus": "UNAVAILABLE" if self.is_empty else "AVAILABLE",
            "Changes": [] if self.is_empty else self.changes,
        }
