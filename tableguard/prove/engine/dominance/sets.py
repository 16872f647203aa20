"""The sets of values that a request may carry under one key, one for each class that conditions tell apart.

ForAnyValue holds of a set if it holds of one of two sets that make it up, ForAllValues if it holds of both. So what a
set's conditions answer follows from its parts, and sets whose parts are answered alike are alike themselves.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tableguard.prove.engine.dominance.aim import Aim, best
from tableguard.prove.engine.statement_set import Lines

FEW_SETS = 128  # up to here all are kept
MOST_SETS = 4_096


@dataclass(frozen=True)
class _Set:
    """Values, and the lines that hold of them; of several values a line without set operator is undefined."""

    values: frozenset[int]
    holding: int

    @property
    def kind(self) -> tuple[int, bool]:
        return self.holding, len(self.values) > 1


@dataclass(frozen=True)
class SetsOfValues:
    """The sets of some values, whose comparisons with `lines` are `answers`: a value's lines that hold, as bits."""

    lines: Lines
    answers: Mapping[str, int]
    aim: Aim | None

    def smallest(self) -> tuple[tuple[str, ...], ...] | None:
        """Return a set of each class, the smallest first; None if there are too many.

        With an aim those that serve a counterexample best; some of them, and a gap in the aim, if these are too many.
        """
        names = list(self.answers)
        singles = [_Set(frozenset((n,)), answer) for n, answer in enumerate(self.answers.values())]
        kept: dict[tuple[int, bool], _Set] = {one.kind: one for one in singles}
        if self._can_choose and 2 ** len(singles) > FEW_SETS:
            # the best there may be, so that what they rule out is not begun
            kept |= {one.kind: one for one in (self._grown(one, singles) for one in singles)}
        begun: Sequence[_Set] = list(kept.values())
        while begun:
            larger: dict[tuple[int, bool], _Set] = {}
            for one in self._joined(begun, singles):
                if one.kind not in kept:
                    larger.setdefault(one.kind, one)
            kept |= larger
            begun = list(larger.values())
            if self._can_choose and len(kept) > FEW_SETS:
                kept = {one.kind: one for one in best(kept.values(), self._cost, lambda one: 0)}
                begun = [one for one in begun if one.kind in kept]
            if len(kept) > MOST_SETS:
                if self.aim is None or not self._can_choose:
                    return None
                self.aim.gaps.append(f"more than {MOST_SETS} sets of {len(names)} values of {self.lines[0][1].key}")
                break
        ordered = sorted(kept.values(), key=lambda one: (len(one.values), sorted(one.values)))
        return tuple(tuple(names[n] for n in sorted(one.values)) for one in ordered)

    def _grown(self, one: _Set, singles: Sequence[_Set]) -> _Set:
        """Return the set with every further value that puts nothing more in the way of a counterexample."""
        for other in singles:
            for larger in self._joined([one], [other]):
                if self._cost(larger) & ~self._cost(one) == 0:
                    one = larger
        return one

    def _joined(self, sets: Sequence[_Set], singles: Sequence[_Set]) -> Iterator[_Set]:
        any_value = sum(1 << n for n, (_, line) in enumerate(self.lines) if line.quantifier == "ForAnyValue")
        all_values = sum(1 << n for n, (_, line) in enumerate(self.lines) if line.quantifier == "ForAllValues")
        for one in sets:
            for other in singles:
                if not other.values <= one.values:
                    either, both = one.holding | other.holding, one.holding & other.holding
                    yield _Set(one.values | other.values, (either & any_value) | (both & all_values))

    @property
    def _can_choose(self) -> bool:
        """Return True if a set can stand for another one: not where the number of values itself matters."""
        return self.aim is not None and all(line.quantifier for _, line in self.lines)

    def _cost(self, one: _Set) -> int:
        """Return the lines that stand in the way of a counterexample."""
        aim, wrong = self.aim, 0
        for n, (statement, _) in enumerate(self.lines):
            holds = bool(one.holding >> n & 1)
            if aim is not None and (statement & aim.avoided if holds else statement & aim.sought):
                wrong |= 1 << n
        return wrong
