"""Administrators on the whole estate: refused in AWS's words what the guardrails forbid, and nothing else."""

import re
from typing import Any

import pytest

from tableguard.local import estate
from tableguard.local.clients.identities import ACCOUNT_HEADER, VIA_HEADER
from tests.worlds import attacks
from tests.worlds.estate import (
    ACCOUNT,
    BY_SCP,
    DENIED,
    ELSEWHERE,
    FAILURES,
    KEY,
    NEW_TABLE,
    ON_THE_EMBEDDED_AWS,
    REGION,
    SETTINGS,
    TABLE,
    TABLE_ARN,
    Ids,
    decided,
    denial,
    refusal,
)

pytestmark = [pytest.mark.slow, ON_THE_EMBEDDED_AWS]
ADMINISTRATOR = f"arn:aws:sts::{ACCOUNT}:assumed-role/OrganizationAccountAccessRole/tableguard"
TRAIL_BUCKET = f"{SETTINGS.name}-trail-{ACCOUNT}-{REGION}"
FUNCTION_ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{SETTINGS.function_name}"
TOPIC_ARN = f"arn:aws:sns:{REGION}:{ACCOUNT}:{SETTINGS.name}-alerts"
OPEN = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "444455556666"}, '
    '"Action": "kms:*", "Resource": "*"}]}'
)
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
    "take the deployer": (
        "sts",
        "assume_role",
        {"RoleArn": SETTINGS.role_arn("deployer"), "RoleSessionName": "me"},
        "AccessDenied",
        "sts:AssumeRole",
        SETTINGS.role_arn("deployer"),
    ),
    "take break-glass": (
        "sts",
        "assume_role",
        {"RoleArn": SETTINGS.role_arn("break-glass"), "RoleSessionName": "me"},
        "AccessDenied",
        "sts:AssumeRole",
        SETTINGS.role_arn("break-glass"),
    ),
    "take the application": (
        "sts",
        "assume_role",
        {"RoleArn": SETTINGS.role_arn("application"), "RoleSessionName": "me"},
        "AccessDenied",
        "sts:AssumeRole",
        SETTINGS.role_arn("application"),
    ),
    "give the table's key away": (
        "kms",
        "put_key_policy",
        {"KeyId": "<key>", "PolicyName": "default", "Policy": OPEN},
        DENIED,
        "kms:PutKeyPolicy",
        f"arn:aws:kms:{REGION}:{ACCOUNT}:key/<key>",
    ),
    "use the table's key": (
        "kms",
        "create_grant",
        {"KeyId": "<key>", "GranteePrincipal": ADMINISTRATOR, "Operations": ["Decrypt"]},
        DENIED,
        "kms:CreateGrant",
        f"arn:aws:kms:{REGION}:{ACCOUNT}:key/<key>",
    ),
    "hold an alarm down": (
        "cloudwatch",
        "put_metric_data",
        {"Namespace": f"{SETTINGS.name}/trail", "MetricData": [{"MetricName": "RootUse", "Value": -1e9}]},
        DENIED,
        "cloudwatch:PutMetricData",
        "*",
    ),
    "take the bucket its tags": (
        "s3",
        "put_bucket_tagging",
        {"Bucket": TRAIL_BUCKET, "Tagging": {"TagSet": []}},
        "AccessDenied",
        "s3:PutBucketTagging",
        f"arn:aws:s3:::{TRAIL_BUCKET}",
    ),
    "let requesters pay for the evidence": (
        "s3",
        "put_bucket_request_payment",
        {"Bucket": TRAIL_BUCKET, "RequestPaymentConfiguration": {"Payer": "Requester"}},
        "AccessDenied",
        "s3:PutBucketRequestPayment",
        f"arn:aws:s3:::{TRAIL_BUCKET}",
    ),
    "take the function its tags": (
        "lambda",
        "untag_resource",
        {"Resource": FUNCTION_ARN, "TagKeys": ["Application"]},
        DENIED,
        "lambda:UntagResource",
        FUNCTION_ARN,
    ),
    "take the topic its tags": (
        "sns",
        "untag_resource",
        {"ResourceArn": TOPIC_ARN, "TagKeys": ["Application"]},
        "AuthorizationError",
        "sns:UntagResource",
        TOPIC_ARN,
    ),
    "forge a failed batch": (
        "s3",
        "put_object",
        {"Bucket": FAILURES, "Key": "aws/lambda/1/x", "Body": b"{}"},
        "AccessDenied",
        "s3:PutObject",
        f"arn:aws:s3:::{FAILURES}/aws/lambda/1/x",
    ),
    "empty the dead letters": (
        "sqs",
        "purge_queue",
        {"QueueUrl": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{SETTINGS.name}-dead-letters"},
        DENIED,
        "sqs:PurgeQueue",
        f"arn:aws:sqs:{REGION}:{ACCOUNT}:{SETTINGS.name}-dead-letters",
    ),
    "make an endpoint of their own": (
        "ec2",
        "create_vpc_endpoint",
        {"VpcId": "<vpc>", "ServiceName": f"com.amazonaws.{REGION}.s3"},
        "UnauthorizedOperation",
        "ec2:CreateVpcEndpoint",
        f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc-endpoint/*",
    ),
    "cut the function off": (
        "ec2",
        "revoke_security_group_egress",
        {"GroupId": "<group>", "IpPermissions": [{"IpProtocol": "-1"}]},
        "UnauthorizedOperation",
        "ec2:RevokeSecurityGroupEgress",
        f"arn:aws:ec2:{REGION}:{ACCOUNT}:security-group/<group>",
    ),
    "take the network its tags": (
        "ec2",
        "delete_tags",
        {"Resources": ["<vpc>"], "Tags": [{"Key": "Application"}]},
        "UnauthorizedOperation",
        "ec2:DeleteTags",
        f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc/<vpc>",
    ),
    "replace an alarm by a composite one": (
        "cloudwatch",
        "put_composite_alarm",
        {"AlarmName": f"{SETTINGS.name}-root-use", "AlarmRule": "FALSE"},
        DENIED,
        "cloudwatch:PutCompositeAlarm",
        f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{SETTINGS.name}-root-use",
    ),
    "blind the rules by the bus's key": (
        "events",
        "update_event_bus",
        {"Name": "default", "KmsKeyIdentifier": "<key>"},
        DENIED,
        "events:UpdateEventBus",
        f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default",
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
    found, message = refusal(getattr(client, operation), **_filled(parameters, ids))
    assert found == code
    began = "You are not authorized to perform this operation. " if service == "ec2" else ""
    asked = f"perform: {action} on resource: {_filled(resource, ids)}"
    text, kind, arn = re.split(r" with an explicit deny in a (service|resource) control policy: ", message)
    assert text == f"{began}User: {ADMINISTRATOR} is not authorized to {asked}"
    assert _policy_of(running, arn)["Name"].startswith(f"{SETTINGS.name}-")
    last = decided(ADMINISTRATOR)
    assert (last.account, last.action, last.allowed) == (ACCOUNT, action, False)
    assert last.because.startswith(f"denied by {'scp' if kind == 'service' else 'rcp'} policy ")


OF_PAGE = {row.case: row.statements for row in attacks.rows() if row.case in PROTECTED}


@pytest.mark.parametrize("name", OF_PAGE)
def test_the_page_of_attacks_names_the_statement_that_refuses(
    running: estate.EmbeddedEstate, ids: Ids, name: str
) -> None:
    service, operation, parameters, *_ = PROTECTED[name]
    client = running.session("administrator").client(service)
    assert {denial(getattr(client, operation), **_filled(parameters, ids))} == OF_PAGE[name]


def test_an_administrator_writes_metric_data_that_no_alarm_of_ours_watches(running: estate.EmbeddedEstate) -> None:
    cloudwatch = running.session("administrator").client("cloudwatch")
    cloudwatch.put_metric_data(Namespace="elsewhere", MetricData=[{"MetricName": "RootUse", "Value": -1e9}])
    assert [one["MetricName"] for one in cloudwatch.list_metrics(Namespace="elsewhere")["Metrics"]] == ["RootUse"]


def _policy_of(running: estate.EmbeddedEstate, arn: str) -> Any:
    """Return the summary of the policy that an ARN ends with, as the management account is told it."""
    organizations = running.session("management").client("organizations")
    summary = organizations.describe_policy(PolicyId=arn.rpartition("/")[2])["Policy"]["PolicySummary"]
    assert summary["Arn"] == arn
    return summary


def test_a_table_is_made_in_an_allowed_region_only(running: estate.EmbeddedEstate) -> None:
    administrator = running.session("administrator")
    code, message = refusal(administrator.client("dynamodb", region_name=ELSEWHERE).create_table, **NEW_TABLE)
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


def test_administrators_do_not_read_messages(running: estate.EmbeddedEstate) -> None:
    for principal in (running.session("administrator"), running.roles["auditor"], running.roles["deployer"]):
        code, _ = refusal(principal.client("dynamodb").get_item, TableName=TABLE, Key=KEY)
        assert code == DENIED


def test_break_glass_passes_the_guard_and_meets_the_deletion_protection(running: estate.EmbeddedEstate) -> None:
    client = running.roles["break-glass"].client("dynamodb")
    code, message = refusal(client.delete_table, TableName=TABLE)
    assert code == "ValidationException"
    assert "DeletionProtectionEnabled" in message
    client.update_table(TableName=TABLE, DeletionProtectionEnabled=True)
    trail = running.roles["break-glass"].client("cloudtrail")
    trail.stop_logging(Name=SETTINGS.trail_name)
    trail.start_logging(Name=SETTINGS.trail_name)


def test_a_role_is_taken_by_those_whom_it_trusts(running: estate.EmbeddedEstate) -> None:
    asked = {"RoleArn": SETTINGS.role_arn("pattern-d"), "RoleSessionName": "me"}
    code, message = refusal(running.session("administrator").client("sts").assume_role, **asked)
    assert code == "AccessDenied"
    assert "sts:AssumeRole on resource" in message


def test_a_key_that_nobody_was_given_opens_nothing(running: estate.EmbeddedEstate) -> None:
    session = running.session("administrator")
    client = session.client("dynamodb", aws_access_key_id="A" * 20)
    assert refusal(client.list_tables)[0] == "UnrecognizedClientException"
    assert session.client("sts").get_caller_identity()["Arn"] == ADMINISTRATOR


def test_headers_of_the_embedded_aws_open_no_other_account_and_no_other_role(running: estate.EmbeddedEstate) -> None:
    client = running.session("management").client("dynamodb")

    def add(params: dict[str, Any], **_: Any) -> None:
        params["headers"][ACCOUNT_HEADER] = ACCOUNT
        params["headers"][VIA_HEADER] = "cloudformation.amazonaws.com/guess"

    client.meta.events.register("before-call", add)
    code, _ = refusal(client.describe_table, TableName=TABLE)
    assert code == DENIED
    assert decided(f"arn:aws:sts::{SETTINGS.management_account_id}:assumed-role/").via == ""


def test_what_cannot_be_mapped_is_refused_by_name(running: estate.EmbeddedEstate) -> None:
    client = running.session("administrator").client("cognito-idp")
    code, message = refusal(client.list_user_pools, MaxResults=1)
    assert code == DENIED
    assert "no action cognito-idp:ListUserPools is known" in message
