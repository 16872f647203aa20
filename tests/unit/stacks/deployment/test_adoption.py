"""Adoption: what exists under the names of a template is found, and imported with all that it refers to."""

import json
from collections.abc import Callable
from typing import Any

import moto.kms.models
import pytest
from botocore.exceptions import ClientError

from tableguard.errors import DeployError
from tableguard.local.estate import POLLING
from tableguard.local.landing_zone import LandingZone
from tableguard.reading import cloudformation_yaml
from tableguard.settings import example
from tableguard.stacks.change_set import PreparedChangeSet
from tableguard.stacks.deployment import adoption, existing, prerequisites
from tableguard.stacks.deployment.adoption import Adoption, ExistingResource
from tableguard.stacks.deployment.deploy import deploy, plan
from tableguard.stacks.deployment.existing import AccountSession
from tableguard.stacks.deployment.stack_deployer import Reporting
from tableguard.stacks.registry import enabled_stacks, find_stack
from tableguard.stacks.render import render

SETTINGS = example()
TABLE = ExistingResource("Table", "AWS::DynamoDB::Table", "messages")
KEY = ExistingResource("Key", "AWS::KMS::Key", "1234")
DOCUMENT = {
    "AWSTemplateFormatVersion": "2010-09-09",
    "Parameters": {"Name": {"Type": "String"}, "CodeKey": {"Type": "String"}},
    "Resources": {
        "Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": {}},
        "Key": {"Type": "AWS::KMS::Key", "DeletionPolicy": "Retain", "Properties": {}},
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "DeletionPolicy": "Retain",
            "DependsOn": ["Alarm", "Key"],
            "Properties": {"TableName": {"Ref": "Name"}, "Key": {"Fn::GetAtt": ["Key", "Arn"]}},
        },
    },
    "Outputs": {"Table": {"Value": {"Ref": "Table"}}},
}


def test_a_resource_is_imported_by_the_identifier_of_its_type() -> None:
    assert TABLE.to_import == {
        "ResourceType": "AWS::DynamoDB::Table",
        "LogicalResourceId": "Table",
        "ResourceIdentifier": {"TableName": "messages"},
    }


def test_the_template_of_an_import_has_nothing_that_is_still_to_be_made() -> None:
    reduced = json.loads(Adoption((TABLE, KEY)).template(DOCUMENT))
    table: Any = DOCUMENT["Resources"]["Table"]  # type: ignore[index]
    assert reduced["Resources"]["Table"] == {**table, "DependsOn": ["Key"]}
    assert sorted(reduced["Resources"]) == ["Key", "Table"]
    assert reduced["Parameters"] == {"Name": {"Type": "String"}}
    assert "Outputs" not in reduced


def test_what_is_adopted_and_what_is_made_is_shown() -> None:
    changes = Adoption((TABLE, KEY)).changes(DOCUMENT)
    assert [(change.action, change.logical_id) for change in changes] == [
        ("Import", "Table"),
        ("Import", "Key"),
        ("Add", "Alarm"),
    ]


def test_what_refers_to_something_that_is_gone_is_in_the_way_and_said_with_what_to_do() -> None:
    assert adoption._separated(DOCUMENT, (TABLE, KEY)) == Adoption((TABLE, KEY))
    alone = adoption._separated(DOCUMENT, (TABLE,))
    assert alone.resources == ()
    (obstacle,) = alone.obstacles
    assert obstacle.startswith(
        "Table (AWS::DynamoDB::Table) exists as messages and cannot be adopted: it refers to Key"
    )
    assert "aws kms create-alias" in obstacle
    assert obstacle.endswith("by break-glass once guardrails are attached and by an administrator before")


@pytest.mark.slow
def test_only_what_exists_is_adopted_and_the_guardrails_are_looked_for_in_their_account(
    zone: LandingZone, session: Callable[[Any], Any]
) -> None:
    planned = plan(SETTINGS, session, POLLING, enabled_stacks(SETTINGS))
    assert prerequisites.adopting(SETTINGS, session, planned) == (planned, ())
    zone.clients("logs", SETTINGS.account_id, SETTINGS.home_region).create_log_group(logGroupName="/cruddur/flow")
    organizations = zone.clients("organizations", SETTINGS.management_account_id, SETTINGS.home_region)
    content = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
    policy = organizations.create_policy(
        Content=content, Description="kept", Name="cruddur-protect-perimeter", Type="SERVICE_CONTROL_POLICY"
    )["Policy"]["PolicySummary"]["Id"]
    adopting, obstacles = prerequisites.adopting(SETTINGS, session, planned)
    organizations.delete_policy(PolicyId=policy)
    imports = {
        one.stack.name: [change.logical_id for change in one.changes or () if change.action == "Import"]
        for one in adopting
    }
    assert obstacles == ()
    assert {name: names for name, names in imports.items() if names} == {
        "network": ["FlowLogGroup"],
        "guardrails": ["ProtectPerimeter"],
    }
    assert all(one.changes for one in adopting)


def _planted(zone: LandingZone, **key: Any) -> tuple[Any, str]:
    """Make a key under the alias that the audit stack gives its trail's key, and return it with a client."""
    kms = zone.clients("kms", SETTINGS.account_id, SETTINGS.home_region)
    key_id = kms.create_key(**key)["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=ALIAS, TargetKeyId=key_id)
    return kms, key_id


def _audit(session: Callable[[Any], Any]) -> tuple[list[str], list[str]]:
    """Return what the audit stack would import, and what is in its way, before anything is deployed."""
    stacks = find_stack("access"), find_stack("audit")
    planned, obstacles = prerequisites.adopting(SETTINGS, session, plan(SETTINGS, session, POLLING, stacks))
    changes = [change for one in planned for change in one.changes or () if change.action == "Import"]
    return [change.logical_id for change in changes], list(obstacles)


ALIAS = f"alias/{SETTINGS.name}-audit"
ACCOUNT = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{SETTINGS.account_id}:root"}, "Resource": "*"}


@pytest.mark.slow
def test_a_key_under_our_alias_is_adopted_only_if_it_is_as_the_template_makes_it(
    zone: LandingZone, session: Callable[[Any], Any]
) -> None:
    document = cloudformation_yaml.load(render(SETTINGS, (find_stack("audit"),))["audit"])
    own = existing._Look(AccountSession(SETTINGS.account_id, SETTINGS.home_region, None)).filled(
        document["Resources"]["AuditKey"]["Properties"]["KeyPolicy"]
    )
    another = {**own, "Statement": [*own["Statement"], {**ACCOUNT, "Action": "kms:Decrypt"}]}
    for policy, origin, words in (
        (own, "AWS_KMS", ""),
        (another, "AWS_KMS", "its policy is not the template's"),
        (own, "EXTERNAL", "its material is of EXTERNAL"),
    ):
        kms, key = _planted(zone, Policy=json.dumps(policy), Origin=origin)
        if origin == "EXTERNAL":
            _enabled(key)
        imports, obstacles = _audit(session)
        kms.delete_alias(AliasName=ALIAS)
        assert imports == ([] if words else ["AuditKey", "AuditKeyAlias"])
        assert len(obstacles) == bool(words)
        assert all(words in line and f"aws kms delete-alias --alias-name {ALIAS}" in line for line in obstacles)
        assert all(line.startswith("stack cruddur-audit: AuditKeyAlias (AWS::KMS::Alias) exists") for line in obstacles)
    kms, key = _planted(zone, Policy=json.dumps(own))
    kms.schedule_key_deletion(KeyId=key)
    imports, (obstacle,) = _audit(session)
    kms.delete_alias(AliasName=ALIAS)
    assert (imports, "it is PendingDeletion, and must be Enabled" in obstacle) == ([], True)


def _enabled(key: str) -> None:
    """Enable a key whose material would have to be imported first, which moto does not do."""
    moto.kms.models.kms_backends[SETTINGS.account_id][SETTINGS.home_region].keys[key].key_state = "Enabled"


POLICY = {"Statement": [{"Action": ["a", "b"], "Principal": {"AWS": "arn:aws:iam::1:role/x"}}]}


@pytest.mark.parametrize(
    ("actual", "alike"),
    [
        (POLICY, True),
        ({"Statement": {"Action": ["b", "a"], "Principal": {"AWS": ["AROA1"]}}}, True),
        ({"Statement": {"Action": ["b", "a"], "Principal": {"AWS": ["AIDA1"]}}}, False),
        ({"Statement": {"Action": ["b", "a", "c"], "Principal": {"AWS": "AROA1"}}}, False),
        ({"Statement": {"Action": ["b", "b"], "Principal": {"AWS": "AROA1"}}}, False),
        ({**POLICY, "Id": "more"}, False),
        ({"Statement": ["Action", "Principal"]}, False),
    ],
)
def test_policies_are_alike_in_any_order_and_with_the_id_of_a_role_that_is_gone(actual: Any, alike: bool) -> None:
    assert existing._agree(POLICY, actual) is alike


@pytest.mark.slow
def test_a_bucket_that_another_account_has_is_said_before_anything_is_made(
    zone: LandingZone, session: Callable[[Any], Any]
) -> None:
    name = f"{SETTINGS.name}-trail-{SETTINGS.account_id}-{SETTINGS.home_region}"
    where: Any = {"CreateBucketConfiguration": {"LocationConstraint": SETTINGS.home_region}}
    stranger = zone.clients("s3", SETTINGS.management_account_id, SETTINGS.home_region)
    stranger.create_bucket(Bucket=name, **where)
    stacks = find_stack("access"), find_stack("audit")
    try:
        with pytest.raises(DeployError, match=rf"TrailBucket \(AWS::S3::Bucket\): .*{name}: another account has it"):
            prerequisites.adopting(SETTINGS, session, plan(SETTINGS, session, POLLING, stacks))
    finally:
        stranger.delete_bucket(Bucket=name)


class Refusing:
    """A session whose services refuse to answer."""

    def client(self, service: str, region_name: str) -> Any:
        return self

    def describe_table(self, **_: Any) -> Any:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "not you"}}, "DescribeTable")


def test_who_may_not_ask_does_not_take_it_for_absent() -> None:
    resource = {"Type": "AWS::DynamoDB::Table", "DeletionPolicy": "Retain", "Properties": {"TableName": "x"}}
    place = AccountSession(SETTINGS.account_id, SETTINGS.home_region, Refusing())
    with pytest.raises(DeployError, match=r"Table \(AWS::DynamoDB::Table\): cannot be looked for: .*not you"):
        adoption.find(place, {"Resources": {"Table": resource}})
    brief = {"Resources": {"Table": {**resource, "DeletionPolicy": "Delete"}}}
    assert adoption.find(place, brief) == Adoption()


@pytest.mark.slow
def test_what_is_adopted_is_shown_before_it_is_approved(zone: LandingZone, session: Callable[[Any], Any]) -> None:
    (stack,) = enabled_stacks(SETTINGS)[:1]
    iam = zone.clients("iam", SETTINGS.account_id, SETTINGS.home_region)
    document = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]})
    arn = iam.create_policy(PolicyName="cruddur-break-glass", PolicyDocument=document)["Policy"]["Arn"]
    shown = []

    def refuse(_: Any, changing: PreparedChangeSet) -> bool:
        shown.append([(change.action, change.logical_id) for change in changing.changes or ()])
        return False

    try:
        with pytest.raises(DeployError, match="the imports were not approved; nothing was changed"):
            list(deploy(SETTINGS, session, POLLING, Reporting(refuse), (stack,)))
    finally:
        iam.delete_policy(PolicyArn=arn)
    assert shown == [[("Import", "BreakGlassRolePolicy")]]
