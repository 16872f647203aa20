"""Event filters match as AWS's documentation and engine have it, and refuse what Lambda refuses."""

import json
from typing import Any

import pytest

from tableguard.errors import EmbeddedError
from tableguard.local.event_source.event_filter import event_filter

ONLY_NEW_MESSAGES = {"eventName": ["INSERT"], "dynamodb": {"Keys": {"pk": {"S": [{"prefix": "MSG#"}]}}}}


def passes(pattern: dict[str, Any], event: dict[str, Any]) -> bool:
    return event_filter({"Filters": [{"Pattern": json.dumps(pattern)}]}).passes(event)


def refusal(text: str) -> str:
    with pytest.raises(EmbeddedError) as caught:
        event_filter({"Filters": [{"Pattern": text}]})
    return str(caught.value)


def record(name: str, pk: str) -> dict[str, Any]:
    return {"eventName": name, "dynamodb": {"Keys": {"pk": {"S": pk}}}}


# One row: the rules of a field, a value that satisfies them, and its nearest neighbour that does not. Every row was
# put to AWS's own engine (Event Ruler 1.8.1) too, which agrees.
RULES: list[tuple[list[Any], Any, Any]] = [
    (["Alice"], "Alice", "alice"),
    (["Credit", "Debit"], "Debit", "Cash"),
    ([""], "", " "),
    ([None], None, ""),
    ([True], True, 1),
    ([False], False, 0),
    ([0], 0, False),
    ([300], 300.0, "300"),
    (["300"], "300", 300),
    ([{"equals-ignore-case": "alice"}], "ALICE", "alices"),
    ([{"prefix": "us-"}], "us-east-1", "eu-us-"),
    ([{"prefix": ""}], "", None),
    ([{"suffix": ".png"}], "a.png", "a.png.txt"),
    ([{"anything-but": "Raining"}], "Sunny", "Raining"),
    ([{"anything-but": ["Raining", "Snowing"]}], "raining", "Snowing"),
    ([{"anything-but": [1, 2]}], 3, 2),
    ([{"anything-but": [1, 2]}], "1", 1),
    ([{"anything-but": {"prefix": "us-"}}], "eu-west-1", "us-west-1"),
    ([{"anything-but": {"suffix": ".png"}}], "a.txt", "a.png"),
    ([{"numeric": ["=", 100]}], 100.0, 100.5),
    ([{"numeric": [">", 10, "<=", 20]}], 20, 10),
    ([{"numeric": [">=", 10, "<", 20]}], 10, 20),
    ([{"numeric": ["<", 0]}], -0.5, 0),
    ([{"numeric": [">", 0]}], 1, "1"),  # DynamoDB writes numbers as text: numeric never matches an attribute
    ([{"numeric": [">", 0]}], 1, True),
    ([{"exists": True}], None, {"S": "not a leaf"}),
    ([{"exists": False}], {"S": "not a leaf"}, "a leaf"),
    ([{"exists": False}, "x"], "x", "y"),
    ([{"prefix": "a"}, {"suffix": "z"}], "xyz", "xyza"),
    (["b"], ["a", "b"], ["a", "c"]),  # of an array, one element is enough
    ([{"anything-but": "a"}], ["a", "b"], ["a", "a"]),
    ([{"exists": True}], [["a"]], []),
]


@pytest.mark.parametrize(("rules", "satisfying", "other"), RULES, ids=[json.dumps(rules) for rules, _, _ in RULES])
def test_a_field_satisfies_its_rules_or_not(rules: list[Any], satisfying: Any, other: Any) -> None:
    assert passes({"field": rules}, {"field": satisfying})
    assert not passes({"field": rules}, {"field": other})


@pytest.mark.parametrize("rules", [rules for rules, _, _ in RULES if {"exists": False} not in rules], ids=json.dumps)
def test_a_field_that_is_absent_satisfies_nothing_but_its_absence(rules: list[Any]) -> None:
    assert not passes({"field": rules}, {"another": 1})
    assert passes({"field": [{"exists": False}]}, {"another": 1})


@pytest.mark.parametrize(
    ("event", "passing"),
    [
        (record("INSERT", "MSG#g1"), True),
        (record("MODIFY", "MSG#g1"), False),
        (record("INSERT", "GRP#u1"), False),
        ({"eventName": "INSERT"}, False),
        ({"eventName": "INSERT", "dynamodb": "MSG#"}, False),
    ],
)
def test_only_new_messages_pass_the_filter_of_pattern_d(event: dict[str, Any], passing: bool) -> None:
    assert passes(ONLY_NEW_MESSAGES, event) is passing


OR = {"$or": [{"Location": ["New York"]}, {"Day": ["Monday"]}]}


@pytest.mark.parametrize(
    ("pattern", "event", "passing"),
    [
        (OR, {"Location": "New York", "Day": "Friday"}, True),
        (OR, {"Location": "Boston", "Day": "Monday"}, True),
        (OR, {"Location": "Boston", "Day": "Friday"}, False),
        ({**OR, "Year": [2024]}, {"Day": "Monday", "Year": 2024}, True),
        ({**OR, "Year": [2024]}, {"Day": "Monday", "Year": 2023}, False),
        ({"a": OR}, {"a": {"Day": "Monday"}}, True),
        ({"a": OR}, {"Day": "Monday"}, False),
    ],
)
def test_or_joins_fields(pattern: dict[str, Any], event: dict[str, Any], passing: bool) -> None:
    assert passes(pattern, event) is passing


ORGANIZATIONS = {"L": [{"S": "Sales", "N": "1"}, {"S": "Support", "N": "2"}]}


@pytest.mark.parametrize(
    ("pattern", "passing"),
    [
        ({"L": {"S": ["Support"]}}, True),
        ({"L": {"S": ["Marketing"]}}, False),
        ({"L": {"S": ["Support"], "N": ["2"]}}, True),
        ({"L": {"S": ["Support"], "N": ["1"]}}, False),  # both must hold for the same element
        ({"L": {"S": [{"exists": True}]}}, True),
        ({"L": [{"exists": True}]}, False),
        ({"L": {"S": ["Support"], "B": [{"exists": False}]}}, True),
        ({"L": {"S": [{"exists": False}]}}, False),
    ],
)
def test_fields_of_an_arrays_elements_are_matched_element_by_element(pattern: dict[str, Any], passing: bool) -> None:
    assert passes({"Organizations": pattern}, {"Organizations": ORGANIZATIONS}) is passing


@pytest.mark.parametrize(("other", "passing"), [({"N": "1"}, True), ({"B": "YQ=="}, False)])
def test_absence_is_absence_from_the_whole_event(other: dict[str, Any], passing: bool) -> None:
    pattern = {"L": {"S": ["Support"], "B": [{"exists": False}]}}
    assert passes(pattern, {"L": [{"S": "Support"}, other]}) is passing


def test_one_of_several_filters_is_enough_and_no_filter_lets_all_pass() -> None:
    either = event_filter({"Filters": [{"Pattern": '{"a": ["1"]}'}, {"Pattern": '{"b": ["2"]}'}]})
    assert either.passes({"a": "0", "b": "2"})
    assert not either.passes({"a": "0", "b": "0"})
    assert event_filter(None).passes({"a": "0"})
    assert event_filter({}).passes({"a": "0"})
    assert event_filter({"Filters": []}).passes({"a": "0"})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("single-string", "Expecting value"),
        ('[{"eventName": ["INSERT"=123}]', "Expecting"),
        ('["a"]', "a pattern is an object with at least one field"),
        ("{}", "a pattern is an object with at least one field"),
        ('{"a": {}}', "a pattern is an object with at least one field"),
        ('{"a": "b"}', "a pattern is an object with at least one field"),
        ('{"a": []}', "field a: an empty array matches nothing"),
        ('{"a": [["b"]]}', "field a: an array inside an array"),
        ('{"a": [{}]}', "field a: {} is no comparison; there are: equals-ignore-case, anything-but, numeric"),
        ('{"a": [{"prefixes": "b"}]}', 'field a: {"prefixes": "b"} is no comparison'),
        ('{"a": [{"prefix": "b", "suffix": "c"}]}', "is no comparison"),
        ('{"a": [{"prefix": 1}]}', "is no comparison"),
        ('{"a": [{"exists": "yes"}]}', "is no comparison"),
        ('{"a": [{"anything-but": []}]}', "is no comparison"),
        ('{"a": [{"anything-but": ["b", 1]}]}', "is no comparison"),
        ('{"a": [{"anything-but": [true]}]}', "is no comparison"),
        ('{"a": [{"anything-but": {"prefix": ""}}]}', "is no comparison"),
        ('{"a": [{"anything-but": {"numeric": ["=", 1]}}]}', "is no comparison"),
        ('{"a": [{"numeric": []}]}', "is no comparison"),
        ('{"a": [{"numeric": [">"]}]}', "is no comparison"),
        ('{"a": [{"numeric": [">", "1"]}]}', "is no comparison"),
        ('{"a": [{"numeric": ["<", 9, ">", 1]}]}', "is no comparison"),
        ('{"a": [{"numeric": [">", 9, "<", 1]}]}', "is no comparison"),
        ('{"a": [{"numeric": [">", 1, "<", 1]}]}', "is no comparison"),
        ('{"a": [{"numeric": ["=", 1, "<", 2]}]}', "is no comparison"),
        ('{"$or": [{"a": ["b"]}]}', "$or takes an array of at least two objects"),
        ('{"$or": {"a": ["b"]}}', "$or takes an array of at least two objects"),
        ('{"$or": [{"a": ["b"]}, {"c": []}]}', "field c: an empty array matches nothing"),
        ('{"a": ["b"], "$or": [{"a": ["c"]}, {"d": ["e"]}]}', "field a: stands beside $or and inside it"),
        ('{"a": {"b": ["1"]}, "$or": [{"c": ["1"]}, {"a": {"b": ["2"]}}]}', "field a.b: stands beside $or"),
        ('{"a": ["b"], "a": ["c"]}', "a key is written twice in one object"),
        ('{"a.b": ["c"]}', "field a.b: write the levels as nested objects"),
        (json.dumps({"a": ["b" * 4096]}), "4107 characters; Lambda takes at most 4096"),
    ],
)
def test_what_lambda_would_refuse_or_read_otherwise_is_refused(text: str, why: str) -> None:
    assert why in refusal(text)


def test_five_filters_are_taken_and_a_sixth_is_refused() -> None:
    filters = [{"Pattern": '{"a": ["b"]}'}] * 5
    assert event_filter({"Filters": filters}).passes({"a": "b"})
    with pytest.raises(EmbeddedError, match="6 filters; Lambda takes at most 5"):
        event_filter({"Filters": [*filters, *filters[:1]]})
