"""The parts that are drilled, all real: table and stream, the packaged function, the mapping, the on-failure bucket."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import boto3
from botocore.config import Config

from stream_lambda.items import Item, row_of_key
from tableguard import settings
from tableguard.local.clients.factory import Clients
from tableguard.local.clients.identities import SETUP_KEY
from tableguard.local.dynamodb_local.engine import Engine
from tableguard.local.event_source.configuration import MappingConfiguration, mapping_configuration
from tableguard.local.event_source.failure_destination import FailureDestination
from tableguard.local.event_source.mapping import DiscardedBatch, EventSourceMapping
from tableguard.local.event_source.stream_reader import DynamoDbStream
from tableguard.local.function.configuration import Credentials, FunctionConfiguration
from tableguard.local.function.function import Function
from tableguard.stacks import registry
from tests.drill.algorithms import Algorithm
from tests.drill.invoking import Invoking
from tests.drill.ledger import Ledger
from tests.drill.passthrough import Passthrough

REGION = "eu-central-1"
ACCOUNT = "123456789012"  # moto's own
_KEY = "drill"  # in DynamoDB Local each key id has tables of its own
_WRITTEN_AT_ONCE = 25  # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html

Client = Any  # a boto3 client; botocore makes their classes at run time


class Clock:
    """The mapping's clock, which can be put forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        """Seconds since the epoch."""
        return time.time() + self.ahead


@dataclass(frozen=True)
class World:
    """Everything at hand."""

    algorithm: Algorithm
    table: str
    bucket: str
    dynamodb: Client
    s3: Client
    passthrough: Passthrough
    invoking: Invoking
    mapping: EventSourceMapping
    ledger: Ledger
    clock: Clock

    def put(self, items: Sequence[Item]) -> None:
        """Write items to the table, the last of several with the same key."""
        items = list({(item["pk"]["S"], item["sk"]["S"]): item for item in items}.values())
        for begin in range(0, len(items), _WRITTEN_AT_ONCE):
            puts = [{"PutRequest": {"Item": item}} for item in items[begin : begin + _WRITTEN_AT_ONCE]]
            answer = self.dynamodb.batch_write_item(RequestItems={self.table: puts})
            assert not answer["UnprocessedItems"]

    def rows(self) -> list[Item]:
        """All conversation rows."""
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=self.table, ConsistentRead=True)
        return [item for page in pages for item in page["Items"] if row_of_key(item) is not None]


@contextmanager
def world(algorithm: Algorithm, embedded: str, tables: Engine | None) -> Iterator[World]:
    """An empty world at an embedded AWS, which keeps table and stream as well where there is no engine for them."""
    table, bucket = f"messages-{algorithm.name}", f"failures-{algorithm.name}"
    s3 = Clients(embedded)("s3", ACCOUNT, REGION)
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    endpoint, key = (embedded, SETUP_KEY) if tables is None else (tables.endpoint, _KEY)
    dynamodb, streams = (_client(service, endpoint, key) for service in ("dynamodb", "dynamodbstreams"))
    algorithm.create(dynamodb, table)
    with ExitStack() as within:
        within.callback(dynamodb.delete_table, TableName=table)
        stream = dynamodb.describe_table(TableName=table)["Table"]["LatestStreamArn"]
        ledger, clock = Ledger(), Clock()
        passthrough = within.enter_context(Passthrough(endpoint))
        start = partial(_function, algorithm, table, key, passthrough.endpoint, ledger.heard)
        invoking = Invoking([within.enter_context(start()) for _ in range(2)], passthrough, ledger)
        mapping = _mapping(_mapping_configuration(stream, f"arn:aws:s3:::{bucket}"), streams, s3, invoking, clock)
        yield World(algorithm, table, bucket, dynamodb, s3, passthrough, invoking, mapping, ledger, clock)


def _mapping(
    configuration: MappingConfiguration, streams: Client, s3: Client, invoking: Invoking, clock: Clock
) -> EventSourceMapping:
    assert configuration.destination_arn is not None
    destination = FailureDestination(configuration, configuration.destination_arn, lambda service: s3, clock)

    def deliver(discarded: DiscardedBatch) -> None:
        invoking.given_up(discarded)
        destination(discarded)

    reader = DynamoDbStream(streams, configuration.stream_arn)
    return EventSourceMapping(configuration, reader, invoking, deliver=deliver, clock=clock, backoff=lambda _: 0.0)


def _client(service: Any, endpoint: str, key: str) -> Client:
    config = Config(proxies={}, max_pool_connections=16)
    return boto3.Session(key, "nothing", region_name=REGION).client(service, endpoint_url=endpoint, config=config)


def _deployed(kind: str) -> Mapping[str, Any]:
    """Properties of the one resource of a type in the stream stack."""
    resources = registry.find_stack("stream").document(settings.example())["Resources"].values()
    (found,) = [resource["Properties"] for resource in resources if resource["Type"] == kind]
    return dict(found)


def _function(algorithm: Algorithm, table: str, key: str, endpoint: str, log: Callable[[str], None]) -> Function:
    deployed = _deployed("AWS::Lambda::Function")
    configuration = FunctionConfiguration(
        name=deployed["FunctionName"],
        arn=_arn(deployed["FunctionName"]),
        handler=algorithm.handler,
        timeout=deployed["Timeout"],
        memory_size=deployed["MemorySize"],
        environment={"TABLE_NAME": table},
    )
    return Function(algorithm.package(), configuration, Credentials(key, "nothing", "nothing"), endpoint, log)


def _mapping_configuration(stream: str, bucket: str) -> MappingConfiguration:
    """The mapping as it is deployed, but for the window: nobody waits here for more messages."""
    given = {
        "UUID": "drill",
        "EventSourceArn": stream,
        "FunctionArn": _arn(_deployed("AWS::Lambda::Function")["FunctionName"]),
        "MaximumBatchingWindowInSeconds": 0,
        "DestinationConfig": {"OnFailure": {"Destination": bucket}},
    }
    return mapping_configuration({**_deployed("AWS::Lambda::EventSourceMapping"), **given})


def _arn(function: str) -> str:
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}"
