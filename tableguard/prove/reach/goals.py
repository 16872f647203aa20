"""Goals of sequences, and promises that nobody reaches them.

A goal is reached when the attacker is a principal that it names, or when somebody whom he is can make one of its calls.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from tableguard.errors import PolicyError
from tableguard.policy.matching import arn_matches
from tableguard.policy.shorthand import Shorthand
from tableguard.prove.reach.account import Account, Fact, Thing
from tableguard.prove.reach.judge import Call, Condition, together
from tableguard.prove.reach.search import Search
from tableguard.prove.reach.trial import Own, SequenceStep, Trial
from tableguard.reading import placeholders
from tableguard.reading.placeholders import Values
from tableguard.reading.toml_table import Table, is_text_or_texts


@dataclass(frozen=True)
class GoalCall:
    """Calls that reach a goal, as a statement names them; `on` is the kind of resource whose policy they meet."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    condition: Condition
    on: str = ""


@dataclass(frozen=True)
class Goal:
    """The end of a sequence: what it is called, what is said of who reaches it, and how it is reached."""

    name: str
    says: str
    becomes: tuple[str, ...] = ()
    calls: tuple[GoalCall, ...] = ()
    place: str = ""


@dataclass(frozen=True)
class Sequence:
    """The steps to a goal, and the call that reaches it; None where it is reached by being somebody."""

    steps: tuple[SequenceStep, ...]
    last: Call | None
    becomes: str = ""

    @property
    def length(self) -> int:
        """The number of steps, the last call counted."""
        return len(self.steps) + (self.last is not None)

    @property
    def callers(self) -> tuple[str, ...]:
        """The principals that make its calls, in order."""
        calls = [*(call for step in self.steps for call in step.calls), *([self.last] if self.last else [])]
        return tuple(dict.fromkeys(call.request.principal.arn for call in calls))


def goals(table: Table) -> dict[str, Goal]:
    """Read the goals of a file, placeholders unfilled; PolicyError names the key and what is accepted."""
    written = table.table("goals", {})
    return {
        name: _goal(Table(f"{table.place}: goals: {name}", data), name, table.place) for name, data in written.items()
    }


def filled(goal: Goal, values: Values, place: str) -> Goal:
    """Return a goal with the placeholders of its calls replaced by values."""
    return replace(goal, calls=tuple(_filled(call, values, f"{place}: goals: {goal.name}") for call in goal.calls))


def _filled(call: GoalCall, values: Values, place: str) -> GoalCall:
    written = {"Action": list(call.actions), "Resource": list(call.resources), "Condition": dict(call.condition)}
    document = placeholders.fill(written, values, place)
    return GoalCall(tuple(document["Action"]), tuple(document["Resource"]), document["Condition"], call.on)


def _goal(table: Table, name: str, place: str) -> Goal:
    says = table.text("says")
    becomes = table.texts("becomes") if table.present("becomes") else ()
    entries = enumerate(table.tables("calls", optional=True), start=1)
    calls = tuple(_call(Table(f"{table.place}: calls {n}", entry)) for n, entry in entries)
    table.close()
    if not becomes and not calls:
        raise PolicyError(f"{table.place}: a goal has becomes = [principals], or calls")
    return Goal(name, says, becomes, calls, place)


def _call(table: Table) -> GoalCall:
    actions, resources = (_texts(table, key) for key in ("Action", "Resource"))
    condition: dict[str, Any] = table.table("Condition", {})
    on = table.text("on", "")
    table.close()
    return GoalCall(actions, resources, condition, on)


def _texts(table: Table, key: str) -> tuple[str, ...]:
    written = table.take(key, "a text or a list of texts", is_text_or_texts)
    return (written,) if isinstance(written, str) else tuple(written)


def reached(goal: Goal, search: Search, shorthand: Shorthand) -> Sequence | None:
    """Return the shortest sequence to a goal among those that a search found; None if there is none."""
    ways = [*_by_being(goal, search, shorthand), *_by_calling(goal, search)]
    return min(ways, key=lambda way: way.length, default=None)


def _by_being(goal: Goal, search: Search, shorthand: Shorthand) -> Iterator[Sequence]:
    for short in goal.becomes:
        for arn in shorthand.principals(short):
            if Fact("is", arn) in search.steps:
                yield Sequence(search.sequence([Fact("is", arn)]), None, arn)


def _by_calling(goal: Goal, search: Search) -> Iterator[Sequence]:
    trial = search.trial()
    for call in goal.calls:
        for resources, own in _policies(goal, call, trial, search.account):
            way = trial.called(call.actions, resources, (own,))
            if way is not None:
                yield Sequence(search.sequence(way.needs), way.calls[-1])


def _policies(goal: Goal, call: GoalCall, trial: Trial, account: Account) -> Iterator[tuple[tuple[str, ...], Own]]:
    """Yield the policies that what a goal's call is on may have by now, each with the resources that have it."""
    under = _under_policies(goal, call, account)
    for thing, resources in under:
        for own in trial.policies_of(thing.arn, call.actions) if resources else ():
            yield resources, own._replace(condition=together(own.condition, call.condition))
    roles = () if call.on else tuple(arn for arn in call.resources if arn in account.holders)
    for role in roles:  # a call that takes a role meets its trust policy
        for own in trial.policies_of(role, call.actions):
            yield (role,), own._replace(condition=together(own.condition, call.condition))
    covered = {*roles, *(arn for thing, resources in under for arn in resources if _lies_in(arn, thing))}
    bare = () if call.on else tuple(arn for arn in call.resources if arn not in covered)
    if bare:
        yield bare, Own(None, False, condition=call.condition)


def _under_policies(goal: Goal, call: GoalCall, account: Account) -> list[tuple[Thing, tuple[str, ...]]]:
    """Return the listed resources whose policy a goal's call meets, each with those of the call's that have it.

    Without `on` a resource has the policy of the listed one that it is, or lies in; one that is none of these has none.
    PolicyError for a kind of which nothing is listed: nobody would ever reach the goal.
    """
    things = account.things.values()
    if not call.on:
        return [(thing, tuple(arn for arn in call.resources if _is_of(arn, thing))) for thing in things]
    under = [(thing, call.resources) for thing in things if thing.kind == call.on]
    if not under:
        kinds = ", ".join(sorted({thing.kind for thing in things}))
        raise PolicyError(
            f"{goal.place}: goals: {goal.name}: on: {call.on!r} is the kind of no resource; accepted: {kinds}"
        )
    return under


def _is_of(resource: str, thing: Thing) -> bool:
    """Return True if a goal's resource, which may have wildcards, may be a listed one or lie in it."""
    return _lies_in(resource, thing) or arn_matches(resource, thing.arn)


def _lies_in(resource: str, thing: Thing) -> bool:
    """Return True if a goal's resource is certainly a listed one, an object of a bucket, or an index of a table."""
    parts = {"bucket": "/", "table": "/index/"}
    within = thing.kind in parts and resource.startswith(f"{thing.arn}{parts[thing.kind]}")
    return within or resource == thing.arn
