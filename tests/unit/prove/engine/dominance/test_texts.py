"""Where texts are left out, one that serves a counterexample as well stands for each of them."""

from collections.abc import Callable
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tableguard.policy.conditions import parsed
from tableguard.policy.matching import wildcard
from tableguard.prove.engine.automaton import ANY_TEXT, AnyOf, Pattern, Universe, explored, word
from tableguard.prove.engine.dominance import texts
from tableguard.prove.engine.dominance.aim import against
from tableguard.prove.engine.dominance.texts import PatternGroup, PatternGroups, best_of, classes_of, groups
from tableguard.prove.engine.statement_set import Lines, only
from tableguard.prove.engine.unproved import NotProvedError

SMALL = Universe(word("ab"))
SHORT = ["".join(letters) for size in range(1, 7) for letters in product("ab", repeat=size)]
WORDS = ("finance", "payroll", "customer", "secrets", "archive", "internal", "research", "production", "inventory")
a_group = st.builds(
    PatternGroup,
    st.lists(st.text("ab*?", min_size=1, max_size=4), min_size=1, max_size=3).map(
        lambda liked: tuple(Pattern("like", pattern) for pattern in liked)
    ),
    st.sampled_from(["covered", "uncovered", "told apart", "either"]),
)


def covering(told_apart: PatternGroups, text: str) -> tuple[bool, ...]:
    return tuple(any(wildcard(pattern.text)(text) for pattern in group.patterns) for group in told_apart)


def serves(told_apart: PatternGroups, one: tuple[bool, ...], other: tuple[bool, ...]) -> bool:
    """Whether a counterexample of the second class has a twin in the first."""
    right: dict[str, Callable[[bool, bool], bool]] = {
        "covered": lambda mine, theirs: mine >= theirs,
        "uncovered": lambda mine, theirs: mine <= theirs,
        "told apart": lambda mine, theirs: mine == theirs,
        "either": lambda mine, theirs: True,
    }
    return all(right[group.better](a, b) for group, a, b in zip(told_apart, one, other, strict=True))


@settings(max_examples=150, deadline=None)
@given(st.lists(a_group, min_size=1, max_size=4).map(tuple))
def test_each_short_text_has_one_that_serves_as_well(told_apart: PatternGroups) -> None:
    best = best_of(SMALL, told_apart, 1_000)
    assert best.complete
    classes = [covering(told_apart, text) for _, text in best.texts]
    for (mask, _), covers in zip(best.texts, classes, strict=True):
        assert covers == tuple(bool(mask >> n & 1) for n in range(len(told_apart)))
    for text in SHORT:
        assert any(serves(told_apart, one, covering(told_apart, text)) for one in classes), text


@settings(max_examples=100, deadline=None)
@given(st.lists(a_group, min_size=1, max_size=4).map(tuple))
def test_groups_are_covered_where_one_of_their_patterns_covers(told_apart: PatternGroups) -> None:
    found = dict(explored(SMALL, tuple(AnyOf(group.patterns) for group in told_apart), 10_000).texts)
    masks = {sum(1 << n for n, truth in enumerate(covering(told_apart, text)) if truth) for text in SHORT}
    assert set(found) >= masks
    for mask, text in found.items():
        assert covering(told_apart, text) == tuple(bool(mask >> n & 1) for n in range(len(told_apart)))


def lines(*written: tuple[int, str, tuple[str, ...]]) -> Lines:
    return [
        (only(statement), parsed(operator, "aws:PrincipalTag/t", values)) for statement, operator, values in written
    ]


def test_patterns_of_the_same_lines_are_one_group_with_one_wish() -> None:
    aim = against("denied", ("Deny", "Deny", "Allow", None))
    compared = lines(
        (1, "StringLike", ("a*", "b*")),
        (2, "StringNotLike", ("c*",)),
        (3, "StringLike", ("d*",)),
        (3, "StringNotLike", ("c*", "e*")),
        (4, "StringLike", ("f*",)),
        (0, "StringEquals", ("a*",)),
    )
    found = {
        tuple(p.text for p in group.patterns): group.better for group in groups(compared, "aws:principaltag/t", aim)
    }
    assert found == {
        ("a*", "b*"): "uncovered",
        ("c*",): "told apart",  # the denial had better not match, and the allowance had
        ("d*",): "covered",
        ("e*",): "uncovered",
        ("f*",): "either",
        ("a*",): "covered",
    }


def test_what_every_request_of_the_scope_does_is_all_that_matters() -> None:
    aim = against("denied", ("Deny",))
    exempt = [(1, "StringNotLike", ("a*",)), (1, "StringLike", ("b*",))]

    def wish(*scope: tuple[int, str, tuple[str, ...]], quantifier: str = "") -> list[str]:
        compared = [
            (statement, replace(line, quantifier=quantifier) if statement == only(0) else line)
            for statement, line in lines(*exempt, *scope)
        ]
        return [group.better for group in groups(compared, "aws:principaltag/t", aim)]

    assert wish() == ["covered", "uncovered"]
    assert wish((0, "StringNotLike", ("a*",))) == ["uncovered", "uncovered"]
    assert wish((0, "StringNotLike", ("a*",)), quantifier="ForAnyValue") == ["told apart", "uncovered"]
    assert wish((0, "StringLike", ("b*",))) == ["covered", "covered"]
    assert wish((0, "StringLike", ("b*", "c*"))) == ["covered", "told apart", "covered"]


def test_a_pattern_that_is_told_apart_anyway_is_in_no_group() -> None:
    compared = lines((1, "StringLike", ("a*", "b*")))
    apart = Pattern("like", "a*")
    found = groups(compared, "aws:principaltag/t", against("denied", ("Deny",)), (apart,))
    assert PatternGroup((apart,), "told apart") in found
    assert len(found) == 2


WANTED: PatternGroups = tuple(PatternGroup((Pattern("like", f"*{name}*"),), "covered") for name in WORDS)


def test_a_text_that_all_patterns_cover_is_found_at_once() -> None:
    best = best_of(ANY_TEXT, WANTED, 1_000)
    assert best.complete
    assert covering(WANTED, best.texts[-1][1]) == (True,) * len(WORDS)


def test_what_is_left_out_for_want_of_time_is_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    for limit in ("FEW_STATES", "MOST_STATES", "MOST_RANKED"):
        monkeypatch.setattr(texts, limit, 30)
    apart = tuple(group._replace(better="told apart") for group in WANTED)
    gaps: list[str] = []
    found = classes_of(ANY_TEXT, apart, gaps)
    assert found
    assert gaps == ["more than 30 states are needed to tell 9 patterns apart"]
    with pytest.raises(NotProvedError, match="more than 30 states"):
        classes_of(ANY_TEXT, apart, None)
