"""DynamoDB Local behind the embedded AWS: one endpoint, items and streams there, everything else as ever."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tableguard.errors import EmbeddedError
from tableguard.local import server
from tableguard.local.clients import factory
from tableguard.local.dynamodb_local.forwarding import EngineAnswer, EngineRequest, Forwarder
from tableguard.local.event_source.stream_reader import DynamoDbStream, RecordPage
from tableguard.local.moto.dynamodb import forwarding
from tests.engines import dynamodb_local as shared
from tests.engines.differences import DIFFERENCES, FURTHER
from tests.paths import ROOT
from tests.worlds.items import KEY
from tests.worlds.moto_modes import REGION, Aws, dynamodb_questions, item, refused

pytestmark = [pytest.mark.slow, shared.needs_dynamodb_local]

ACCOUNT, OTHER_ACCOUNT = "111122223333", "444455556666"
ENGINES_TEXT = ROOT / "docs" / "engines.md"


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    with server.start(tables=shared.engine()) as running:
        yield Aws(running.endpoint)


@pytest.fixture
def of(aws: Aws) -> factory.Clients:
    """Clients by service, account and region."""
    return factory.Clients(aws.endpoint)


def make_table(client: Any, name: str, **more: Any) -> dict[str, Any]:
    key = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
    described: dict[str, Any] = client.create_table(
        TableName=name,
        KeySchema=key,
        AttributeDefinitions=[{"AttributeName": part, "AttributeType": "S"} for part in ("pk", "sk")],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        **more,
    )["TableDescription"]
    return described


def put(client: Any, table: str, **attributes: Any) -> None:
    client.put_item(TableName=table, Item=item(**attributes))


# Differences


def test_every_difference_is_in_the_one_table_and_no_other_is() -> None:
    assert DIFFERENCES.keys() <= {name for names in dynamodb_questions().values() for name in names}
    table = ENGINES_TEXT.read_text(encoding="utf-8").partition("## Differences")[2]
    rows = [line for line in table.splitlines() if line.startswith("|")][2:]
    assert rows == list(dict.fromkeys(difference.row for difference in (*DIFFERENCES.values(), *FURTHER)))


# Accounts, regions and names


def test_accounts_and_regions_have_tables_of_their_own(of: factory.Clients) -> None:
    places = [(ACCOUNT, REGION), (ACCOUNT, "us-east-1"), (OTHER_ACCOUNT, REGION)]
    for account, region in places:
        client = of("dynamodb", account, region)
        make_table(client, "same-name")
        put(client, "same-name", sk=f"{account} {region}")
    for account, region in places:
        found = of("dynamodb", account, region).scan(TableName="same-name")["Items"]
        assert [each["sk"]["S"] for each in found] == [f"{account} {region}"]


def test_another_embedded_aws_on_the_same_engine_has_other_tables(aws: Aws) -> None:
    asked = EngineRequest("dynamodb", "ListTables", ACCOUNT, REGION, b"{}")
    first, second = (Forwarder(shared.engine().endpoint) for _ in range(2))
    make = b'{"TableName": "mine", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "pk", "KeyType": '
    make += b'"HASH"}], "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}]}'
    assert first.send(EngineRequest("dynamodb", "CreateTable", ACCOUNT, REGION, make)).status == 200
    assert [each.send(asked).content["TableNames"] for each in (first, second)] == [["mine"], []]


def test_streams_have_names_of_their_account_and_region(of: factory.Clients) -> None:
    table, streams = (of(service, ACCOUNT, REGION) for service in ("dynamodb", "dynamodbstreams"))
    arn = make_table(table, "streamed")["LatestStreamArn"]
    assert arn.startswith(f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/streamed/stream/")
    assert table.describe_table(TableName="streamed")["Table"]["LatestStreamArn"] == arn
    assert [each["StreamArn"] for each in streams.list_streams(TableName="streamed")["Streams"]] == [arn]
    described = streams.describe_stream(StreamArn=arn)["StreamDescription"]
    assert (described["StreamArn"], described["StreamStatus"]) == (arn, "ENABLED")
    text = "arn:aws:dynamodb:ddblocal:000000000000:table/streamed"  # as a message has it, it stays
    put(table, "streamed", text=text)
    shard = {"StreamArn": arn, "ShardId": described["Shards"][0]["ShardId"]}
    iterator = streams.get_shard_iterator(**shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    assert iterator.startswith(f"{arn}|")
    (record,) = streams.get_records(ShardIterator=iterator)["Records"]
    assert (record["awsRegion"], record["dynamodb"]["NewImage"]["text"]["S"]) == (REGION, text)
    with pytest.raises(ClientError, match=f"{arn}x not found"):
        streams.describe_stream(StreamArn=f"{arn}x")


def test_a_reader_that_was_there_before_a_cancelled_transaction_reads_on(of: factory.Clients) -> None:
    table, streams = (of(service, ACCOUNT, REGION) for service in ("dynamodb", "dynamodbstreams"))
    arn = make_table(table, "empty-at-first")["LatestStreamArn"]

    class WritesBetween:
        """A client between whose two calls a transaction is cancelled and then the first record written."""

        exceptions = streams.exceptions

        def __getattr__(self, name: str) -> Any:
            return getattr(streams, name)

        def get_records(self, **request: Any) -> Any:
            failing = {"TableName": "empty-at-first", "Key": KEY, "ConditionExpression": "attribute_exists(pk)"}
            writes: list[Any] = [
                {"Put": {"TableName": "empty-at-first", "Item": item(sk="x")}},
                {"ConditionCheck": failing},
            ]
            assert refused(table.transact_write_items, TransactItems=writes) == "TransactionCanceledException"
            put(table, "empty-at-first")
            return streams.get_records(**request)

    (shard,) = DynamoDbStream(streams, arn).shards()
    assert DynamoDbStream(WritesBetween(), arn).read(shard.id, None) == RecordPage(())
    assert len(DynamoDbStream(streams, arn).read(shard.id, None).events) == 1


# What is kept beside it


def test_what_it_lacks_is_kept_beside_it(of: factory.Clients) -> None:
    client = of("dynamodb", ACCOUNT, REGION)
    tags = [{"Key": "Environment", "Value": "staging"}]
    arn = make_table(client, "settings", Tags=tags, DeletionProtectionEnabled=True)["TableArn"]
    recovery = {"PointInTimeRecoveryEnabled": True}
    client.update_continuous_backups(TableName="settings", PointInTimeRecoverySpecification=recovery)
    backups = client.describe_continuous_backups(TableName="settings")["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    assert client.list_tags_of_resource(ResourceArn=arn)["Tags"] == tags
    put(client, "settings")
    with pytest.raises(ClientError, match="DeletionProtectionEnabled"):
        client.delete_table(TableName="settings")
    described = client.describe_table(TableName="settings")["Table"]
    assert (described["ItemCount"], described["TableSizeBytes"] > 0) == (1, True)


def test_a_table_is_made_changed_and_deleted_on_both(of: factory.Clients) -> None:
    client = of("dynamodb", ACCOUNT, REGION)
    make_table(client, "both")
    add_index(client, "both")
    put(client, "both", at="now")
    query = {"KeyConditionExpression": "#a = :a", "ExpressionAttributeNames": {"#a": "at"}}
    values = {":a": {"S": "now"}}
    assert client.query(TableName="both", IndexName="by-time", ExpressionAttributeValues=values, **query)["Count"] == 1
    (described,) = client.describe_table(TableName="both")["Table"]["GlobalSecondaryIndexes"]
    assert (described["IndexName"], described["ItemCount"]) == ("by-time", 1)
    client.delete_table(TableName="both")
    assert refused(client.get_item, TableName="both", Key=KEY) == "ResourceNotFoundException"
    make_table(client, "both")
    assert client.scan(TableName="both")["Count"] == 0


def failing_to_describe(monkeypatch: pytest.MonkeyPatch, times: int) -> list[int]:
    """Let the engine fail so many descriptions of a table; return the list that grows with each."""
    send = Forwarder.send
    failures: list[int] = []

    def fail(self: Forwarder, request: EngineRequest) -> EngineAnswer:
        if request.operation != "DescribeTable" or len(failures) == times:
            return send(self, request)
        failures.append(500)
        return EngineAnswer(500, '{"__type": "com.amazon.coral.service#InternalFailure", "message": "unknown"}')

    monkeypatch.setattr(Forwarder, "send", fail)
    return failures


def add_index(client: Any, table: str) -> None:
    key = [{"AttributeName": "at", "KeyType": "HASH"}]
    client.update_table(
        TableName=table,
        AttributeDefinitions=[{"AttributeName": part, "AttributeType": "S"} for part in ("pk", "sk", "at")],
        GlobalSecondaryIndexUpdates=[
            {"Create": {"IndexName": "by-time", "KeySchema": key, "Projection": {"ProjectionType": "ALL"}}}
        ],
    )


def test_a_table_that_cannot_be_described_while_its_index_is_built_is_asked_for_again(
    of: factory.Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = of("dynamodb", ACCOUNT, REGION)
    make_table(client, "indexed")
    failures = failing_to_describe(monkeypatch, 2)
    add_index(client, "indexed")
    assert len(failures) == 2


def test_a_table_that_can_never_be_described_is_the_engines_error(
    of: factory.Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = of("dynamodb", ACCOUNT, REGION)
    make_table(client, "undescribed")
    monkeypatch.setattr(forwarding, "_INDEX_SECONDS", 0)
    failing_to_describe(monkeypatch, 1000)
    assert refused(add_index, client, "undescribed") == "InternalFailure"


def test_a_table_that_it_refuses_to_make_is_not_made(of: factory.Clients) -> None:
    client = of("dynamodb", ACCOUNT, REGION)
    before = client.list_tables()["TableNames"]
    with pytest.raises(ClientError, match="ValidationException"):
        make_table(client, "ab")  # its names have three characters at least
    assert client.list_tables()["TableNames"] == before


# When it is gone


def test_an_engine_that_is_gone_is_an_error_and_not_an_empty_table() -> None:
    with pytest.raises(EmbeddedError, match=r"the DynamoDB engine at http://127\.0\.0\.1:9 does not answer"):
        Forwarder("http://127.0.0.1:9").send(EngineRequest("dynamodb", "ListTables", ACCOUNT, REGION, b"{}"))


UP = [sys.executable, "-m", "tableguard", "up", "--dynamodb", "local"]


def test_up_says_that_it_runs_in_dynamodb_local_and_stops_it() -> None:
    with subprocess.Popen(UP, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=os.environ) as up:
        assert up.stdout is not None
        first = up.stdout.readline()
        up.send_signal(signal.SIGINT)
    assert "DynamoDB Local" in first
    endpoint = first.split()[-1]
    with pytest.raises(EmbeddedError, match="does not answer"):
        Forwarder(endpoint).send(EngineRequest("dynamodb", "ListTables", ACCOUNT, REGION, b"{}"))
