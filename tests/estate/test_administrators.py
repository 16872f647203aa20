"""Administrators on the whole estate: refused in AWS's words what the guardrails forbid, and nothing else."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

import pytest

from tableguard.local import estate
from tableguard.local.clients.identities import ACCOUNT_HEADER, VIA_HEADER
from tableguard.local.landing_zone import LandingZone
from tests.worlds import attacks, guardrails
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
TRAIL_BUCKET, CONFIG_BUCKET = (f"{SETTINGS.name}-{of}-{ACCOUNT}-{REGION}" for of in ("trail", "config"))
FUNCTION_ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{SETTINGS.function_name}"
TOPIC_ARN = f"arn:aws:sns:{REGION}:{ACCOUNT}:{SETTINGS.name}-alerts"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:saml-provider/AWSSSO_0123456789abcdef_DO_NOT_DELETE"
METADATA = "<EntityDescriptor/>".ljust(1000)  # IAM wants a thousand characters
NO_RESOURCE_POLICY = "not allowed by any resource policy"  # a role's trust policy, a key's own
OPEN = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "444455556666"}, '
    '"Action": "kms:*", "Resource": "*"}]}'
)


class Attempt(NamedTuple):
    """A call that an administrator tries, and how it is refused: the error's code, and the action on the resource.

    Each of the statements of SCPs and RCPs would refuse it alone. What refuses it where they are gone, a resource's own
    policy, stands in `otherwise`.
    """

    service: str
    operation: str
    parameters: Mapping[str, Any]
    code: str
    action: str
    resource: str
    statements: str
    otherwise: str = guardrails.ALLOWED


PROTECTED: dict[str, Attempt] = {
    "delete the table": Attempt(
        "dynamodb",
        "delete_table",
        {"TableName": TABLE},
        DENIED,
        "dynamodb:DeleteTable",
        TABLE_ARN,
        "DenyStrangersAtTheTable DenyTableDestruction",
    ),
    "delete it by its arn": Attempt(
        "dynamodb",
        "delete_table",
        {"TableName": TABLE_ARN},
        DENIED,
        "dynamodb:DeleteTable",
        TABLE_ARN,
        "DenyStrangersAtTheTable DenyTableDestruction",
    ),
    "weaken the table": Attempt(
        "dynamodb",
        "update_table",
        {"TableName": TABLE, "DeletionProtectionEnabled": False},
        DENIED,
        "dynamodb:UpdateTable",
        TABLE_ARN,
        "DenyStrangersAtTheTable DenyTableWeakening",
    ),
    "replicate it": Attempt(
        "dynamodb",
        "create_global_table",
        {"GlobalTableName": TABLE, "ReplicationGroup": [{"RegionName": ELSEWHERE}]},
        DENIED,
        "dynamodb:CreateGlobalTable",
        f"arn:aws:dynamodb::{ACCOUNT}:global-table/{TABLE}",
        "DenyOffRegionTables DenyReplication DenyStrangersAtTheTable",
        otherwise="DenyStrangers",
    ),
    "replace its policy": Attempt(
        "dynamodb",
        "put_resource_policy",
        {"ResourceArn": TABLE_ARN, "Policy": "{}"},
        DENIED,
        "dynamodb:PutResourcePolicy",
        TABLE_ARN,
        "DenyStrangersAtTheTable DenyTableDestruction",
    ),
    "stop the trail": Attempt(
        "cloudtrail",
        "stop_logging",
        {"Name": SETTINGS.trail_name},
        DENIED,
        "cloudtrail:StopLogging",
        f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/{SETTINGS.trail_name}",
        "DenyStoppingTrail",
    ),
    "stop the recorder": Attempt(
        "config",
        "stop_configuration_recorder",
        {"ConfigurationRecorderName": "default"},
        DENIED,
        "config:StopConfigurationRecorder",
        f"arn:aws:config:{REGION}:{ACCOUNT}:configuration-recorder/default/*",
        "DenyStoppingConfig",
    ),
    "delete the endpoint": Attempt(
        "ec2",
        "delete_vpc_endpoints",
        {"VpcEndpointIds": ["<endpoint>"]},
        "UnauthorizedOperation",
        "ec2:DeleteVpcEndpoints",
        f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc-endpoint/<endpoint>",
        "DenyEndpointChanges",
    ),
    "delete the mapping": Attempt(
        "lambda",
        "delete_event_source_mapping",
        {"UUID": "<mapping>"},
        DENIED,
        "lambda:DeleteEventSourceMapping",
        f"arn:aws:lambda:{REGION}:{ACCOUNT}:event-source-mapping:<mapping>",
        "DenyStrangersAtTheFunction DenyFunctionChanges",
    ),
    "invoke the function": Attempt(
        "lambda",
        "invoke",
        {"FunctionName": SETTINGS.function_name},
        DENIED,
        "lambda:InvokeFunction",
        f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{SETTINGS.function_name}",
        "DenyStrangersAtTheFunction DenyFunctionChanges",
    ),
    "delete the key": Attempt(
        "kms",
        "schedule_key_deletion",
        {"KeyId": "<key>", "PendingWindowInDays": 7},
        DENIED,
        "kms:ScheduleKeyDeletion",
        f"arn:aws:kms:{REGION}:{ACCOUNT}:key/<key>",
        "DenyStrangersAtTheKeys DenyKeyDestruction",
    ),
    "delete the key by its alias": Attempt(
        "kms",
        "schedule_key_deletion",
        {"KeyId": f"alias/{SETTINGS.name}-table", "PendingWindowInDays": 7},
        DENIED,
        "kms:ScheduleKeyDeletion",
        f"arn:aws:kms:{REGION}:{ACCOUNT}:key/<key>",
        "DenyStrangersAtTheKeys DenyKeyDestruction",
    ),
    "delete evidence": Attempt(
        "s3",
        "delete_object",
        {"Bucket": f"{SETTINGS.name}-trail-{ACCOUNT}-{REGION}", "Key": "a/b.json"},
        "AccessDenied",
        "s3:DeleteObject",
        f"arn:aws:s3:::{SETTINGS.name}-trail-{ACCOUNT}-{REGION}/a/b.json",
        "DenyChangingFiles",
    ),
    "open the trail's bucket": Attempt(
        "s3",
        "delete_public_access_block",
        {"Bucket": f"{SETTINGS.name}-trail-{ACCOUNT}-{REGION}"},
        "AccessDenied",
        "s3:PutBucketPublicAccessBlock",
        f"arn:aws:s3:::{SETTINGS.name}-trail-{ACCOUNT}-{REGION}",
        "DenyWeakeningEvidence",
    ),
    "silence the alerts": Attempt(
        "sns",
        "unsubscribe",
        {"SubscriptionArn": "<subscription>"},
        "AuthorizationError",
        "sns:Unsubscribe",
        "<subscription>",
        "DenyUnsubscribing",
    ),
    "take the deployer": Attempt(
        "sts",
        "assume_role",
        {"RoleArn": SETTINGS.role_arn("deployer"), "RoleSessionName": "me"},
        "AccessDenied",
        "sts:AssumeRole",
        SETTINGS.role_arn("deployer"),
        "DenyTakingDeployers DenyTakingOthers",
        otherwise=NO_RESOURCE_POLICY,
    ),
    "take break-glass": Attempt(
        "sts",
        "assume_role",
        {"RoleArn": SETTINGS.role_arn("break-glass"), "RoleSessionName": "me"},
        "AccessDenied",
        "sts:AssumeRole",
        SETTINGS.role_arn("break-glass"),
        "DenyTakingBreakGlass DenyTakingOthers",
        otherwise=NO_RESOURCE_POLICY,
    ),
    "take the application": Attempt(
        "sts",
        "assume_role",
        {"RoleArn": SETTINGS.role_arn("application"), "RoleSessionName": "me"},
        "AccessDenied",
        "sts:AssumeRole",
        SETTINGS.role_arn("application"),
        "DenyTakingApplication DenyTakingOthers",
        otherwise=NO_RESOURCE_POLICY,
    ),
    "give the table's key away": Attempt(
        "kms",
        "put_key_policy",
        {"KeyId": "<key>", "PolicyName": "default", "Policy": OPEN},
        DENIED,
        "kms:PutKeyPolicy",
        f"arn:aws:kms:{REGION}:{ACCOUNT}:key/<key>",
        "DenyStrangersAtTheKeys DenyKeyDestruction",
    ),
    "use the table's key": Attempt(
        "kms",
        "create_grant",
        {"KeyId": "<key>", "GranteePrincipal": ADMINISTRATOR, "Operations": ["Decrypt"]},
        DENIED,
        "kms:CreateGrant",
        f"arn:aws:kms:{REGION}:{ACCOUNT}:key/<key>",
        "DenyStrangersAtTheKeys",
        otherwise=NO_RESOURCE_POLICY,
    ),
    "hold an alarm down": Attempt(
        "cloudwatch",
        "put_metric_data",
        {"Namespace": f"{SETTINGS.name}/trail", "MetricData": [{"MetricName": "RootUse", "Value": -1e9}]},
        DENIED,
        "cloudwatch:PutMetricData",
        "*",
        "DenyForgingMetrics",
    ),
    "take the bucket its tags": Attempt(
        "s3",
        "put_bucket_tagging",
        {"Bucket": TRAIL_BUCKET, "Tagging": {"TagSet": []}},
        "AccessDenied",
        "s3:PutBucketTagging",
        f"arn:aws:s3:::{TRAIL_BUCKET}",
        "DenyWeakeningEvidence",
    ),
    "let requesters pay for the evidence": Attempt(
        "s3",
        "put_bucket_request_payment",
        {"Bucket": TRAIL_BUCKET, "RequestPaymentConfiguration": {"Payer": "Requester"}},
        "AccessDenied",
        "s3:PutBucketRequestPayment",
        f"arn:aws:s3:::{TRAIL_BUCKET}",
        "DenyWeakeningEvidence",
    ),
    "take the function its tags": Attempt(
        "lambda",
        "untag_resource",
        {"Resource": FUNCTION_ARN, "TagKeys": ["Application"]},
        DENIED,
        "lambda:UntagResource",
        FUNCTION_ARN,
        "DenyStrangersAtTheFunction DenyFunctionChanges",
    ),
    "take the topic its tags": Attempt(
        "sns",
        "untag_resource",
        {"ResourceArn": TOPIC_ARN, "TagKeys": ["Application"]},
        "AuthorizationError",
        "sns:UntagResource",
        TOPIC_ARN,
        "DenyStrangersAtTheAlerts",
    ),
    "forge a failed batch": Attempt(
        "s3",
        "put_object",
        {"Bucket": FAILURES, "Key": "aws/lambda/1/x", "Body": b"{}"},
        "AccessDenied",
        "s3:PutObject",
        f"arn:aws:s3:::{FAILURES}/aws/lambda/1/x",
        "DenyForgingFailedBatches",
        otherwise="DenyForgingFailedBatches",
    ),
    "empty the dead letters": Attempt(
        "sqs",
        "purge_queue",
        {"QueueUrl": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{SETTINGS.name}-dead-letters"},
        DENIED,
        "sqs:PurgeQueue",
        f"arn:aws:sqs:{REGION}:{ACCOUNT}:{SETTINGS.name}-dead-letters",
        "DenyStrangersAtTheQueue DenyTakingDeadLetters",
    ),
    "make an endpoint of their own": Attempt(
        "ec2",
        "create_vpc_endpoint",
        {"VpcId": "<vpc>", "ServiceName": f"com.amazonaws.{REGION}.s3"},
        "UnauthorizedOperation",
        "ec2:CreateVpcEndpoint",
        f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc-endpoint/*",
        "DenyEndpointChanges",
    ),
    "cut the function off": Attempt(
        "ec2",
        "revoke_security_group_egress",
        {"GroupId": "<group>", "IpPermissions": [{"IpProtocol": "-1"}]},
        "UnauthorizedOperation",
        "ec2:RevokeSecurityGroupEgress",
        f"arn:aws:ec2:{REGION}:{ACCOUNT}:security-group/<group>",
        "DenyStrangersAtTheNetwork",
    ),
    "take the network its tags": Attempt(
        "ec2",
        "delete_tags",
        {"Resources": ["<vpc>"], "Tags": [{"Key": "Application"}]},
        "UnauthorizedOperation",
        "ec2:DeleteTags",
        f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc/<vpc>",
        "DenyStrangersAtTheNetwork",
    ),
    "replace an alarm by a composite one": Attempt(
        "cloudwatch",
        "put_composite_alarm",
        {"AlarmName": f"{SETTINGS.name}-root-use", "AlarmRule": "FALSE"},
        DENIED,
        "cloudwatch:PutCompositeAlarm",
        f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{SETTINGS.name}-root-use",
        "DenyStrangersAtTheAlerts DenyWeakeningEvidence",
    ),
    "blind the rules by the bus's key": Attempt(
        "events",
        "update_event_bus",
        {"Name": "default", "KmsKeyIdentifier": "<key>"},
        DENIED,
        "events:UpdateEventBus",
        f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default",
        "DenyBusChanges",
    ),
    "become the deployer": Attempt(
        "iam",
        "update_assume_role_policy",
        {"RoleName": f"{SETTINGS.name}-deployer", "PolicyDocument": "{}"},
        "AccessDenied",
        "iam:UpdateAssumeRolePolicy",
        f"arn:aws:iam::{ACCOUNT}:role/{SETTINGS.name}-deployer",
        "DenyRoleChanges",
    ),
    "forge a record of the trail": Attempt(
        "logs",
        "put_log_events",
        {
            "logGroupName": f"/{SETTINGS.name}/trail",
            "logStreamName": "forged",
            "logEvents": [{"timestamp": 0, "message": "{}"}],
        },
        DENIED,
        "logs:PutLogEvents",
        f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/{SETTINGS.name}/trail:log-stream:forged",
        "DenyForgingRecords",
    ),
    "forge the function's metrics": Attempt(
        "cloudwatch",
        "put_metric_data",
        {"Namespace": "tableguard", "MetricData": [{"MetricName": "RowsWritten", "Value": 1e9}]},
        DENIED,
        "cloudwatch:PutMetricData",
        "*",
        "DenyForgingMetrics",
    ),
    "forge a file of the trail": Attempt(
        "s3",
        "put_object",
        {"Bucket": TRAIL_BUCKET, "Key": "AWSLogs/forged.json.gz", "Body": b"{}"},
        "AccessDenied",
        "s3:PutObject",
        f"arn:aws:s3:::{TRAIL_BUCKET}/AWSLogs/forged.json.gz",
        "DenyChangingFiles",
    ),
    "forge a file of AWS Config": Attempt(
        "s3",
        "put_object",
        {"Bucket": CONFIG_BUCKET, "Key": "AWSLogs/forged.json.gz", "Body": b"{}"},
        "AccessDenied",
        "s3:PutObject",
        f"arn:aws:s3:::{CONFIG_BUCKET}/AWSLogs/forged.json.gz",
        "DenyChangingFiles",
    ),
    "take a rule its tags": Attempt(
        "config",
        "untag_resource",
        {"ResourceArn": "<rule>", "TagKeys": ["Application"]},
        DENIED,
        "config:UntagResource",
        "<rule>",
        "DenyNarrowingConfig",
    ),
    "plant an alias of the workload": Attempt(
        "kms",
        "create_alias",
        {"AliasName": f"alias/{SETTINGS.name}-planted", "TargetKeyId": "<own-key>"},
        DENIED,
        "kms:CreateAlias",
        f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/{SETTINGS.name}-planted",
        "DenyKeyAliasCreation",
    ),
    "attach a VPN gateway to the network": Attempt(
        "ec2",
        "attach_vpn_gateway",
        {"VpcId": "<vpc>", "VpnGatewayId": "<own-vgw>"},
        "UnauthorizedOperation",
        "ec2:AttachVpnGateway",
        f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc/<vpc>",
        "DenyStrangersAtTheNetwork",
    ),
    "attach an internet gateway to the network": Attempt(
        "ec2",
        "attach_internet_gateway",
        {"VpcId": "<vpc>", "InternetGatewayId": "<own-igw>"},
        "UnauthorizedOperation",
        "ec2:AttachInternetGateway",
        f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc/<vpc>",
        "DenyStrangersAtTheNetwork",
    ),
    "give the network other DHCP options": Attempt(
        "ec2",
        "associate_dhcp_options",
        {"VpcId": "<vpc>", "DhcpOptionsId": "<own-dopt>"},
        "UnauthorizedOperation",
        "ec2:AssociateDhcpOptions",
        f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc/<vpc>",
        "DenyStrangersAtTheNetwork",
    ),
    "make a NAT gateway in the network": Attempt(
        "ec2",
        "create_nat_gateway",
        {"SubnetId": "<subnet>", "ConnectivityType": "private"},
        "UnauthorizedOperation",
        "ec2:CreateNatGateway",
        f"arn:aws:ec2:{REGION}:{ACCOUNT}:subnet/<subnet>",
        "DenyStrangersAtTheNetwork",
    ),
    "delete the access stack": Attempt(
        "cloudformation",
        "delete_stack",
        {"StackName": SETTINGS.stack_name("access")},
        "AccessDenied",
        "cloudformation:DeleteStack",
        "<access>",
        "DenyStackDestruction",
    ),
    "update the access stack": Attempt(
        "cloudformation",
        "update_stack",
        {"StackName": SETTINGS.stack_name("access"), "TemplateBody": '{"Resources": {}}'},
        "AccessDenied",
        "cloudformation:UpdateStack",
        "<access>",
        "DenyStackChanges",
    ),
    "give Identity Center's provider other keys": Attempt(
        "iam",
        "update_saml_provider",
        {"SAMLProviderArn": PROVIDER, "SAMLMetadataDocument": METADATA},
        "AccessDenied",
        "iam:UpdateSAMLProvider",
        PROVIDER,
        "DenyRoleChanges",
    ),
    "delete Identity Center's provider": Attempt(
        "iam",
        "delete_saml_provider",
        {"SAMLProviderArn": PROVIDER},
        "AccessDenied",
        "iam:DeleteSAMLProvider",
        PROVIDER,
        "DenyRoleChanges",
    ),
    "make a provider by Identity Center's name": Attempt(
        "iam",
        "create_saml_provider",
        {"Name": PROVIDER.rpartition("/")[2], "SAMLMetadataDocument": METADATA},
        "AccessDenied",
        "iam:CreateSAMLProvider",
        PROVIDER,
        "DenyRoleChanges",
    ),
    "accept an invitation of another organization": Attempt(
        "organizations",
        "accept_handshake",
        {"HandshakeId": "h-0123456789abcdef"},
        DENIED,
        "organizations:AcceptHandshake",
        "arn:aws:organizations::*:handshake/o-*/*/h-0123456789abcdef",
        "DenyLeavingTheOrganization",
    ),
    "take the account out of the organization": Attempt(
        "organizations",
        "leave_organization",
        {},
        DENIED,
        "organizations:LeaveOrganization",
        "*",
        "DenyLeavingTheOrganization",
    ),
    "close the home region": Attempt(
        "account",
        "disable_region",
        {"RegionName": REGION},
        DENIED,
        "account:DisableRegion",
        f"arn:aws:account::{ACCOUNT}:account",
        "DenyRegionOptOut",
    ),
}


@pytest.fixture(scope="module")
def own(running: estate.EmbeddedEstate) -> Iterator[dict[str, str]]:
    """Ids of what an administrator made for another network of the account, and of a key."""
    ec2, kms = (running.session("administrator").client(service) for service in ("ec2", "kms"))
    vpc = ec2.create_vpc(CidrBlock="10.77.0.0/16")["Vpc"]["VpcId"]
    servers = [{"Key": "domain-name-servers", "Values": ["10.77.0.2"]}]
    resources = {
        "own-vpc": vpc,
        "own-subnet": ec2.create_subnet(VpcId=vpc, CidrBlock="10.77.0.0/24")["Subnet"]["SubnetId"],
        "own-vgw": ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"],
        "own-igw": ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"],
        "own-dopt": ec2.create_dhcp_options(DhcpConfigurations=servers)["DhcpOptions"]["DhcpOptionsId"],
        "own-key": kms.create_key()["KeyMetadata"]["KeyId"],
    }
    yield resources
    for gateway in ec2.describe_nat_gateways(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["NatGateways"]:
        ec2.delete_nat_gateway(NatGatewayId=gateway["NatGatewayId"])
    ec2.associate_dhcp_options(VpcId=vpc, DhcpOptionsId="default")  # moto deletes a network's own with it
    ec2.delete_subnet(SubnetId=resources["own-subnet"])
    ec2.delete_vpc(VpcId=vpc)
    ec2.delete_vpn_gateway(VpnGatewayId=resources["own-vgw"])
    ec2.delete_internet_gateway(InternetGatewayId=resources["own-igw"])
    ec2.delete_dhcp_options(DhcpOptionsId=resources["own-dopt"])
    kms.schedule_key_deletion(KeyId=resources["own-key"], PendingWindowInDays=7)


@pytest.fixture(scope="module")
def names(ids: Ids, own: dict[str, str]) -> dict[str, str]:
    """What stands in angle brackets in a parameter."""
    return {**vars(ids), **own}


def _filled(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return re.sub(r"<([\w-]+)>", lambda name: names[name[1]], value)
    if isinstance(value, list):
        return [_filled(element, names) for element in value]
    return {key: _filled(part, names) for key, part in value.items()} if isinstance(value, dict) else value


def _call(running: estate.EmbeddedEstate, attempt: Attempt, names: Mapping[str, str]) -> Callable[[], Any]:
    """Return the attempt as a call without arguments."""
    client = running.session("administrator").client(attempt.service)
    return partial(getattr(client, attempt.operation), **_filled(attempt.parameters, names))


@pytest.mark.parametrize("attempt", PROTECTED.values(), ids=PROTECTED)
def test_an_administrator_of_the_workload_account_is_refused_in_aws_words(
    running: estate.EmbeddedEstate, names: Mapping[str, str], attempt: Attempt
) -> None:
    code, message = refusal(_call(running, attempt, names))
    assert code == attempt.code
    began = "You are not authorized to perform this operation. " if attempt.service == "ec2" else ""
    asked = f"perform: {attempt.action} on resource: {_filled(attempt.resource, names)}"
    text, kind, arn = re.split(r" with an explicit deny in a (service|resource) control policy: ", message)
    assert text == f"{began}User: {ADMINISTRATOR} is not authorized to {asked}"
    assert _policy_of(running, arn)["Name"].startswith(f"{SETTINGS.name}-")
    last = decided(ADMINISTRATOR)
    assert (last.account, last.action, last.allowed) == (ACCOUNT, attempt.action, False)
    assert last.because.startswith(f"denied by {'scp' if kind == 'service' else 'rcp'} policy ")


@pytest.mark.parametrize("attempt", PROTECTED.values(), ids=PROTECTED)
def test_each_of_the_statements_refuses_alone_and_without_them_the_attempt_goes_through(
    running: estate.EmbeddedEstate,
    zone: LandingZone,
    names: Mapping[str, str],
    attempt: Attempt,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried = guardrails.dry(monkeypatch, running.session("administrator"), attempt.service, attempt.operation)
    call, statements = partial(tried, **_filled(attempt.parameters, names)), attempt.statements.split()
    for statement in statements:
        with guardrails.without(zone, *(other for other in statements if other != statement)):
            assert guardrails.outcome(call) == statement
    with guardrails.without(zone, *statements):
        assert guardrails.outcome(call) == attempt.otherwise


OF_PAGE = {row.case: row.statements for row in attacks.rows() if "/test_administrators.py::" in row.shown and row.case}


@pytest.mark.parametrize("name", OF_PAGE)
def test_the_page_of_attacks_names_the_statement_that_refuses(
    running: estate.EmbeddedEstate, names: Mapping[str, str], name: str
) -> None:
    assert {denial(_call(running, PROTECTED[name], names))} == OF_PAGE[name]


STACK = {"StackName": "of-an-administrator"}
GROUP = '{"Resources": {"Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/other"%s}}}}'
OTHER_PROVIDER = {"SAMLProviderArn": f"arn:aws:iam::{ACCOUNT}:saml-provider/other"}
OTHER_FILE = {"Bucket": SETTINGS.artifact_bucket, "Key": "AWSLogs/forged.json.gz"}
ALIAS = {"AliasName": "alias/planted"}
# the same calls on what is the administrator's own
OF_THEIR_OWN: dict[str, tuple[str, dict[str, Mapping[str, Any]]]] = {
    "a file of another bucket": ("s3", {"put_object": {**OTHER_FILE, "Body": b"{}"}, "delete_object": OTHER_FILE}),
    "another alias": ("kms", {"create_alias": {**ALIAS, "TargetKeyId": "<own-key>"}, "delete_alias": ALIAS}),
    "a VPN gateway at another network": (
        "ec2",
        {
            "attach_vpn_gateway": {"VpcId": "<own-vpc>", "VpnGatewayId": "<own-vgw>"},
            "detach_vpn_gateway": {"VpcId": "<own-vpc>", "VpnGatewayId": "<own-vgw>"},
        },
    ),
    "an internet gateway at another network": (
        "ec2",
        {
            "attach_internet_gateway": {"VpcId": "<own-vpc>", "InternetGatewayId": "<own-igw>"},
            "detach_internet_gateway": {"VpcId": "<own-vpc>", "InternetGatewayId": "<own-igw>"},
        },
    ),
    "DHCP options of another network": (
        "ec2",
        {"associate_dhcp_options": {"VpcId": "<own-vpc>", "DhcpOptionsId": "<own-dopt>"}},
    ),
    "a NAT gateway in another network": (
        "ec2",
        {"create_nat_gateway": {"SubnetId": "<own-subnet>", "ConnectivityType": "private"}},
    ),
    "another stack": (
        "cloudformation",
        {
            "create_stack": {**STACK, "TemplateBody": GROUP % ""},
            "update_stack": {**STACK, "TemplateBody": GROUP % ', "RetentionInDays": 1'},
            "delete_stack": STACK,
        },
    ),
    "another provider": (
        "iam",
        {
            "create_saml_provider": {"Name": "other", "SAMLMetadataDocument": METADATA},
            "update_saml_provider": {**OTHER_PROVIDER, "SAMLMetadataDocument": METADATA},
            "delete_saml_provider": OTHER_PROVIDER,
        },
    ),
}


@pytest.mark.parametrize("name", OF_THEIR_OWN)
def test_an_administrator_does_the_same_with_what_is_not_the_workload_s(
    running: estate.EmbeddedEstate, names: Mapping[str, str], name: str
) -> None:
    service, calls = OF_THEIR_OWN[name]
    client = running.session("administrator").client(service)
    for operation, parameters in calls.items():
        answer = getattr(client, operation)(**_filled(parameters, names))
        assert answer["ResponseMetadata"]["HTTPStatusCode"] in (200, 204)


LET_THROUGH: dict[str, tuple[str, str, dict[str, Any]]] = {
    "organizations:DeclineHandshake": ("organizations", "decline_handshake", {"HandshakeId": "h-0123456789abcdef"}),
    "account:DisableRegion": ("account", "disable_region", {"RegionName": ELSEWHERE}),
}


@pytest.mark.parametrize("action", LET_THROUGH)
def test_the_guard_lets_through_an_invitation_declined_and_another_region_closed(
    running: estate.EmbeddedEstate, action: str
) -> None:
    service, operation, parameters = LET_THROUGH[action]
    client = running.session("administrator").client(service)
    assert refusal(getattr(client, operation), **parameters) == ("NotModelled", f"not modelled: {action}")
    assert (decided(ADMINISTRATOR).action, decided(ADMINISTRATOR).allowed) == (action, True)


def test_a_network_acl_is_covered_by_nothing(
    running: estate.EmbeddedEstate, zone: LandingZone, ids: Ids, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_ours = {"Filters": [{"Name": "vpc-id", "Values": [ids.vpc]}]}
    (acl,) = zone.clients("ec2", ACCOUNT, REGION).describe_network_acls(**of_ours)["NetworkAcls"]
    entry = {"RuleNumber": 1, "Protocol": "-1", "RuleAction": "deny", "Egress": True, "CidrBlock": "0.0.0.0/0"}
    create = guardrails.dry(monkeypatch, running.session("administrator"), "ec2", "create_network_acl_entry")
    assert guardrails.outcome(partial(create, NetworkAclId=acl["NetworkAclId"], **entry)) == guardrails.ALLOWED


DEAD_LETTERS = {"QueueUrl": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{SETTINGS.name}-dead-letters"}
EXEMPT: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    "take a rule its tags": ("deployer", "config", "untag_resource", {"ResourceArn": "<rule>", "TagKeys": ["None"]}),
    "empty the dead letters": ("break-glass", "sqs", "purge_queue", DEAD_LETTERS),
    "update the access stack": (
        "break-glass",
        "cloudformation",
        "update_termination_protection",
        {"StackName": "<access>", "EnableTerminationProtection": True},
    ),
}


@pytest.mark.parametrize("name", EXEMPT)
def test_who_is_exempt_does_what_an_administrator_may_not(
    running: estate.EmbeddedEstate, names: Mapping[str, str], name: str
) -> None:
    role, service, operation, parameters = EXEMPT[name]
    answer = getattr(running.roles[role].client(service), operation)(**_filled(parameters, names))
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    refused = getattr(running.session("administrator").client(service), operation)
    assert denial(refused, **_filled(parameters, names)) in PROTECTED[name].statements.split()


@pytest.mark.parametrize("bucket", [TRAIL_BUCKET, CONFIG_BUCKET])
def test_break_glass_puts_a_file_into_a_bucket_of_evidence(
    running: estate.EmbeddedEstate, zone: LandingZone, bucket: str
) -> None:
    file = {"Bucket": bucket, "Key": "AWSLogs/mended.json.gz"}
    version = running.roles["break-glass"].client("s3").put_object(**file, Body=b"{}")["VersionId"]
    s3 = zone.clients("s3", ACCOUNT, REGION)
    assert s3.get_object(**file)["VersionId"] == version
    s3.delete_object(**file, VersionId=version, BypassGovernanceRetention=True)


def test_break_glass_passes_the_guard_and_meets_the_termination_protection(running: estate.EmbeddedEstate) -> None:
    client = running.roles["break-glass"].client("cloudformation")
    code, message = refusal(client.delete_stack, StackName=SETTINGS.stack_name("access"))
    assert code == "ValidationError"
    assert "TerminationProtection" in message


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
