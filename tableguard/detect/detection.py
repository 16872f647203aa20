"""Detections: behaviour that raises an alert, as calls or conditions of CloudTrail records.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from dataclasses import dataclass
from typing import Any, Literal, get_args

from tableguard.reading.controls import Control

Severity = Literal["critical", "high", "medium", "low"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)  # the most urgent first
Channel = Literal["metric filter", "event pattern"]
CHANNELS: tuple[Channel, ...] = get_args(Channel)
Stack = Literal["audit", "oversight"]  # of the workload's account, and of the management account
STACKS: tuple[Stack, ...] = get_args(Stack)

Where = tuple[tuple[str, str | bool], ...]
Event = dict[str, Any]


@dataclass(frozen=True)
class Calls:
    """API calls of one service; a name ending in * is a prefix. `where` narrows by other fields of the record.

    A value of `where` ending in * is a prefix, beginning with * a suffix, with both a part. Where it is * alone, the
    field must be there.
    """

    service: str
    names: tuple[str, ...]
    where: Where = ()


@dataclass(frozen=True)
class Conditions:
    """Conditions in the language of metric filters, such as `$.errorCode = "AccessDenied"`; all or any must hold."""

    joined: Literal["all", "any"]
    terms: "tuple[str | Conditions, ...]"


@dataclass(frozen=True)
class Example:
    """A record that the detection must see, and its twin with one field changed, which it must not see."""

    event: Event
    twin: Event


@dataclass(frozen=True)
class Detection:
    """Behaviour that raises an alert: a sentence, a severity, and how each channel recognises it.

    `conditions` narrow `calls`, or stand alone. `attack` lists technique ids of MITRE ATT&CK; where it is empty,
    `no_attack` says why.
    """

    name: str  # as its file: table_destruction
    sentence: str
    severity: Severity
    attack: tuple[str, ...]
    no_attack: str
    channels: tuple[Channel, ...]
    calls: tuple[Calls, ...]
    conditions: Conditions | None
    threshold: int  # records within five minutes
    examples: tuple[Example, ...]
    controls: tuple[Control, ...] = ()
    stack: Stack = "audit"  # that has the trail in whose records it looks

    @property
    def title(self) -> str:
        """Return the name with which logical ids begin: TableDestruction."""
        return self.name.title().replace("_", "")

    @property
    def slug(self) -> str:
        """Return the name that AWS resources carry: table-destruction."""
        return self.name.replace("_", "-")
