"""Who may use the message key, asked of the embedded AWS: the documents and the key policy as the stacks have them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stream_lambda.handler import handle_batch
from stream_lambda.items import Message, RowKey, conversation_of, group_item, message_item, row_key
from stream_lambda.table import ProjectionTable
from tableguard.errors import EncryptionError
from tableguard.local import landing_zone, server
from tableguard.local.landing_zone import LandingZone
from tableguard.settings import example
from tableguard.store import encryption, table_admin
from tableguard.store.encryption import CONTEXT_KEYS, context_of_message
from templates import access, table
from tests.worlds.messages import ADA, BOB, PAIR, said, stream_record

SETTINGS = replace(example(), client_side_encryption=True)
ACCOUNT, REGION, TABLE = SETTINGS.account_id, SETTINGS.home_region, SETTINGS.table_name
ROLES = ("application", "auditor", "break-glass", "identity-pool-user", "pattern-d")
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
LONG = "A text that is longer than a preview may be. " * 10


def resolved(node: Any) -> Any:
    """A part of a template with the account and region that CloudFormation would put there."""
    if isinstance(node, dict) and set(node) == {"Fn::Sub"}:
        text = node["Fn::Sub"].replace("${AWS::AccountId}", ACCOUNT).replace("${AWS::Region}", REGION)
        return text.replace("${!", "${")
    if node == {"Ref": "AWS::AccountId"}:
        return ACCOUNT
    if isinstance(node, dict):
        return {key: resolved(value) for key, value in node.items()}
    return [resolved(each) for each in node] if isinstance(node, list) else node


@dataclass(frozen=True)
class World:
    """The roles, the message key and a table."""

    zone: LandingZone
    key: str

    def client(self, role: str, service: str = "kms") -> Any:
        tags = {"user_uuid": ADA.user_uuid} if role == "identity-pool-user" else {}
        return self.zone.assume(SETTINGS.role_arn(role), tags).client(service)

    def cipher(self, role: str) -> encryption.Cipher:
        return encryption.cipher(self.key, self.client(role))


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with server.start() as running:
        zone = landing_zone.prepare(SETTINGS, running.endpoint)
        resources = access.template(SETTINGS).to_dict()["Resources"]
        for role in ROLES:
            _make_role(zone, resources, role)
        key = _make_key(zone)
        dynamodb = zone.clients("dynamodb", ACCOUNT, REGION)
        table_admin.create(dynamodb, SETTINGS, TABLE)
        dynamodb.put_item(TableName=TABLE, Item=group_item(PAIR))
        yield World(zone, key)


def _make_role(zone: LandingZone, resources: dict[str, Any], name: str) -> None:
    iam = zone.clients("iam", ACCOUNT, REGION)
    properties = next(
        each["Properties"]
        for each in resources.values()
        if each["Type"] == "AWS::IAM::Role" and each["Properties"]["RoleName"] == f"{SETTINGS.name}-{name}"
    )
    trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam.create_role(RoleName=properties["RoleName"], AssumeRolePolicyDocument=document)
    for reference in properties["ManagedPolicyArns"]:
        policy = resolved(resources[reference["Ref"]]["Properties"])
        iam.put_role_policy(
            RoleName=properties["RoleName"],
            PolicyName=policy["ManagedPolicyName"],
            PolicyDocument=json.dumps(policy["PolicyDocument"]),
        )


def _make_key(zone: LandingZone) -> str:
    kms = zone.clients("kms", ACCOUNT, REGION)
    resources = table.template(SETTINGS).to_dict()["Resources"]
    policy = resolved(resources["MessageKey"]["Properties"]["KeyPolicy"])
    key = kms.create_key(Policy=json.dumps(policy))["KeyMetadata"]
    kms.create_alias(AliasName=resources["MessageKeyAlias"]["Properties"]["AliasName"], TargetKeyId=key["KeyId"])
    return str(key["Arn"])


@pytest.fixture(scope="module")
def sealed(world: World) -> Message:
    return world.cipher("application").seal(said(LONG, 1))


def refusal(call: Any, **parameters: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
    return str(refused.value.response["Error"]["Message"])


def test_the_application_writes_and_members_read(world: World, sealed: Message) -> None:
    for role in ("application", "identity-pool-user"):
        (found,) = world.cipher(role).open_messages([sealed]).items
        assert found.text == LONG


def test_the_stream_function_copies_a_preview_that_it_cannot_read(world: World, sealed: Message) -> None:
    dynamodb = world.client("pattern-d", "dynamodb")
    record = stream_record(message_item(sealed))
    handled = handle_batch([record], ProjectionTable(dynamodb, TABLE, workers=1), datetime.now(UTC), lambda: 60_000)
    assert (handled.written, handled.failed_from) == (2, None)
    stored = world.client("application", "dynamodb").get_item(
        TableName=TABLE, Key=row_key(RowKey(BOB.user_uuid, PAIR.group_uuid))
    )
    row = conversation_of(stored["Item"])
    assert row.last_message == sealed.preview
    assert world.cipher("application").open_rows([row]).items[0].last_message == LONG[:140]
    with pytest.raises(EncryptionError, match=r"AccessDeniedException: .*-pattern-d/.* explicit deny"):
        world.cipher("pattern-d").open_rows([row])


@pytest.mark.parametrize("role", ["pattern-d", "auditor", "break-glass"])
def test_nobody_else_reads_whatever_else_they_are_given(world: World, sealed: Message, role: str) -> None:
    iam = world.zone.clients("iam", ACCOUNT, REGION)
    name = f"{SETTINGS.name}-{role}"
    iam.put_role_policy(RoleName=name, PolicyName="everything", PolicyDocument=json.dumps(EVERYTHING))
    try:
        with pytest.raises(EncryptionError, match=r"AccessDeniedException: .* explicit deny"):
            world.cipher(role).open_messages([sealed])
    finally:
        iam.delete_role_policy(RoleName=name, PolicyName="everything")


def test_an_administrator_does_not_read_and_can_see_who_may(world: World, sealed: Message) -> None:
    administrator = world.zone.session("administrator").client("kms")
    with pytest.raises(EncryptionError, match="explicit deny in a resource-based policy"):
        encryption.cipher(world.key, administrator).open_messages([sealed])
    assert "DenyOtherReaders" in administrator.get_key_policy(KeyId=world.key, PolicyName="default")["Policy"]


FULL = context_of_message(said("Hi", 1))
WRONG: dict[str, dict[str, str]] = {
    "none": {},
    "no message": {key: value for key, value in FULL.items() if key != "message_uuid"},
    "no group": {key: value for key, value in FULL.items() if key != "message_group_uuid"},
    "something else": {**FULL, "purpose": "backup"},
}


@pytest.mark.parametrize("context", WRONG.values(), ids=WRONG)
def test_the_application_gets_no_key_but_for_a_message_that_it_names(world: World, context: dict[str, str]) -> None:
    kms = world.client("application")
    assert set(FULL) == set(CONTEXT_KEYS)
    made = kms.generate_data_key(KeyId=world.key, KeySpec="AES_256", EncryptionContext=FULL)
    assert kms.decrypt(CiphertextBlob=made["CiphertextBlob"], EncryptionContext=FULL)["Plaintext"] == made["Plaintext"]
    for call, what in (
        (kms.generate_data_key, {"KeyId": world.key, "KeySpec": "AES_256"}),
        (kms.decrypt, {"KeyId": world.key, "CiphertextBlob": made["CiphertextBlob"]}),
    ):
        said = refusal(call, **what, EncryptionContext=context)
        assert "because no identity-based policy allows" in said


def test_a_member_makes_no_data_key(world: World) -> None:
    kms = world.client("identity-pool-user")
    said = refusal(kms.generate_data_key, KeyId=world.key, KeySpec="AES_256", EncryptionContext=FULL)
    assert "not authorized to perform: kms:GenerateDataKey" in said


def test_leaving_the_key_unnamed_is_no_way_around_its_policy(world: World) -> None:
    made = world.client("application").generate_data_key(KeyId=world.key, KeySpec="AES_256", EncryptionContext=FULL)
    administrator = world.zone.session("administrator").client("kms")
    said = refusal(administrator.decrypt, CiphertextBlob=made["CiphertextBlob"], EncryptionContext=FULL)
    assert said.endswith("with an explicit deny in a resource-based policy")


def test_nobody_grants_what_the_policy_denies(world: World) -> None:
    administrator = world.zone.session("administrator").client("kms")
    grant = {"KeyId": world.key, "GranteePrincipal": SETTINGS.role_arn("pattern-d"), "Operations": ["Decrypt"]}
    assert "kms:CreateGrant" in refusal(administrator.create_grant, **grant)
