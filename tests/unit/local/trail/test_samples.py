"""Records of the embedded AWS are as AWS's samples have them: the same call gives the same fields."""

import json
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tableguard.local.landing_zone import LandingZone
from tableguard.local.watch import watch
from tests.cases.cloudtrail_samples import SAMPLES, Sample
from tests.worlds import edge

# what every management and data event has, since version 1.08:
# https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
_ALWAYS = frozenset(
    (
        "awsRegion",
        "eventCategory",
        "eventID",
        "eventName",
        "eventSource",
        "eventTime",
        "eventType",
        "eventVersion",
        "managementEvent",
        "readOnly",
        "recipientAccountId",
        "requestID",
        "requestParameters",
        "responseElements",
        "sourceIPAddress",
        "userAgent",
        "userIdentity",
    )
)
_SOURCES = {"dynamodbstreams": "dynamodb"}
_USER = {"type", "principalId", "arn", "accountId", "accessKeyId", "userName"}
_EVERYTHING = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})


@pytest.fixture(scope="module")
def zone() -> Iterator[LandingZone]:
    with edge.running() as prepared:
        yield prepared


@pytest.fixture(scope="module")
def access_key(zone: LandingZone) -> dict[str, str]:
    """Return the key of an IAM user who may do anything, as the one of most samples."""
    iam = zone.clients("iam", edge.ACCOUNT, edge.REGION)
    iam.create_user(UserName="Alice")
    iam.put_user_policy(UserName="Alice", PolicyName="all", PolicyDocument=_EVERYTHING)
    key: dict[str, str] = iam.create_access_key(UserName="Alice")["AccessKey"]
    return key


@pytest.fixture
def names(zone: LandingZone, resources: dict[str, str]) -> dict[str, str]:
    """Return the names of what the samples act on: the table, which one of them deletes, is new for each."""
    dynamodb, streams = (
        zone.clients(service, edge.ACCOUNT, edge.REGION) for service in ("dynamodb", "dynamodbstreams")
    )
    if "Music" in dynamodb.list_tables()["TableNames"]:
        dynamodb.delete_table(TableName="Music")
    dynamodb.create_table(
        TableName="Music",
        KeySchema=[{"AttributeName": "Artist", "KeyType": "HASH"}, {"AttributeName": "SongTitle", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("Artist", "SongTitle")],
        ProvisionedThroughput={"ReadCapacityUnits": 10, "WriteCapacityUnits": 10},
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
    )
    stream = dynamodb.describe_table(TableName="Music")["Table"]["LatestStreamArn"]
    shard = streams.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"][0]["ShardId"]
    position = {"StreamArn": stream, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"}
    return {**resources, "ShardIterator": streams.get_shard_iterator(**position)["ShardIterator"]}


@pytest.fixture(scope="module")
def resources(zone: LandingZone) -> dict[str, str]:
    """Return the names of all but the table."""

    def of(service: str) -> Any:
        return zone.clients(service, edge.ACCOUNT, edge.REGION)

    organizations = zone.clients("organizations", edge.SETTINGS.management_account_id, edge.REGION)
    key = of("kms").create_key()["KeyMetadata"]["KeyId"]
    anybody = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}}]}
    trust = json.dumps({**anybody, "Statement": [{**anybody["Statement"][0], "Action": "sts:AssumeRole"}]})  # type: ignore[dict-item]  # of an object of texts
    return {
        "Bucket": edge.SETTINGS.artifact_bucket,
        "KeyId": key,
        "KeyPolicy": of("kms").get_key_policy(KeyId=key, PolicyName="default")["Policy"],
        "QueueUrl": of("sqs").create_queue(QueueName="sampled")["QueueUrl"],
        "RoleArn": of("iam").create_role(RoleName="EC2-dev", AssumeRolePolicyDocument=trust)["Role"]["Arn"],
        "RootId": organizations.list_roots()["Roots"][0]["Id"],
        "TopicArn": of("sns").create_topic(Name="sampled")["TopicArn"],
    }


def _client(zone: LandingZone, sample: Sample, key: Mapping[str, str]) -> Any:
    if sample.service == "organizations":
        return zone.session("management").client(sample.service)
    client = edge.over_http(zone, sample.service)
    client._request_signer._credentials.access_key = key["AccessKeyId"]
    return client


def _record(zone: LandingZone, sample: Sample, key: Mapping[str, str], names: Mapping[str, str]) -> dict[str, Any]:
    watching = watch.in_use()
    assert watching is not None
    client = _client(zone, sample, key)
    watching.calls.take()
    with pytest.raises(ClientError) if sample.fails else nullcontext():
        sample.call(client, names)
    return watching.calls.take()[-1].record


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_a_call_is_recorded_as_in_the_sample(
    zone: LandingZone, access_key: Mapping[str, str], names: Mapping[str, str], sample: Sample
) -> None:
    record = _record(zone, sample, access_key, names)
    assert record["eventName"] == sample.name
    assert record["eventSource"] == f"{_SOURCES.get(sample.service, sample.service)}.amazonaws.com"
    assert set(record) == _ALWAYS | set(sample.fields)
    declared: dict[str, Any] = {
        "readOnly": False,
        "managementEvent": True,
        "eventCategory": "Management",
        **sample.fields,
    }
    expected = {name: _without(value, sample.lacking) for name, value in declared.items()}
    assert {name: _without(record[name], sample.beyond) for name in expected} == expected
    if sample.service != "organizations":
        assert set(record["userIdentity"]) == _USER
        assert record["userIdentity"] | {"principalId": "", "accessKeyId": ""} == {
            "type": "IAMUser",
            "principalId": "",
            "arn": f"arn:aws:iam::{edge.ACCOUNT}:user/Alice",
            "accountId": edge.ACCOUNT,
            "accessKeyId": "",
            "userName": "Alice",
        }
    assert "hidden" not in json.dumps(record)


def _without(value: Any, names: frozenset[str]) -> Any:
    """Return a field without some names, at any depth."""
    if isinstance(value, Mapping):
        return {name: _without(inner, names) for name, inner in value.items() if name not in names}
    return [_without(inner, names) for inner in value] if isinstance(value, list) else value
