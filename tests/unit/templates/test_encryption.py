"""The message key in the stacks: where the settings ask for it, for those who need it, and for nobody else."""

from dataclasses import replace
from typing import Any

import pytest

from tableguard.prove.explain.explanation import explained
from tableguard.prove.explain.inquiry import Inquiry
from tableguard.settings import example
from tests.worlds.requirements import Requirement, Template, at, holds_and_breaks, is_set, of_type, retained
from tests.worlds.requirements import stack as rendered

WITH = replace(example(), client_side_encryption=True)
KEY = "Resources/MessageKey/Properties"
POLICY = f"{KEY}/KeyPolicy/Statement"
ADMINISTRATION, USE, READERS, WRITERS, OTHER = range(5)
READING = (
    "arn:aws:iam::${AWS::AccountId}:role/cruddur-application",
    "arn:aws:iam::${AWS::AccountId}:role/cruddur-identity-pool-user",
    "arn:aws:iam::${AWS::AccountId}:role/cruddur-member-services",
)


def _exempt(statement: dict[str, Any]) -> tuple[str, ...]:
    return tuple(arn["Fn::Sub"] for arn in statement["Condition"]["ArnNotLike"]["aws:PrincipalArn"])


def _policy(template: Template) -> dict[str, dict[str, Any]]:
    return {one["Sid"]: one for one in at(template, POLICY)}


def _read_by_those_who_show_texts_only(template: Template) -> bool:
    denial = _policy(template)["DenyOtherReaders"]
    return (denial["Effect"], denial["Action"], denial["Principal"], _exempt(denial)) == (
        "Deny",
        ["kms:Decrypt"],
        "*",
        READING,
    )


def _written_by_the_application_only(template: Template) -> bool:
    denial = _policy(template)["DenyOtherWriters"]
    return (denial["Effect"], denial["Action"], denial["Principal"], _exempt(denial)) == (
        "Deny",
        ["kms:GenerateDataKey"],
        "*",
        READING[:1],
    )


def _granted_to_nobody(template: Template) -> bool:
    denial = _policy(template)["DenyOtherUses"]
    return denial["Effect"] == "Deny" and "kms:CreateGrant" in denial["Action"] and "Condition" not in denial


REQUIREMENTS = [
    is_set("the message key is rotated", f"{KEY}/EnableKeyRotation", True),
    is_set("a deletion of the message key can be stopped for a month", f"{KEY}/PendingWindowInDays", 30),
    retained("what was encrypted can be read once the stack is gone", "MessageKey"),
    is_set(
        "the message key has the name that the documents speak of",
        "Resources/MessageKeyAlias/Properties/AliasName",
        "alias/cruddur-messages",
    ),
    is_set(
        "whoever encrypts finds the key's ARN",
        "Outputs/MessageKeyArn",
        {
            "Description": "ARN of the message key",
            "Export": {"Name": "cruddur-MessageKeyArn"},
            "Value": {"Fn::GetAtt": ["MessageKey", "Arn"]},
        },
    ),
    Requirement(
        "only the application, members and member services decrypt",
        _read_by_those_who_show_texts_only,
        (
            (f"{POLICY}/{READERS}/Effect", "Allow"),
            (f"{POLICY}/{READERS}/Action/0", "kms:DescribeKey"),
            (f"{POLICY}/{READERS}/Condition/ArnNotLike/aws:PrincipalArn/0", {"Fn::Sub": "arn:aws:iam::*:role/*"}),
        ),
    ),
    Requirement(
        "only the application encrypts",
        _written_by_the_application_only,
        (
            (f"{POLICY}/{WRITERS}/Effect", "Allow"),
            (f"{POLICY}/{WRITERS}/Action/0", "kms:DescribeKey"),
            (f"{POLICY}/{WRITERS}/Condition/ArnNotLike/aws:PrincipalArn/0", {"Fn::Sub": "arn:aws:iam::*:role/*"}),
        ),
    ),
    Requirement(
        "nobody hands the use of the key on",
        _granted_to_nobody,
        ((f"{POLICY}/{OTHER}/Effect", "Allow"), (f"{POLICY}/{OTHER}/Action/0", "kms:ListGrants")),
    ),
    is_set("IAM says for what it is used", f"{POLICY}/{USE}/Action", ["kms:Decrypt", "kms:GenerateDataKey"]),
]


@pytest.fixture(scope="module")
def table() -> Template:
    return rendered("table", WITH)


test_the_stack_holds, test_a_spoilt_stack_does_not_hold = holds_and_breaks(REQUIREMENTS, "table")


def test_without_the_setting_there_is_no_message_key(table: Template) -> None:
    without = rendered("table")
    assert set(table["Resources"]) - set(without["Resources"]) == {"MessageKey", "MessageKeyAlias"}
    assert set(table["Outputs"]) - set(without["Outputs"]) == {"MessageKeyArn"}


def test_the_table_has_another_key(table: Template) -> None:
    # whoever reads the table decrypts with its key, Pattern D among them
    assert at(table, "Resources/Messages/Properties/SSESpecification/KMSMasterKeyId") == {
        "Fn::GetAtt": ["TableKey", "Arn"]
    }


def test_without_the_setting_nobody_is_let_to_a_message_key() -> None:
    def names(template: Template) -> set[str]:
        return {each["ManagedPolicyName"] for each in of_type(template, "AWS::IAM::ManagedPolicy").values()}

    more = names(rendered("access", WITH)) - names(rendered("access"))
    assert more == {f"cruddur-{role}-encryption" for role in ("application", "identity-pool-user", "member-services")}


CONTEXT: dict[str, str | tuple[str, ...]] = {
    "kms:ResourceAliases": ("alias/cruddur-messages",),
    "kms:EncryptionContextKeys": ("message_group_uuid", "message_uuid"),
    "kms:EncryptionContext:message_group_uuid": "a",
    "kms:EncryptionContext:message_uuid": "b",
}


@pytest.mark.parametrize(
    ("principal", "alias", "layer"),
    [
        ("role/cruddur-application", "alias/cruddur-messages", None),
        ("role/cruddur-identity-pool-user", "alias/cruddur-messages", None),
        ("role/cruddur-pattern-d", "alias/cruddur-messages", "resource"),
        ("role/Admin", "alias/cruddur-messages", "scp"),
        ("role/cruddur-backup", "alias/cruddur-messages", "resource"),
        ("role/cruddur-backup", "alias/cruddur-failures", "resource"),
        ("role/cruddur-application", "alias/cruddur-failures", "resource"),
    ],
)
def test_explain_asks_the_message_keys_policy_about_the_message_key(
    principal: str, alias: str, layer: str | None
) -> None:
    context = {**CONTEXT, "kms:ResourceAliases": (alias,)}
    inquiry = Inquiry(principal, "kms:Decrypt", "key/1234abcd-12ab-34cd-56ef-1234567890ab", "", context)
    decision = explained(inquiry, WITH).decision
    assert decision.allowed is (layer is None)
    assert layer in (None, decision.because[0].layer)
