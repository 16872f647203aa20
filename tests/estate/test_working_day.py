"""A working day on the whole estate, guardrails attached: each role does its work, and nothing else."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stream_lambda.items import User
from tableguard.local import client_configuration, estate
from tableguard.local.authorization import guard
from tableguard.local.authorization.network import place_in_vpc
from tableguard.local.authorization.state import Vpc
from tableguard.local.landing_zone import LandingZone
from tableguard.local.run_folder.folder import RunFolder
from tableguard.policy import documents
from tableguard.store.messages import MessageTable
from tests.worlds.audit import TRAIL_BUCKET, UNASKED, questions
from tests.worlds.commands import run
from tests.worlds.estate import (
    ACCOUNT,
    APPLICATION,
    FORGED_BATCH,
    KEY,
    ON_THE_EMBEDDED_AWS,
    REGION,
    SETTINGS,
    STRANGER,
    TABLE,
    TABLE_ARN,
    Ids,
    begin_conversation,
    denial,
    spoil_row,
)

pytestmark = [pytest.mark.slow, ON_THE_EMBEDDED_AWS]
ADA, BOB = (User(f"day-{name}", name.title(), name) for name in ("ada", "bob"))
STACK = SETTINGS.stack_name("table")


@pytest.fixture(scope="module")
def group(running: estate.EmbeddedEstate, table: MessageTable) -> str:
    """A group of Ada and Bob, whose rows have followed its one message."""
    return begin_conversation(running, table, ADA, BOB, "good morning")


def test_the_deployer_weighs_a_change_and_discards_it(running: estate.EmbeddedEstate) -> None:
    client = running.roles["deployer"].client("cloudformation")
    (stack,) = client.describe_stacks(StackName=STACK)["Stacks"]
    assert TABLE_ARN in [output["OutputValue"] for output in stack["Outputs"]]
    assert SETTINGS.export("TableName") in [export["Name"] for export in client.list_exports()["Exports"]]
    body = client.get_template(StackName=STACK)["TemplateBody"]
    proposal = {"StackName": STACK, "ChangeSetName": "weighed"}
    changed = body.replace("Encrypts the messages table", "Encrypts all messages")
    client.create_change_set(**proposal, TemplateBody=changed, Capabilities=["CAPABILITY_NAMED_IAM"])
    changes = [change["ResourceChange"] for change in client.describe_change_set(**proposal)["Changes"]]
    by_itself = [one for one in changes if any(detail["Evaluation"] == "Static" for detail in one["Details"])]
    assert [one["LogicalResourceId"] for one in by_itself] == ["TableKey"]  # the others only refer to it
    administrator = running.session("administrator").client("cloudformation")
    assert denial(administrator.execute_change_set, **proposal) == "DenyStackChanges"
    client.delete_change_set(**proposal)
    auditor = running.roles["auditor"].client("cloudformation")
    assert auditor.list_change_sets(StackName=STACK)["Summaries"] == []
    assert client.get_template(StackName=STACK)["TemplateBody"] == body


@pytest.fixture
def profiles(running: estate.EmbeddedEstate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell's variables that lead to the estate's profiles."""
    clients = client_configuration.write(running, None, RunFolder(tmp_path, -1, None))
    for name, value in clients.variables.items():
        monkeypatch.setenv(name, value)


def test_the_operator_verifies_repairs_and_finds_no_failed_batch(
    running: estate.EmbeddedEstate, zone: LandingZone, group: str, profiles: None
) -> None:
    def rows(command: str, *words: str) -> tuple[int, str]:
        ran = run(f"rows {command}", *words, "--profile", "operator")
        return ran.code, ran.lines[-1]

    settled = "--group", group, "--settle", "0"
    assert rows("verify", *settled)[0] == 0
    spoil_row(zone, BOB, group)
    assert rows("verify", *settled)[0] == 1
    assert rows("reconcile", *settled, "--dry-run")[0] == 1
    assert rows("reconcile", *settled)[0] == 0
    assert rows("verify", *settled)[0] == 0
    assert rows("redrive") == (0, "0 failed batches: 0 rows applied, 0 already newer; 0 still bad, 0 deleted")
    operator = running.roles["operator"].client
    assert denial(operator("s3").put_object, **FORGED_BATCH, Body=b"{}") == "DenyForgingFailedBatches"
    newest = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": f"MSG#{group}"}}}
    assert operator("dynamodb").query(TableName=TABLE, Limit=1, **newest)["Count"] == 1
    refused = denial(operator("dynamodb").put_item, TableName=TABLE, Item=KEY)
    assert refused == "not allowed by any endpoint policy; not allowed by any identity policy"


def test_an_auditor_reads_the_configuration_of_everything(running: estate.EmbeddedEstate, ids: Ids) -> None:
    refused = []
    for service, operation, parameters in questions(ids):
        try:
            getattr(running.roles["auditor"].client(service), operation)(**parameters)
        except ClientError as error:  # what is not there, or not modelled, is no refusal
            refused += [operation] if "not authorized" in str(error) else []
    assert refused == []
    reads = next(
        statement["Action"]
        for statement in documents.load("role", "auditor").document["Statement"]
        if statement["Sid"] == "ReadConfiguration"
    )
    name = f"arn:aws:sts::{ACCOUNT}:assumed-role/{SETTINGS.name}-auditor/"
    decided = [record for record in guard.decisions() if record.principal.startswith(name)]
    by_it = {record.action for record in decided if record.allowed and "statement ReadConfiguration" in record.because}
    assert {action for action in reads if "*" not in action} - by_it == UNASKED


@pytest.fixture
def trail_file(zone: LandingZone) -> Iterator[dict[str, str]]:
    """A file of the trail, delivered and in the end removed by the embedded AWS itself."""
    file = {"Bucket": TRAIL_BUCKET, "Key": f"AWSLogs/{SETTINGS.organization_id}/{ACCOUNT}/CloudTrail/day.json.gz"}
    s3 = zone.clients("s3", ACCOUNT, REGION)
    version = s3.put_object(**file, Body=b"{}")["VersionId"]
    yield file
    s3.delete_object(**file, VersionId=version, BypassGovernanceRetention=True)


def test_an_auditor_reads_the_trail_s_files_and_no_other(
    running: estate.EmbeddedEstate, trail_file: dict[str, str]
) -> None:
    auditor = running.roles["auditor"].client("s3")
    listed = auditor.list_objects_v2(Bucket=TRAIL_BUCKET)["Contents"]
    assert trail_file["Key"] in [file["Key"] for file in listed]
    assert auditor.get_object(**trail_file)["Body"].read() == b"{}"
    assert denial(auditor.get_object, **FORGED_BATCH) == "DenyTakingFailedBatches"
    elsewhere = {"Bucket": SETTINGS.access_log_bucket, "Key": "access.log"}
    assert denial(auditor.get_object, **elsewhere) == "DenyOtherFiles"
    assert denial(auditor.delete_object, **trail_file) == "DenyChangingFiles"


CLOSED_TO_AUDITORS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "DenyStrangersAtTheTable": ("dynamodb", "get_item", {"TableName": TABLE, "Key": KEY}),
    "DenyStrangersAtTheAlerts": ("cloudwatch", "disable_alarm_actions", {"AlarmNames": [f"{SETTINGS.name}-root-use"]}),
    "DenyWeakeningEvidence": (
        "logs",
        "put_retention_policy",
        {"logGroupName": f"/{SETTINGS.name}/trail", "retentionInDays": 1},
    ),
    "DenyRoleChanges": ("iam", "update_role", {"RoleName": f"{SETTINGS.name}-auditor", "Description": "more"}),
    "DenyData": (
        "logs",
        "get_log_events",
        {"logGroupName": f"/aws/lambda/{SETTINGS.function_name}", "logStreamName": "none"},
    ),
}


@pytest.mark.parametrize("statement", CLOSED_TO_AUDITORS)
def test_an_auditor_reads_no_data_and_changes_nothing(running: estate.EmbeddedEstate, statement: str) -> None:
    service, operation, parameters = CLOSED_TO_AUDITORS[statement]
    assert denial(getattr(running.roles["auditor"].client(service), operation), **parameters) == statement


def test_the_application_posts_edits_and_lists_from_the_vpc(
    running: estate.EmbeddedEstate, table: MessageTable, group: str
) -> None:
    first = table.post(group, BOB.user_uuid, "good nigth").message
    table.edit(group, first.created_at, BOB.user_uuid, "good night")  # pattern C, twice
    running.poller.drain(timeout=20)
    assert table.messages(group, ADA.user_uuid, limit=1).items[0].text == "good night"  # pattern A
    for user in (ADA, BOB):  # patterns B and D
        (row,) = [row for row in table.conversations(user.user_uuid).items if row.group_uuid == group]
        assert row.last_message == "good night"


@pytest.fixture
def foreign_vpc(zone: LandingZone) -> Iterator[Vpc]:
    """A VPC of an account of somebody else, with an endpoint for DynamoDB."""
    ec2 = zone.clients("ec2", STRANGER, REGION)
    vpc = ec2.create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]
    service = f"com.amazonaws.{REGION}.dynamodb"
    of_vpc = [{"Name": "vpc-id", "Values": [vpc]}]
    (routes,) = ec2.describe_route_tables(Filters=of_vpc)["RouteTables"]
    placed = {"VpcId": vpc, "ServiceName": service, "RouteTableIds": [routes["RouteTableId"]]}
    placed["VpcEndpointType"] = "Gateway"
    endpoint = ec2.create_vpc_endpoint(**placed)["VpcEndpoint"]["VpcEndpointId"]
    yield Vpc(STRANGER, REGION, vpc)
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    ec2.delete_vpc(VpcId=vpc)


def test_stolen_credentials_of_the_application_work_through_no_endpoint_of_another_account(
    zone: LandingZone, foreign_vpc: Vpc
) -> None:
    stolen = zone.assume(SETTINGS.role_arn("application"))
    client = stolen.client("dynamodb")
    absent = {"TableName": TABLE, "Key": {"pk": {"S": "MSG#day"}, "sk": {"S": "absent"}}}
    place_in_vpc(stolen.credentials.access_key, foreign_vpc)
    assert denial(client.get_item, **absent) == "DenyOtherNetworks"
    zone.in_network(stolen)
    assert "Item" not in client.get_item(**absent)


def test_break_glass_repairs_what_only_it_may_change(running: estate.EmbeddedEstate, ids: Ids) -> None:
    client = running.roles["break-glass"].client
    trail, iam = client("cloudtrail"), client("iam")
    trail.stop_logging(Name=SETTINGS.trail_name)
    trail.start_logging(Name=SETTINGS.trail_name)
    description = iam.get_role(RoleName=APPLICATION)["Role"].get("Description", "")
    iam.update_role(RoleName=APPLICATION, Description="under repair")
    assert iam.get_role(RoleName=APPLICATION)["Role"]["Description"] == "under repair"
    iam.update_role(RoleName=APPLICATION, Description=description)
    policy = client("dynamodb").get_resource_policy(ResourceArn=TABLE_ARN)["Policy"]
    client("dynamodb").put_resource_policy(ResourceArn=TABLE_ARN, Policy=policy)
    key = {"KeyId": ids.key, "PolicyName": "default"}
    client("kms").put_key_policy(**key, Policy=client("kms").get_key_policy(**key)["Policy"])


CLOSED_TO_BREAK_GLASS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "DenyLeavingTheOrganization": ("organizations", "leave_organization", {}),
    "DenyForgingFailedBatches": ("s3", "put_object", {**FORGED_BATCH, "Body": b"{}"}),
    "DenyForgingMetrics": (
        "cloudwatch",
        "put_metric_data",
        {"Namespace": f"{SETTINGS.name}/trail", "MetricData": [{"MetricName": "RootUse", "Value": -1e9}]},
    ),
    "DenyCopies": ("dynamodb", "export_table_to_point_in_time", {"TableArn": TABLE_ARN, "S3Bucket": "elsewhere"}),
    "DenyTakingDeployers": ("sts", "assume_role", {"RoleArn": SETTINGS.role_arn("deployer"), "RoleSessionName": "me"}),
}


@pytest.mark.parametrize("statement", CLOSED_TO_BREAK_GLASS)
def test_break_glass_is_refused_what_no_repair_needs(running: estate.EmbeddedEstate, statement: str) -> None:
    service, operation, parameters = CLOSED_TO_BREAK_GLASS[statement]
    assert denial(getattr(running.roles["break-glass"].client(service), operation), **parameters) == statement


@pytest.fixture
def message_key(zone: LandingZone) -> Iterator[str]:
    """A key with the message key's alias and policy, which the shipped settings leave out."""
    kms = zone.clients("kms", ACCOUNT, REGION)
    account = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*"}
    policy = documents.fill(documents.load("resource", "message_key"), SETTINGS.policy_values())
    statements = [{**account, "Resource": "*"}, *policy["Statement"]]
    key = kms.create_key(Policy=json.dumps({**policy, "Statement": statements}))["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=f"alias/{SETTINGS.name}-messages", TargetKeyId=key)
    # as the Config rules want every key, and not deleted: files that share the estate ask whether one breaks a rule
    kms.enable_key_rotation(KeyId=key)
    yield key
    kms.delete_alias(AliasName=f"alias/{SETTINGS.name}-messages")


def test_break_glass_manages_the_message_key_and_reads_nothing_with_it(
    running: estate.EmbeddedEstate, zone: LandingZone, message_key: str
) -> None:
    cipher = zone.clients("kms", ACCOUNT, REGION).encrypt(KeyId=message_key, Plaintext=b"hello")["CiphertextBlob"]
    kms = running.roles["break-glass"].client("kms")
    assert kms.describe_key(KeyId=message_key)["KeyMetadata"]["Enabled"]
    assert denial(kms.decrypt, KeyId=message_key, CiphertextBlob=cipher) == "DenyOtherReaders"
    assert denial(kms.generate_data_key, KeyId=message_key, KeySpec="AES_256") == "DenyOtherWriters"
    assert denial(kms.encrypt, KeyId=message_key, Plaintext=b"hello") == "DenyOtherUses"
