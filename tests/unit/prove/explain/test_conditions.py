"""Conditions are written as people say them, and an absent key is told from one that differs."""

import pytest

from tableguard.policy.conditions import parsed
from tableguard.policy.evaluate import Request, World
from tableguard.policy.principals import principal
from tableguard.policy.statements import policy
from tableguard.prove.explain.conditions import judged, keys_asked_for, may_be_allowed, words
from tableguard.prove.requests import key_name

TABLE = "arn:aws:dynamodb:eu-west-1:111122223333:table/a"


def request(**context: str) -> Request:
    keys = {name.replace("_", ":", 1): value for name, value in context.items()}
    caller = principal("arn:aws:iam::111122223333:role/a")
    return Request(caller, "dynamodb:GetItem", TABLE, "111122223333", keys)


@pytest.mark.parametrize(
    ("operator", "key", "values", "text"),
    [
        ("StringEquals", "aws:SourceVpce", ("vpce-1",), "aws:SourceVpce is vpce-1"),
        ("StringEquals", "aws:sourcevpce", ("a", "b"), "aws:SourceVpce is one of a, b"),
        ("StringNotEquals", "aws:SourceVpce", ("a", "b"), "aws:SourceVpce is none of a, b"),
        ("ArnNotLike", "aws:PrincipalArn", ("arn:aws:x:::a",), "aws:PrincipalArn is not like arn:aws:x:::a"),
        ("StringLike", "aws:SourceVpce", ("a", "b", "c", "d", "e"), "aws:SourceVpce is like one of a, b, c and 2 more"),
        ("BoolIfExists", "s3:x", ("true",), "s3:x is true, or s3:x is absent"),
        ("Null", "aws:SourceVpce", ("true",), "aws:SourceVpce is absent"),
        ("Null", "aws:SourceVpce", ("false",), "aws:SourceVpce is present"),
        ("ForAnyValue:StringLike", "dynamodb:LeadingKeys", ("a*",), "a value of dynamodb:LeadingKeys is like a*"),
        ("ForAllValues:StringEquals", "aws:TagKeys", ("a",), "each value of aws:TagKeys is a"),
        ("NumericLessThan", "s3:max-keys", ("10",), "s3:max-keys is below 10"),
        ("DateGreaterThanEquals", "s3:x", ("2026-01-01T00:00:00Z",), "s3:x is at least 2026-01-01T00:00:00Z"),
        ("IpAddress", "aws:SourceIp", ("10.0.0.0/8",), "aws:SourceIp is in 10.0.0.0/8"),
        ("StringEquals", "aws:PrincipalTag/team", ("x",), "aws:PrincipalTag/team is x"),
    ],
)  # fmt: skip
def test_a_condition_in_words(operator: str, key: str, values: tuple[str, ...], text: str) -> None:
    assert words(parsed(operator, key, values), key_name(key.lower())) == text


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("aws:sourcevpce", "aws:SourceVpce"),
        ("kms:encryptioncontext:a", "kms:EncryptionContext:a"),
        ("kms:encryptioncontextkeys", "kms:EncryptionContextKeys"),
        ("aws:requesttag/team", "aws:RequestTag/team"),
        ("weather:rain", "weather:rain"),
    ],
)
def test_a_key_is_named_as_aws_writes_it(key: str, name: str) -> None:
    assert key_name(key) == name


ALLOWING = policy(
    "of one network",
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Here",
                "Effect": "Allow",
                "Action": "dynamodb:GetItem",
                "Resource": TABLE,
                "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1"}, "Bool": {"aws:SecureTransport": "true"}},
            }
        ],
    },
)
DENYING = policy(
    "others",
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Elsewhere",
                "Effect": "Deny",
                "Action": "*",
                "Resource": "*",
                "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}},
            }
        ],
    },
)


def test_what_failed_is_told_with_what_the_request_has() -> None:
    (one,) = judged("identity", [ALLOWING], "Allow", request(aws_SecureTransport="true", aws_SourceVpce="vpce-2"))
    assert [str(line) for line in one.failed] == ["aws:SourceVpce is vpce-1; the request has aws:SourceVpce vpce-2"]
    assert (one.absent, one.hangs) == ((), False)


def test_what_hangs_on_an_absent_key_is_told_apart() -> None:
    (one,) = judged("identity", [ALLOWING], "Allow", request(aws_SecureTransport="true"))
    assert [str(line) for line in one.failed] == ["aws:SourceVpce is vpce-1; the request has no aws:SourceVpce"]
    assert (one.absent, one.hangs) == (("aws:SourceVpce",), True)
    (other,) = judged("identity", [ALLOWING], "Allow", request(aws_SecureTransport="false"))
    assert not other.hangs  # one more condition fails, whatever the key would be


def test_a_statement_about_another_resource_or_caller_is_not_judged() -> None:
    elsewhere = Request(request().principal, "dynamodb:GetItem", f"{TABLE}b", "111122223333")
    assert list(judged("identity", [ALLOWING], "Allow", elsewhere)) == []
    assert list(judged("identity", [ALLOWING], "Deny", request())) == []


@pytest.mark.parametrize(
    ("context", "may"),
    [
        ({}, False),
        ({"aws_SecureTransport": "true"}, True),
        ({"aws_SecureTransport": "true", "aws_SourceVpce": "b"}, False),
    ],
)
def test_a_denial_that_a_further_key_may_turn_is_told_from_one_that_stands(context: dict[str, str], may: bool) -> None:
    identity = (ALLOWING,) if "aws_SecureTransport" in context else ()
    assert may_be_allowed(World(identity=identity, boundary=ALLOWING), request(**context)) is may


def test_a_denial_falls_with_a_key_and_the_keys_of_an_action_are_listed() -> None:
    allowed = request(aws_SecureTransport="true", aws_SourceVpce="vpce-1")
    assert may_be_allowed(World(identity=(ALLOWING, DENYING)), request(aws_SecureTransport="true"))
    assert may_be_allowed(World(identity=(ALLOWING, DENYING)), allowed)
    assert keys_asked_for(ALLOWING, "dynamodb:GetItem") == {"aws:sourcevpce", "aws:securetransport"}
    assert keys_asked_for(ALLOWING, "dynamodb:PutItem") == set()
