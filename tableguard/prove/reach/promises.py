"""Promises that no sequence reaches a goal, proved by the search for everything that can be reached.

The search begins as all principals of a promise at once. Whatever one of them reaches, all together reach, so a goal
that is not reached is reached by none. Where it is reached, each of them is searched alone for the shortest sequence.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import Literal

from tableguard.errors import PolicyError
from tableguard.policy import worlds
from tableguard.policy.matching import arn_matches
from tableguard.policy.shorthand import Shorthand
from tableguard.prove.reach.account import Account
from tableguard.prove.reach.goals import Goal, Sequence, reached
from tableguard.prove.reach.judge import Judge
from tableguard.prove.reach.kinds import chosen
from tableguard.prove.reach.kinds import table as table_of_steps
from tableguard.prove.reach.search import Search
from tableguard.reading.toml_table import Table, is_text_or_texts
from tableguard.settings import TAKEN_ROLES

SECTION = "must-not-reach"
EVERYBODY = "account"
_TAKER = "-taker"


@dataclass(frozen=True)
class ReachPromise:
    """A promise that nobody who begins as one of `start`, but for the takers in `but`, reaches one of the goals.

    `without` are steps that the promise takes to be impossible: what they lead over is not the workload's.
    """

    name: str
    goals: tuple[str, ...]
    start: tuple[str, ...] = (EVERYBODY,)
    but: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReachAnswer:
    """The outcome of a promise: the sequence that refutes it, or how many facts all its principals reach together.

    One that an organization's guardrails would keep has no guardrail where there is no organization.
    """

    place: str
    promise: ReachPromise
    verdict: Literal["proved", "refuted", "not proved", "no guardrail"]
    sequence: Sequence | None
    goal: Goal | None
    facts: int
    reason: str
    seconds: float
    assumed: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Return True if the promise is proved."""
        return self.verdict == "proved"


def promises(table: Table, goals: Mapping[str, Goal]) -> tuple[ReachPromise, ...]:
    """Read the promises about sequences of a file, which may have none."""
    entries = enumerate(table.tables(SECTION, optional=True), start=1)
    return tuple(_promise(Table(f"{table.place}: {SECTION} {n}", entry), goals) for n, entry in entries)


def _promise(table: Table, goals: Mapping[str, Goal]) -> ReachPromise:
    name = table.text("name")
    wanted, start, but, without = (
        _listed(table, key, default)
        for key, default in (("goals", None), ("from", (EVERYBODY,)), ("but", ()), ("without", ()))
    )
    table.close()
    for goal in wanted:
        if goal not in goals:
            raise PolicyError(f"{table.place} ({name}): goals: {goal!r}; accepted: {', '.join(goals)}")
    chosen(without, f"{table.place} ({name}): without")
    return ReachPromise(name, wanted, start, but, without)


def _listed(table: Table, key: str, default: tuple[str, ...] | None) -> tuple[str, ...]:
    if default is not None and not table.present(key):
        return default
    written = table.take(key, "a text or a list of texts", is_text_or_texts)
    return (written,) if isinstance(written, str) else tuple(written)


class Prover:
    """Proves promises about one account; searches that begin alike are made once."""

    def __init__(
        self, account: Account, goals: Mapping[str, Goal], shorthand: Shorthand, assumed: tuple[str, ...] = ()
    ) -> None:
        self.account, self.goals, self.shorthand, self.assumed = account, goals, shorthand, assumed
        self.searches: dict[tuple[tuple[str, ...], tuple[str, ...]], Search] = {}
        self.unguarded: dict[tuple[str, ...], Search] = {}

    def answers(self, place: str, listed: tuple[ReachPromise, ...]) -> Iterator[ReachAnswer]:
        """Prove or refute each promise."""
        for promise in listed:
            began = time.perf_counter()
            answer = self._answer(place, promise)
            yield replace(answer, seconds=time.perf_counter() - began)

    def _answer(self, place: str, promise: ReachPromise) -> ReachAnswer:
        start, goals = self.principals(promise), [self.goals[name] for name in promise.goals]
        search = self._begun(start, promise.without)
        search.run(lambda now: any(reached(goal, now, self.shorthand) for goal in goals))
        answer = ReachAnswer(place, promise, "proved", None, None, len(search.facts), "", 0.0, self.assumed)
        for goal in goals:
            together = reached(goal, search, self.shorthand)
            if together is not None:
                shortest = self._shortest(goal, start, promise, together)
                return replace(answer, verdict="refuted", goal=goal, sequence=shortest)
        reason = next(chain(search.judge.undecided, self._empty(goals, start)), "")
        return replace(answer, verdict="not proved", reason=reason) if reason else answer

    def _empty(self, goals: list[Goal], start: tuple[str, ...]) -> Iterator[str]:
        """Yield the goals that nobody reaches even where everybody may do everything: nothing follows from policies."""
        for goal in goals:
            if not start or reached(goal, self._unguarded(start), self.shorthand) is None:
                yield f"{goal.name} is not reached without policies either"

    def _shortest(self, goal: Goal, start: tuple[str, ...], promise: ReachPromise, together: Sequence) -> Sequence:
        """Return the shortest sequence of one principal alone; that of all together where nobody reaches it alone."""
        callers = together.callers
        for arn in sorted(start, key=lambda arn: (arn not in callers, len(arn))):
            alone = self._alone(goal, arn, promise)
            if alone is not None and alone.length <= together.length:
                return alone
        return together

    def _alone(self, goal: Goal, arn: str, promise: ReachPromise) -> Sequence | None:
        account, kinds = self.account.starting_from(frozenset({arn})), chosen(promise.without, "without")
        search = Search(account, kinds, (arn,), self.judge)
        return reached(goal, search.run(lambda now: reached(goal, now, self.shorthand) is not None), self.shorthand)

    def _unguarded(self, start: tuple[str, ...]) -> Search:
        """Return the search in the account in which everybody may do everything: a goal has to be reached there."""
        if start not in self.unguarded:
            self.unguarded[start] = self._search_unguarded(start)
        return self.unguarded[start]

    def _search_unguarded(self, start: tuple[str, ...]) -> Search:
        estate = self.account.estate
        guarded = worlds.guardrails(estate)
        holders = {
            arn: replace(holder, policies=(worlds.ADMINISTRATOR,), boundary=None, trust=worlds.OPEN_TO_EVERYBODY)
            for arn, holder in self.account.holders.items()
        }
        things = {
            arn: replace(thing, policy=worlds.OPEN_TO_EVERYBODY if thing.policy else None)
            for arn, thing in self.account.things.items()
        }
        wide = Account(estate, guarded, holders, things)
        taking = tuple(kind for kind in table_of_steps() if kind.name == "take-role")
        return Search(wide.starting_from(frozenset(start)), taking, start, Judge(wide)).run()

    def principals(self, promise: ReachPromise) -> tuple[str, ...]:
        """Return the principals that a promise is about."""
        left_out = [pattern for short in promise.but for pattern in self._patterns(short)]
        begun = [arn for short in promise.start for arn in self._named(short)]
        return tuple(arn for arn in dict.fromkeys(begun) if not any(arn_matches(pattern, arn) for pattern in left_out))

    def _named(self, short: str) -> tuple[str, ...]:
        if short != EVERYBODY:
            return self.shorthand.principals(short)
        ours = f"::{self.account.estate.account}:"
        return tuple(arn for arn, holder in self.account.holders.items() if ours in arn and holder.kind != "group")

    def _patterns(self, short: str) -> tuple[str, ...]:
        role = short.removesuffix(_TAKER)
        if short.endswith(_TAKER) and role in TAKEN_ROLES:
            return self.shorthand.settings.takers_of(role)
        return self.shorthand.principals(short)

    def search(self, start: tuple[str, ...], without: tuple[str, ...]) -> Search:
        """Return the search that begins as these principals, without these steps, and has found everything."""
        return self._begun(start, without).run()

    def _begun(self, start: tuple[str, ...], without: tuple[str, ...]) -> Search:
        """Return the search that begins so, as far as it has come."""
        key = (start, without)
        if key not in self.searches:
            account = self.account.starting_from(frozenset(start))
            self.searches[key] = Search(account, chosen(without, "without"), start, self.judge)
        return self.searches[key]

    @cached_property
    def judge(self) -> Judge:
        """The one judge of all searches: what it was asked once, it knows."""
        return Judge(self.account)
