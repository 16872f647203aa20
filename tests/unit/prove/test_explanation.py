"""What an explanation says of policies that it does not ask: of keys, buckets and the like, and of administrators."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from tableguard.errors import PolicyError
from tableguard.policy.policy_set import PolicySet
from tableguard.prove.explanation import Explanation, Inquiry, explained
from tableguard.settings import Settings, example
from tableguard.stacks.registry import enabled_stacks

PLAIN = example()
ENCRYPTED = replace(PLAIN, client_side_encryption=True)
TEMPLATE = "is part of a stack's template"
KEYS_POLICY = f"resource  not asked: this key's policy {TEMPLATE}"
ADMINISTRATOR = "is none of the workload's roles: taken for an administrator whose own policies allow everything"
MESSAGE: dict[str, str | tuple[str, ...]] = {
    "kms:EncryptionContextKeys": ("message_group_uuid", "message_uuid"),
    "kms:EncryptionContext:message_group_uuid": "a",
    "kms:EncryptionContext:message_uuid": "b",
}


def explanation(
    call: str,
    principal: str = "role/Admin",
    settings: Settings = ENCRYPTED,
    context: Mapping[str, str | tuple[str, ...]] = MESSAGE,
) -> Explanation:
    action, _, resource = call.partition(" ")
    return explained(Inquiry(principal, action, resource, "", context), PolicySet.filled(settings))


@pytest.mark.parametrize(
    ("call", "principal", "allowed"),
    [
        ("kms:Decrypt alias/cruddur-messages", "role/Admin", False),
        ("kms:Decrypt alias/cruddur-table", "role/Admin", False),
        ("kms:DescribeKey alias/cruddur-table", "role/Admin", True),
        ("kms:Decrypt alias/<name>-messages", "role/cruddur-application", True),
        ("kms:Decrypt alias/<name>-table", "role/cruddur-application", False),
        ("kms:GenerateDataKey alias/cruddur-messages", "role/cruddur-identity-pool-user", False),
        (
            "kms:Decrypt arn:aws:kms:<home-region>:<account-id>:alias/cruddur-messages",
            "role/cruddur-identity-pool-user",
            True,
        ),
        ("kms:DescribeKey alias/cruddur-messages", "role/Admin", True),
    ],
)
def test_a_key_is_named_by_its_alias_and_the_message_keys_policy_has_its_say(
    call: str, principal: str, allowed: bool
) -> None:
    found = explanation(call, principal)
    assert found.decision.allowed is allowed
    assert ("resource" in [reason.layer for reason in found.layers]) is ("messages" in call)
    assert ":key/" in found.request.resource


def test_an_alias_is_added_to_the_aliases_that_are_given() -> None:
    aliases = {"KMS:ResourceAliases": "alias/cruddur-messages"}
    found = explanation("kms:Decrypt alias/cruddur-table", "role/cruddur-backup", context=aliases)
    assert found.request.keys()["kms:resourcealiases"] == ("alias/cruddur-table", "alias/cruddur-messages")
    assert [str(reason) for reason in found.decision.because] == [
        "denied by resource policy message_key, statement DenyOtherReaders"
    ]


@pytest.mark.parametrize(
    "settings", [ENCRYPTED, replace(PLAIN, optional_stacks=("guardrails",)), replace(PLAIN, name="others")]
)
def test_the_aliases_that_are_accepted_are_those_of_the_stacks(settings: Settings) -> None:
    resources = [
        each for stack in enabled_stacks(settings) for each in stack.template(settings).to_dict()["Resources"].values()
    ]
    made = sorted(each["Properties"]["AliasName"] for each in resources if each["Type"] == "AWS::KMS::Alias")
    with pytest.raises(PolicyError) as refusal:
        explanation("kms:Decrypt alias/none", settings=settings)
    assert str(refusal.value).endswith(f"accepted, in {settings.home_region}: {', '.join(made)}")


@pytest.mark.parametrize(
    ("resource", "settings"),
    [
        ("alias/cruddur-messages", PLAIN),  # whose stacks make no message key
        ("alias/cruddur-message", ENCRYPTED),
        ("arn:aws:kms:us-east-1:<account-id>:alias/cruddur-messages", ENCRYPTED),
        ("arn:aws:kms:<home-region>:444455556666:alias/cruddur-messages", ENCRYPTED),
    ],
)
def test_an_alias_that_the_stacks_do_not_make_is_refused(resource: str, settings: Settings) -> None:
    with pytest.raises(PolicyError, match="no key of these settings has this alias; accepted, in "):
        explanation(f"kms:Decrypt {resource}", settings=settings)


@pytest.mark.parametrize("alias", ["alias/cruddur-messages", "alias/others"])
def test_an_action_on_aliases_keeps_the_alias_for_its_resource(alias: str) -> None:
    assert explanation(f"kms:DeleteAlias {alias}").request.resource.endswith(f":{alias}")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("kms:Decrypt key/1234", f"this key's policy {TEMPLATE}"),
        ("kms:Decrypt alias/cruddur-table", f"this key's policy {TEMPLATE}"),
        ("kms:Decrypt alias/cruddur-messages", f"what this key's policy allows {TEMPLATE}"),
        ("kms:Decrypt arn:aws:kms:eu-central-1:444455556666:key/1234", "this key's policy is its owner's"),
        ("s3:GetObject cruddur-trail-111122223333-eu-central-1/a", f"this bucket's policy {TEMPLATE}"),
        ("s3:DeleteBucket cruddur-trail-111122223333-eu-central-1", f"this bucket's policy {TEMPLATE}"),
        ("s3:DeleteBucket example-artifacts-eu-central-1", "this bucket's policy is its owner's"),
        ("sns:Publish cruddur-alerts", f"this topic's policy {TEMPLATE}"),
        ("sqs:ReceiveMessage cruddur-dead-letters", f"this queue's policy {TEMPLATE}"),
        ("backup:DeleteBackupVault backup-vault:cruddur-vault", f"this backup vault's policy {TEMPLATE}"),
        (
            "sts:AssumeRole arn:aws:iam::<account-id>:role/cruddur-application",
            f"this role's trust policy {TEMPLATE}",
        ),
        ("dynamodb:GetItem table/cruddur-messages-2", "this table's policy is its owner's"),
    ],
)
def test_a_resources_policy_that_is_not_asked_is_named(call: str, said: str) -> None:
    found = explanation(call)
    line = f"resource  not asked: {said}"
    assert line in [text.strip() for text in found.text().splitlines()]
    assert {"layer": "resource", "text": f"not asked: {said}"} in found.facts()["notes"]


@pytest.mark.parametrize(
    "call",
    [
        "dynamodb:GetItem table/<table-name>",
        "iam:PassRole arn:aws:iam::<account-id>:role/cruddur-application",
        "kms:ListAliases *",
        "s3:ListAllMyBuckets *",
    ],
)
def test_nothing_is_said_of_a_policy_that_was_asked_or_that_nothing_has(call: str) -> None:
    found = explanation(call)
    assert "not asked" not in found.text()
    assert "resource" not in [note["layer"] for note in found.facts()["notes"]]


@pytest.mark.parametrize(
    ("principal", "name"),
    [
        ("role/Admin", "role/Admin"),
        ("role/cruddur-applications", "role/cruddur-applications"),
        ("user/ida", "user/ida"),
        ("arn:aws:sts::<account-id>:assumed-role/Admin/ida", "role/Admin"),
    ],
)
def test_a_caller_whose_policies_are_not_known_is_said_to_be_taken_for_an_administrator(
    principal: str, name: str
) -> None:
    found = explanation("kms:Decrypt key/1234", principal)
    assert f"identity  {name} {ADMINISTRATOR}" in [text.strip() for text in found.text().splitlines()]
    assert {"layer": "identity", "text": f"{name} {ADMINISTRATOR}"} in found.facts()["notes"]


@pytest.mark.parametrize("principal", ["role/cruddur-application", "deployer", "break-glass", "root"])
def test_the_workloads_roles_and_root_are_not(principal: str) -> None:
    found = explanation("kms:Decrypt key/1234", principal)
    assert "administrator" not in found.text()
    assert KEYS_POLICY in found.text()


def test_a_reason_that_two_levels_share_is_told_once() -> None:
    allowed = explanation("dynamodb:DescribeTable table/x")
    assert [reason.layer for reason in allowed.layers].count("scp") == 2
    assert allowed.facts()["because"] == [
        "allowed by scp policy everything, statement Everything",
        "allowed by identity policy everything, statement Everything",
    ]
    assert allowed.text().endswith(f"allowed: {'; '.join(allowed.facts()['because'])}")


@pytest.mark.parametrize("action", ["sts:AssumeRole", "STS:assumerole", "sts:TagSession"])
def test_a_role_that_sts_acts_on_is_named_by_its_last_part(action: str) -> None:
    short = explanation(f"{action} role/cruddur-break-glass")
    assert short == explanation(f"{action} arn:aws:iam::<account-id>:role/cruddur-break-glass")
    assert short.request.resource == "arn:aws:iam::111122223333:role/cruddur-break-glass"


def test_what_is_no_role_sts_does_not_act_on() -> None:
    with pytest.raises(PolicyError, match=r"sts:AssumeRole does not act on 'roles/a'; accepted: role/<RoleName"):
        explanation("sts:AssumeRole roles/a")
