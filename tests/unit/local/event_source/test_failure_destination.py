"""Discarded records reach S3, SQS or SNS in the form that AWS documents."""

from datetime import UTC, datetime

import pytest

from tableguard.errors import EmbeddedError
from tableguard.local.event_source.configuration import MappingConfiguration
from tableguard.local.event_source.failure_destination import FailureDestination, invocation_record
from tableguard.local.event_source.mapping import DiscardedBatch, RecordBatch
from tableguard.local.function.outcome import Outcome, Success, Timeout
from tests.worlds.mappings import BOOM, FUNCTION, STREAM, WRITTEN, items, stream_event

NOW = datetime(2023, 11, 14, 22, 14, 49, 717_000, tzinfo=UTC)
MAPPING = MappingConfiguration("uuid-1", FUNCTION, STREAM, destination_arn="arn:aws:s3:::failures")


def given_up(outcome: Outcome | None, invocations: int = 4) -> DiscardedBatch:
    batch = RecordBatch((stream_event(7, WRITTEN), stream_event(9, WRITTEN + 1.5)), invocations)
    return DiscardedBatch("shardId-1", batch, "RetryAttemptsExhausted" if outcome else "RecordAgeExceeded", outcome)


def test_an_invocation_record_names_the_records_and_what_became_of_them() -> None:
    assert invocation_record(given_up(BOOM), MAPPING, NOW) == {
        "requestContext": {
            "requestId": "r-9",
            "functionArn": FUNCTION,
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": 4,
        },
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "version": "1.0",
        "timestamp": "2023-11-14T22:14:49.717Z",
        "DDBStreamBatchInfo": {
            "shardId": "shardId-1",
            "startSequenceNumber": "7",
            "endSequenceNumber": "9",
            "approximateArrivalOfFirstRecord": "2023-11-14T22:13:20Z",
            "approximateArrivalOfLastRecord": "2023-11-14T22:13:21Z",
            "batchSize": 2,
            "streamArn": STREAM,
        },
    }


@pytest.mark.parametrize(
    ("outcome", "error"), [(BOOM, "Unhandled"), (Timeout(3), "Unhandled"), (Success(items("7")), None)]
)
def test_a_reported_partial_failure_is_no_function_error(outcome: Outcome, error: str | None) -> None:
    assert invocation_record(given_up(outcome), MAPPING, NOW)["responseContext"]["functionError"] == error


def test_records_that_grew_too_old_have_no_response() -> None:
    record = invocation_record(given_up(None, 0), MAPPING, NOW, lambda: "made-up")
    assert "responseContext" not in record
    assert record["requestContext"] == {
        "requestId": "made-up",
        "functionArn": FUNCTION,
        "condition": "RecordAgeExceeded",
        "approximateInvokeCount": 0,
    }


@pytest.mark.parametrize(
    ("arn", "taken"),
    [
        ("arn:aws:s3:::failures", True),
        ("arn:aws:sqs:eu-central-1:111122223333:failures", True),
        ("arn:aws:sqs:eu-central-1:111122223333:failures.fifo", False),
        ("arn:aws:sns:eu-central-1:111122223333:failures", True),
        ("arn:aws:sns:eu-central-1:111122223333:failures.fifo", False),
        ("arn:aws:kafka:eu-central-1:111122223333:cluster/failures", False),
    ],
)
def test_a_destination_is_a_bucket_or_a_standard_queue_or_topic(arn: str, taken: bool) -> None:
    def make() -> FailureDestination:
        return FailureDestination(MAPPING, arn, lambda _: None, lambda: WRITTEN)

    if taken:
        assert make().arn == arn
    else:
        with pytest.raises(EmbeddedError, match=f"destination {arn} is not modelled"):
            make()
