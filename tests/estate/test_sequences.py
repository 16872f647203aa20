"""What an attacker tries one call after another: where each way ends, and which steps the deployer has by design."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tableguard.aws.arn import require
from tableguard.local import estate
from tableguard.local.landing_zone import EmbeddedSession, LandingZone
from tableguard.settings import TAKEN_ROLES
from tests.worlds.estate import (
    ACCOUNT,
    FAILURES,
    ON_THE_EMBEDDED_AWS,
    REGION,
    SETTINGS,
    TABLE,
    TABLE_ARN,
    Ids,
    denial,
    refusal,
)

pytestmark = [pytest.mark.slow, ON_THE_EMBEDDED_AWS]
ROLES = {
    "deployer": "DenyTakingDeployers",
    "break-glass": "DenyTakingBreakGlass",
    "operator": "DenyTakingOperator",
    "auditor": "DenyTakingAuditor",
    "application": "DenyTakingApplication",
    "pattern-d": "DenyTakingServiceRoles",
}
TAKEN_BY_PEOPLE = sorted(role for role in TAKEN_ROLES if role != "application")
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
TOPIC_ARN = f"arn:aws:sns:{REGION}:{ACCOUNT}:{SETTINGS.name}-alerts"
BATCH = {"Bucket": FAILURES, "Key": "aws/lambda/forged.json"}
USER = {"UserName": "mallory"}


def _opened(action: str, resource: str) -> str:
    """Return a policy that lets an account of somebody else do everything."""
    stranger = {"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [stranger]})


def _taking(role: str) -> dict[str, str]:
    return {"RoleArn": SETTINGS.role_arn(role), "RoleSessionName": "sequence"}


def _scan_refusals(client: Callable[[str], Any]) -> tuple[str, str]:
    """Return what refuses opening the table, and what refuses reading it all the same."""
    opened = denial(client("dynamodb").put_resource_policy, ResourceArn=TABLE_ARN, Policy=_opened("*", TABLE_ARN))
    return opened, denial(client("dynamodb").scan, TableName=TABLE)


def test_an_administrator_becomes_no_deployer_opens_no_table_and_reads_none(running: estate.EmbeddedEstate) -> None:
    client = running.session("administrator").client
    assert denial(client("sts").assume_role, **_taking("deployer")) == "DenyTakingDeployers"
    assert _scan_refusals(client) == ("DenyStrangersAtTheTable", "DenyStrangersAtTheTable")


def _taker(zone: LandingZone, role: str) -> EmbeddedSession:
    """A session of the permission set that takes a role."""
    (taker,) = SETTINGS.example_takers_of(role)
    return zone._assume(require(taker).account, taker.rpartition("/")[2])


def test_a_deployer_opens_neither_table_nor_key_and_reads_nothing(zone: LandingZone, ids: Ids) -> None:
    client = zone.assume(SETTINGS.role_arn("deployer")).client  # by its taker
    assert _scan_refusals(client) == ("DenyTableDestruction", "DenyStrangers")
    ransom = {"KeyId": ids.key, "PolicyName": "default", "Policy": _opened("kms:*", "*")}
    assert denial(client("kms").put_key_policy, **ransom) == "DenyKeyDestruction"
    assert denial(client("s3").get_object, **BATCH) == "DenyTakingFailedBatches"
    assert denial(client("s3").put_object, **BATCH, Body=b"{}") == "DenyForgingFailedBatches"
    trust = {"RoleName": f"{SETTINGS.name}-application", "PolicyDocument": json.dumps(EVERYTHING)}
    assert denial(client("iam").update_assume_role_policy, **trust) == "DenyRoleChanges"
    assert denial(client("sts").assume_role, **_taking("application")) == "DenyTakingApplication"
    assert denial(client("cloudtrail").stop_logging, Name=SETTINGS.trail_name) == "DenyStoppingTrail"


def test_what_a_deployer_may_weaken_by_design_it_may_set_again(zone: LandingZone) -> None:
    client = zone.assume(SETTINGS.role_arn("deployer")).client  # by its taker
    table, trail, alerts = client("dynamodb"), client("cloudtrail"), client("sns")
    recovery = {"PointInTimeRecoveryEnabled": True}
    table.update_continuous_backups(TableName=TABLE, PointInTimeRecoverySpecification=recovery)
    selectors = trail.get_event_selectors(TrailName=SETTINGS.trail_name)["AdvancedEventSelectors"]
    trail.put_event_selectors(TrailName=SETTINGS.trail_name, AdvancedEventSelectors=selectors)
    name = alerts.get_topic_attributes(TopicArn=TOPIC_ARN)["Attributes"]["DisplayName"]
    alerts.set_topic_attributes(TopicArn=TOPIC_ARN, AttributeName="DisplayName", AttributeValue=name)


def test_a_deployer_opens_neither_the_failed_batches_nor_the_evidence(zone: LandingZone) -> None:
    s3 = zone.assume(SETTINGS.role_arn("deployer")).client("s3")
    for bucket in (FAILURES, f"{SETTINGS.name}-trail-{SETTINGS.account_id}-{SETTINGS.home_region}"):
        policy = s3.get_bucket_policy(Bucket=bucket)["Policy"]
        assert denial(s3.put_bucket_policy, Bucket=bucket, Policy=policy) == "DenyDestroyingEvidence"


@pytest.mark.parametrize("own", TAKEN_BY_PEOPLE)
def test_a_taker_takes_its_own_role_and_no_other(zone: LandingZone, own: str) -> None:
    sts = _taker(zone, own).client("sts")
    assert sts.assume_role(**_taking(own))["AssumedRoleUser"]["Arn"].endswith(f"/{SETTINGS.name}-{own}/sequence")
    refused = {role: denial(sts.assume_role, **_taking(role)) for role in ROLES if role != own}
    assert refused == {role: statement for role, statement in ROLES.items() if role != own}


def test_an_administrator_takes_no_role(running: estate.EmbeddedEstate) -> None:
    sts = running.session("administrator").client("sts")
    assert {role: denial(sts.assume_role, **_taking(role)) for role in ROLES} == ROLES


@pytest.mark.parametrize("own", TAKEN_BY_PEOPLE)
def test_an_administrator_does_not_become_a_taker(zone: LandingZone, own: str) -> None:
    (taker,) = SETTINGS.example_takers_of(own)
    sts = zone.session("administrator").client("sts")
    code, message = refusal(sts.assume_role, RoleArn=taker, RoleSessionName="sequence")
    assert (code, message.partition("resource: ")[2]) == (
        "AccessDenied",
        f"{taker} because no resource-based policy allows the sts:AssumeRole action",
    )
    caller = zone.assume(taker).client("sts").get_caller_identity()["Arn"]
    assert caller.endswith(f":assumed-role/{taker.rpartition('/')[2]}/tableguard")


@pytest.fixture
def user(running: estate.EmbeddedEstate) -> Iterator[Callable[[str], Any]]:
    """Clients of a user with every permission and a second factor, made by an administrator."""
    iam = running.session("administrator").client("iam")
    iam.create_user(**USER)
    iam.put_user_policy(**USER, PolicyName="everything", PolicyDocument=json.dumps(EVERYTHING))
    key = iam.create_access_key(**USER)["AccessKey"]
    device = {
        "SerialNumber": iam.create_virtual_mfa_device(VirtualMFADeviceName="mallory")["VirtualMFADevice"][
            "SerialNumber"
        ]
    }
    iam.enable_mfa_device(**USER, **device, AuthenticationCode1="123456", AuthenticationCode2="654321")
    keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    yield lambda service: running.session("administrator").client(service, **keys, aws_session_token=None)
    iam.deactivate_mfa_device(**USER, **device)
    iam.delete_virtual_mfa_device(**device)
    iam.delete_access_key(**USER, AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(**USER, PolicyName="everything")
    iam.delete_user(**USER)


def test_a_user_with_a_second_factor_takes_break_glass_no_more_than_an_administrator(
    user: Callable[[str], Any], zone: LandingZone
) -> None:
    (device,) = user("iam").list_mfa_devices(**USER)["MFADevices"]
    factor = {"SerialNumber": device["SerialNumber"], "TokenCode": "123456"}
    assert denial(user("sts").assume_role, **_taking("break-glass"), **factor) == "DenyTakingBreakGlass"
    (taker,) = SETTINGS.example_takers_of("break-glass")
    for role in (f"{SETTINGS.name}-break-glass", taker.rpartition("/")[2]):
        trust = {"RoleName": role, "PolicyDocument": json.dumps(EVERYTHING)}
        assert denial(user("iam").update_assume_role_policy, **trust) == "DenyRoleChanges"
    assert _taker(zone, "break-glass").client("sts").assume_role(**_taking("break-glass"))["Credentials"]
