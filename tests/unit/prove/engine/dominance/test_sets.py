"""The sets of values that conditions tell apart: the same as of all sets, one by one."""

from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tableguard.policy.conditions import parsed
from tableguard.prove.engine.dominance import sets
from tableguard.prove.engine.dominance.aim import Aim, against
from tableguard.prove.engine.dominance.sets import SetsOfValues
from tableguard.prove.engine.statement_set import Lines, only, where

VALUES = ("a", "ab", "b", "c")
KEY = "aws:TagKeys"
a_line = st.tuples(
    st.integers(0, 3),
    st.sampled_from(["ForAnyValue:", "ForAllValues:", "ForAnyValue:", "ForAllValues:", ""]),
    st.sampled_from(["StringLike", "StringNotLike"]),
    st.lists(st.sampled_from(["a", "a*", "b", "*b", "c"]), min_size=1, max_size=2),
)


def lines_of(drawn: list[Any]) -> Lines:
    return [(only(n), parsed(quantifier + operator, KEY, tuple(values))) for n, quantifier, operator, values in drawn]


def smallest(lines: Lines, aim: Aim | None) -> tuple[tuple[str, ...], ...] | None:
    bare = [parsed(line.operator, KEY, line.values) for _, line in lines]
    answers = {value: where(line.holds({line.key: (value,)}) for line in bare) for value in VALUES}
    return SetsOfValues(lines, answers, aim).smallest()


def holding(lines: Lines, values: tuple[str, ...]) -> tuple[Any, ...]:
    """What each line answers; of several values a line without set operator answers nothing."""
    several = len(values) > 1
    return tuple(
        "undefined" if several and not line.quantifier else line.holds({line.key: values}) for _, line in lines
    )


EVERY = [chosen for size in range(1, 5) for chosen in combinations(VALUES, size)]


@settings(max_examples=150, deadline=None)
@given(st.lists(a_line, min_size=1, max_size=4).map(lines_of))
def test_the_sets_are_those_of_all_combinations(lines: Lines) -> None:
    found = smallest(lines, None)
    assert found is not None
    assert {holding(lines, values) for values in found} == {holding(lines, values) for values in EVERY}


@settings(max_examples=150, deadline=None)
@given(st.lists(a_line, min_size=1, max_size=4).map(lines_of), st.sampled_from(["denied", "allowed"]))
def test_each_combination_has_one_that_serves_as_well(lines: Lines, wanted: Any) -> None:
    aim = against(wanted, ("Deny", "Allow", None))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sets, "FEW_SETS", 0)
        found = smallest(lines, aim)
    assert found is not None

    def costs(values: tuple[str, ...]) -> set[int]:
        return {
            n
            for n, (answer, (statement, _)) in enumerate(zip(holding(lines, values), lines, strict=True))
            if answer != "undefined" and statement & (aim.avoided if answer else aim.sought)
        }

    if all(line.quantifier for _, line in lines):
        assert all(any(costs(one) <= costs(values) for one in found) for values in EVERY)
    else:
        assert {holding(lines, values) for values in found} == {holding(lines, values) for values in EVERY}


def test_too_many_sets_are_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = lines_of([(1, "ForAnyValue:", "StringLike", [value]) for value in VALUES])
    monkeypatch.setattr(sets, "MOST_SETS", 5)
    assert smallest(lines, None) is None


def test_many_values_that_had_better_come_together_are_one_set() -> None:
    many = [f"k{n}" for n in range(24)]
    lines = lines_of([(1, "ForAnyValue:", "StringLike", [value]) for value in many])
    answers = {value: 1 << n for n, value in enumerate(many)}
    aim = against("allowed", ("Deny",))
    assert SetsOfValues(lines, answers, aim).smallest() == (tuple(many),)
    assert aim.gaps == []


def test_sets_that_are_left_out_for_want_of_time_are_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    # some statements had better match, others had better not, and each value is in one of each
    many = [f"k{n}" for n in range(8)]
    lines = lines_of([(n % 2 + 1, "ForAnyValue:", "StringLike", [value]) for value in many for n in (0, 1)])
    answers = {value: 3 << 2 * n for n, value in enumerate(many)}
    monkeypatch.setattr(sets, "FEW_SETS", 10)
    monkeypatch.setattr(sets, "MOST_SETS", 20)
    aim = against("denied", ("Deny", "Allow"))
    assert SetsOfValues(lines, answers, aim).smallest()
    assert aim.gaps == ["more than 20 sets of 8 values of aws:tagkeys"]
