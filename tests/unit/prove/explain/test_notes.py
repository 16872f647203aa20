"""What an explanation leaves open is said: policies of others, keys without a name, callers without known policies."""

from dataclasses import replace

import pytest

from tests.worlds.explanations import ENCRYPTED, PLAIN, explanation

OWNERS = "is its owner's, and not asked: no stack of these settings makes it"
ADMINISTRATOR = "is none of the workload's roles: an administrator, who may do all, is assumed"


@pytest.mark.parametrize(
    ("call", "noted"),
    [
        ("kms:Decrypt key/1234", "no alias says which key this is, and so its policy is not asked: name it alias/NAME"),
        ("kms:Decrypt arn:aws:kms:eu-central-1:444455556666:key/1234", f"this key's policy {OWNERS}"),
        ("s3:DeleteBucket example-artifacts-eu-central-1", f"this bucket's policy {OWNERS}"),
        ("dynamodb:GetItem table/cruddur-messages-2", f"this table's policy {OWNERS}"),
        ("lambda:GetFunction function:theirs", f"this function's policy {OWNERS}"),
        ("sts:AssumeRole role/theirs", f"this role's trust policy {OWNERS}"),
    ],
)
def test_a_resources_policy_that_is_not_known_is_named(call: str, noted: str) -> None:
    answer = explanation(call)
    assert f"resource  {noted}" in [line.strip() for line in answer.text().splitlines()]
    assert {"layer": "resource", "text": noted} in answer.facts()["notes"]


@pytest.mark.parametrize(
    "call",
    [
        "dynamodb:GetItem table/<table-name>",
        "dynamodb:Query table/<table-name>/index/message-group-sk-index",
        "iam:PassRole role/cruddur-application",
        "kms:Decrypt alias/cruddur-messages",
        "kms:ListAliases *",
        "lambda:GetFunction function:cruddur-pattern-d",
        "s3:GetObject cruddur-trail-111122223333-eu-central-1/a",
        "s3:ListAllMyBuckets *",
        "sts:AssumeRole role/cruddur-application",
    ],
)
def test_nothing_is_noted_of_a_policy_that_was_asked_or_that_nothing_has(call: str) -> None:
    assert "resource" not in [note.layer for note in explanation(call).notes]


@pytest.mark.parametrize(
    ("principal", "name"),
    [
        ("role/Admin", "role/Admin"),
        ("role/cruddur-applications", "role/cruddur-applications"),
        ("user/ida", "user/ida"),
        ("arn:aws:sts::<account-id>:assumed-role/Admin/ida", "role/Admin"),
    ],
)
def test_a_caller_whose_policies_are_not_known_is_said_to_be_an_assumed_administrator(
    principal: str, name: str
) -> None:
    answer = explanation("kms:ListAliases *", principal)
    assert {"layer": "identity", "text": f"{name} {ADMINISTRATOR}"} in answer.facts()["notes"]
    assert "    identity  allows (the assumed administrator's policy)" in answer.text().splitlines()


@pytest.mark.parametrize("principal", ["role/cruddur-application", "role/cruddur-backup", "deployer", "root"])
def test_the_workloads_roles_and_root_are_not(principal: str) -> None:
    assert "administrator" not in explanation("kms:ListAliases *", principal).text()


def test_guardrails_that_no_stack_attaches_are_said_to_be_assumed() -> None:
    attached = "the settings leave the stack guardrails out: its SCPs and RCPs are asked as if attached"
    assert attached not in explanation("kms:ListAliases *", settings=PLAIN).text()
    assert attached in explanation("kms:ListAliases *", settings=replace(PLAIN, optional_stacks=())).text()
    assert ENCRYPTED.optional_stacks == PLAIN.optional_stacks


STAR = "* is a character of this resource's name, and no pattern: `tableguard prove` is about all"


@pytest.mark.parametrize(
    ("call", "noted"),
    [
        ("dynamodb:Query table/*", True),
        ("dynamodb:Query arn:aws:dynamodb:us-east-1:*:table/x", True),
        ("dynamodb:Query table/cruddur-messages", False),
        ("dynamodb:ListTables *", False),
        ("logs:DeleteLogGroup log-group:x:*", False),  # as CloudWatch Logs writes it in requests
        ("logs:DeleteLogGroup log-group:*:*", True),
    ],
)
def test_a_wildcard_in_the_resource_of_a_request_is_said_to_be_a_character(call: str, noted: bool) -> None:
    assert (STAR in [note.text for note in explanation(call).notes]) is noted
