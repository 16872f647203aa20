"""What an attacker tries one call after another: where each way ends, and which steps the deployer has by design."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from tableguard.aws.arn import require
from tableguard.local import estate
from tableguard.local.landing_zone import EmbeddedSession, LandingZone
from tableguard.settings import TAKEN_ROLES
from tests.worlds import attacks, guardrails
from tests.worlds.estate import (
    ACCOUNT,
    APPLICATION,
    FAILURES,
    FORGED_BATCH,
    KEY,
    ON_THE_EMBEDDED_AWS,
    REGION,
    SETTINGS,
    STRANGER,
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
# the statements that docs/attacks.md names for a case of this file
OF_PAGE = {row.case: row.statements for row in attacks.rows() if "/test_sequences.py::" in row.shown}
USER = {"UserName": "mallory"}


def _opened(action: str, resource: str) -> str:
    """Return a policy that lets an account of somebody else do everything."""
    stranger = {"Effect": "Allow", "Principal": {"AWS": STRANGER}, "Action": action, "Resource": resource}
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
    assert denial(client("s3").get_object, **FORGED_BATCH) == "DenyTakingFailedBatches"
    assert denial(client("s3").put_object, **FORGED_BATCH, Body=b"{}") == "DenyForgingFailedBatches"
    trust = {"RoleName": APPLICATION, "PolicyDocument": json.dumps(EVERYTHING)}
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


DEAD_LETTERS = {"QueueUrl": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{SETTINGS.name}-dead-letters"}
ACCESS = {"StackName": SETTINGS.stack_name("access")}
NOT_THE_ROLES = "not allowed by any identity policy"
# what refuses a deployer, and what would refuse it without that statement
CLOSED_TO_DEPLOYERS: dict[str, tuple[str, str, dict[str, Any], str, str]] = {
    "receive dead letters as the deployer": (
        "sqs",
        "receive_message",
        DEAD_LETTERS,
        "DenyTakingDeadLetters",
        NOT_THE_ROLES,
    ),
    "empty the dead letters as the deployer": (
        "sqs",
        "purge_queue",
        DEAD_LETTERS,
        "DenyTakingDeadLetters",
        NOT_THE_ROLES,
    ),
    "delete the access stack as the deployer": (
        "cloudformation",
        "delete_stack",
        ACCESS,
        "DenyStackDestruction",
        NOT_THE_ROLES,
    ),
}


@pytest.mark.parametrize("name", CLOSED_TO_DEPLOYERS)
def test_a_deployer_takes_no_dead_letter_and_deletes_no_access_stack(
    zone: LandingZone, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, operation, parameters, statement, otherwise = CLOSED_TO_DEPLOYERS[name]
    deployer = zone.assume(SETTINGS.role_arn("deployer"))  # by its taker
    call = partial(guardrails.dry(monkeypatch, deployer, service, operation), **parameters)
    assert denial(call) == statement
    assert OF_PAGE.get(name, {statement}) == {statement}
    with guardrails.without(zone, statement):
        assert guardrails.outcome(call) == otherwise


def test_a_deployer_may_replace_the_function_s_code_and_an_administrator_may_not(
    running: estate.EmbeddedEstate, zone: LandingZone, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = {"FunctionName": SETTINGS.function_name, "ZipFile": b"another"}
    assert denial(running.session("administrator").client("lambda").update_function_code, **code) in (
        "DenyFunctionChanges",
        "DenyStrangersAtTheFunction",
    )
    deployer = zone.assume(SETTINGS.role_arn("deployer"))  # by its taker
    replace = guardrails.dry(monkeypatch, deployer, "lambda", "update_function_code")
    assert guardrails.outcome(partial(replace, **code)) == guardrails.ALLOWED


def test_a_deployer_changes_every_stack_but_the_access_stack(
    zone: LandingZone, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployer = zone.assume(SETTINGS.role_arn("deployer"))  # by its taker
    execute = partial(guardrails.dry(monkeypatch, deployer, "cloudformation", "execute_change_set"), ChangeSetName="x")
    stacks = zone.clients("cloudformation", ACCOUNT, REGION).describe_stacks()["Stacks"]
    names = [stack["StackName"] for stack in stacks if stack["StackName"].startswith(f"{SETTINGS.name}-")]
    outcomes = {name: guardrails.outcome(partial(execute, StackName=name)) for name in names}
    assert outcomes.pop(ACCESS["StackName"]) == NOT_THE_ROLES
    assert set(outcomes.values()) == {guardrails.ALLOWED}


def test_break_glass_takes_and_removes_a_dead_letter(zone: LandingZone, function: Callable[[str], Any]) -> None:
    function("sqs").send_message(**DEAD_LETTERS, MessageBody="dead")
    sqs = zone.assume(SETTINGS.role_arn("break-glass")).client("sqs")
    (message,) = sqs.receive_message(**DEAD_LETTERS)["Messages"]
    assert message["Body"] == "dead"
    sqs.delete_message(**DEAD_LETTERS, ReceiptHandle=message["ReceiptHandle"])


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


TRAIL_BUCKET, CONFIG_BUCKET = (f"{SETTINGS.name}-{of}-{ACCOUNT}-{REGION}" for of in ("trail", "config"))
FILE = {"Key": "AWSLogs/read-by-others.json.gz"}
EVIDENCE = [TRAIL_BUCKET, CONFIG_BUCKET]


@pytest.fixture
def stranger(zone: LandingZone) -> Iterator[EmbeddedSession]:
    """A role with every permission in an account of another organization."""
    iam, role = zone.clients("iam", STRANGER, REGION), {"RoleName": "stranger"}
    trust = {"Effect": "Allow", "Principal": {"AWS": STRANGER}, "Action": "sts:AssumeRole"}
    iam.create_role(**role, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}))
    iam.put_role_policy(**role, PolicyName="everything", PolicyDocument=json.dumps(EVERYTHING))
    yield zone._assume(STRANGER, "stranger")
    iam.delete_role_policy(**role, PolicyName="everything")
    iam.delete_role(**role)


AT_FILES = "DenyOtherOrganizationsAtFiles"
OF_ANOTHER_ORGANIZATION: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "read a file of the trail": ("s3", "get_object", {"Bucket": TRAIL_BUCKET, **FILE}, AT_FILES),
    "write a file of the trail": ("s3", "put_object", {"Bucket": TRAIL_BUCKET, **FILE, "Body": b"{}"}, AT_FILES),
    "read a file of AWS Config": ("s3", "get_object", {"Bucket": CONFIG_BUCKET, **FILE}, AT_FILES),
    "write a file of AWS Config": ("s3", "put_object", {"Bucket": CONFIG_BUCKET, **FILE, "Body": b"{}"}, AT_FILES),
    "read a failed batch": ("s3", "get_object", FORGED_BATCH, AT_FILES),
    "write a failed batch": ("s3", "put_object", {**FORGED_BATCH, "Body": b"{}"}, AT_FILES),
    "take a dead letter from abroad": ("sqs", "receive_message", DEAD_LETTERS, AT_FILES),
    "leave a dead letter from abroad": ("sqs", "send_message", {**DEAD_LETTERS, "MessageBody": "x"}, AT_FILES),
    "read the table": ("dynamodb", "get_item", {"TableName": TABLE_ARN, "Key": KEY}, "DenyOtherOrganizations"),
}


@pytest.mark.parametrize("name", OF_ANOTHER_ORGANIZATION)
def test_another_organization_reaches_no_file_no_dead_letter_and_no_message(
    stranger: EmbeddedSession, name: str
) -> None:
    service, operation, parameters, statement = OF_ANOTHER_ORGANIZATION[name]
    assert denial(getattr(stranger.client(service), operation), **parameters) == statement
    assert OF_PAGE.get(name, {statement}) == {statement}


def _open_to_others(resource: str) -> str:
    """Return a policy that lets two other accounts do everything: one of the organization, and one of another."""
    accounts = {"AWS": [SETTINGS.management_account_id, STRANGER]}
    statement = {"Effect": "Allow", "Principal": accounts, "Action": "*", "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture(params=EVIDENCE)
def opened_bucket(request: pytest.FixtureRequest, zone: LandingZone) -> Iterator[dict[str, str]]:
    """A file in a bucket of evidence whose policy, replaced by break-glass, lets others in."""
    s3, own = zone.clients("s3", ACCOUNT, REGION), zone.assume(SETTINGS.role_arn("break-glass")).client("s3")
    file = {"Bucket": str(request.param), **FILE}
    version = s3.put_object(**file, Body=b"{}")["VersionId"]
    policy = own.get_bucket_policy(Bucket=request.param)["Policy"]
    own.put_bucket_policy(Bucket=request.param, Policy=_open_to_others(f"arn:aws:s3:::{request.param}/*"))
    yield file
    own.put_bucket_policy(Bucket=request.param, Policy=policy)
    s3.delete_object(**file, VersionId=version, BypassGovernanceRetention=True)


def test_a_bucket_opened_by_its_policy_opens_to_the_organization_alone(
    running: estate.EmbeddedEstate, zone: LandingZone, stranger: EmbeddedSession, opened_bucket: dict[str, str]
) -> None:
    assert running.session("management").client("s3").get_object(**opened_bucket)["Body"].read() == b"{}"
    read = stranger.client("s3").get_object
    assert denial(read, **opened_bucket) == AT_FILES
    with guardrails.without(zone, AT_FILES):
        assert read(**opened_bucket)["Body"].read() == b"{}"
    assert denial(read, **opened_bucket) == AT_FILES


@pytest.fixture
def opened_queue(zone: LandingZone) -> Iterator[dict[str, str]]:
    """The dead letters, whose policy was replaced by one that lets others in."""
    sqs = zone.clients("sqs", ACCOUNT, REGION)
    policy = sqs.get_queue_attributes(**DEAD_LETTERS, AttributeNames=["Policy"])["Attributes"]["Policy"]
    resource = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{SETTINGS.name}-dead-letters"
    sqs.set_queue_attributes(**DEAD_LETTERS, Attributes={"Policy": _open_to_others(resource)})
    yield DEAD_LETTERS
    sqs.set_queue_attributes(**DEAD_LETTERS, Attributes={"Policy": policy})


def test_dead_letters_opened_by_their_policy_open_to_the_organization_alone(
    running: estate.EmbeddedEstate, zone: LandingZone, stranger: EmbeddedSession, opened_queue: dict[str, str]
) -> None:
    running.session("management").client("sqs").send_message(**opened_queue, MessageBody="dead")
    sqs = stranger.client("sqs")
    assert denial(sqs.receive_message, **opened_queue) == AT_FILES
    with guardrails.without(zone, AT_FILES):
        (message,) = sqs.receive_message(**opened_queue)["Messages"]
        sqs.delete_message(**opened_queue, ReceiptHandle=message["ReceiptHandle"])
    assert message["Body"] == "dead"
    assert denial(sqs.receive_message, **opened_queue) == AT_FILES
