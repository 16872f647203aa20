"""Random ties between caller, resource and tags: whatever is proved holds for each kind of caller and of owner."""

from collections.abc import Iterator, Mapping
from functools import cache
from random import Random
from typing import Any

import pytest

from tableguard.errors import PolicyError
from tableguard.policy.evaluate import Request, Wanted, World, decide
from tableguard.policy.principals import principal
from tests.worlds.policies import ACCOUNT, FULL, FULL_FOR_ANYBODY, MANAGEMENT, OTHER_ACCOUNT, document
from tests.worlds.proofs import proof, under

OURS = "o-exampleorgid"
TAG, ITS, OWNER = "aws:PrincipalTag/t", "aws:ResourceTag/t", "aws:ResourceOrgID"
IDS = {"role": ("AROA1:a", "AROA1:zz"), "user": ("AIDA1",)}
CALLERS = [f"arn:aws:iam::{ACCOUNT}:{name}" for name in ("role/a", "role/x!/ab", "user/a", "user/p/ab", "root")]
CALLERS += [f"arn:aws:sts::{ACCOUNT}:federated-user/ab", f"arn:aws:iam::{OTHER_ACCOUNT}:user/a"]
NAMED = {f"arn:aws:dynamodb:eu-west-1:{account}:table/ab": account for account in (ACCOUNT, OTHER_ACCOUNT)}
RESOURCES = ("*", "arn:aws:s3:::h/a", "arn:aws:s3:::h/ab", "arn:aws:s3:::h/a/x", "arn:aws:s3:::h/", *NAMED)
VALUES = (
    "${aws:username}",
    "${aws:PrincipalTag/t}",
    "${aws:userid}",
    "${aws:PrincipalAccount}",
    "${aws:username, 'ab'}",
)
TEXTS = ("a", "a*", "*b", "ab", "*")
PATTERNS: tuple[str, ...] = (
    "*",
    "arn:aws:s3:::h/${aws:username}",
    "arn:aws:s3:::h/${aws:username}/*",
    "arn:aws:s3:::h/a*",
)
PATTERNS += (
    "arn:aws:s3:::h/${aws:PrincipalTag/t}",
    "arn:aws:s3:::h/${aws:username}/*",
    "arn:aws:dynamodb:*:*:table/${aws:username}",
)
COMPARED: dict[str, tuple[str, ...]] = {
    ITS: (*VALUES, *TEXTS),
    TAG: TEXTS,
    "aws:username": TEXTS,
    "aws:userid": ("*:a", "A*", f"{ACCOUNT}*", "*:*"),
    OWNER: ("${aws:PrincipalOrgID}", OURS, "o-other", "o-*"),
    "aws:ResourceAccount": ("${aws:PrincipalAccount}", ACCOUNT, OTHER_ACCOUNT),
}
OPERATORS = ("StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase")
ARNS = (
    "arn:aws:iam::*:user/*",
    "arn:aws:iam::*:role/x!/*",
    f"arn:aws:iam::{ACCOUNT}:*",
    "arn:aws:sts::*:federated-user/*",
)


def conditions(random: Random) -> dict[str, dict[str, Any]]:
    lines: dict[str, dict[str, Any]] = {}
    for key, values in COMPARED.items():
        if random.random() < 0.3:
            lines.setdefault(random.choice(OPERATORS), {})[key] = random.choice(values)
    if random.random() < 0.3:
        lines[random.choice(("ArnLike", "ArnNotLike"))] = {"aws:PrincipalArn": random.choice(ARNS)}
    if random.random() < 0.2:
        lines["Null"] = {random.choice((ITS, TAG, "aws:username", OWNER)): random.choice(("true", "false"))}
    return lines


@cache
def requests() -> tuple[tuple[Request, Mapping[str, tuple[str, ...]]], ...]:
    return tuple((request, request.keys()) for caller in CALLERS for request in requests_of(caller))


def requests_of(arn: str) -> Iterator[Request]:
    caller = principal(arn)
    always = {"aws:RequestedRegion": "eu-west-1", "aws:SecureTransport": "true", "aws:PrincipalOrgID": OURS}
    for resource in RESOURCES:
        for account, organization in owners(resource):
            for number in range(24):  # each tag in turn with each other, each id and with the key or without it
                own, its = (None, "", "a", "ab")[number % 4], (None, "a", "ab", "a/x", ACCOUNT)[number % 5]
                ids = IDS.get(caller.kind, ("",))
                keys = {TAG: own, ITS: its, "aws:userid": ids[number % len(ids)] or None}
                keys[OWNER] = organization or None if number % 3 else None
                context = always | {key: value for key, value in keys.items() if value is not None}
                yield Request(caller, "s3:GetObject", resource, account, context, organization)


def owners(resource: str) -> Iterator[tuple[str, str]]:
    accounts = (NAMED[resource],) if resource in NAMED else (ACCOUNT, OTHER_ACCOUNT, MANAGEMENT)
    for account in accounts:
        yield from (
            (account, organization) for organization in ((OURS, "o-other", "") if account == OTHER_ACCOUNT else (OURS,))
        )


def world(random: Random) -> World:
    denials = [
        {"Resource": random.choice(PATTERNS), "Condition": conditions(random)} for _ in range(random.choice((1, 2)))
    ]
    if random.random() < 0.7:
        return under(*denials)
    rcp = document(*({**denial, "Principal": "*"} for denial in denials), name="rcp")
    return World(MANAGEMENT, (), ((rcp,),), identity=(FULL,), resource=FULL_FOR_ANYBODY, organization=OURS)


@pytest.mark.parametrize("seed", range(30))
def test_what_is_proved_of_callers_and_owners_holds_for_each_request(seed: int) -> None:
    random = Random(seed)  # noqa: S311  # no secret
    asked = world(random)
    wanted: Wanted = random.choice(("denied", "allowed"))
    claim = {"Action": "s3:GetObject", "Resource": random.choice(PATTERNS), "Condition": conditions(random)}
    found = proof(asked, claim, wanted)
    covers = found.question.scope.statement.matches
    if found.counterexample is not None:
        request = found.counterexample
        assert covers(request.action, request.resource, request.keys())
        assert decide(asked, request).allowed == (wanted == "denied")
    if found.verdict == "refuted" or (found.verdict == "not proved" and "no request is within" not in found.reason):
        return
    for request, keys in requests():
        try:
            inside = covers(request.action, request.resource, keys)
        except PolicyError:
            continue  # AWS leaves open whether the promise is about it
        assert not inside or (found.verdict == "proved" and decide(asked, request).allowed == (wanted == "allowed"))
