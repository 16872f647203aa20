"""Event patterns select as AWS's page and engine have it, and what AWS refuses is refused in words."""

import json
from random import Random

import pytest

from tableguard.aws.patterns.event_pattern import AmbiguousEventPatternError, EventPatternError, parse
from tests.cases.event_patterns import AMBIGUOUS, CASES, DOCUMENTED, REFUSED, RULES, Case
from tests.oracle.event_patterns import random_document, random_event, random_pattern


def selects(pattern: object, event: dict[str, object]) -> bool:
    return parse(json.dumps(pattern)).matches(event)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_pattern_selects_its_event_and_not_the_twin(case: Case) -> None:
    assert selects(case.pattern, case.event)
    assert not selects(case.pattern, case.twin)


@pytest.mark.parametrize("rules", [rules for rules, _, _ in RULES if {"exists": False} not in rules], ids=json.dumps)
def test_a_field_that_is_absent_satisfies_nothing_but_its_absence(rules: list[object]) -> None:
    assert not selects({"field": rules}, {"another": 1})
    assert selects({"field": [{"exists": False}]}, {"another": 1})


def test_every_comparison_that_there_is_stands_in_the_documented_table() -> None:
    with pytest.raises(EventPatternError) as caught:
        parse('{"a": [{"no": 1}]}')
    names = str(caught.value).partition("there are: ")[2].split(", ")
    documented = [name for case in DOCUMENTED for name in parse(json.dumps(case.pattern)).comparisons]
    assert {name.split()[0] for name in documented} == {*names, "equals"}


@pytest.mark.parametrize(("text", "why"), REFUSED.items())
def test_what_aws_refuses_is_refused(text: str, why: str) -> None:
    with pytest.raises(EventPatternError) as caught:
        parse(text)
    assert why in str(caught.value)


@pytest.mark.parametrize(("text", "why"), AMBIGUOUS.items())
def test_what_aws_would_take_for_less_than_it_says_is_refused_as_ambiguous(text: str, why: str) -> None:
    with pytest.raises(AmbiguousEventPatternError) as caught:
        parse(text)
    assert why in str(caught.value)


def test_a_thousand_combinations_are_taken_and_more_are_refused() -> None:
    ten = [{f"f{n}": [n]} for n in range(10)]
    cubed = {name: {"$or": ten} for name in "abc"}
    assert selects(cubed, {"a": {"f1": 1}, "b": {"f2": 2}, "c": {"f9": 9}})
    with pytest.raises(EventPatternError, match="1100 combinations"):
        parse(json.dumps({**cubed, "a": {"$or": [*ten, {"more": [1]}]}}))


def test_any_json_is_read_or_refused_in_words() -> None:
    random = Random(14)  # noqa: S311  # repeatable
    read, refusals = 0, []
    for _ in range(20_000):
        try:
            pattern = parse(random_document(random))
        except EventPatternError as error:
            refusals.append(str(error))
            continue
        read += 1
        assert pattern.matches({"a": [10**400, 1.5, {"a": "10.0.0.1"}]}) in (True, False)
    assert read > 1_000
    assert all(refusals)


def test_what_a_pattern_selects_its_narrowed_form_selects_too() -> None:
    random = Random(14)  # noqa: S311  # repeatable
    narrower = 0
    for _ in range(5_000):
        written = random_pattern(random)
        try:
            pattern = parse(json.dumps(written))
        except AmbiguousEventPatternError:
            continue
        event = random_event(random, written, {})
        names = frozenset(name for name in "abcd" if not isinstance(event.get(name), list | dict))
        known = {name: value for name, value in event.items() if name in names}
        possible = pattern.narrowed(names).matches(known)
        assert possible or not pattern.matches(event), (written, event)
        narrower += not possible
    assert narrower > 500
