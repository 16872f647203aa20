"""Change sets: changes of stacks that wait to be executed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from moto.core.utils import utcnow

from tableguard.local.stacks.drift.reversal import MODE, ActualState
from tableguard.local.stacks.importing import Identifiers
from tableguard.local.stacks.stack import EmbeddedStack
from tableguard.local.stacks.submission import Submission

NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."


FAILED = frozenset({"CREATE_FAILED", "UPDATE_FAILED"})  # of stacks whose next update takes them further


@dataclass
class ChangeSet:
    """A submission for a stack, with the changes that executing it would make."""

    arn: str
    name: str
    stack: EmbeddedStack
    kind: str
    submission: Submission
    description: str | None
    changes: list[dict[str, Any]]
    on_stack_failure: str = ""
    identifiers: Identifiers = field(default_factory=dict)  # of resources to import
    actual: ActualState | None = None  # of a drift-aware change set: what it compares
    validation: list[dict[str, Any]] = field(default_factory=list)  # the events of what was found beforehand
    created_at: Any = field(default_factory=utcnow)
    execution: Literal["AVAILABLE", "EXECUTE_COMPLETE", "EXECUTE_FAILED", "OBSOLETE"] = "AVAILABLE"
    is_empty: bool = field(init=False)

    def __post_init__(self) -> None:
        """Note, once for all, whether the stack already is as submitted, and nothing of it failed."""
        self.is_empty = changes_nothing(self.stack, self.submission, self.changes)

    def describe(self, *, with_values: bool = False) -> dict[str, Any]:
        """Return the answer to DescribeChangeSet, with the values of properties if they are asked for."""
        return {
            "ChangeSetName": self.name,
            "ChangeSetId": self.arn,
            "StackId": self.stack.stack_id,
            "StackName": self.stack.name,
            "Description": self.description,
            "Parameters": self.submission.shown_values,
            "Tags": [{"Key": key, "Value": value} for key, value in self.submission.tags.items()],
            "OnStackFailure": self.on_stack_failure or None,
            "CreationTime": self.created_at,
            "Status": "FAILED" if self.is_empty else "CREATE_COMPLETE",
            "StatusReason": NO_CHANGES if self.is_empty else None,
            "ExecutionStatus": "UNAVAILABLE" if self.is_empty else self.execution,
            "Changes": self._told(with_values),
            **({"DeploymentMode": MODE, "StackDriftStatus": self.actual.detection.status} if self.actual else {}),
        }

    def _told(self, with_values: bool) -> list[dict[str, Any]]:
        if self.is_empty:
            return []
        return self.changes if with_values else [_without_values(change) for change in self.changes]

    @property
    def hindrance(self) -> str | None:
        """Return, in AWS's words, the status in which a change set cannot be executed; None if it can."""
        if self.is_empty:
            return "status of [FAILED]"
        return None if self.execution == "AVAILABLE" else f"execution status of [{self.execution}]"


_VALUES = ("BeforeContext", "AfterContext")
_OF_TARGET = ("AfterValueFrom", "Attribute", "BeforeValueFrom", "Drift", "Name", "RequiresRecreation")


def _without_values(change: dict[str, Any]) -> dict[str, Any]:
    """Return a change as DescribeChangeSet tells it without IncludePropertyValues."""
    details = [
        {**detail, "Target": {name: value for name, value in detail["Target"].items() if name in _OF_TARGET}}
        for detail in change["Details"]
    ]
    return {**{name: value for name, value in change.items() if name not in _VALUES}, "Details": details}


def changes_nothing(stack: EmbeddedStack, submission: Submission, changes: Sequence[Any]) -> bool:
    """Return True if a stack, of which nothing failed, already is as submitted."""
    if stack.submission is None or stack.status in FAILED:
        return False
    return not changes and stack.submission.same_as(submission)
