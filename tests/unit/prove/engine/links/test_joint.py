"""Keys that variables tie together are decided together: whatever is proved holds for each of many small requests."""

from collections.abc import Iterator, Mapping
from itertools import product
from random import Random
from typing import Any

import pytest

from tableguard.policy.evaluate import Request, World, decide
from tableguard.policy.principals import principal
from tableguard.prove.engine.links import joint
from tableguard.prove.engine.prover import Proof
from tests.worlds.policies import ACCOUNT, FULL, FULL_FOR_ANYBODY, MANAGEMENT, OTHER_ACCOUNT, USER, document
from tests.worlds.proofs import proof, under

READ: dict[str, Any] = {"Action": "s3:GetObject"}
OURS = "o-exampleorgid"
TAG, ITS, ASKED = "aws:PrincipalTag/t", "aws:ResourceTag/t", "aws:RequestTag/t"


def denial(condition: Mapping[str, Any], of: Mapping[str, Any], **more: Any) -> Proof:
    """Ask whether a denial under a condition denies every reading under the condition `of`."""
    return proof(under({**READ, "Condition": condition, **more}), {**READ, "Condition": of})


PERIMETER = {"StringNotEquals": {"aws:ResourceOrgID": "${aws:PrincipalOrgID}"}}
ELSEWHERE = {"StringNotEquals": {"aws:ResourceOrgID": OURS}}
DIFFERENT = {"StringNotEquals": {ITS: f"${{{TAG}}}"}, "Null": {TAG: "false"}}


@pytest.mark.parametrize(
    ("condition", "of", "verdict"),
    [
        # AWS's resource perimeter: callers are of this organization, whichever it is called by
        (PERIMETER, ELSEWHERE, "proved"),
        (PERIMETER, {}, "refuted"),
        ({"StringEquals": {"aws:ResourceOrgID": "${aws:PrincipalOrgID}"}}, ELSEWHERE, "refuted"),
        ({"StringNotEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}}, {}, "refuted"),
        (
            {"StringNotEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}},
            {"StringEquals": {"aws:ResourceAccount": OTHER_ACCOUNT, "aws:PrincipalAccount": ACCOUNT}},
            "proved",
        ),
        # both values in the claim
        (DIFFERENT, {"StringEquals": {TAG: "a", ITS: "b"}}, "proved"),
        (DIFFERENT, {"StringEquals": {TAG: "a", ITS: ["a", "b"]}}, "refuted"),
        (DIFFERENT, {"StringLike": {TAG: "a*", ITS: "b*"}}, "proved"),
        (DIFFERENT, {"StringLike": {TAG: "a*", ITS: "*b"}}, "refuted"),
        # one variable in two keys, and one key with two variables
        (
            {"StringEquals": {ITS: f"${{{TAG}}}", ASKED: f"${{{TAG}}}"}},
            {"StringEquals": {TAG: "a", ITS: "a"}},
            "refuted",
        ),
        (
            {"StringEquals": {ITS: f"${{{TAG}}}", ASKED: f"${{{TAG}}}"}},
            {"StringEquals": {TAG: "a", ITS: "a", ASKED: "a"}},
            "proved",
        ),
        ({"StringEquals": {ITS: [f"${{{TAG}}}", f"${{{ASKED}}}"]}}, {"StringEquals": {TAG: "a", ITS: "a"}}, "proved"),
        ({"StringEquals": {ITS: [f"${{{TAG}}}", f"${{{ASKED}}}"]}}, {"StringEquals": {TAG: "a", ITS: "b"}}, "refuted"),
        # a key compared with one that is compared itself
        (
            {"StringEquals": {ITS: f"${{{TAG}}}", TAG: f"${{{ASKED}}}"}},
            {"StringEquals": {ITS: "a", TAG: "a", ASKED: "a"}},
            "proved",
        ),
        ({"StringEqualsIgnoreCase": {ITS: f"${{{TAG}}}"}}, {"StringEquals": {TAG: "a", ITS: "A"}}, "proved"),
        ({"StringEquals": {ITS: f"${{{TAG}}}"}}, {"StringEquals": {TAG: "a", ITS: "A"}}, "refuted"),
        # parts of the caller
        ({"StringLike": {"s3:prefix": "home/${aws:username}/*"}}, {"StringLike": {"s3:prefix": "home/*"}}, "refuted"),
        (
            {"StringNotLike": {"s3:prefix": "home/${aws:username}/*"}},
            {"StringLike": {"s3:prefix": "away/*"}, "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/*"}},
            "proved",
        ),
        (
            {"StringEquals": {ITS: "${aws:username}"}},
            {"StringEquals": {ITS: "mina"}, "ArnLike": {"aws:PrincipalArn": ["arn:aws:iam::*:user/mina"]}},
            "proved",
        ),
        (
            {"StringEquals": {ITS: "${aws:username}"}},
            {"StringEquals": {ITS: "mina"}, "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/*/mina"}},
            "proved",
        ),
        (
            {"StringEquals": {ITS: "${aws:username}"}},
            {"StringEquals": {ITS: "mina"}, "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/*mina"}},
            "refuted",
        ),
        ({"StringLike": {"aws:username": "*"}}, {"StringEquals": {"aws:PrincipalType": "User"}}, "proved"),
        ({"StringLike": {"aws:username": "m*"}}, {"StringEquals": {"aws:PrincipalType": "User"}}, "refuted"),
        ({"StringNotLike": {"aws:username": "m*"}}, {"StringEquals": {"aws:PrincipalType": "AssumedRole"}}, "proved"),
        ({"StringLike": {"aws:userid": "*:*"}}, {"StringEquals": {"aws:PrincipalType": "AssumedRole"}}, "proved"),
        ({"StringLike": {"aws:userid": "*:app"}}, {"StringEquals": {"aws:PrincipalType": "AssumedRole"}}, "refuted"),
        ({"StringNotLike": {"aws:userid": "*:*"}}, {"StringEquals": {"aws:PrincipalType": "User"}}, "proved"),
        (
            {"StringLike": {"aws:userid": "*:mina"}},
            {"ArnLike": {"aws:PrincipalArn": "arn:aws:sts::*:federated-user/mina"}},
            "proved",
        ),
        (
            {"StringEquals": {"aws:userid": ACCOUNT}},
            {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:root"}},
            "proved",
        ),
    ],
)
def test_keys_that_variables_tie_are_decided_together(
    condition: Mapping[str, Any], of: Mapping[str, Any], verdict: str
) -> None:
    found = denial(condition, of)
    assert (found.verdict, found.reason if found.verdict == "not proved" else "") == (verdict, "")
    if found.counterexample is not None:
        assert decide(found.question.world, found.counterexample).allowed
        keys = found.counterexample.keys()
        assert all(line.holds(keys) for line in found.question.scope.statement.conditions)


def test_two_variables_that_one_key_is_compared_with_may_have_the_same_value() -> None:
    denied = {"StringEquals": {ITS: "${aws:username}", TAG: "ab"}}
    same = {**READ, "Condition": {"StringEquals": {ITS: f"${{{TAG}}}"}}}
    assert proof(under({**READ, "Condition": denied}), same, "allowed").verdict == "refuted"
    never = {"StringEquals": {ITS: "${aws:username}", TAG: "a b"}}  # no user is called so
    assert proof(under({**READ, "Condition": never}), same, "allowed").verdict == "proved"


@pytest.mark.parametrize(
    ("resource", "claim", "verdict"),
    [
        ("arn:aws:s3:::home/${aws:username}/*", "arn:aws:s3:::home/mina/*", "proved"),
        ("arn:aws:s3:::home/${aws:username}/*", "arn:aws:s3:::home/m*", "refuted"),
        ("arn:aws:s3:::home/${aws:username}/*", "arn:aws:s3:::home/mi/*", "refuted"),
        ("arn:aws:s3:::home/${aws:PrincipalTag/t}", "arn:aws:s3:::home/mina", "refuted"),
    ],
)
def test_a_variable_in_a_resource_is_tied_to_its_key(resource: str, claim: str, verdict: str) -> None:
    user = {"ArnEquals": {"aws:PrincipalArn": USER}}
    found = proof(under({**READ, "Resource": resource}), {**READ, "Resource": claim, "Condition": user})
    assert found.verdict == verdict
    with_tag = {"StringEquals": {"aws:PrincipalTag/t": "mina"}} | user
    if "PrincipalTag" in resource:
        assert (
            proof(under({**READ, "Resource": resource}), {**READ, "Resource": claim, "Condition": with_tag}).verdict
            == "proved"
        )


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        ({"StringLike": {ITS: f"*${{{TAG}}}"}}, "has a wildcard before its variable"),
        ({"StringEquals": {ITS: f"${{{TAG}}}${{{ASKED}}}"}}, "has two variables"),
        ({"StringEquals": {ITS: f"${{{TAG}}}", TAG: f"${{{ITS}}}"}}, "stand in what their own keys are compared with"),
        ({"StringEquals": {ITS: [f"${{{TAG}}}", f"x${{{ASKED}}}"]}}, "what begins so has a variable too"),
    ],
)
def test_what_is_kept_undecided_says_why(condition: Mapping[str, Any], reason: str) -> None:
    found = denial(condition, {})
    assert found.verdict == "not proved"
    assert reason in found.reason


UNLESS_EQUAL = {"StringNotEquals": {ITS: f"${{{TAG}}}"}}
UNLESS_EQUAL_TO_DEFAULT = {"StringNotEquals": {ITS: f"${{{TAG}, 'none'}}"}}


@pytest.mark.parametrize(
    ("condition", "of", "verdict"),
    [
        (UNLESS_EQUAL, {"Null": {TAG: "true"}}, "proved"),
        (UNLESS_EQUAL, {"Null": {TAG: "true"}, "StringEquals": {ITS: "none"}}, "proved"),
        (UNLESS_EQUAL, {}, "refuted"),  # by tags that are equal
        (DIFFERENT, {"Null": {TAG: "true"}}, "refuted"),
        (UNLESS_EQUAL_TO_DEFAULT, {"Null": {TAG: "true"}}, "refuted"),
        (UNLESS_EQUAL_TO_DEFAULT, {"Null": {TAG: "true"}, "StringNotEquals": {ITS: "none"}}, "proved"),
    ],
)
def test_a_denial_unless_two_tags_are_equal_holds_of_callers_without_the_tag(
    condition: Mapping[str, Any], of: Mapping[str, Any], verdict: str
) -> None:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-no-value
    assert denial(condition, of).verdict == verdict


TEXTS = ("", "a", "b", "ab", "aa", "A", "x", "a/b", "xa")
VALUES = (
    f"${{{TAG}}}",
    f"x${{{TAG}}}",
    f"${{{TAG}}}/*",
    f"${{{TAG}, 'a'}}",
    f"${{{ASKED}}}",
    "a",
    "a*",
    "*b",
    "?",
    "*",
)
OPERATORS = ("StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase")


def conditions(random: Random, keys: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    lines: dict[str, dict[str, Any]] = {}
    for key in keys:
        if random.random() < 0.7:
            values = [value for value in random.sample(VALUES, random.choice((1, 1, 2))) if key not in value]
            lines.setdefault(random.choice(OPERATORS), {})[key] = values or ["a"]
        if random.random() < 0.4:
            lines.setdefault("Null", {})[key] = random.choice(("true", "false"))
    return lines


def requests() -> Iterator[Request]:
    always = {"aws:RequestedRegion": "eu-west-1", "aws:SecureTransport": "true", "aws:PrincipalOrgID": OURS}
    for own, its, asked in product((None, *TEXTS), repeat=3):
        tags = {key: value for key, value in ((TAG, own), (ITS, its), (ASKED, asked)) if value is not None}
        yield Request(principal(USER), "s3:GetObject", "*", ACCOUNT, {**always, **tags})


REQUESTS = tuple(requests())


@pytest.mark.parametrize("seed", range(40))
def test_what_is_proved_of_random_ties_holds_for_each_request(seed: int) -> None:
    random = Random(seed)  # noqa: S311  # no secret
    denials = [{**READ, "Condition": conditions(random, (ITS, ASKED, TAG))} for _ in range(random.choice((1, 2)))]
    found = proof(under(*denials), {**READ, "Condition": conditions(random, (ITS, ASKED))}, callers=(USER,))
    scope = found.question.scope.statement
    if found.verdict == "proved":
        inside = [request for request in REQUESTS if scope.matches(request.action, "*", request.keys())]
        assert [request.context for request in inside if decide(found.question.world, request).allowed] == []
    elif found.verdict == "refuted":
        assert found.counterexample is not None
        assert scope.matches("s3:GetObject", found.counterexample.resource, found.counterexample.keys())


def test_too_many_classes_together_refute_and_prove_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    tags = ["a", "b", "c"]
    assert denial(DIFFERENT, {"StringEquals": {TAG: tags, ITS: "d"}}).verdict == "proved"
    monkeypatch.setattr(joint, "MOST_TOGETHER", 2)
    unproved = denial(DIFFERENT, {"StringEquals": {TAG: tags, ITS: "d"}})
    assert unproved.verdict == "not proved"
    assert unproved.reason == "s3:GetObject: more than 2 classes of keys that are compared with each other"
    assert denial(DIFFERENT, {"StringEquals": {TAG: tags, ITS: "a"}}).verdict == "refuted"


def test_too_many_values_refute_and_prove_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    tags = ["a", "b", "c", "d"]
    assert denial(DIFFERENT, {"StringEquals": {TAG: tags, ITS: "e"}}).verdict == "proved"
    monkeypatch.setattr(joint, "MOST_VALUES", 2)
    monkeypatch.setattr(joint, "FEW_VALUES", 1)
    unproved = denial(DIFFERENT, {"StringEquals": {TAG: tags, ITS: "e"}})
    assert unproved.verdict == "not proved"
    assert unproved.reason == "s3:GetObject: more than 2 values of keys that others are compared with"
    assert denial(DIFFERENT, {"StringEquals": {TAG: tags, ITS: "a"}}).verdict == "refuted"


def test_once_the_values_are_used_up_a_few_are_looked_at_for_every_action(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joint, "MOST_VALUES", 0)
    small = {"Condition": DIFFERENT, "Action": ["s3:GetObject", "s3:PutObject"]}
    claim = {"Action": ["s3:GetObject", "s3:PutObject"], "Condition": {"StringEquals": {TAG: "a", ITS: "b"}}}
    assert proof(under(small), claim).verdict == "proved"
    monkeypatch.setattr(joint, "FEW_VALUES", 0)
    assert proof(under(small), claim).verdict == "not proved"


def test_the_names_of_a_service_are_its_own_and_others() -> None:
    key = "aws:PrincipalServiceNamesList"
    table = document(
        {"Effect": "Allow", "Principal": "*", "Condition": {"ForAnyValue:StringEquals": {key: "a.amazonaws.com"}}}
    )
    world = World(MANAGEMENT, resource=table)
    service = ("a.amazonaws.com",)
    assert proof(world, READ, "allowed", service).verdict == "proved"
    assert proof(world, READ, "allowed", ("b.amazonaws.com",)).verdict == "refuted"
    nameless = {"Null": {key: "true"}, "Bool": {"aws:PrincipalIsAWSService": "true"}}
    assert "no request is within" in proof(world, {**READ, "Condition": nameless}, "denied", "anyone").reason
    assert (
        proof(World(MANAGEMENT, identity=(FULL,), resource=FULL_FOR_ANYBODY), READ, "allowed", service).verdict
        == "proved"
    )
