"""The classes of texts that patterns tell apart, and where these are very many, those that serve a counterexample best.

Patterns of the same lines are one group: nothing depends on which of them covers a text. Where there are still too many
states, those are left out that another one rules out. A state is a set of places in patterns. One with fewer places in
the patterns that had better not cover the text, and more in those that had better do, ends no worse, whatever follows.
"""

from collections.abc import Iterable
from functools import lru_cache
from heapq import heappop, heappush
from itertools import count
from typing import Literal, NamedTuple

from tableguard.policy.conditions import OPERATORS, Condition
from tableguard.prove.engine.automaton import (
    MOST_STATES,
    AnyOf,
    Explored,
    Machine,
    Pattern,
    Universe,
    explored,
    too_many,
)
from tableguard.prove.engine.dominance.aim import Aim
from tableguard.prove.engine.statement_set import NONE, SCOPE, Lines, StatementSet
from tableguard.prove.engine.string_patterns import is_text, patterns
from tableguard.prove.engine.unproved import NotProvedError

FEW_STATES = 5_000  # a tenth of a second; beyond it the states are compared with each other
MOST_RANKED = 3_000  # of these states each is compared with each: a second

# whether a counterexample had better be covered; "told apart" where it depends, "either" where nothing does
Better = Literal["covered", "uncovered", "told apart", "either"]


class PatternGroup(NamedTuple):
    """Patterns that are covered for the same purpose."""

    patterns: tuple[Pattern, ...]
    better: Better


PatternGroups = tuple[PatternGroup, ...]
Texts = tuple[tuple[int, str], ...]


def groups(lines: Lines, key: str, aim: Aim | None, apart: Iterable[Pattern] = ()) -> PatternGroups:
    """Return the texts that a key is compared with in groups; each of `apart` is a group of its own."""
    parts = tuple((aim.part(statement) if aim else NONE, line) for statement, line in lines if line.key == key)
    return _groups(parts, key, aim is not None, tuple(apart))


@lru_cache(maxsize=4096)
def _groups(
    lines: tuple[tuple[StatementSet, Condition], ...], key: str, aimed: bool, told_apart: tuple[Pattern, ...]
) -> PatternGroups:
    aim = Aim.of_parts() if aimed else None
    used_in: dict[Pattern, list[int]] = {pattern: [] for pattern in patterns(lines, key)}
    wishes = [better(statement, negated(line), aim) for statement, line in lines]
    for n, line in enumerate(lines):
        for pattern in patterns((line,), key):
            used_in[pattern].append(n)
    together: dict[tuple[int, ...], list[Pattern]] = {}
    for pattern, places in used_in.items():
        if pattern not in told_apart:
            together.setdefault(tuple(places), []).append(pattern)
    of_scope = [line for line in lines if aim is not None and line[0] & SCOPE]
    grouped = [
        PatternGroup(tuple(sorted(alike)), _demanded(of_scope, key, alike) or all_in_all(wishes[n] for n in places))
        for places, alike in together.items()
    ]
    return tuple(sorted([*grouped, *(PatternGroup((pattern,), "told apart") for pattern in set(told_apart))]))


def _demanded(of_scope: Lines, key: str, alike: Iterable[Pattern]) -> Better | None:
    """Return what a group does in every request of the scope, if that is certain: then nothing else matters.

    Whoever is not excluded by the scope, and has no more places in what it excludes, is not excluded either.
    """
    for statement, line in of_scope:
        own = set(patterns([(statement, line)], key))
        if line.quantifier != "ForAnyValue" and not own.isdisjoint(alike):
            if negated(line):
                return "uncovered"
            if own.issubset(alike):
                return "covered"
    return None


def negated(line: Condition) -> bool:
    """Return True if a condition holds of the values that its patterns do not cover."""
    return is_text(line) and OPERATORS[line.operator].negated


def better(statement: StatementSet, inverted: bool, aim: Aim | None) -> Better:
    """Return whether a counterexample had better be covered by a pattern of a statement, or by one that it excludes."""
    if aim is None:
        return "told apart"
    if not statement & (aim.avoided | aim.sought):
        return "either"
    return "covered" if bool(statement & aim.sought) != inverted else "uncovered"


def all_in_all(wishes: Iterable[Better]) -> Better:
    """Return what is better where several wishes meet."""
    different = set(wishes) - {"either"}
    if not different:
        return "either"
    return different.pop() if len(different) == 1 else "told apart"


def classes_of(universe: Universe, told_apart: PatternGroups, gaps: list[str] | None) -> Texts:
    """Return a text of each class, or of those that serve a counterexample best; bit k is group k.

    If there are too many, some are returned and the reason is added to the gaps; without these it is NotProvedError.
    """
    compared = tuple(AnyOf(group.patterns) for group in told_apart)
    first = explored(universe, compared, MOST_STATES if gaps is None else FEW_STATES)
    if first.complete:
        return first.texts
    if gaps is None:
        raise NotProvedError(too_many(compared, MOST_STATES))
    best = best_of(universe, told_apart, MOST_RANKED)
    if best.complete:
        return best.texts
    every = explored(universe, compared, MOST_STATES)
    if every.complete:
        return every.texts
    gaps.append(too_many(compared, MOST_STATES))
    return tuple({**dict(best.texts), **dict(every.texts)}.items())


@lru_cache(maxsize=1024)
def best_of(universe: Universe, told_apart: PatternGroups, most: int) -> Explored:
    """Return a text of each class that serves a counterexample best, found by states that lead there soonest.

    Longer texts are read on first: each state is new, so its text has come further into a pattern.
    """
    machine = Machine(universe, tuple(AnyOf(group.patterns) for group in told_apart))
    ranking = _Ranking(machine, told_apart)
    numbers, seen = count(), {machine.start}
    queue = [(0, 0, next(numbers), machine.start, "")]
    texts: dict[int, str] = {}
    while queue:
        *_, state, text = heappop(queue)
        if not ranking.admits(state):
            continue
        if ranking.size > most:
            return Explored(tuple(texts.items()), complete=False)
        if machine.accepts(state):
            texts.setdefault(machine.covering(state), text)
        for following, character in machine.steps(state):
            if following not in seen:
                seen.add(following)
                longer = text + character
                heappush(queue, (ranking.place(following), -len(longer), next(numbers), following, longer))
    return Explored(tuple(texts.items()), complete=True)


class _Ranking:
    """The states that were read on from, by what stands in the way of a counterexample in them."""

    def __init__(self, machine: Machine, told_apart: PatternGroups) -> None:
        self.machine = machine
        places: dict[Better, int] = {"covered": machine.universe, "uncovered": 0, "told apart": 0, "either": 0}
        for group, those in zip(told_apart, machine.groups[1:], strict=True):
            places[group.better] |= those
        self.covered, self.uncovered, self.apart = places["covered"], places["uncovered"], places["told apart"]
        self.reached: dict[int, list[int]] = {}
        self.size = 0

    def place(self, state: int) -> int:
        """Return the place of a state in the queue: first where the most wishes are fulfilled for whatever follows."""
        sinks = state & self.machine.sinks
        return (sinks & self.uncovered).bit_count() - (sinks & self.covered).bit_count()

    def admits(self, state: int) -> bool:
        """Note a state; return False if one that rules it out was read on from before."""
        filled = self.machine.filled(state)
        costs = (filled & self.uncovered) | (~filled & self.covered)
        reached = self.reached.setdefault(state & self.apart, [])
        for other in reversed(reached):
            if other & ~costs == 0:
                return False
        reached.append(costs)
        self.size += 1
        return True
