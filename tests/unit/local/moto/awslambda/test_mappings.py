"""A mapping that Lambda would refuse is refused when it is made or changed; what is not polled here is, in words."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tableguard.local.event_source.deployed_mappings import deployed_mappings
from tests.worlds import invocations
from tests.worlds.edge import refusal
from tests.worlds.invocations import ACCOUNT, NAME, REGION, TABLE, World

INVALID, NOT_MODELLED, VALIDATION = "InvalidParameterValueException", "NotModelled", "ValidationException"
BAD_FILTER = "Invalid filter pattern definition."


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with invocations.running() as running:
        yield running


@pytest.fixture
def stream(world: World) -> Iterator[str]:
    """The stream of the table; no mapping of it is left."""
    yield str(world.client("dynamodb").describe_table(TableName=TABLE)["Table"]["LatestStreamArn"])
    client = world.client("lambda")
    for mapping in client.list_event_source_mappings()["EventSourceMappings"]:
        client.delete_event_source_mapping(UUID=mapping["UUID"])


def arguments(stream: str, **changes: Any) -> dict[str, Any]:
    return {"FunctionName": NAME, "EventSourceArn": stream, "StartingPosition": "LATEST", **changes}


def filters(*patterns: Any) -> dict[str, Any]:
    return {"FilterCriteria": {"Filters": [{"Pattern": json.dumps(pattern)} for pattern in patterns]}}


def on_failure(arn: str) -> dict[str, Any]:
    return {"DestinationConfig": {"OnFailure": {"Destination": arn}}}


GOOD: list[dict[str, Any]] = [
    {},
    {"BatchSize": 1},
    {"BatchSize": 10_000},
    {"MaximumBatchingWindowInSeconds": 300},
    {"MaximumRecordAgeInSeconds": 60},
    {"MaximumRecordAgeInSeconds": -1},
    {"MaximumRetryAttempts": 10_000},
    {"ParallelizationFactor": 1},
    {"TumblingWindowInSeconds": 0},
    filters({"eventName": ["INSERT"]}),
    filters(*({"a": [str(number)]} for number in range(5))),
    on_failure("arn:aws:s3:::failures"),
    on_failure(f"arn:aws:sqs:{REGION}:{ACCOUNT}:failures"),
]
BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"BatchSize": 10_001}, VALIDATION, "Value '10001' at 'batchSize' failed to satisfy constraint: Member must have"),
    ({"MaximumBatchingWindowInSeconds": 301}, VALIDATION, "less than or equal to 300"),
    ({"MaximumRecordAgeInSeconds": 59}, INVALID, "-1 or at least 60"),
    ({"MaximumRecordAgeInSeconds": 604_801}, VALIDATION, "less than or equal to 604800"),
    ({"MaximumRetryAttempts": 10_001}, VALIDATION, "less than or equal to 10000"),
    ({"ParallelizationFactor": 11}, VALIDATION, "less than or equal to 10"),
    ({"ParallelizationFactor": 2}, NOT_MODELLED, "not modelled: ParallelizationFactor 2"),
    ({"TumblingWindowInSeconds": 30}, NOT_MODELLED, "not modelled: TumblingWindowInSeconds 30"),
    (filters({"eventName": "INSERT"}), INVALID, BAD_FILTER),
    (filters({"eventName": [{"starts": "I"}]}), INVALID, BAD_FILTER),
    (filters({"a.b": ["c"], "a": {"b": ["d"]}}), NOT_MODELLED, "field a.b: stands twice"),
    (filters(*({"a": [str(number)]} for number in range(6))), INVALID, "6 filters; the quota is 5"),
    (on_failure("failures"), INVALID, "destination failures is invalid"),
    (on_failure(f"arn:aws:kafka:{REGION}:{ACCOUNT}:cluster/c"), NOT_MODELLED, "give an S3 bucket, or a standard SQS"),
    (on_failure(f"arn:aws:sqs:{REGION}:{ACCOUNT}:failures.fifo"), NOT_MODELLED, "give an S3 bucket, or a standard SQS"),
    ({"DestinationConfig": {"OnSuccess": {"Destination": "arn:aws:s3:::s"}}}, INVALID, "Unsupported DestinationConfig"),
    ({"FunctionName": "absent"}, INVALID, "Function does not exist"),
]
BAD_AT_FIRST: list[tuple[dict[str, Any], str, str]] = [
    ({"StartingPosition": None}, INVALID, "Value null at 'startingPosition' failed to satisfy constraint"),
    ({"StartingPosition": "MIDDLE"}, VALIDATION, "[LATEST, AT_TIMESTAMP, TRIM_HORIZON]"),
    ({"StartingPosition": "AT_TIMESTAMP"}, INVALID, "Unsupported starting position for arn type: arn:aws:dynamodb"),
    ({"EventSourceArn": None}, INVALID, "Unrecognized event source."),
    ({"EventSourceArn": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/t/stream/1"}, INVALID, "Stream not found: arn:"),
    ({"EventSourceArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:queue"}, NOT_MODELLED, "not modelled: event sources of sqs"),
    ({"EventSourceArn": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s"}, NOT_MODELLED, "event sources of kinesis"),
]


@pytest.mark.parametrize("changes", GOOD)
def test_what_lambda_takes_is_taken(world: World, stream: str, changes: dict[str, Any]) -> None:
    client = world.client("lambda")
    made = client.create_event_source_mapping(**arguments(stream, **changes))
    assert made.items() >= changes.items()
    assert client.update_event_source_mapping(UUID=made["UUID"], **changes).items() >= changes.items()


@pytest.mark.parametrize(("changes", "code", "text"), [*BAD, *BAD_AT_FIRST])
def test_what_it_refuses_is_refused_and_makes_no_mapping(
    world: World, stream: str, changes: dict[str, Any], code: str, text: str
) -> None:
    client = world.client("lambda")
    asked = {name: value for name, value in arguments(stream, **changes).items() if value is not None}
    status, told, message = refusal(client.create_event_source_mapping, **asked)
    assert (status, told) == (400, code)
    assert text in message
    assert client.list_event_source_mappings()["EventSourceMappings"] == []


@pytest.mark.parametrize(("changes", "code", "text"), BAD)
def test_what_it_refuses_is_refused_of_a_change_too_and_changes_nothing(
    world: World, stream: str, changes: dict[str, Any], code: str, text: str
) -> None:
    client = world.client("lambda")
    made = client.create_event_source_mapping(**arguments(stream))["UUID"]
    before = deployed_mappings()[made]
    status, told, message = refusal(client.update_event_source_mapping, UUID=made, **changes)
    assert (status, told) == (400, code)
    assert text in message
    assert deployed_mappings()[made] == before


def test_a_second_mapping_of_the_same_two_is_refused(world: World, stream: str) -> None:
    client = world.client("lambda")
    made = client.create_event_source_mapping(**arguments(stream))["UUID"]
    status, code, message = refusal(client.create_event_source_mapping, **arguments(stream))
    assert (status, code) == (409, "ResourceConflictException")
    assert made in message


def test_a_mapping_that_is_not_there_is_not_found(world: World) -> None:
    client = world.client("lambda")
    for operation in (
        client.get_event_source_mapping,
        client.update_event_source_mapping,
        client.delete_event_source_mapping,
    ):
        assert refusal(operation, UUID=str(uuid.UUID(int=0)))[:2] == (404, "ResourceNotFoundException")


def test_a_mapping_of_an_alias_keeps_the_alias(world: World, stream: str) -> None:
    arn, client = world.create("aliased"), world.client("lambda")
    client.publish_version(FunctionName="aliased")
    client.create_alias(FunctionName="aliased", Name="live", FunctionVersion="1")
    made = client.create_event_source_mapping(**arguments(stream, FunctionName="aliased:live"))
    assert made["FunctionArn"] == f"{arn}:live"
    changed = client.update_event_source_mapping(UUID=made["UUID"], FunctionName=arn)
    assert changed["FunctionArn"] == arn
