"""The guard of the embedded AWS on the whole estate: who is refused what, in AWS's words, and who keeps working."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stream_lambda.items import User, row_key
from tableguard import settings as all_settings
from tableguard.local import estate
from tableguard.local.authorization import guard
from tableguard.local.authorization.network import endpoint_for
from tableguard.local.authorization.state import DecisionRecord
from tableguard.local.clients.factory import Clients
from tableguard.local.clients.identities import ACCOUNT_HEADER, VIA_HEADER
from tableguard.local.function.deployed import deployed_function
from tableguard.local.landing_zone import EmbeddedSession, LandingZone
from tableguard.projection import reconcile, redrive
from tableguard.projection.drift import Kind
from tableguard.projection.failed_batches import Bucket
from tableguard.projection.repair import RepairOutcome
from tableguard.projection.survey import Survey
from tableguard.projection.views import Reader
from tableguard.store.messages import MessageTable
from tests.worlds.failed_batches import leave
from tests.worlds.messages import message_records

SETTINGS = all_settings.example()
TABLE, REGION, ACCOUNT = SETTINGS.table_name, SETTINGS.home_region, SETTINGS.account_id
TABLE_ARN = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{TABLE}"
ELSEWHERE = "us-east-1"
ADMINISTRATOR = f"arn:aws:sts::{ACCOUNT}:assumed-role/OrganizationAccountAccessRole/tableguard"
BY_SCP = "with an explicit deny in a service control policy"
ADA, BOB, CAT, DAN = (User(f"user-{name}", name.title(), name) for name in ("ada", "bob", "cat", "dan"))
KEY_DESCRIPTION = "Encrypts the messages table, its index and stream"
NEW_TABLE: dict[str, Any] = {
    "TableName": "elsewhere",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}


@pytest.fixture(scope="module")
def running() -> Iterator[estate.EmbeddedEstate]:
    with estate.running(SETTINGS, 0, lambda step: None) as found:
        yield found


@pytest.fixture(scope="module")
def zone(running: estate.EmbeddedEstate) -> LandingZone:
    return LandingZone(SETTINGS, running.endpoint, Clients(running.endpoint))


@dataclass(frozen=True)
class Ids:
    """Ids that AWS gives."""

    key: str
    endpoint: str
    mapping: str
    subscription: str


@pytest.fixture(scope="module")
def ids(zone: LandingZone) -> Ids:
    def client(service: str) -> Any:
        return zone.clients(service, ACCOUNT, REGION)

    aliases = client("kms").list_aliases()["Aliases"]
    return Ids(
        key=next(each["TargetKeyId"] for each in aliases if each["AliasName"] == f"alias/{SETTINGS.name}-table"),
        endpoint=client("ec2").describe_vpc_endpoints()["VpcEndpoints"][0]["VpcEndpointId"],
        mapping=client("lambda").list_event_source_mappings()["EventSourceMappings"][0]["UUID"],
        subscription=client("sns").list_subscriptions()["Subscriptions"][0]["SubscriptionArn"],
    )


def _refusal(call: Any, **parameters: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


def _decided(principal: str) -> DecisionRecord:
    """The latest decision about a principal: the poller asks all the time."""
    return next(each for each in reversed(guard.decisions()) if each.principal.startswith(principal))


DENIED = "AccessDeniedException"
# client, operation, parameters, error code, action, resource
PROTECTED: dict[str, tuple[str, str, dict[str, Any], str, str, str]] = {
    "delete the table": ("dynamodb", "delete_table", {"TableName": TABLE}, DENIED, "dynamodb:DeleteTable", TABLE_ARN),
    "delete it by its arn": (
        "dynamodb",
        "delete_table",
        {"TableName": TABLE_ARN},
        DENIED,
        "dynamodb:DeleteTable",
        TABLE_ARN,
    ),
    "weaken the table": (
        "dynamodb",
        "update_table",
        {"TableName": TABLE, "DeletionProtectionEnabled": False},
        DENIED,
        "dynamodb:UpdateTable",
        TABLE_ARN,
    ),
    "replicate it": (
        "dynamodb",
        "create_global_table",
        {"GlobalTableName": TABLE, "ReplicationGroup": [{"RegionName": ELSEWHERE}]},
        DENIED,
        "dynamodb:CreateGlobalTable",
        f"arn:aws:dynamodb::{ACCOUNT}:global-table/{TABLE}",
    ),
    "replace its policy": (
        "dynamodb",
        "put_resource_policy",
        {"ResourceArn": TABLE_ARN, "Policy": "{}"},
        DENIED,
        "dynamodb:PutResourcePolicy",
        TABLE_ARN,
    ),
    "stop the trail": (
        "cloudtrail",
        "stop_logging",
        {"Name": SETTINGS.trail_name},
        DENIED,
        "cloudtrail:StopLogging",
        f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/{SETTINGS.trail_name}",
    ),
    "stop the recorder": (
        "config",
        "stop_configuration_recorder",
        {"ConfigurationRecorderName": "default"},
        DENIED,
        "config:StopConfigurationRecorder",
        f"arn:aws:config:{REGION}:{ACCOUNT}:configuration-recorder/default/*",
    ),
    "delete the endpoint": (
        "ec2",
        "delete_vpc_endpoints",
        {"VpcEndpointIds": ["<endpoint>"]},
        "UnauthorizedOperation",
        "ec2:DeleteVpcEndpoints",
        f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc-endpoint/<endpoint>",
    ),
    "delete the mapping": (
        "lambda",
        "delete_event_source_mapping",
        {"UUID": "<mapping>"},
        DENIED,
        "lambda:DeleteEventSourceMapping",
        f"arn:aws:lambda:{REGION}:{ACCOUNT}:event-source-mapping:<mapping>",
    ),
    "invoke the function": (
        "lambda",
        "invoke",
        {"FunctionName": SETTINGS.function_name},
        DENIED,
        "lambda:InvokeFunction",
        f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{SETTINGS.function_name}",
    ),
    "delete the key": (
        "kms",
        "schedule_key_deletion",
        {"KeyId": "<key>", "PendingWindowInDays": 7},
        DENIED,
        "kms:ScheduleKeyDeletion",
        f"arn:aws:kms:{REGION}:{ACCOUNT}:key/<key>",
    ),
    "delete the key by its alias": (
        "kms",
        "schedule_key_deletion",
        {"KeyId": f"alias/{SETTINGS.name}-table", "PendingWindowInDays": 7},
        DENIED,
        "kms:ScheduleKeyDeletion",
        f"arn:aws:kms:{REGION}:{ACCOUNT}:key/<key>",
    ),
    "delete evidence": (
        "s3",
        "delete_object",
        {"Bucket": f"{SETTINGS.name}-trail-{ACCOUNT}-{REGION}", "Key": "a/b.json"},
        "AccessDenied",
        "s3:DeleteObject",
        f"arn:aws:s3:::{SETTINGS.name}-trail-{ACCOUNT}-{REGION}/a/b.json",
    ),
    "open the trail's bucket": (
        "s3",
        "delete_public_access_block",
        {"Bucket": f"{SETTINGS.name}-trail-{ACCOUNT}-{REGION}"},
        "AccessDenied",
        "s3:PutBucketPublicAccessBlock",
        f"arn:aws:s3:::{SETTINGS.name}-trail-{ACCOUNT}-{REGION}",
    ),
    "silence the alerts": (
        "sns",
        "unsubscribe",
        {"SubscriptionArn": "<subscription>"},
        "AuthorizationError",
        "sns:Unsubscribe",
        "<subscription>",
    ),
    "become the deployer": (
        "iam",
        "update_assume_role_policy",
        {"RoleName": f"{SETTINGS.name}-deployer", "PolicyDocument": "{}"},
        "AccessDenied",
        "iam:UpdateAssumeRolePolicy",
        f"arn:aws:iam::{ACCOUNT}:role/{SETTINGS.name}-deployer",
    ),
}


def _filled(value: Any, ids: Ids) -> Any:
    if isinstance(value, str):
        for name, found in vars(ids).items():
            value = value.replace(f"<{name}>", found)
        return value
    if isinstance(value, list):
        return [_filled(each, ids) for each in value]
    return {key: _filled(each, ids) for key, each in value.items()} if isinstance(value, dict) else value


@pytest.mark.parametrize("case", PROTECTED.values(), ids=PROTECTED)
def test_an_administrator_of_the_workload_account_is_refused_in_aws_words(
    running: estate.EmbeddedEstate, ids: Ids, case: tuple[str, str, dict[str, Any], str, str, str]
) -> None:
    service, operation, parameters, code, action, resource = case
    client = running.session("administrator").client(service)
    found, message = _refusal(getattr(client, operation), **_filled(parameters, ids))
    assert found == code
    began = "You are not authorized to perform this operation. " if service == "ec2" else ""
    asked = f"perform: {action} on resource: {_filled(resource, ids)}"
    assert message == f"{began}User: {ADMINISTRATOR} is not authorized to {asked} {BY_SCP}"
    last = _decided(ADMINISTRATOR)
    assert (last.account, last.action, last.allowed) == (ACCOUNT, action, False)
    assert last.because.startswith("denied by scp policy ")


def test_a_table_is_made_in_an_allowed_region_only(running: estate.EmbeddedEstate) -> None:
    administrator = running.session("administrator")
    code, message = _refusal(administrator.client("dynamodb", region_name=ELSEWHERE).create_table, **NEW_TABLE)
    assert code == DENIED
    assert (
        f"dynamodb:CreateTable on resource: arn:aws:dynamodb:{ELSEWHERE}:{ACCOUNT}:table/elsewhere {BY_SCP}" in message
    )
    here = administrator.client("dynamodb")
    here.create_table(**NEW_TABLE)
    here.delete_table(TableName=NEW_TABLE["TableName"])  # no table of ours


def test_the_management_account_is_not_bound(running: estate.EmbeddedEstate) -> None:
    client = running.session("management").client("dynamodb", region_name=ELSEWHERE)
    client.create_table(**NEW_TABLE)
    client.delete_table(TableName=NEW_TABLE["TableName"])


def test_an_administrator_still_reads_how_the_table_is_set(running: estate.EmbeddedEstate) -> None:
    found = running.session("administrator").client("dynamodb").describe_table(TableName=TABLE)["Table"]
    assert found["DeletionProtectionEnabled"]


def test_break_glass_passes_the_guard_and_meets_the_deletion_protection(running: estate.EmbeddedEstate) -> None:
    client = running.roles["break-glass"].client("dynamodb")
    code, message = _refusal(client.delete_table, TableName=TABLE)
    assert code == "ValidationException"
    assert "DeletionProtectionEnabled" in message
    client.update_table(TableName=TABLE, DeletionProtectionEnabled=True)
    trail = running.roles["break-glass"].client("cloudtrail")
    trail.stop_logging(Name=SETTINGS.trail_name)
    trail.start_logging(Name=SETTINGS.trail_name)


def _events(cloudformation: Any, stack: str) -> str:
    events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    return " ".join(each.get("ResourceStatusReason") or "" for each in events)


def _template(properties: dict[str, Any], type_name: str = "AWS::DynamoDB::Table") -> str:
    return json.dumps({"Resources": {"Made": {"Type": type_name, "Properties": properties}}})


@pytest.mark.parametrize(("region", "status"), [(ELSEWHERE, "ROLLBACK_COMPLETE"), (REGION, "CREATE_COMPLETE")])
def test_cloudformation_acts_with_the_leave_of_its_caller(
    running: estate.EmbeddedEstate, region: str, status: str
) -> None:
    cloudformation = running.session("administrator").client("cloudformation", region_name=region)
    cloudformation.create_stack(StackName="by-stack", TemplateBody=_template(NEW_TABLE))
    (stack,) = cloudformation.describe_stacks(StackName="by-stack")["Stacks"]
    assert stack["StackStatus"] == status
    reason = f"not authorized to perform: dynamodb:CreateTable on resource: arn:aws:dynamodb:{region}"
    assert (reason in _events(cloudformation, "by-stack")) == (region == ELSEWHERE)
    made = [each for each in guard.decisions() if each.resource.endswith(":table/elsewhere") and each.via]
    assert {each.via for each in made} == {"cloudformation.amazonaws.com"}
    cloudformation.delete_stack(StackName="by-stack")


def test_a_stack_changes_and_deletes_only_what_its_caller_may(running: estate.EmbeddedEstate) -> None:
    cloudformation = running.session("administrator").client("cloudformation")

    def status() -> str:
        return str(cloudformation.describe_stacks(StackName="a-log")["Stacks"][0]["StackStatus"])

    group = {"LogGroupName": f"/{SETTINGS.name}/extra"}
    cloudformation.create_stack(StackName="a-log", TemplateBody=_template(group, "AWS::Logs::LogGroup"))
    assert status() == "CREATE_COMPLETE", _events(cloudformation, "a-log")
    changed = _template({**group, "RetentionInDays": 1}, "AWS::Logs::LogGroup")
    cloudformation.update_stack(StackName="a-log", TemplateBody=changed)
    assert "not authorized to perform: logs:PutRetentionPolicy" in _events(cloudformation, "a-log")
    assert status().startswith("UPDATE_ROLLBACK")
    cloudformation.delete_stack(StackName="a-log")
    assert "not authorized to perform: logs:DeleteLogGroup" in _events(cloudformation, "a-log")
    assert status() == "DELETE_FAILED"
    running.roles["break-glass"].client("logs").delete_log_group(logGroupName=group["LogGroupName"])
    cloudformation.delete_stack(StackName="a-log")


def test_a_role_that_escapes_the_boundary_is_not_made_by_a_stack_either(running: estate.EmbeddedEstate) -> None:
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]}
    properties = {"RoleName": f"{SETTINGS.name}-escape", "AssumeRolePolicyDocument": trust}
    cloudformation = running.session("administrator").client("cloudformation")
    cloudformation.create_stack(
        StackName="escape",
        TemplateBody=_template(properties, "AWS::IAM::Role"),
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    assert f"iam:CreateRole on resource: arn:aws:iam::{ACCOUNT}:role/{SETTINGS.name}-escape {BY_SCP}" in _events(
        cloudformation, "escape"
    )


def _with_description(cloudformation: Any, text: str) -> dict[str, Any]:
    """The table's stack with another description of its key, for update_stack."""
    stack = SETTINGS.stack_name("table")
    template = cloudformation.get_template(StackName=stack)["TemplateBody"]
    assert KEY_DESCRIPTION in template
    body = template.replace(KEY_DESCRIPTION, text)
    return {"StackName": stack, "TemplateBody": body, "Capabilities": ["CAPABILITY_NAMED_IAM"]}


def test_the_deployer_changes_the_table_s_stack_and_an_administrator_does_not(
    running: estate.EmbeddedEstate, ids: Ids
) -> None:
    deployer = running.roles["deployer"].client("cloudformation")
    changed = _with_description(deployer, "another description")
    code, message = _refusal(running.session("administrator").client("cloudformation").update_stack, **changed)
    assert code == "AccessDenied"
    assert f"cloudformation:UpdateStack on resource: arn:aws:cloudformation:{REGION}" in message
    name = "described-otherwise"
    deployer.create_change_set(**changed, ChangeSetName=name)
    deployer.execute_change_set(StackName=changed["StackName"], ChangeSetName=name)
    (stack,) = deployer.describe_stacks(StackName=changed["StackName"])["Stacks"]
    assert stack["StackStatus"] == "UPDATE_COMPLETE", _events(deployer, changed["StackName"])
    described = running.roles["auditor"].client("kms").describe_key(KeyId=ids.key)["KeyMetadata"]
    assert described["Description"] == "another description"


def test_the_deployer_deletes_neither_the_table_nor_its_stack(running: estate.EmbeddedEstate) -> None:
    code, message = _refusal(running.roles["deployer"].client("dynamodb").delete_table, TableName=TABLE)
    assert (code, message.endswith(BY_SCP)) == (DENIED, True)
    cloudformation = running.roles["deployer"].client("cloudformation")
    code, _ = _refusal(cloudformation.delete_stack, StackName=SETTINGS.stack_name("table"))
    assert code == "AccessDenied"


@pytest.fixture(scope="module")
def table(running: estate.EmbeddedEstate) -> MessageTable:
    return MessageTable(running.roles["application"].client("dynamodb"), TABLE, clock=lambda: datetime.now(UTC))


def test_the_application_s_patterns_work_and_its_rows_arrive(
    running: estate.EmbeddedEstate, table: MessageTable
) -> None:
    group = table.create_conversation(CAT, [DAN], "first").message.group_uuid
    table.post(group, DAN.user_uuid, "second")
    running.poller.drain(timeout=20)
    assert [message.text for message in table.messages(group, CAT.user_uuid).items] == ["second", "first"]
    assert table.conversations(CAT.user_uuid).items[0].last_message == "second"


KEY = {"pk": {"S": "MSG#g"}, "sk": {"S": "2024"}}
_STATEMENT = f"SELECT * FROM \"{TABLE}\" WHERE pk='MSG#g'"  # noqa: S608  # the table's name is ours
BEYOND: dict[str, tuple[str, dict[str, Any]]] = {
    "dynamodb:Scan": ("scan", {"TableName": TABLE}),
    "dynamodb:DeleteItem": ("delete_item", {"TableName": TABLE, "Key": KEY}),
    "dynamodb:BatchWriteItem": (
        "batch_write_item",
        {"RequestItems": {TABLE: [{"DeleteRequest": {"Key": KEY}}]}},
    ),
    "dynamodb:PartiQLSelect": ("execute_statement", {"Statement": _STATEMENT}),
    "dynamodb:GetItem": ("get_item", {"TableName": TABLE, "Key": {"pk": {"S": "OTHER#g"}, "sk": {"S": "2024"}}}),
}


@pytest.mark.parametrize("action", BEYOND)
def test_the_application_does_nothing_beyond_its_patterns(running: estate.EmbeddedEstate, action: str) -> None:
    operation, parameters = BEYOND[action]
    code, message = _refusal(getattr(running.roles["application"].client("dynamodb"), operation), **parameters)
    assert code == DENIED
    assert f"perform: {action} on resource: {TABLE_ARN} " in message


def test_a_transaction_is_asked_for_each_of_its_actions(running: estate.EmbeddedEstate) -> None:
    client = running.roles["application"].client("dynamodb")
    put = {"Put": {"TableName": TABLE, "Item": KEY}}
    delete = {"Delete": {"TableName": TABLE, "Key": {**KEY, "sk": {"S": "2025"}}}}
    code, message = _refusal(client.transact_write_items, TransactItems=[put, delete])
    assert code == DENIED
    assert "dynamodb:DeleteItem" in message
    client.transact_write_items(TransactItems=[put])


def test_without_the_endpoint_the_application_is_refused(running: estate.EmbeddedEstate, zone: LandingZone) -> None:
    outside = zone.assume(SETTINGS.role_arn("application"))
    code, message = _refusal(outside.client("dynamodb").get_item, TableName=TABLE, Key=KEY)
    assert (code, message.endswith("with an explicit deny in a resource-based policy")) == (DENIED, True)
    inside = zone.in_network(outside)
    assert "Item" not in inside.client("dynamodb").get_item(TableName=TABLE, Key={**KEY, "sk": {"S": "absent"}})


def test_what_leaves_by_the_endpoint_is_bound_by_the_endpoint_s_policy(zone: LandingZone) -> None:
    inside = zone.in_network(zone.assume(SETTINGS.role_arn("break-glass")))
    code, message = _refusal(inside.client("dynamodb").describe_table, TableName=TABLE)
    assert code == DENIED
    assert message.endswith("because no VPC endpoint policy allows the dynamodb:DescribeTable action")
    outside = zone.assume(SETTINGS.role_arn("break-glass"))
    assert outside.client("dynamodb").describe_table(TableName=TABLE)["Table"]["TableArn"] == TABLE_ARN


def test_administrators_do_not_read_messages(running: estate.EmbeddedEstate) -> None:
    for principal in (running.session("administrator"), running.roles["auditor"], running.roles["deployer"]):
        code, _ = _refusal(principal.client("dynamodb").get_item, TableName=TABLE, Key=KEY)
        assert code == DENIED


def test_an_auditor_reads_settings_and_changes_none(running: estate.EmbeddedEstate) -> None:
    auditor = running.roles["auditor"].client("dynamodb")
    assert auditor.describe_table(TableName=TABLE)["Table"]["TableArn"] == TABLE_ARN
    parameters = {"AttributeName": "expires_at", "Enabled": False}
    code, _ = _refusal(auditor.update_time_to_live, TableName=TABLE, TimeToLiveSpecification=parameters)
    assert code == DENIED


@pytest.fixture(scope="module")
def function(running: estate.EmbeddedEstate) -> Callable[[str], Any]:
    """Clients with the credentials that the function is given."""
    deployer = running.roles["deployer"]
    given = deployed_function(SETTINGS.function_name, deployer.client, SETTINGS.artifact_bucket).credentials
    keys = {
        "aws_access_key_id": given.access_key_id,
        "aws_secret_access_key": given.secret_access_key,
        "aws_session_token": given.session_token,
    }
    return lambda service: deployer.client(service, **keys)


def test_the_function_reads_members_and_no_message(function: Callable[[str], Any]) -> None:
    client = function("dynamodb")
    client.batch_get_item(RequestItems={TABLE: {"Keys": [{"pk": {"S": "META#g"}, "sk": {"S": "META"}}]}})
    code, message = _refusal(client.batch_get_item, RequestItems={TABLE: {"Keys": [KEY]}})
    assert code == DENIED
    assert message.endswith("because no identity-based policy allows the dynamodb:BatchGetItem action")


def test_the_function_keeps_failed_batches_in_their_place_only(function: Callable[[str], Any]) -> None:
    bucket = f"{SETTINGS.name}-failures-{ACCOUNT}-{REGION}"
    function("s3").put_object(Bucket=bucket, Key="aws/lambda/batch.json", Body=b"{}")
    assert _refusal(function("s3").put_object, Bucket=bucket, Key="elsewhere.json", Body=b"{}")[0] == "AccessDenied"
    assert _refusal(function("s3").get_object, Bucket=bucket, Key="aws/lambda/batch.json")[0] == "AccessDenied"


@pytest.fixture(scope="module")
def operated(running: estate.EmbeddedEstate, table: MessageTable) -> str:
    """A group of Ada and Bob, whose rows have followed its one message."""
    group = table.create_conversation(ADA, [BOB], "as it was said").message.group_uuid
    running.poller.drain(timeout=20)
    return group


def _spoilt_row(zone: LandingZone, user: User, group: str) -> None:
    """A row that shows an older message than the newest, written by break-glass, as somebody in haste would."""
    zone.assume(SETTINGS.role_arn("break-glass")).client("dynamodb").update_item(
        TableName=TABLE,
        Key=row_key(user.user_uuid, group),
        UpdateExpression="SET last_message = :text, last_message_at = :at",
        ExpressionAttributeValues={":text": {"S": "never said"}, ":at": {"S": "2020-01-01T00:00:00.000000+00:00"}},
    )


def _shown(table: MessageTable, user: User, group: str) -> str | bytes:
    (row,) = [row for row in table.all_conversations(user.user_uuid).items if row.group_uuid == group]
    return row.last_message


def _survey(running: estate.EmbeddedEstate) -> Survey:
    client = running.roles["operator"].client("dynamodb")
    return Survey(Reader(client, TABLE, lambda: datetime.now(UTC)), settle=0.0)


def _wrong(survey: Survey) -> list[tuple[Kind, str, str]]:
    return [(drift.kind, drift.group_uuid, drift.user_uuid) for drift in survey.of_all()]


def test_the_operator_verifies_all_rows_and_mends_one(
    running: estate.EmbeddedEstate, zone: LandingZone, table: MessageTable, operated: str
) -> None:
    assert _wrong(_survey(running)) == []
    _spoilt_row(zone, BOB, operated)
    assert _wrong(_survey(running)) == [(Kind.BEHIND, operated, BOB.user_uuid)]
    (mended,) = reconcile.reconcile(_survey(running), reconcile.Choice()).results
    assert mended.outcome is RepairOutcome.MENDED
    assert _wrong(_survey(running)) == []
    assert _shown(table, BOB, operated) == "as it was said"


def test_the_operator_ends_a_row_of_somebody_who_is_no_member_in_one_transaction(
    running: estate.EmbeddedEstate, zone: LandingZone, operated: str
) -> None:
    row = {**row_key("user-eve", operated), "last_message_at": {"S": "2020-01-01T00:00:00.000000+00:00"}}
    zone.assume(SETTINGS.role_arn("break-glass")).client("dynamodb").put_item(TableName=TABLE, Item=row)
    (ended,) = reconcile.reconcile(_survey(running), reconcile.Choice()).results
    assert (ended.drift.kind, ended.outcome) == (Kind.FORMER, RepairOutcome.MENDED)
    assert _wrong(_survey(running)) == []


FAILURES = f"{SETTINGS.name}-failures-{ACCOUNT}-{REGION}"


def test_the_operator_redrives_a_failed_batch_and_removes_it(
    running: estate.EmbeddedEstate,
    zone: LandingZone,
    function: Callable[[str], Any],
    table: MessageTable,
    operated: str,
) -> None:
    (newest,) = table.messages(operated, ADA.user_uuid, limit=1).items
    (record,) = message_records(newest)
    record["dynamodb"]["ApproximateCreationDateTime"] = datetime.now(UTC).timestamp()
    key = leave(function("s3"), record, table=TABLE, bucket=FAILURES)
    _spoilt_row(zone, BOB, operated)
    operator = running.roles["operator"]
    target = redrive.RedriveTarget(operator.client("dynamodb"), TABLE, lambda: datetime.now(UTC))
    source = Bucket(operator.client("s3"), FAILURES)
    done = {batch.name: batch for batch in redrive.redrive(source, target)}[key]
    assert (done.applied, done.newer, done.done) == (1, 1, True)
    source.delete(key)
    assert key not in list(source.names())
    assert _wrong(_survey(running)) == []
    assert _shown(table, BOB, operated) == "as it was said"


@pytest.mark.parametrize("action", ["s3:DeleteObject", "s3:GetObject"])
def test_an_administrator_takes_no_failed_batch(
    running: estate.EmbeddedEstate, function: Callable[[str], Any], action: str
) -> None:
    batch = {"Bucket": FAILURES, "Key": "aws/lambda/kept.json"}
    function("s3").put_object(**batch, Body=b"{}")
    operation = {"s3:DeleteObject": "delete_object", "s3:GetObject": "get_object"}[action]
    code, message = _refusal(getattr(running.session("administrator").client("s3"), operation), **batch)
    assert code == "AccessDenied"
    assert f"perform: {action} on resource: arn:aws:s3:::{FAILURES}/aws/lambda/kept.json {BY_SCP}" in message
    getattr(running.roles["operator"].client("s3"), operation)(**batch)
    running.roles["break-glass"].client("s3").delete_object(**batch)


_PUT = {"TableName": TABLE, "Item": KEY}
_ROW = {"TableName": TABLE, "Key": row_key(ADA.user_uuid, "g")}
PAST_THE_OPERATOR: dict[str, tuple[str, str, dict[str, Any]]] = {
    "dynamodb:PutItem": ("dynamodb", "put_item", _PUT),
    "dynamodb:DeleteItem": ("dynamodb", "delete_item", {"TableName": TABLE, "Key": KEY}),
    "dynamodb:Scan": ("dynamodb", "scan", {"TableName": TABLE}),
    "dynamodb:GetItem": ("dynamodb", "get_item", {"TableName": TABLE, "Key": KEY}),
    "dynamodb:UpdateItem": (
        "dynamodb",
        "update_item",
        {**_ROW, "UpdateExpression": "SET last_read_at = :now", "ExpressionAttributeValues": {":now": {"S": "2024"}}},
    ),
    "s3:DeleteObjectVersion": ("s3", "delete_object", {"Bucket": FAILURES, "Key": "aws/lambda/x", "VersionId": "v"}),
    "s3:PutObject": ("s3", "put_object", {"Bucket": FAILURES, "Key": "aws/lambda/x", "Body": b"{}"}),
    "iam:DetachRolePolicy": (
        "iam",
        "detach_role_policy",
        {"RoleName": f"{SETTINGS.name}-operator", "PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/x"},
    ),
}


@pytest.mark.parametrize("action", PAST_THE_OPERATOR)
def test_the_operator_does_nothing_beyond_that(running: estate.EmbeddedEstate, action: str) -> None:
    service, operation, parameters = PAST_THE_OPERATOR[action]
    code, message = _refusal(getattr(running.roles["operator"].client(service), operation), **parameters)
    assert code in (DENIED, "AccessDenied")
    assert f"perform: {action} on resource: " in message


def test_without_the_endpoint_the_operator_is_refused(zone: LandingZone) -> None:
    outside = zone.assume(SETTINGS.role_arn("operator")).client("dynamodb")
    newest = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": "MSG#g"}}}
    code, message = _refusal(outside.query, TableName=TABLE, **newest)
    assert (code, message.endswith("with an explicit deny in a resource-based policy")) == (DENIED, True)


def _member(zone: LandingZone, user: str) -> EmbeddedSession:
    return zone.in_network(zone.assume(SETTINGS.role_arn("identity-pool-user"), {"user_uuid": user}))


@pytest.mark.parametrize("index", [{}, {"IndexName": "conversations"}], ids=["table", "index"])
def test_a_member_reads_the_own_conversations_and_no_other_s(zone: LandingZone, index: dict[str, str]) -> None:
    client = _member(zone, ADA.user_uuid).client("dynamodb")

    def asking(user: str) -> dict[str, Any]:
        values = {":pk": {"S": f"GRP#{user}"}}
        return {"TableName": TABLE, "KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": values, **index}

    client.query(**asking(ADA.user_uuid))
    code, message = _refusal(client.query, **asking(BOB.user_uuid))
    assert code == DENIED
    arn = f"{TABLE_ARN}/index/conversations" if index else TABLE_ARN
    assert f"dynamodb:Query on resource: {arn} because no identity-based policy" in message


def test_a_role_is_taken_by_those_whom_it_trusts(running: estate.EmbeddedEstate) -> None:
    asked = {"RoleArn": SETTINGS.role_arn("pattern-d"), "RoleSessionName": "me"}
    code, message = _refusal(running.session("administrator").client("sts").assume_role, **asked)
    assert code == "AccessDenied"
    assert "sts:AssumeRole on resource" in message


def test_a_key_that_nobody_was_given_opens_nothing(running: estate.EmbeddedEstate) -> None:
    session = running.session("administrator")
    client = session.client("dynamodb", aws_access_key_id="A" * 20)
    assert _refusal(client.list_tables)[0] == "UnrecognizedClientException"
    assert session.client("sts").get_caller_identity()["Arn"] == ADMINISTRATOR


def test_headers_of_the_embedded_aws_open_no_other_account_and_no_other_role(running: estate.EmbeddedEstate) -> None:
    client = running.session("management").client("dynamodb")

    def add(params: dict[str, Any], **_: Any) -> None:
        params["headers"][ACCOUNT_HEADER] = ACCOUNT
        params["headers"][VIA_HEADER] = "cloudformation.amazonaws.com/guess"

    client.meta.events.register("before-call", add)
    code, _ = _refusal(client.describe_table, TableName=TABLE)
    assert code == DENIED
    assert _decided(f"arn:aws:sts::{SETTINGS.management_account_id}:assumed-role/").via == ""


def test_what_cannot_be_mapped_is_refused_by_name(running: estate.EmbeddedEstate) -> None:
    client = running.session("administrator").client("cognito-idp")
    code, message = _refusal(client.list_user_pools, MaxResults=1)
    assert code == DENIED
    assert "no action cognito-idp:ListUserPools is known" in message


def test_streams_are_read_past_the_gateway_endpoint(running: estate.EmbeddedEstate) -> None:
    key = running.roles["application"].get_credentials().access_key
    assert endpoint_for(key, "dynamodb", REGION) is not None
    assert endpoint_for(key, "dynamodbstreams", REGION) is None
    assert endpoint_for(key, "dynamodb", ELSEWHERE) is None
