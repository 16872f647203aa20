"""Random SCPs and questions: whatever is proved holds for every request of a small universe, asked one by one."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tableguard.policy.evaluate import Request, decide
from tableguard.policy.principals import principal
from tableguard.policy.worlds import EVERY_REQUEST, Scope
from tableguard.prove.diff.difference import difference
from tableguard.prove.engine.prover import Proof
from tests.worlds.policies import ACCOUNT, BREAK_GLASS, FOREIGN_ROLE, OTHER_TABLE, ROLE, ROOT, TABLE, USER
from tests.worlds.proofs import ESTATE, proof, under

pytestmark = pytest.mark.slow
ACTIONS = ("dynamodb:DeleteTable", "dynamodb:DeleteItem", "dynamodb:PutItem", "s3:PutObject", "dynamodb:NewAction")
RESOURCES = (TABLE, OTHER_TABLE, f"{TABLE}/index/x", "*")
CALLERS = (ROLE, BREAK_GLASS, ROOT, USER, FOREIGN_ROLE)
REGIONS = ("eu-west-1", "us-east-1")
TAGS: tuple[tuple[str, ...], ...] = ((), ("a",), ("b",), ("a", "b"), ("c",))
ENDPOINTS = ("", "vpce-1", "vpce-2")

action = st.sampled_from(
    [*ACTIONS, "dynamodb:*", "dynamodb:Delete*", "*", "DynamoDB:deleteTABLE", "s3:*", "d*:P?tItem"]
)
resource = st.sampled_from([TABLE, f"{TABLE}*", f"arn:aws:dynamodb:*:{ACCOUNT}:table/*", "*"])
condition = st.sampled_from(
    [
        {"ArnNotLike": {"aws:PrincipalArn": BREAK_GLASS}},
        {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}},
        {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}},
        {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}},
        {"StringLike": {"aws:RequestedRegion": "eu-*"}},
        {"ForAnyValue:StringEquals": {"aws:TagKeys": ["a"]}},
        {"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}},
        {"ForAllValues:StringNotEquals": {"aws:TagKeys": ["a"]}, "Null": {"aws:TagKeys": "false"}},
        {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}},
        {"StringEqualsIfExists": {"aws:SourceVpce": ["vpce-1", "vpce-2"]}},
        {"Null": {"aws:SourceVpce": "true"}, "StringEquals": {"aws:RequestedRegion": "us-east-1"}},
        {},
    ]
)


@st.composite
def statement(draw: st.DrawFn) -> dict[str, Any]:
    actions, resources = (
        draw(st.sampled_from(["Action", "NotAction"])),
        draw(st.sampled_from(["Resource"] * 3 + ["NotResource"])),
    )
    value = draw(resource)
    if resources == "NotResource" and value == "*":
        resources = "Resource"
    found = {actions: draw(st.lists(action, min_size=1, max_size=2)), resources: value, "Condition": draw(condition)}
    return found if found["Condition"] else {key: each for key, each in found.items() if key != "Condition"}


def universe() -> Iterator[Request]:
    for caller, asked, arn, region, tags, endpoint in product(CALLERS, ACTIONS, RESOURCES, REGIONS, TAGS, ENDPOINTS):
        context: dict[str, str | tuple[str, ...]] = {"aws:RequestedRegion": region, "aws:SecureTransport": "true"}
        context |= {"aws:PrincipalOrgID": "o-exampleorgid"}
        context |= {"aws:TagKeys": tags} if tags else {}
        context |= {"aws:SourceVpce": endpoint} if endpoint else {}
        yield Request(principal(caller), asked, arn, ACCOUNT, context)


REQUESTS = tuple(universe())


def wrong(found: Proof) -> list[Request]:
    """The requests of the universe that are in the scope and do not get what they must."""
    question = found.question
    scope = question.scope.statement
    return [
        request
        for request in REQUESTS
        if scope.matches(request.action, request.resource, request.keys())
        and decide(question.world, request).allowed != (question.wanted == "allowed")
    ]


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(statement(), min_size=1, max_size=4), statement(), st.sampled_from(["denied", "allowed"]))
def test_what_is_proved_holds_for_each_request_and_what_is_refuted_fails_for_one(
    statements: list[dict[str, Any]], scope: dict[str, Any], wanted: Any
) -> None:
    found = proof(under(*statements), scope, wanted)
    if found.verdict == "refuted":
        assert found.counterexample is not None
        request = found.counterexample
        assert found.question.scope.statement.matches(request.action, request.resource, request.keys())
        assert decide(found.question.world, request).allowed == (wanted == "denied")
    elif found.verdict == "proved":
        assert wrong(found) == []
    else:
        assert "no request is within the scope" in found.reason
        assert not any(
            found.question.scope.statement.matches(each.action, each.resource, each.keys()) for each in REQUESTS
        )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(statement(), min_size=1, max_size=3), st.lists(statement(), min_size=1, max_size=3))
def test_two_scps_differ_where_some_request_is_answered_otherwise(
    old: list[dict[str, Any]], new: list[dict[str, Any]]
) -> None:
    before, after = under(*old), under(*new)
    found = difference(before, after, Scope(EVERY_REQUEST, "members", ESTATE))
    if found.same:
        assert [each for each in REQUESTS if decide(before, each).allowed != decide(after, each).allowed] == []
    for change in found.changes:
        assert decide(after, change.example).allowed == (change.newly == "allowed")
        assert decide(before, change.example).allowed == (change.newly == "denied")


TAG = "aws:RequestTag/team"
OWN = "aws:PrincipalTag/team"
texts = st.sampled_from(["", "*", "?*", "a", "a*", "??"])
tag_condition = st.one_of(
    st.sampled_from(["true", "false"]).map(lambda absent: {"Null": {TAG: absent}}),
    st.tuples(
        st.sampled_from(["StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringLikeIfExists"]),
        st.lists(texts, min_size=1, max_size=2),
    ).map(lambda line: {line[0]: {TAG: line[1]}}),
    st.tuples(
        st.sampled_from(["StringEquals", "StringLike", "StringEqualsIfExists"]),
        st.sampled_from([f"${{{OWN}}}", f"${{{OWN}, 'a'}}"]),
    ).map(lambda line: {line[0]: {TAG: line[1]}}),
)
TAGGED = tuple(
    Request(
        principal(ROLE),
        "dynamodb:DeleteTable",
        TABLE,
        ACCOUNT,
        {"aws:RequestedRegion": "eu-west-1", "aws:SecureTransport": "true", "aws:PrincipalOrgID": "o-exampleorgid"}
        | ({} if tag is None else {TAG: tag})
        | ({} if own is None else {OWN: own}),
    )
    for tag, own in product((None, "", "a", "ab", "A", "b"), (None, "", "a", "b"))
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(tag_condition, min_size=1, max_size=2), tag_condition, st.sampled_from(["denied", "allowed"]))
def test_what_is_proved_holds_for_absent_empty_and_other_tags(
    conditions: list[dict[str, Any]], asked: dict[str, Any], wanted: Any
) -> None:
    denials = [{"Action": "dynamodb:DeleteTable", "Condition": each} for each in conditions]
    found = proof(under(*denials), {"Action": "dynamodb:DeleteTable", "Condition": asked}, wanted)
    within = [
        each for each in TAGGED if found.question.scope.statement.matches(each.action, each.resource, each.keys())
    ]
    right = [decide(found.question.world, each).allowed == (wanted == "allowed") for each in within]
    if found.verdict == "proved":
        assert all(right)
    if "no request is within the scope" in found.reason:
        assert not within
