"""The filters of an event source mapping: as many as Lambda takes, in the part of the language that Lambda has."""

import json
from typing import Any

import pytest

from tableguard.errors import EmbeddedError
from tableguard.local.event_source.event_filter import AmbiguousPatternError, event_filter
from tests.cases.event_patterns import AMBIGUOUS, REFUSED

ONLY_NEW_MESSAGES = {"eventName": ["INSERT"], "dynamodb": {"Keys": {"pk": {"S": [{"prefix": "MSG#"}]}}}}


def passes(pattern: dict[str, Any], event: dict[str, Any]) -> bool:
    return event_filter({"Filters": [{"Pattern": json.dumps(pattern)}]}).passes(event)


def refusal(text: str) -> str:
    with pytest.raises(EmbeddedError) as caught:
        event_filter({"Filters": [{"Pattern": text}]})
    return str(caught.value)


def record(name: str, pk: str) -> dict[str, Any]:
    return {"eventName": name, "dynamodb": {"Keys": {"pk": {"S": pk}}}}


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


def test_one_of_several_filters_is_enough_and_no_filter_lets_all_pass() -> None:
    either = event_filter({"Filters": [{"Pattern": '{"a": ["1"]}'}, {"Pattern": '{"b": ["2"]}'}]})
    assert either.passes({"a": "0", "b": "2"})
    assert not either.passes({"a": "0", "b": "0"})
    assert event_filter(None).passes({"a": "0"})
    assert event_filter({}).passes({"a": "0"})
    assert event_filter({"Filters": []}).passes({"a": "0"})


@pytest.mark.parametrize(
    ("text", "why"),
    [*REFUSED.items(), (json.dumps({"a": ["b" * 4096]}), "4107 characters; Lambda takes at most 4096")],
)
def test_what_lambda_refuses_is_refused(text: str, why: str) -> None:
    assert why in refusal(text)


@pytest.mark.parametrize(("text", "why"), AMBIGUOUS.items())
def test_what_lambda_may_read_otherwise_is_not_modelled(text: str, why: str) -> None:
    with pytest.raises(AmbiguousPatternError, match=why):
        event_filter({"Filters": [{"Pattern": text}]})


@pytest.mark.parametrize(
    ("rule", "name", "twin"),
    [
        ({"wildcard": "a*"}, "wildcard", {"prefix": "a"}),
        ({"cidr": "10.0.0.0/8"}, "cidr", {"prefix": "10."}),
        ({"prefix": {"equals-ignore-case": "a"}}, "prefix equals-ignore-case", {"prefix": "a"}),
        ({"suffix": {"equals-ignore-case": "a"}}, "suffix equals-ignore-case", {"suffix": "a"}),
        ({"anything-but": {"wildcard": "a*"}}, "anything-but wildcard", {"anything-but": {"prefix": "a"}}),
        ({"anything-but": {"equals-ignore-case": "a"}}, "anything-but equals-ignore-case", {"anything-but": "a"}),
    ],
)
def test_comparisons_that_lambda_does_not_list_are_refused(rule: Any, name: str, twin: Any) -> None:
    assert f"{name} is a comparison of EventBridge, which Lambda does not list" in refusal(json.dumps({"a": [rule]}))
    assert not passes({"a": [twin]}, {"b": "a"})


def test_five_filters_are_taken_and_a_sixth_is_refused() -> None:
    filters = [{"Pattern": '{"a": ["b"]}'}] * 5
    assert event_filter({"Filters": filters}).passes({"a": "b"})
    with pytest.raises(EmbeddedError, match="6 filters; Lambda takes at most 5"):
        event_filter({"Filters": [*filters, *filters[:1]]})
