"""Denials as people get them wrong, and as other tools misread them; each beside the sound one."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.worlds.policies import ACCOUNT, BREAK_GLASS, OTHER_TABLE, ROLE, TABLE, denied, request, under_scp

Statement = Mapping[str, Any]

KEEP_TABLES: dict[str, Any] = {
    "Action": ["dynamodb:DeleteTable", "dynamodb:DeleteTableReplica"],
    "Condition": {"ArnNotLike": {"aws:PrincipalArn": BREAK_GLASS}},
}
STAY_HOME: dict[str, Any] = {
    "Action": "dynamodb:Create*",
    "Condition": {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}},
}


def exempting(*arns: str, operator: str = "ArnNotLike", key: str = "aws:PrincipalArn") -> Statement:
    return {**KEEP_TABLES, "Condition": {operator: {key: list(arns)}}}


# a document, its name, and a caller and action that the sound one denies and the broken one lets by
BROKEN: list[tuple[str, Statement, str, str, str]] = [
    (
        "an action forgotten",
        {**KEEP_TABLES, "Action": "dynamodb:DeleteTable"},
        ROLE,
        "dynamodb:DeleteTableReplica",
        TABLE,
    ),
    ("an action mistyped", {**KEEP_TABLES, "Action": "dynamodb:DeleteTabel"}, ROLE, "dynamodb:DeleteTable", TABLE),
    ("the exemption too wide", exempting(f"arn:aws:iam::{ACCOUNT}:role/*"), ROLE, "dynamodb:DeleteTable", TABLE),
    (
        "the exemption by part of a name",
        exempting("arn:aws:iam::*:role/*break-glass*"),
        f"arn:aws:iam::{ACCOUNT}:role/xbreak-glass",
        "dynamodb:DeleteTable",
        TABLE,
    ),
    ("the exemption for everybody", exempting("arn:*:*:*:*:*"), ROLE, "dynamodb:DeleteTable", TABLE),
    (
        "a key mistyped beside the exemption",
        {**KEEP_TABLES, "Condition": {"StringEquals": {"aws:PrincipalAcount": ACCOUNT}}},
        ROLE,
        "dynamodb:DeleteTable",
        TABLE,
    ),
    ("one table only", {**KEEP_TABLES, "Resource": TABLE}, ROLE, "dynamodb:DeleteTable", OTHER_TABLE),
    ("other actions left out", {"NotAction": "dynamodb:*"}, ROLE, "dynamodb:DeleteTable", TABLE),
    ("the service by wildcard", {"NotAction": "d*:*"}, ROLE, "dynamodb:DeleteTable", TABLE),
]


@pytest.mark.parametrize(("name", "broken", "caller", "action", "resource"), BROKEN, ids=[case[0] for case in BROKEN])
def test_a_broken_denial_is_seen_to_let_by(
    name: str, broken: Statement, caller: str, action: str, resource: str
) -> None:
    asked = request(action, caller=caller, resource=resource)
    assert denied(under_scp(KEEP_TABLES), asked), name
    assert not denied(under_scp(broken), asked), name


def test_a_role_name_in_another_case_exempts_nobody() -> None:
    asked = request(caller=BREAK_GLASS)
    assert not denied(under_scp(KEEP_TABLES), asked)
    assert denied(under_scp(exempting(BREAK_GLASS.replace("break-glass", "Break-Glass"))), asked)


def test_an_exempt_roles_session_is_exempt() -> None:
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/break-glass/monday"
    assert not denied(under_scp(KEEP_TABLES), request(caller=session))
    assert denied(under_scp(KEEP_TABLES), request(caller=session.replace("break-glass", "app")))


def test_the_exemption_belongs_to_the_caller_and_not_to_the_request() -> None:
    # a free aws:PrincipalArn would make every denial with an exemption look broken
    assert denied(under_scp(KEEP_TABLES), request(caller=ROLE))
    assert not denied(under_scp(KEEP_TABLES), request(caller=BREAK_GLASS))


def test_action_names_in_any_case_are_the_same_denial() -> None:
    other_case = {**KEEP_TABLES, "Action": ["DynamoDB:deletetable", "DYNAMODB:DELETETABLEREPLICA"]}
    for action in KEEP_TABLES["Action"]:
        assert denied(under_scp(other_case), request(action))
    assert not denied(under_scp(other_case), request("dynamodb:DeleteBackup"))


def region(operator: str, values: str | list[str], key: str = "aws:RequestedRegion", **more: Any) -> Statement:
    return {**STAY_HOME, "Condition": {operator: {key: values}}, **more}


@pytest.mark.parametrize(
    ("statement", "keeps"),
    [
        (STAY_HOME, True),
        (region("StringNotEqualsIfExists", "eu-west-1"), True),
        (region("StringNotLike", "eu-west-1"), True),
        (region("StringNotEquals", "eu-west-1", key="aws:requestedregion"), True),
        (region("ForAnyValue:StringNotEquals", "eu-west-1"), True),
        (region("StringNotLike", "eu-*"), False),
        (region("StringNotEquals", ["eu-west-1", "eu-west-3"]), False),
        (region("StringNotLike", ["eu-west-1", "*"]), False),
        (region("StringEquals", "eu-west-1"), False),
        (region("StringNotEquals", "eu-west-1", Action="s3:GetObject"), False),
        ({**region("StringNotEquals", "eu-west-1"), "Action": "dynamodb:CreateGlobalTable"}, False),
    ],
)
def test_which_region_locks_keep_a_table_at_home(statement: Statement, keeps: bool) -> None:
    away = request("dynamodb:CreateTable", {"aws:RequestedRegion": "eu-west-3"})
    assert denied(under_scp(statement), away) is keeps


def test_a_region_whose_name_begins_like_ours_is_not_ours() -> None:
    statement = region("StringNotEquals", "eu-west-12")
    assert denied(under_scp(statement), request("dynamodb:CreateTable", {"aws:RequestedRegion": "eu-west-1"}))
    assert not denied(under_scp(statement), request("dynamodb:CreateTable", {"aws:RequestedRegion": "eu-west-12"}))


def test_only_one_of_two_region_locks_depends_on_the_key_being_there() -> None:
    assert denied(under_scp(STAY_HOME), request("dynamodb:CreateTable"))
    assert not denied(under_scp(region("ForAnyValue:StringNotEquals", "eu-west-1")), request("dynamodb:CreateTable"))


def test_a_second_statement_does_not_hide_what_the_first_lets_by() -> None:
    wide = exempting(f"arn:aws:iam::{ACCOUNT}:role/*")
    at_home = request(context={"aws:RequestedRegion": "eu-west-1"})
    assert denied(under_scp(KEEP_TABLES, STAY_HOME), at_home)
    assert not denied(under_scp(wide, STAY_HOME), at_home)


def test_conditions_all_have_to_hold_and_their_values_are_alternatives() -> None:
    both = {"Condition": {"StringEquals": {"aws:x": ["1", "2"], "aws:y": "1"}, "Bool": {"aws:z": "true"}}}
    context = {"aws:x": "2", "aws:y": "1", "aws:z": "true"}
    assert denied(under_scp(both), request(context=context))
    for key in context:
        assert not denied(under_scp(both), request(context={**context, key: "false"}))
