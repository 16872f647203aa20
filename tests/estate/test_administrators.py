"""Administrators on the whole estate: refused in AWS's words what the guardrails forbid, and nothing else."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import pytest
from botocore import xform_name

from tableguard.attack import catalogue, scene
from tableguard.attack.attempt import AttackStep, Attempt
from tableguard.local import estate
from tableguard.local.clients.identities import ACCOUNT_HEADER, VIA_HEADER
from tableguard.local.landing_zone import LandingZone
from tableguard.reading import placeholders
from tableguard.reading.placeholders import Values
from tests.worlds import attacks, guardrails
from tests.worlds.estate import (
    ACCOUNT,
    BY_SCP,
    DENIED,
    ELSEWHERE,
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


# an administrator's attempts of policies/attempts that statements of SCPs and RCPs refuse. The last call is the deed;
# an attempt whose deed needs the answers of former calls is made by `tableguard attack` alone
PROTECTED = {
    attempt.id: attempt
    for attempt in catalogue.load_all()
    if attempt.by == "administrator"
    and attempt.statements
    and not any(step.takes or step.keeps for step in attempt.steps)
}
CODES = {
    "cloudformation": "AccessDenied",
    "ec2": "UnauthorizedOperation",
    "iam": "AccessDenied",
    "s3": "AccessDenied",
    "sns": "AuthorizationError",
    "sts": "AccessDenied",
}  # of a refusal; the other services answer AccessDeniedException
_HERE = f"{REGION}:{ACCOUNT}"
# what is asked, where the call alone does not say it: another name, an id's ARN, a pattern
ASKED = {
    "accept-an-invitation": (
        "organizations:AcceptHandshake",
        "arn:aws:organizations::*:handshake/o-*/*/h-0123456789abcdef",
    ),
    "blind-the-bus": ("events:UpdateEventBus", f"arn:aws:events:{_HERE}:event-bus/default"),
    "close-the-home-region": ("account:DisableRegion", f"arn:aws:account::{ACCOUNT}:account"),
    "cut-the-function-off": ("ec2:RevokeSecurityGroupEgress", f"arn:aws:ec2:{_HERE}:security-group/<group>"),
    "delete-a-file-of-the-trail": ("s3:DeleteObject", f"arn:aws:s3:::{TRAIL_BUCKET}/<file>"),
    "delete-the-access-stack": ("cloudformation:DeleteStack", "<access>"),
    "delete-the-endpoint": ("ec2:DeleteVpcEndpoints", f"arn:aws:ec2:{_HERE}:vpc-endpoint/<endpoint>"),
    "delete-the-key-by-its-alias": ("kms:ScheduleKeyDeletion", f"arn:aws:kms:{_HERE}:key/<key>"),
    "delete-the-mapping": ("lambda:DeleteEventSourceMapping", f"arn:aws:lambda:{_HERE}:event-source-mapping:<mapping>"),
    "delete-the-table": ("dynamodb:DeleteTable", TABLE_ARN),
    "delete-the-table-by-its-arn": ("dynamodb:DeleteTable", TABLE_ARN),
    "empty-the-dead-letters": ("sqs:PurgeQueue", f"arn:aws:sqs:{_HERE}:{SETTINGS.name}-dead-letters"),
    "hold-an-alarm-down": ("cloudwatch:PutMetricData", "*"),
    "invoke-the-function": ("lambda:InvokeFunction", f"arn:aws:lambda:{_HERE}:function:{SETTINGS.function_name}"),
    "leave-the-organization": ("organizations:LeaveOrganization", "*"),
    "make-a-nat-gateway": ("ec2:CreateNatGateway", f"arn:aws:ec2:{_HERE}:subnet/<subnet>"),
    "make-an-endpoint": ("ec2:CreateVpcEndpoint", f"arn:aws:ec2:{_HERE}:vpc-endpoint/*"),
    "make-the-provider-anew": ("iam:CreateSAMLProvider", "<provider>"),
    "open-the-trail-s-bucket": ("s3:PutBucketPublicAccessBlock", f"arn:aws:s3:::{TRAIL_BUCKET}"),
    "plant-an-alias": ("kms:CreateAlias", f"arn:aws:kms:{_HERE}:alias/{SETTINGS.name}-planted"),
    "replace-an-alarm-by-a-composite-one": (
        "cloudwatch:PutCompositeAlarm",
        f"arn:aws:cloudwatch:{_HERE}:alarm:{SETTINGS.name}-root-use",
    ),
    "replicate-the-table": ("dynamodb:CreateGlobalTable", f"arn:aws:dynamodb::{ACCOUNT}:global-table/{TABLE}"),
    "stop-the-recorder": (
        "config:StopConfigurationRecorder",
        f"arn:aws:config:{_HERE}:configuration-recorder/<recorder>/*",
    ),
    "stop-the-trail": ("cloudtrail:StopLogging", f"arn:aws:cloudtrail:{_HERE}:trail/{SETTINGS.trail_name}"),
    "take-a-config-rule-its-tags": ("config:UntagResource", "<rule>"),
    "take-the-deployer": ("sts:AssumeRole", SETTINGS.role_arn("deployer")),
    "take-the-network-its-tags": ("ec2:DeleteTags", f"arn:aws:ec2:{_HERE}:vpc/<vpc>"),
    "unsubscribe": ("sns:Unsubscribe", "<subscription>"),
}
# what a thief finds only where it was put; nothing of it need be there to be refused
LOOT = {
    "file": "AWSLogs/of-the-day.json.gz",
    "backup": f"{TABLE_ARN}/backup/01700000000000-0a1b2c3d",
    "package": "function.zip",
}


@pytest.fixture(scope="module")
def own(zone: LandingZone) -> Iterator[dict[str, str]]:
    """Ids of what an administrator made for another network of the account, and of a key."""
    ec2, kms = (zone.clients(service, ACCOUNT, REGION) for service in ("ec2", "kms"))
    resources = scene.own(zone)
    vpc = resources["own-vpc"]
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
def names(zone: LandingZone, own: dict[str, str]) -> Values:
    """What stands in angle brackets in a parameter."""
    return {**scene.of_settings(SETTINGS), **scene.ids(zone), **scene.guardrail(zone), **LOOT, **own}


def _call(running: estate.EmbeddedEstate, attempt: Attempt, names: Values) -> Callable[[], Any]:
    """Return the attempt as a call without arguments."""
    step = attempt.steps[-1]
    client = running.session("administrator").client(step.service, region_name=_region(step, names))
    return partial(getattr(client, xform_name(step.operation)), **_parameters(step, names))


def _region(step: AttackStep, names: Values) -> str:
    return placeholders.fill_text(step.region, names, step.operation) or REGION


def _parameters(step: AttackStep, names: Values) -> dict[str, Any]:
    return placeholders.fill(step.parameters, names, step.operation)


@pytest.mark.parametrize("attempt", PROTECTED.values(), ids=PROTECTED)
def test_an_administrator_of_the_workload_account_is_refused_in_aws_words(
    running: estate.EmbeddedEstate, names: Values, attempt: Attempt
) -> None:
    code, message = refusal(_call(running, attempt, names))
    step, last = attempt.steps[-1], decided(ADMINISTRATOR)
    assert code == CODES.get(step.service, DENIED)
    began = "You are not authorized to perform this operation. " if step.service == "ec2" else ""
    text, kind, arn = re.split(r" with an explicit deny in a (service|resource) control policy: ", message)
    asked = f"perform: {last.action} on resource: {last.resource}"
    assert text == f"{began}User: {ADMINISTRATOR} is not authorized to {asked}"
    assert _policy_of(running, arn)["Name"].startswith(f"{SETTINGS.name}-")
    assert (last.account, last.allowed) == (ACCOUNT, False)
    assert last.because.startswith(f"denied by {'scp' if kind == 'service' else 'rcp'} policy ")


@pytest.mark.parametrize("name", ASKED)
def test_a_refusal_names_the_action_and_the_resource_that_aws_asks_about(
    running: estate.EmbeddedEstate, names: Values, name: str
) -> None:
    refusal(_call(running, PROTECTED[name], names))
    last = decided(ADMINISTRATOR)
    action, resource = ASKED[name]
    assert (last.action, last.resource) == (action, placeholders.fill_text(resource, names, name))


@pytest.mark.parametrize("attempt", PROTECTED.values(), ids=PROTECTED)
def test_each_of_the_statements_refuses_alone_and_without_them_the_attempt_goes_through(
    running: estate.EmbeddedEstate,
    zone: LandingZone,
    names: Values,
    attempt: Attempt,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    step, statements = attempt.steps[-1], attempt.statements
    administrator, method = running.session("administrator"), xform_name(step.operation)
    tried = guardrails.dry(monkeypatch, administrator, step.service, method, _region(step, names))
    call = partial(tried, **_parameters(step, names))
    for statement in statements:
        with guardrails.without(zone, *(other for other in statements if other != statement)):
            assert guardrails.outcome(call) == statement
    with guardrails.without(zone, *statements):
        assert guardrails.outcome(call) == (attempt.otherwise or guardrails.ALLOWED)


OF_PAGE = {row.case: row.statements for row in attacks.rows() if "/test_administrators.py::" in row.shown and row.case}


@pytest.mark.parametrize("name", OF_PAGE)
def test_the_page_of_attacks_names_the_statement_that_refuses(
    running: estate.EmbeddedEstate, names: Values, name: str
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
    running: estate.EmbeddedEstate, names: Values, name: str
) -> None:
    service, calls = OF_THEIR_OWN[name]
    client = running.session("administrator").client(service)
    for operation, parameters in calls.items():
        answer = getattr(client, operation)(**placeholders.fill(parameters, names, name))
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
    "take-a-config-rule-its-tags": (
        "deployer",
        "config",
        "untag_resource",
        {"ResourceArn": "<rule>", "TagKeys": ["None"]},
    ),
    "empty-the-dead-letters": ("break-glass", "sqs", "purge_queue", DEAD_LETTERS),
    "update-the-access-stack": (
        "break-glass",
        "cloudformation",
        "update_termination_protection",
        {"StackName": "<access>", "EnableTerminationProtection": True},
    ),
}


@pytest.mark.parametrize("name", EXEMPT)
def test_who_is_exempt_does_what_an_administrator_may_not(
    running: estate.EmbeddedEstate, names: Values, name: str
) -> None:
    role, service, operation, parameters = EXEMPT[name]
    answer = getattr(running.roles[role].client(service), operation)(**placeholders.fill(parameters, names, name))
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    refused = getattr(running.session("administrator").client(service), operation)
    assert denial(refused, **placeholders.fill(parameters, names, name)) in PROTECTED[name].statements


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
    client = running.session("administrator").client("athena")
    code, message = refusal(client.list_work_groups)
    assert code == DENIED
    assert "no action athena:ListWorkGroups is known" in message
