"""A request requires permissions, conditions see its keys, and a refusal has AWS's code and words."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

import botocore.session
import pytest
from botocore.model import StructureShape
from botocore.parsers import create_parser

from tableguard.errors import EmbeddedError
from tableguard.local import server
from tableguard.local.authorization import attached_policies, guard
from tableguard.local.authorization import context as authorization_context
from tableguard.local.authorization import refusal as authorization_refusal
from tableguard.local.authorization.actions import required_actions
from tableguard.local.authorization.attached_policies import Organization
from tableguard.local.authorization.call import ApiCall, Caller, RequiredPermission
from tableguard.local.authorization.items import required_permissions as item_permissions
from tableguard.local.clients.factory import Clients
from tableguard.local.clients.identities import via_of
from tableguard.policy.evaluate import Layer, Reason
from tableguard.policy.principals import principal
from tests.worlds.lambda_package import package

ACCOUNT, REGION = "111122223333", "eu-central-1"
ADMIN = Caller(principal(f"arn:aws:iam::{ACCOUNT}:role/admin", "me"), {"team": "red"})
TABLE = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/messages"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/path/reader"


@pytest.fixture(scope="module")
def clients() -> Iterator[Clients]:
    with server.start() as running:
        made = Clients(running.endpoint)
        index = {
            "IndexName": "by_owner",
            "KeySchema": [{"AttributeName": "owner", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }
        made("dynamodb", ACCOUNT, REGION).create_table(
            TableName="messages",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "owner")],
            GlobalSecondaryIndexes=[index],
            BillingMode="PAY_PER_REQUEST",
        )
        made("iam", ACCOUNT, REGION).create_role(RoleName="reader", Path="/path/", AssumeRolePolicyDocument="{}")
        yield made


def _call(service: str, operation: str, parameters: Mapping[str, Any] | None = None) -> ApiCall:
    return ApiCall(ADMIN, ACCOUNT, REGION, service, operation, parameters or {})


def _required(call: ApiCall) -> list[tuple[str, str]]:
    return [(permission.action, permission.resource) for permission in guard.required_permissions(call)]


def _arn(service: str, rest: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}"


TAG = [{"Key": "a", "Value": "b"}]
REQUIRED: dict[str, tuple[str, dict[str, Any], list[tuple[str, str]]]] = {
    "s3:HeadBucket": ("s3", {"Bucket": "b"}, [("s3:ListBucket", "arn:aws:s3:::b")]),
    "s3:GetObject": ("s3", {"Bucket": "b", "Key": "k/l"}, [("s3:GetObject", "arn:aws:s3:::b/k/l")]),
    "s3:DeleteObjects": (
        "s3",
        {"Bucket": "b", "Delete": {"Objects": [{"Key": "k"}, {"Key": "l"}]}},
        [("s3:DeleteObject", "arn:aws:s3:::b/k"), ("s3:DeleteObject", "arn:aws:s3:::b/l")],
    ),
    "s3:CopyObject": (
        "s3",
        {"Bucket": "b", "Key": "k", "CopySource": "from/l"},
        [("s3:PutObject", "arn:aws:s3:::b/k"), ("s3:GetObject", "arn:aws:s3:::from/l")],
    ),
    "s3:DeleteBucketEncryption": ("s3", {"Bucket": "b"}, [("s3:PutEncryptionConfiguration", "arn:aws:s3:::b")]),
    "s3:ListBuckets": ("s3", {}, [("s3:ListAllMyBuckets", "*")]),
    "lambda:Invoke": ("lambda", {"FunctionName": "f"}, [("lambda:InvokeFunction", _arn("lambda", "function:f"))]),
    "lambda:CreateFunction": (
        "lambda",
        {"FunctionName": "f", "Role": ROLE},
        [("lambda:CreateFunction", _arn("lambda", "function:f")), ("iam:PassRole", ROLE)],
    ),
    "ec2:CreateVpcEndpoint": (
        "ec2",
        {"VpcId": "vpc-1", "RouteTableIds": ["rtb-1"], "ServiceName": "com.amazonaws.x.dynamodb"},
        [
            ("ec2:CreateVpcEndpoint", _arn("ec2", "vpc/vpc-1")),
            ("ec2:CreateVpcEndpoint", _arn("ec2", "route-table/rtb-1")),
            ("ec2:CreateVpcEndpoint", _arn("ec2", "vpc-endpoint/*")),
        ],
    ),
    "ec2:AttachVpnGateway": (
        "ec2",
        {"VpcId": "vpc-1", "VpnGatewayId": "vgw-1"},
        [
            ("ec2:AttachVpnGateway", _arn("ec2", "vpc/vpc-1")),
            ("ec2:AttachVpnGateway", _arn("ec2", "vpn-gateway/vgw-1")),
        ],
    ),
    "ec2:AssociateDhcpOptions": (
        "ec2",
        {"DhcpOptionsId": "dopt-1", "VpcId": "vpc-1"},
        [
            ("ec2:AssociateDhcpOptions", _arn("ec2", "dhcp-options/dopt-1")),
            ("ec2:AssociateDhcpOptions", _arn("ec2", "vpc/vpc-1")),
        ],
    ),
    "ec2:CreateNatGateway": (
        "ec2",
        {"SubnetId": "subnet-1", "AllocationId": "eipalloc-1"},
        [
            ("ec2:CreateNatGateway", _arn("ec2", "subnet/subnet-1")),
            ("ec2:CreateNatGateway", _arn("ec2", "elastic-ip/eipalloc-1")),
            ("ec2:CreateNatGateway", _arn("ec2", "natgateway/*")),
        ],
    ),
    "ec2:DescribeVpcs": ("ec2", {"VpcIds": ["vpc-1"]}, [("ec2:DescribeVpcs", "*")]),
    "iam:DeleteRole": ("iam", {"RoleName": "reader"}, [("iam:DeleteRole", ROLE)]),
    "iam:CreateRole": (
        "iam",
        {"RoleName": "new", "Path": "/p/", "Tags": TAG},
        [
            ("iam:CreateRole", f"arn:aws:iam::{ACCOUNT}:role/p/new"),
            ("iam:TagRole", f"arn:aws:iam::{ACCOUNT}:role/p/new"),
        ],
    ),
    "kms:CreateKey": ("kms", {"Tags": TAG}, [("kms:CreateKey", "*"), ("kms:TagResource", _arn("kms", "key/*"))]),
    "kms:Encrypt": (
        "kms",
        {"KeyId": f"arn:aws:kms:{REGION}:444455556666:key/1-2"},  # of another account
        [("kms:Encrypt", f"arn:aws:kms:{REGION}:444455556666:key/1-2")],
    ),
    "kms:Decrypt": ("kms", {"KeyId": _arn("kms", "key/1-2")}, [("kms:Decrypt", _arn("kms", "key/1-2"))]),
    "kms:CreateAlias": (
        "kms",
        {"AliasName": "alias/a", "TargetKeyId": "1-2"},
        [("kms:CreateAlias", _arn("kms", "key/1-2")), ("kms:CreateAlias", _arn("kms", "alias/a"))],
    ),
    "logs:PutRetentionPolicy": (
        "logs",
        {"logGroupName": "/a/b"},
        [("logs:PutRetentionPolicy", _arn("logs", "log-group:/a/b"))],
    ),
    "events:PutTargets": ("events", {"Rule": "r"}, [("events:PutTargets", _arn("events", "rule/r"))]),
    "sqs:SendMessageBatch": (
        "sqs",
        {"QueueUrl": f"http://127.0.0.1/{ACCOUNT}/q"},
        [("sqs:SendMessage", _arn("sqs", "q"))],
    ),
    "sqs:ReceiveMessage": (  # by an account that does not own it
        "sqs",
        {"QueueUrl": "https://sqs.eu-central-1.amazonaws.com/444455556666/q"},
        [("sqs:ReceiveMessage", f"arn:aws:sqs:{REGION}:444455556666:q")],
    ),
    "iam:CreateSAMLProvider": (
        "iam",
        {"Name": "p", "SAMLMetadataDocument": "<x/>"},
        [("iam:CreateSAMLProvider", f"arn:aws:iam::{ACCOUNT}:saml-provider/p")],
    ),
    "sns:DeleteTopic": ("sns", {"TopicArn": _arn("sns", "t")}, [("sns:DeleteTopic", _arn("sns", "t"))]),
    "cloudwatch:DeleteAlarms": (
        "cloudwatch",
        {"AlarmNames": ["a", "b"]},
        [
            ("cloudwatch:DeleteAlarms", _arn("cloudwatch", "alarm:a")),
            ("cloudwatch:DeleteAlarms", _arn("cloudwatch", "alarm:b")),
        ],
    ),
    "cloudformation:DeleteStack": (
        "cloudformation",
        {"StackName": "s"},
        [("cloudformation:DeleteStack", _arn("cloudformation", "stack/s/*"))],
    ),
    "backup:DeleteBackupVault": (
        "backup",
        {"BackupVaultName": "v"},
        [("backup:DeleteBackupVault", _arn("backup", "backup-vault:v"))],
    ),
    "dynamodb:RestoreTableToPointInTime": (
        "dynamodb",
        {"SourceTableName": "messages", "TargetTableName": "copy"},
        [
            ("dynamodb:RestoreTableToPointInTime", TABLE),
            ("dynamodb:RestoreTableToPointInTime", _arn("dynamodb", "table/copy")),
        ],
    ),
    "dynamodb:GetRecords": (
        "dynamodb",
        {"ShardIterator": f"{TABLE}/stream/2024|1|abc"},
        [("dynamodb:GetRecords", f"{TABLE}/stream/2024")],
    ),
    "account:EnableRegion": (
        "account",
        {"RegionName": "us-east-1"},
        [("account:EnableRegion", f"arn:aws:account::{ACCOUNT}:account")],
    ),
    # actions that name no resource, or one that is not required
    "cloudwatch:PutMetricData": ("cloudwatch", {"Namespace": "n"}, [("cloudwatch:PutMetricData", "*")]),
    "cloudwatch:PutDashboard": (
        "cloudwatch",
        {"DashboardName": "d"},
        [("cloudwatch:PutDashboard", f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/d")],
    ),
    "iam:CreateVirtualMFADevice": (
        "iam",
        {"VirtualMFADeviceName": "phone"},
        [("iam:CreateVirtualMFADevice", f"arn:aws:iam::{ACCOUNT}:mfa/phone")],
    ),
    "account:StartPrimaryEmailUpdate": (
        "account",
        {"PrimaryEmail": "a@example.com"},
        [("account:StartPrimaryEmailUpdate", "*")],
    ),
    "events:UpdateEventBus": (
        "events",
        {"KmsKeyIdentifier": "1-2"},
        [("events:UpdateEventBus", _arn("events", "event-bus/default"))],
    ),
    "events:PutEvents": (
        "events",
        {"Entries": [{"Source": "a"}, {"Source": "a", "EventBusName": "own"}]},
        [
            ("events:PutEvents", _arn("events", "event-bus/default")),
            ("events:PutEvents", _arn("events", "event-bus/own")),
        ],
    ),
    "events:TagResource": (
        "events",
        {"ResourceARN": _arn("events", "rule/r"), "Tags": TAG},
        [("events:TagResource", _arn("events", "rule/r"))],
    ),
    "dynamodb:StartBulkPutItems": (
        "dynamodb",
        {"TableName": "messages"},
        [("dynamodb:StartBulkPutItems", TABLE)],
    ),
    "sts:AssumeRole": (
        "sts",
        {"RoleArn": ROLE, "Tags": TAG},
        [("sts:AssumeRole", ROLE), ("sts:TagSession", ROLE)],
    ),
}


@pytest.mark.parametrize("action", REQUIRED)
def test_a_request_requires_these_actions_on_these_resources(clients: Clients, action: str) -> None:
    service, parameters, expected = REQUIRED[action]
    assert _required(_call(service, action.split(":")[1], parameters)) == expected


@pytest.mark.parametrize("verb", ["Create", "Delete"])
def test_a_replica_requires_permissions_in_its_own_region_and_a_changed_one_none(verb: str) -> None:
    def required(change: str) -> list[tuple[str, str]]:
        updates = [{change: {"RegionName": "eu-west-3"}}]
        return _required(_call("dynamodb", "UpdateTable", {"TableName": TABLE, "ReplicaUpdates": updates}))

    there = TABLE.replace(REGION, "eu-west-3")
    of_the_table = ("dynamodb:UpdateTable", TABLE)
    assert required(verb) == [of_the_table, (f"dynamodb:{verb}Table", there), (f"dynamodb:{verb}TableReplica", there)]
    assert required("Update") == [of_the_table]


@pytest.mark.parametrize(
    ("service", "operation", "because"),
    [
        ("dynamodb", "DeleteTable", "dynamodb:DeleteTable: its parameters name no table"),
        ("iam", "DeleteRole", "its parameters name no role"),
        ("ec2", "DeleteVpcEndpoints", "its parameters name no vpc-endpoint"),
        ("cloudwatch", "PutMetricAlarm", "its parameters name no alarm or dataset"),
        ("iam", "CreateVirtualMFADevice", "its parameters name no mfa"),
        ("route53", "ListHostedZones", "no action route53:ListHostedZones is known"),
        ("dynamodb", "ExecuteStatement", "no table can be read from the statement"),
    ],
)
def test_a_permission_that_cannot_be_determined_is_an_error_that_names_the_action(
    service: str, operation: str, because: str
) -> None:
    with pytest.raises(EmbeddedError, match=because):
        _required(_call(service, operation))


def test_a_resource_of_a_kind_that_is_not_known_of_is_not_taken_for_none() -> None:
    assert _required(_call("ec2", "ReleaseAddress", {})) == [("ec2:ReleaseAddress", "*")]
    released = [("ec2:ReleaseAddress", _arn("ec2", "elastic-ip/eipalloc-1"))]
    assert _required(_call("ec2", "ReleaseAddress", {"AllocationId": "eipalloc-1"})) == released
    with pytest.raises(EmbeddedError, match="its parameters name no carrier-gateway"):
        _required(_call("ec2", "DeleteCarrierGateway", {"CarrierGatewayId": "cagw-0a1b2c3d"}))


def test_the_association_of_a_route_table_is_decided_on_that_table(clients: Clients) -> None:
    ec2 = clients("ec2", ACCOUNT, REGION)
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.0.0/24")["Subnet"]["SubnetId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    association = ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)["AssociationId"]
    for named, decided in ((association, table), ("rtbassoc-0a1b2c3d", "rtbassoc-0a1b2c3d")):
        call = _call("ec2", "DisassociateRouteTable", {"AssociationId": named})
        assert _required(call) == [("ec2:DisassociateRouteTable", _arn("ec2", f"route-table/{decided}"))]


# operations whose action is of a service that the embedded AWS does not have: they are refused by name
UNNAMED = {"s3": {"CreateSession", "ListDirectoryBuckets", "RenameObject", "WriteGetObjectResponse"}}
SERVICES = {
    "application-autoscaling": "application-autoscaling",
    "backup": "backup",
    "cloudformation": "cloudformation",
    "cloudtrail": "cloudtrail",
    "cloudwatch": "cloudwatch",
    "config": "config",
    "dynamodb": "dynamodb",
    "dynamodbstreams": "dynamodb",
    "ec2": "ec2",
    "events": "events",
    "iam": "iam",
    "kms": "kms",
    "lambda": "lambda",
    "logs": "logs",
    "organizations": "organizations",
    "s3": "s3",
    "sns": "sns",
    "sqs": "sqs",
    "sts": "sts",
}


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_of_the_workload_s_services_has_its_action(service: str) -> None:
    model = botocore.session.get_session().get_service_model(service)
    without = set()
    for operation in model.operation_names:
        try:
            tuple(required_actions(_call(SERVICES[service], operation)))
        except EmbeddedError:
            without.add(operation)
    assert without == UNNAMED.get(service, set())


def _item(operation: str, **parameters: Any) -> RequiredPermission:
    (permission,) = item_permissions(_call("dynamodb", operation, {"TableName": "messages", **parameters}))
    return permission


KEY = {"pk": {"S": "A#1"}, "sk": {"S": "x"}}
ITEMS: dict[str, tuple[str, dict[str, Any], str, dict[str, Any]]] = {
    "a get of everything": ("GetItem", {"Key": KEY}, TABLE, {"dynamodb:LeadingKeys": ("A#1",)}),
    "a get of some": (
        "GetItem",
        {"Key": KEY, "ProjectionExpression": "#a.b, c[0]", "ExpressionAttributeNames": {"#a": "long-name"}},
        TABLE,
        {"dynamodb:LeadingKeys": ("A#1",), "dynamodb:Attributes": ("pk", "sk", "long-name", "c")},
    ),
    "a put": (
        "PutItem",
        {"Item": {**KEY, "text": {"S": "t"}}},
        TABLE,
        {"dynamodb:LeadingKeys": ("A#1",), "dynamodb:Attributes": ("pk", "sk", "text")},
    ),
    "an update": (
        "UpdateItem",
        {
            "Key": KEY,
            "UpdateExpression": "SET a = if_not_exists(b, :zero) + :one REMOVE c.d",
            "ConditionExpression": "attribute_not_exists(e) OR f BETWEEN :low AND :high",
            "ReturnValues": "UPDATED_NEW",
        },
        TABLE,
        {
            "dynamodb:LeadingKeys": ("A#1",),
            "dynamodb:Attributes": ("pk", "sk", "a", "b", "c", "e", "f"),
            "dynamodb:ReturnValues": "UPDATED_NEW",
        },
    ),
    "a query of the table": (
        "Query",
        {"KeyConditionExpression": "pk = :k", "ExpressionAttributeValues": {":k": {"S": "A#1"}}},
        TABLE,
        {"dynamodb:LeadingKeys": ("A#1",), "dynamodb:Attributes": ("pk",), "dynamodb:Select": "ALL_ATTRIBUTES"},
    ),
    "a query of the index": (
        "Query",
        {
            "IndexName": "by_owner",
            "KeyConditionExpression": "#o = :k",
            "ExpressionAttributeNames": {"#o": "owner"},
            "ExpressionAttributeValues": {":k": {"S": "mina"}},
        },
        f"{TABLE}/index/by_owner",
        {
            "dynamodb:LeadingKeys": ("mina",),
            "dynamodb:Attributes": ("owner",),
            "dynamodb:Select": "ALL_PROJECTED_ATTRIBUTES",
        },
    ),
    "a query without a key": (
        "Query",
        {"KeyConditionExpression": "sk = :k", "ExpressionAttributeValues": {":k": {"S": "x"}}},
        TABLE,
        {"dynamodb:Attributes": ("sk",), "dynamodb:Select": "ALL_ATTRIBUTES"},
    ),
    "a scan": ("Scan", {}, TABLE, {"dynamodb:Select": "ALL_ATTRIBUTES"}),
    "a table by its arn": ("GetItem", {"TableName": TABLE, "Key": KEY}, TABLE, {"dynamodb:LeadingKeys": ("A#1",)}),
}


@pytest.mark.parametrize("case", ITEMS.values(), ids=ITEMS)
def test_conditions_see_keys_and_attributes(
    clients: Clients, case: tuple[str, dict[str, Any], str, dict[str, Any]]
) -> None:
    operation, parameters, resource, context = case
    assert _item(operation, **parameters) == RequiredPermission(f"dynamodb:{operation}", resource, context)


def test_a_batch_is_asked_for_each_table_with_all_its_keys(clients: Clients) -> None:
    keys = [KEY, {**KEY, "sk": {"S": "y"}}, {**KEY, "pk": {"S": "B#2"}}]
    (permission,) = item_permissions(_call("dynamodb", "BatchGetItem", {"RequestItems": {"messages": {"Keys": keys}}}))
    assert permission == RequiredPermission("dynamodb:BatchGetItem", TABLE, {"dynamodb:LeadingKeys": ("A#1", "B#2")})


def test_a_batch_of_writes_names_the_attributes_it_writes(clients: Clients) -> None:
    writes = [{"PutRequest": {"Item": {**KEY, "text": {"S": "t"}}}}, {"DeleteRequest": {"Key": KEY}}]
    (permission,) = item_permissions(_call("dynamodb", "BatchWriteItem", {"RequestItems": {"messages": writes}}))
    assert permission.context == {"dynamodb:LeadingKeys": ("A#1",), "dynamodb:Attributes": ("pk", "sk", "text")}


def test_each_action_of_a_transaction_says_what_encloses_it(clients: Clients) -> None:
    items = [
        {"Put": {"TableName": "messages", "Item": KEY}},
        {"ConditionCheck": {"TableName": "messages", "Key": KEY, "ConditionExpression": "attribute_exists(pk)"}},
    ]
    found = list(item_permissions(_call("dynamodb", "TransactWriteItems", {"TransactItems": items})))
    assert [permission.action for permission in found] == ["dynamodb:PutItem", "dynamodb:ConditionCheckItem"]
    assert {permission.context["dynamodb:EnclosingOperation"] for permission in found} == {"TransactWriteItems"}


@pytest.mark.parametrize(
    ("statement", "action", "resource"),
    [
        ('SELECT * FROM "messages" WHERE pk = ?', "PartiQLSelect", TABLE),
        ("select a, b from messages", "PartiQLSelect", TABLE),
        ('SELECT * FROM "messages"."by_owner"', "PartiQLSelect", f"{TABLE}/index/by_owner"),
        ("INSERT INTO \"messages\" VALUE {'pk': 'a'}", "PartiQLInsert", TABLE),
        ('UPDATE "messages" SET a = 1 WHERE pk = ?', "PartiQLUpdate", TABLE),
        ('DELETE FROM "messages" WHERE pk = ?', "PartiQLDelete", TABLE),
    ],
)
def test_a_statement_is_asked_by_its_verb_and_table(statement: str, action: str, resource: str) -> None:
    for operation, parameters in (
        ("ExecuteStatement", {"Statement": statement}),
        ("BatchExecuteStatement", {"Statements": [{"Statement": statement}]}),
        ("ExecuteTransaction", {"TransactStatements": [{"Statement": statement}]}),
    ):
        (permission,) = item_permissions(_call("dynamodb", operation, parameters))
        assert (permission.action, permission.resource) == (f"dynamodb:{action}", resource)


@pytest.fixture
def organization(clients: Clients) -> Organization:
    found = attached_policies.organization()
    if found is None:
        clients("organizations", "123456789012", REGION).create_organization(FeatureSet="ALL")
        found = attached_policies.organization()
    assert found is not None
    return found


def test_conditions_see_tags_of_request_and_session(organization: Organization) -> None:
    found = authorization_context.of_request(_call("kms", "CreateKey", {"Tags": TAG}), organization)
    assert found["aws:RequestTag/a"] == "b"
    assert found["aws:TagKeys"] == ("a",)
    assert found["aws:PrincipalTag/team"] == "red"
    assert (found["aws:RequestedRegion"], found["aws:SecureTransport"]) == (REGION, "true")
    assert "aws:SourceVpce" not in found


def test_every_request_has_the_time(organization: Organization) -> None:
    before = int(time.time())
    found = authorization_context.of_request(_call("s3", "ListBuckets"), organization)
    epoch = int(str(found["aws:EpochTime"]))
    assert before <= epoch <= time.time()
    assert found["aws:CurrentTime"] == time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch))


def test_metric_data_has_its_namespace_and_an_alarm_s_metric_has_none(organization: Organization) -> None:
    namespace = {"Namespace": "cruddur/trail"}
    written, watched = (
        authorization_context.of_request(_call("cloudwatch", operation, namespace), organization)
        for operation in ("PutMetricData", "PutMetricAlarm")
    )
    assert written["cloudwatch:namespace"] == "cruddur/trail"
    assert "cloudwatch:namespace" not in watched


def test_what_is_scaled_has_its_service(organization: Organization) -> None:
    scaled = _call("application-autoscaling", "RegisterScalableTarget", {"ServiceNamespace": "dynamodb"})
    found = authorization_context.of_request(scaled, organization)
    assert found["application-autoscaling:service-namespace"] == "dynamodb"
    assert "application-autoscaling:scalable-dimension" not in found


def test_only_principals_of_the_organization_carry_its_id(organization: Organization) -> None:
    stranger = _call("s3", "ListBuckets")
    assert "aws:PrincipalOrgID" not in authorization_context.of_request(stranger, organization)
    manager = Caller(principal("arn:aws:iam::123456789012:role/manager", "me"))
    found = authorization_context.of_request(
        ApiCall(manager, "123456789012", REGION, "s3", "ListBuckets", {}), organization
    )
    assert found["aws:PrincipalOrgID"] == organization.id


def test_a_key_is_known_by_its_aliases_and_tags(clients: Clients) -> None:
    kms = clients("kms", ACCOUNT, REGION)
    made = kms.create_key(Tags=[{"TagKey": "Application", "TagValue": "x"}])["KeyMetadata"]
    kms.create_alias(AliasName="alias/x-table", TargetKeyId=made["KeyId"])
    assert authorization_context.of_resource(made["Arn"]) == {
        "aws:ResourceTag/Application": "x",
        "kms:ResourceAliases": ("alias/x-table",),
    }
    call = _call("kms", "DisableKey", {"KeyId": "alias/x-table"})
    assert _required(call) == [("kms:DisableKey", made["Arn"])]


def test_an_index_has_its_table_s_tags_and_a_stream_has_not(clients: Clients) -> None:
    dynamodb = clients("dynamodb", ACCOUNT, REGION)
    dynamodb.tag_resource(ResourceArn=TABLE, Tags=TAG)
    for resource in (TABLE, f"{TABLE}/index/by_owner"):
        assert authorization_context.of_resource(resource) == {"aws:ResourceTag/a": "b"}
    for other in (f"{TABLE}/stream/2026", f"{TABLE}/backup/1", _arn("dynamodb", "table/none")):
        assert authorization_context.of_resource(other) == {}
    dynamodb.untag_resource(ResourceArn=TABLE, TagKeys=["a"])
    assert authorization_context.of_resource(TABLE) == {}


def _create_tagged(clients: Clients, service: str) -> str:
    """Create a resource that has the tag a = b, and return its ARN."""
    client = clients(service, ACCOUNT, REGION)
    if service == "sqs":
        client.create_queue(QueueName="tagged", tags={"a": "b"})
        return _arn("sqs", "tagged")
    if service == "sns":
        return str(client.create_topic(Name="tagged", Tags=TAG)["TopicArn"])
    if service == "logs":
        client.create_log_group(logGroupName="/tagged", tags={"a": "b"})
        return _arn("logs", "log-group:/tagged")
    if service == "iam":
        return str(client.create_role(RoleName="tagged", AssumeRolePolicyDocument="{}", Tags=TAG)["Role"]["Arn"])
    if service == "cognito-idp":
        return str(client.create_user_pool(PoolName="tagged", UserPoolTags={"a": "b"})["UserPool"]["Arn"])
    client.create_function(
        FunctionName="tagged",
        Runtime="python3.13",
        Role=ROLE,
        Handler="a.b",
        Code={"ZipFile": package("")},
        Tags={"a": "b"},
    )
    return _arn("lambda", "function:tagged")


@pytest.mark.parametrize("service", ["cognito-idp", "iam", "lambda", "logs", "sns", "sqs"])
def test_conditions_see_a_resource_s_tags(clients: Clients, service: str) -> None:
    arn = _create_tagged(clients, service)
    assert authorization_context.of_resource(arn) == {"aws:ResourceTag/a": "b"}
    for other in (f"{arn}2", arn.replace(f":{REGION}:", ":nowhere-1:") + "2", "*"):
        assert authorization_context.of_resource(other) == {}


def test_a_role_s_tags_are_its_sessions_and_yield_to_a_session_s_own(
    clients: Clients, organization: Organization
) -> None:
    tags = [{"Key": "Team", "Value": "blue"}, {"Key": "stage", "Value": "test"}]
    role = clients("iam", ACCOUNT, REGION).create_role(RoleName="tags", AssumeRolePolicyDocument="{}", Tags=tags)
    for session, team in (({}, {"aws:PrincipalTag/Team": "blue"}), ({"team": "red"}, {"aws:PrincipalTag/team": "red"})):
        caller = Caller(principal(role["Role"]["Arn"], "me"), session)
        call = ApiCall(caller, ACCOUNT, REGION, "s3", "ListBuckets", {})
        found = authorization_context.of_request(call, organization)
        carried = {key: value for key, value in found.items() if key.startswith("aws:PrincipalTag/")}
        assert carried == {"aws:PrincipalTag/stage": "test", **team}


def test_a_user_s_tags_are_the_caller_s(clients: Clients, organization: Organization) -> None:
    user = clients("iam", ACCOUNT, REGION).create_user(UserName="tagged", Tags=TAG)["User"]
    call = ApiCall(Caller(principal(user["Arn"])), ACCOUNT, REGION, "s3", "ListBuckets", {})
    assert authorization_context.of_request(call, organization)["aws:PrincipalTag/a"] == "b"


WORDS: dict[Layer, tuple[str, str]] = {
    "scp": (
        "with an explicit deny in a service control policy",
        "because no service control policy allows the a:B action",
    ),
    "rcp": ("with an explicit deny in a resource control policy", "because no resource control policy allows"),
    "resource": ("with an explicit deny in a resource-based policy", "because no resource-based policy allows"),
    "identity": ("with an explicit deny in an identity-based policy", "because no identity-based policy allows"),
    "boundary": ("with an explicit deny in a permissions boundary", "because no permissions boundary allows"),
    "session": ("with an explicit deny in a session policy", "because no session policy allows"),
    "endpoint": ("with an explicit deny in a VPC endpoint policy", "because no VPC endpoint policy allows"),
}


@pytest.mark.parametrize("layer", WORDS)
def test_a_refusal_names_the_kind_of_policy_in_aws_words(layer: Layer) -> None:
    explicit, implicit = WORDS[layer]
    asked = ("arn:me", "a:B", "arn:it")
    began = "User: arn:me is not authorized to perform: a:B on resource: arn:it "
    denies, silent = Reason(layer, "Deny", "p", "S"), Reason(layer, "silent")
    assert authorization_refusal.denial_text(*asked, denies, names_policy=True) == began + explicit
    assert authorization_refusal.denial_text(*asked, silent, names_policy=True).startswith(began + implicit)


@pytest.mark.parametrize(
    ("service", "protocol", "status", "code"),
    [
        ("dynamodb", "json", 400, "AccessDeniedException"),
        ("lambda", "rest-json", 403, "AccessDeniedException"),
        ("iam", "query", 403, "AccessDenied"),
        ("sns", "query", 403, "AuthorizationError"),
        ("ec2", "ec2", 403, "UnauthorizedOperation"),
        ("s3", "rest-xml", 403, "AccessDenied"),
    ],
)
def test_a_client_reads_code_and_message_in_every_protocol(service: str, protocol: str, status: int, code: str) -> None:
    refusal = authorization_refusal.denied(service, protocol, "not <you> & me", "identity")
    found, body, headers = authorization_refusal.response_parts(refusal, protocol)
    response = {"status_code": found, "body": body.encode(), "headers": {k.lower(): v for k, v in headers.items()}}
    error = create_parser(protocol).parse(response, StructureShape("Answer", {"type": "structure", "members": {}}))[
        "Error"
    ]
    assert (found, error["Code"]) == (status, code)
    assert error["Message"].endswith("not <you> & me")


def test_only_this_process_speaks_for_a_service() -> None:
    headers: dict[str, str] = {}
    client = Clients("http://127.0.0.1:9", "KEY", via="cloudformation.amazonaws.com")("sts", ACCOUNT, REGION)
    client.meta.events.register_last("before-call", lambda params, **_: headers.update(params["headers"]))
    client.meta.events.register("before-send", lambda **_: _no_answer())
    with pytest.raises(ConnectionAbortedError):
        client.get_caller_identity()
    assert via_of(headers["x-embedded-via"]) == "cloudformation.amazonaws.com"
    assert via_of("cloudformation.amazonaws.com/guess") == ""
    assert via_of("cloudformation.amazonaws.com/guéss") == ""
    assert via_of(None) == ""


def _no_answer() -> None:
    raise ConnectionAbortedError
