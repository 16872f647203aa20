"""Configuration items are read through the services' own APIs, in the words that AWS Config records."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tableguard.compliance.item import ConfigurationItem, Unknown
from tableguard.errors import ComplianceError
from tableguard.local import server
from tableguard.local.clients.factory import Clients
from tableguard.local.configuration import inventory
from tableguard.local.configuration.reader import recorded

ACCOUNT, REGION = "111122223333", "eu-central-1"


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with server.start() as running:
        clients = Clients(running.endpoint)
        elsewhere = clients("s3", ACCOUNT, "us-west-2")
        elsewhere.create_bucket(Bucket="elsewhere", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
        yield lambda service: clients(service, ACCOUNT, REGION)


@pytest.fixture(scope="module")
def items(client: Any) -> dict[tuple[str, str], ConfigurationItem]:
    key = client("kms").create_key(Tags=[{"TagKey": "Application", "TagValue": "chat"}])["KeyMetadata"]["Arn"]
    client("dynamodb").create_table(
        TableName="messages",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key},
    )
    client("s3").create_bucket(Bucket="files", CreateBucketConfiguration={"LocationConstraint": REGION})
    client("cloudwatch").put_metric_alarm(
        AlarmName="loud",
        MetricName="m",
        Namespace="n",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        Statistic="Sum",
        ComparisonOperator="GreaterThanThreshold",
        OKActions=["arn:aws:sns:eu-central-1:111122223333:alerts"],
    )
    reading = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}
    client("iam").create_policy(PolicyName="reads", PolicyDocument=json.dumps(reading))
    client("iam").create_role(
        RoleName="reader",
        AssumeRolePolicyDocument="{}",
        PermissionsBoundary=f"arn:aws:iam::{ACCOUNT}:policy/reads",
    )
    client("iam").create_user(UserName="ada")
    return {(item.resource_type, item.label): item for item in inventory.items(client, ACCOUNT, REGION)}


Items = dict[tuple[str, str], ConfigurationItem]


def test_a_table_is_worded_as_aws_config_words_it(items: Items) -> None:
    table = items["AWS::DynamoDB::Table", "messages"]
    assert table.fact("ssedescription", "ssetype") == "KMS"
    assert table.fact("ssedescription", "kmsmasterKeyArn").startswith("arn:aws:kms:")
    assert table.fact("billingModeSummary", "billingMode") == "PAY_PER_REQUEST"
    status = "pointInTimeRecoveryDescription", "pointInTimeRecoveryStatus"
    assert table.supplement("ContinuousBackupsDescription", *status) == "DISABLED"


def test_a_bucket_of_another_region_is_recorded_there(items: Items) -> None:
    assert ("AWS::S3::Bucket", "files") in items
    assert ("AWS::S3::Bucket", "elsewhere") not in items


def test_what_a_bucket_never_had_is_off_or_nothing(items: Items) -> None:
    bucket = items["AWS::S3::Bucket", "files"]
    assert bucket.supplement("BucketVersioningConfiguration", "status") == "Off"
    assert bucket.supplement("BucketPolicy", "policyText") is None
    assert bucket.supplement("PublicAccessBlockConfiguration") is None


def test_capitals_at_the_beginning_of_a_name_become_small(items: Items) -> None:
    assert items["AWS::CloudWatch::Alarm", "loud"].fact("okactions") == ["arn:aws:sns:eu-central-1:111122223333:alerts"]
    assert recorded({"KMSMasterKeyArn": [{"TrailARN": 1}], "ResponseMetadata": {}}) == {
        "kmsmasterKeyArn": [{"trailARN": 1}]
    }


def test_a_policy_says_how_many_it_bounds(items: Items) -> None:
    assert items["AWS::IAM::Policy", "reads"].fact("permissionsBoundaryUsageCount") == 1


def test_a_user_has_no_device_until_one_is_enabled(items: Items) -> None:
    assert items["AWS::IAM::User", "ada"].fact("mfaDevices") == []


def test_a_deleted_endpoint_is_no_item(client: Any) -> None:
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    service = f"com.amazonaws.{REGION}.dynamodb"
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    endpoint = {"VpcId": vpc, "ServiceName": service, "RouteTableIds": [table], "VpcEndpointType": "Gateway"}
    kept, gone = (ec2.create_vpc_endpoint(**endpoint)["VpcEndpoint"]["VpcEndpointId"] for _ in range(2))
    ec2.delete_vpc_endpoints(VpcEndpointIds=[gone])
    read = {item.resource_id for item in inventory.items(client, ACCOUNT, REGION)}
    assert (kept in read, gone in read) == (True, False)


def test_tags_are_a_map(items: Items) -> None:
    (key,) = (item for (kind, _), item in items.items() if kind == "AWS::KMS::Key")
    assert key.tags == {"Application": "chat"}
    assert key.as_recorded()["tags"] == {"Application": "chat"}


def test_what_is_unknown_is_no_fact_and_not_recorded() -> None:
    item = ConfigurationItem(
        "AWS::S3::Bucket", "files", "files", "", REGION, ACCOUNT, {"name": "files", "colour": Unknown("it is night")}
    )
    assert item.fact("name") == "files"
    with pytest.raises(ComplianceError, match="AWS::S3::Bucket files: colour is not known: it is night"):
        item.fact("colour")
    assert item.as_recorded()["configuration"] == {"name": "files"}


def test_a_service_that_refuses_is_named(client: Any) -> None:
    class Refusing:
        """A client that may do nothing."""

        def __getattr__(self, operation: str) -> Any:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, operation)

    def refused(service: str) -> Any:
        return Refusing() if service == "kms" else client(service)

    with pytest.raises(ComplianceError, match=r"configuration items of kms, region eu-central-1: .*AccessDenied"):
        list(inventory.items(refused, ACCOUNT, REGION))
