"""A role's own denial with one condition, on keys that AWS sends with the call, and its twin with another value."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tableguard.local.authorization.callers import caller_of
from tableguard.local.clients.factory import make_client
from tableguard.local.landing_zone import LandingZone
from tests.worlds import edge
from tests.worlds.edge import ACCOUNT, REGION, TABLE

ROLE = "conditioned"
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
CONDITIONS = [
    ("StringEquals", "aws:PrincipalTag/team", "red", "blue"),
    ("StringEquals", "aws:ResourceTag/class", "secret", "public"),
    ("DateLessThan", "aws:CurrentTime", "2100-01-01T00:00:00Z", "2020-01-01T00:00:00Z"),
    ("NumericLessThan", "aws:EpochTime", "4102444800", "1577836800"),
    ("Bool", "aws:MultiFactorAuthPresent", "false", "true"),
    ("DateLessThan", "aws:TokenIssueTime", "2100-01-01T00:00:00Z", "2020-01-01T00:00:00Z"),
    ("StringLike", "aws:userid", "*:me", "*:you"),
]


@pytest.fixture(scope="module")
def zone() -> Iterator[LandingZone]:
    with edge.running() as prepared:
        trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
        prepared.clients("iam", ACCOUNT, REGION).create_role(
            RoleName=ROLE, AssumeRolePolicyDocument=_document(trust), Tags=[{"Key": "team", "Value": "red"}]
        )
        dynamodb = prepared.clients("dynamodb", ACCOUNT, REGION)
        table = dynamodb.describe_table(TableName=TABLE)["Table"]["TableArn"]
        dynamodb.tag_resource(ResourceArn=table, Tags=[{"Key": "class", "Value": "secret"}])
        yield prepared


def _document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _describe(zone: LandingZone, condition: dict[str, dict[str, str]]) -> str:
    """Describe the table as a role whose policy denies it under a condition; return the refusal's code, if any."""
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    denial = {**everything, "Effect": "Deny", "Action": "dynamodb:DescribeTable", "Condition": condition}
    iam = zone.clients("iam", ACCOUNT, REGION)
    iam.put_role_policy(RoleName=ROLE, PolicyName="own", PolicyDocument=_document(everything, denial))
    sts = zone.clients("sts", ACCOUNT, REGION)
    keys = sts.assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{ROLE}", RoleSessionName="me")["Credentials"]
    client = make_client(
        "dynamodb",
        region_name=REGION,
        endpoint_url=zone.endpoint,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )
    try:
        client.describe_table(TableName=TABLE)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


@pytest.mark.parametrize(("operator", "key", "value", "other"), CONDITIONS, ids=[key for _, key, _, _ in CONDITIONS])
def test_a_key_that_aws_sends_is_sent_here(zone: LandingZone, operator: str, key: str, value: str, other: str) -> None:
    assert _describe(zone, {operator: {key: value}}) == "AccessDeniedException"
    assert _describe(zone, {operator: {key: other}}) == ""
    assert _describe(zone, {"Null": {key: "true"}}) == ""


def test_a_user_s_own_keys_are_of_no_session(zone: LandingZone) -> None:
    iam = zone.clients("iam", ACCOUNT, REGION)
    user_id = iam.create_user(UserName="long")["User"]["UserId"]
    key = iam.create_access_key(UserName="long")["AccessKey"]["AccessKeyId"]
    caller = caller_of(key)
    assert caller is not None
    assert caller.context == {"aws:userid": user_id}
