"""The conditions that a decision hangs on: which failed, which held, and which only because a key is absent."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tableguard.errors import PolicyError
from tableguard.policy.conditions import Condition
from tableguard.policy.evaluate import Layer, Request, World, decide
from tableguard.policy.matching import VARIABLE
from tableguard.policy.principals import mentioned
from tableguard.policy.statements import Effect, Policy, Statement
from tableguard.prove import requests

_SHOWN = 3
_LIKE, _NOT_LIKE = ("is like", "is like one of"), ("is not like", "is like none of")
# an operator -> its verb before one value, and before several
_WORDS: Mapping[str, tuple[str, str]] = {
    "ArnEquals": _LIKE,
    "ArnLike": _LIKE,
    "ArnNotEquals": _NOT_LIKE,
    "ArnNotLike": _NOT_LIKE,
    "IpAddress": ("is in", "is in one of"),
    "NotIpAddress": ("is not in", "is in none of"),
    "StringLike": _LIKE,
    "StringNotLike": _NOT_LIKE,
}
_COMPARED = {"LessThan": "is below", "LessThanEquals": "is at most", "GreaterThan": "is above"}
_QUANTIFIED = {"ForAllValues": "each value of ", "ForAnyValue": "a value of ", "": ""}
_EFFECTS: tuple[Effect, ...] = ("Allow", "Deny")
_LITERAL = ("*", "?", "$")


@dataclass(frozen=True)
class Line:
    """One condition of a statement, held against a request: what the request has, and whether the condition holds."""

    condition: Condition
    key: str  # as the request has it, or as AWS writes it
    values: tuple[str, ...]
    holds: bool
    absent: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.words}; {self.has}"

    @property
    def words(self) -> str:
        """The condition as a person says it."""
        return words(self.condition, self.key)

    @property
    def has(self) -> str:
        """Say what the request has under the key."""
        return (
            f"the request has {self.key} {', '.join(self.values)}" if self.values else f"the request has no {self.key}"
        )

    def facts(self) -> dict[str, Any]:
        """Return the same as a value for JSON."""
        quantifier = f"{self.condition.quantifier}:" if self.condition.quantifier else ""
        return {
            "operator": f"{quantifier}{self.condition.operator}{'IfExists' if self.condition.if_exists else ''}",
            "key": self.key,
            "values": list(self.condition.values),
            "request": list(self.values),
            "holds": self.holds,
        }


@dataclass(frozen=True)
class Judged:
    """A statement of a policy with all of its conditions, held against a request that it covers otherwise."""

    layer: Layer
    policy: str
    statement: Statement
    lines: tuple[Line, ...]

    @property
    def failed(self) -> tuple[Line, ...]:
        """The conditions that do not hold."""
        return tuple(line for line in self.lines if not line.holds)

    @property
    def absent(self) -> tuple[str, ...]:
        """The keys, as AWS writes them, that conditions name and that the request does not have."""
        keys = (key for line in self.lines for key in line.absent)
        return tuple(dict.fromkeys(map(requests.key_name, keys)))

    @property
    def hangs(self) -> bool:
        """Return True if the answer is as it is only because of keys that the request does not have."""
        return all(line.absent for line in self.failed) and any(line.absent for line in self.lines)


def judged(layer: Layer, policies: Iterable[Policy], effect: Effect, request: Request) -> Iterator[Judged]:
    """Yield the statements with an effect that cover caller, action and resource, whatever their conditions say."""
    keys, names = request.keys(), {key.lower(): key for key in request.context}
    for policy in policies:
        for statement in policy.concerning(effect, request.action.lower()):
            named = statement.principals is None or mentioned(statement.principals, request.principal) is not None
            if named and _covers(statement, request, keys):
                lines = tuple(_line(condition, keys, names) for condition in statement.conditions)
                yield Judged(layer, policy.name, statement, lines)


def _covers(statement: Statement, request: Request, keys: Mapping[str, tuple[str, ...]]) -> bool:
    try:
        return statement.covers_resource(request.resource, keys)
    except PolicyError:  # a variable of Resource has several values: decided elsewhere, and refused there
        return False


def _line(condition: Condition, keys: Mapping[str, tuple[str, ...]], names: Mapping[str, str]) -> Line:
    try:
        holds = condition.holds(keys)
    except PolicyError:  # AWS leaves it open; the decision says so
        holds = False
    key = names.get(condition.key) or requests.key_name(condition.key)
    return Line(condition, key, keys.get(condition.key, ()), holds, _absent(condition, keys))


def _absent(condition: Condition, keys: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(key for key in (condition.key, *_variables(condition)) if not keys.get(key))


def _variables(condition: Condition) -> Iterator[str]:
    for value in condition.values:
        for name in VARIABLE.findall(value):
            if name not in _LITERAL:
                yield name.partition(",")[0].strip().lower()


def words(condition: Condition, key: str) -> str:
    """Write a condition on a key as a person says it: `aws:SourceVpce is vpce-1`."""
    if condition.operator == "Null":
        return f"{key} is {'absent' if 'true' in [value.lower() for value in condition.values] else 'present'}"
    may_lack = f", or {key} is absent" if condition.if_exists else ""
    verb = _verb(condition.operator, len(condition.values) > 1)
    return f"{_QUANTIFIED[condition.quantifier]}{key} {verb} {_listed(condition.values)}{may_lack}"


def _listed(values: tuple[str, ...]) -> str:
    more = len(values) - _SHOWN
    return ", ".join(values[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _verb(operator: str, several: bool) -> str:
    if operator in _WORDS:
        return _WORDS[operator][several]
    compared = operator.removeprefix("Numeric").removeprefix("Date")
    if compared.startswith(("LessThan", "GreaterThan")):
        return _COMPARED.get(compared, "is at least")
    if "Not" in operator:
        return "is none of" if several else "is not"
    return "is one of" if several else "is"


def keys_asked_for(policy: Policy, action: str) -> set[str]:
    """Return the keys, in lower case, that a policy's statements about an action ask for."""
    statements = (one for effect in _EFFECTS for one in policy.concerning(effect, action.lower()))
    lines = (line for statement in statements for line in statement.conditions)
    return {key for line in lines for key in (line.key, *_variables(line))}


def may_be_allowed(world: World, request: Request) -> bool:
    """Return True if a denied request might be allowed with further context keys, each with the value it would need.

    What a denial asks of an absent key then fails, and what an allowing statement asks of one holds.
    """
    keys = request.keys()

    def opened(policy: Policy) -> Policy:
        statements = (_opened(statement, keys) for statement in policy.statements)
        return replace(policy, statements=tuple(one for one in statements if one is not None))

    def level(policies: tuple[Policy, ...]) -> tuple[Policy, ...]:
        return tuple(map(opened, policies))

    wider = replace(
        world,
        service_control=tuple(map(level, world.service_control)),
        resource_control=tuple(map(level, world.resource_control)),
        identity=level(world.identity),
        boundary=world.boundary and opened(world.boundary),
        resource=world.resource and opened(world.resource),
        endpoint=world.endpoint and opened(world.endpoint),
    )
    return decide(wider, request).allowed


def _opened(statement: Statement, keys: Mapping[str, tuple[str, ...]]) -> Statement | None:
    """Return a statement as it is once absent keys have the values that let the request through."""
    present = tuple(line for line in statement.conditions if not _absent(line, keys))
    if len(present) == len(statement.conditions):
        return statement
    return None if statement.effect == "Deny" else replace(statement, conditions=present)
