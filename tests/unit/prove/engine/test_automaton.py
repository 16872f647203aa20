"""Every class of texts that patterns tell apart is found, and its text is one of it."""

import re
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tableguard.policy.matching import arn_matches, wildcard
from tableguard.prove.engine.automaton import ANY_TEXT, Pattern, Universe, classes, exactly, word
from tableguard.prove.engine.unproved import NotProvedError

SMALL = Universe(word("ab"))
TEXTS = ["".join(letters) for size in range(1, 7) for letters in product("ab", repeat=size)]
patterns = st.lists(st.text("ab*?", min_size=1, max_size=4), min_size=1, max_size=4)


def covering(text: str, liked: list[str]) -> int:
    return sum(1 << n for n, pattern in enumerate(liked) if wildcard(pattern)(text))


@settings(max_examples=150, deadline=None)
@given(patterns)
def test_the_classes_are_those_of_all_short_texts(liked: list[str]) -> None:
    found = dict(classes(SMALL, tuple(Pattern("like", pattern) for pattern in liked)))
    assert set(found) >= {covering(text, liked) for text in TEXTS}
    assert all(covering(text, liked) == mask for mask, text in found.items())


@settings(max_examples=60, deadline=None)
@given(patterns)
def test_no_class_has_a_shorter_text_than_its_example(liked: list[str]) -> None:
    found = dict(classes(SMALL, tuple(Pattern("like", pattern) for pattern in liked)))
    for text in TEXTS:
        assert len(found[covering(text, liked)]) <= len(text)


def test_case_matters_but_where_the_operator_ignores_it() -> None:
    found = {mask for mask, _ in classes(ANY_TEXT, (Pattern("exactly", "eu"), Pattern("in any case", "eu")))}
    assert found == {0b00, 0b10, 0b11}


def test_a_wildcard_of_an_arn_stays_within_its_component() -> None:
    pattern = "arn:aws:iam::*:role/app"
    found = classes(ANY_TEXT, (Pattern("like an ARN", pattern), Pattern("like", pattern)))
    assert {mask for mask, _ in found} == {0b00, 0b10, 0b11}
    assert all(arn_matches(pattern, text) == bool(mask & 1) for mask, text in found)


def test_an_escaped_wildcard_is_the_character_itself() -> None:
    assert classes(ANY_TEXT, (Pattern("like", "a${*}"),))[-1] == (1, "a*")


def test_texts_of_a_universe_alone_are_found() -> None:
    universe = Universe((*exactly("role/"), *word("xyz")))
    assert all(re.fullmatch("role/[xyz]+", text) for _, text in classes(universe, (Pattern("like", "*y*"),)))


def test_a_text_that_differs_from_all_characters_in_print_is_found() -> None:
    spelt_out = tuple(Pattern("exactly", chr(code)) for code in range(33, 127))
    assert min(mask for mask, _ in classes(ANY_TEXT, (Pattern("like", "?"), *spelt_out)) if mask & 1) == 1


def test_too_many_states_are_no_answer() -> None:
    with pytest.raises(NotProvedError, match="more than 10 states"):
        classes(ANY_TEXT, (Pattern("exactly", "a-long-text-that-needs-its-states"),), 10)
