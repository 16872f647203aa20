"""One side of a request, its caller or its resource for instance, divided into the classes that matter."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from tableguard.errors import PolicyError
from tableguard.policy.matching import Values
from tableguard.policy.principals import Principal
from tableguard.prove.engine.statement_set import NONE, Lines, StatementSet

# A decision depends on more than the statements that match: a caller's kind and account, a resource's account.
Parties: TypeAlias = tuple[Any, ...]


_NO_KEYS: Values = {}


class Resource(NamedTuple):
    """A resource, the account that it is in, and the organization of that: an empty text for none."""

    arn: str
    account: str
    organization: str


class RequestPart(NamedTuple):
    """A part of a request: its caller, its resource, or context keys."""

    caller: Principal | None = None
    resource: Resource | None = None
    context: Values = _NO_KEYS

    def __or__(self, other: "RequestPart") -> "RequestPart":
        """Return both parts together."""
        return RequestPart(
            self.caller or other.caller, self.resource or other.resource, {**self.context, **other.context}
        )

    @property
    def keys(self) -> Values:
        """The context keys, and those that AWS derives from caller and resource."""
        own = self.caller.context() if self.caller else {}
        its = {"aws:resourceaccount": (self.resource.account,)} if self.resource else {}
        return {**own, **its, **self.context}


class Option(NamedTuple):
    """One class: the statements that it does not rule out, those it leaves undefined, its parties, and an example."""

    passes: StatementSet
    undefined: StatementSet
    parties: Parties
    example: RequestPart


@dataclass(frozen=True)
class Dimension:
    """All classes of one side, none twice; `concerned` are the statements that depend on this side."""

    options: tuple[Option, ...]
    concerned: StatementSet


def judged(lines: Lines, context: Values) -> tuple[StatementSet, StatementSet]:
    """Return the statements whose conditions hold or are undefined in a context, and those that are undefined."""
    failed = undefined = NONE
    for statement, line in lines:
        try:
            holds = line.holds(context)
        except PolicyError:
            undefined |= statement
        else:
            failed |= NONE if holds else statement
    return ~failed, undefined


def distinct(options: Iterable[Option]) -> tuple[Option, ...]:
    """Return the first option of each kind: the shortest, or the one that reads best."""
    first: dict[tuple[StatementSet, StatementSet, Parties], Option] = {}
    for option in options:
        first.setdefault((option.passes, option.undefined, option.parties), option)
    return tuple(first.values())


def is_call(examples: Iterable[RequestPart]) -> bool:
    """Return True if the parts of a request have a caller and a resource."""
    parts = tuple(examples)
    return any(part.caller for part in parts) and any(part.resource for part in parts)
