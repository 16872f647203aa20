"""The configuration of an event source mapping for a DynamoDB stream, in the Lambda API's words.

https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tableguard.errors import EmbeddedError
from tableguard.local.event_source.event_filter import EVERYTHING, EventFilter, event_filter

FOREVER = -1  # of MaximumRetryAttempts and MaximumRecordAgeInSeconds


@dataclass(frozen=True)
class MappingConfiguration:
    """The parameters of one mapping, with Lambda's defaults where the API returns none."""

    uuid: str
    function_arn: str
    stream_arn: str
    enabled: bool = True
    starting_position: str = "TRIM_HORIZON"
    batch_size: int = 100
    batching_window: int = 0  # seconds
    bisect: bool = False
    maximum_retry_attempts: int = FOREVER
    maximum_record_age: int = FOREVER  # seconds
    report_batch_item_failures: bool = False
    event_filter: EventFilter = EVERYTHING
    destination_arn: str | None = None


# parameter, lowest, highest: https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
_RANGES = (
    ("BatchSize", 1, 10_000),
    ("MaximumBatchingWindowInSeconds", 0, 300),
    ("MaximumRetryAttempts", FOREVER, 10_000),
    ("MaximumRecordAgeInSeconds", FOREVER, 604_800),
)
# parameter, the one value that is modelled, and the reason why no other is
_NOT_MODELLED = (
    ("ParallelizationFactor", 1, "a shard is read by one reader here"),
    ("TumblingWindowInSeconds", 0, "no state is carried from one batch to the next"),
)


def mapping_configuration(description: Mapping[str, Any]) -> MappingConfiguration:
    """Return GetEventSourceMapping's answer as a configuration; EmbeddedError if it is refused or not modelled."""
    uuid = description["UUID"]
    _check(uuid, description)
    on_failure = description.get("DestinationConfig", {}).get("OnFailure", {})
    return MappingConfiguration(
        uuid=uuid,
        function_arn=description["FunctionArn"],
        stream_arn=description["EventSourceArn"],
        enabled=description.get("State", "Enabled") == "Enabled",
        starting_position=description["StartingPosition"],
        batch_size=description.get("BatchSize", 100),
        batching_window=description.get("MaximumBatchingWindowInSeconds", 0),
        bisect=description.get("BisectBatchOnFunctionError", False),
        maximum_retry_attempts=description.get("MaximumRetryAttempts", FOREVER),
        maximum_record_age=description.get("MaximumRecordAgeInSeconds", FOREVER),
        report_batch_item_failures="ReportBatchItemFailures" in description.get("FunctionResponseTypes", []),
        event_filter=event_filter(description.get("FilterCriteria")),
        destination_arn=on_failure.get("Destination"),
    )


def _check(uuid: str, description: Mapping[str, Any]) -> None:
    place = f"event source mapping {uuid}"
    if ":dynamodb:" not in description["EventSourceArn"]:
        raise EmbeddedError(f"{place}: {description['EventSourceArn']} is no DynamoDB stream; only those are modelled")
    if description.get("StartingPosition") not in ("TRIM_HORIZON", "LATEST"):
        raise EmbeddedError(f"{place}: StartingPosition is TRIM_HORIZON or LATEST for a DynamoDB stream")
    for name, low, high in _RANGES:
        if not low <= description.get(name, low) <= high:
            raise EmbeddedError(f"{place}: {name} is {description[name]}; Lambda takes {low} to {high}")
    for name, modelled, why in _NOT_MODELLED:
        if description.get(name, modelled) != modelled:
            raise EmbeddedError(f"{place}: {name} {description[name]} is not modelled ({why}); leave it at {modelled}")
    if 0 <= description.get("MaximumRecordAgeInSeconds", FOREVER) < 60:
        raise EmbeddedError(f"{place}: MaximumRecordAgeInSeconds is {FOREVER} or at least 60")
