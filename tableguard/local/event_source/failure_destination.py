"""The on-failure destination of an event source mapping: an S3 bucket, an SQS queue or an SNS topic.

https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
"""

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tableguard.aws.arn import parse
from tableguard.errors import EmbeddedError
from tableguard.local.clients.refusals import refusals_as_errors
from tableguard.local.event_source.configuration import MappingConfiguration
from tableguard.local.event_source.mapping import DeliveryError, DiscardedBatch
from tableguard.local.function.outcome import Success

Client = Any  # a boto3 client; botocore makes their classes at run time


def _new_id() -> str:
    return str(uuid.uuid4())


@dataclass(frozen=True)
class FailureDestination:
    """Delivers the records that one mapping discards; `client` returns clients of the function's role, as in Lambda."""

    configuration: MappingConfiguration
    arn: str
    client: Callable[[str], Client]
    clock: Callable[[], float]
    new_id: Callable[[], str] = _new_id

    def __post_init__(self) -> None:
        if self._service not in _SENDERS or self.arn.endswith(".fifo"):
            raise EmbeddedError(
                f"event source mapping {self.configuration.uuid}: destination {self.arn} is not modelled; "
                "give an S3 bucket, or a standard SQS queue or SNS topic"
            )
        self.client(self._service)  # created now: a boto3 session may be used by one thread at a time

    @property
    def _service(self) -> str:
        arn = parse(self.arn)
        return arn.service if arn else ""

    def __call__(self, discarded: DiscardedBatch) -> None:
        """Send the invocation record; DeliveryError if the destination refuses it."""
        now = datetime.fromtimestamp(self.clock(), UTC)
        record = invocation_record(discarded, self.configuration, now, self.new_id)
        try:
            with refusals_as_errors(f"destination {self.arn}"):
                _SENDERS[self._service](self, discarded, record, now)
        except EmbeddedError as error:
            raise DeliveryError(str(error)) from error

    def _to_s3(self, discarded: DiscardedBatch, record: dict[str, Any], now: datetime) -> None:
        payload = json.dumps({"Records": list(discarded.batch.events)}, ensure_ascii=False)
        self.client("s3").put_object(
            Bucket=self.arn.rpartition(":")[2],
            Key=f"aws/lambda/{self.configuration.uuid}/{discarded.shard_id}"
            f"/{now:%Y/%m/%d}/{now:%Y-%m-%dT%H.%M.%S}-{self.new_id()}",
            Body=json.dumps({**record, "payload": payload}).encode(),
        )

    def _to_sqs(self, discarded: DiscardedBatch, record: dict[str, Any], now: datetime) -> None:
        client = self.client("sqs")
        *_, account, name = self.arn.split(":")
        # a role that may send messages need not be allowed to ask for the queue's address
        client.send_message(QueueUrl=f"{client.meta.endpoint_url}/{account}/{name}", MessageBody=json.dumps(record))

    def _to_sns(self, discarded: DiscardedBatch, record: dict[str, Any], now: datetime) -> None:
        self.client("sns").publish(TopicArn=self.arn, Message=json.dumps(record))


_SENDERS = {
    "s3": FailureDestination._to_s3,
    "sns": FailureDestination._to_sns,
    "sqs": FailureDestination._to_sqs,
}
SERVICES = frozenset(_SENDERS)


def invocation_record(
    discarded: DiscardedBatch, configuration: MappingConfiguration, now: datetime, new_id: Callable[[], str] = _new_id
) -> dict[str, Any]:
    """Return the record that every destination receives: the discarded records, their attempts and the reason."""
    events = [event["dynamodb"] for event in discarded.batch.events]
    context = {
        "requestId": discarded.outcome.request_id if discarded.outcome else new_id(),
        "functionArn": configuration.function_arn,
        "condition": discarded.condition,
        "approximateInvokeCount": discarded.batch.invocations,
    }
    return {
        "requestContext": context,
        **_response_context(discarded),
        "version": "1.0",
        "timestamp": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "DDBStreamBatchInfo": {
            "shardId": discarded.shard_id,
            "startSequenceNumber": events[0]["SequenceNumber"],
            "endSequenceNumber": events[-1]["SequenceNumber"],
            "approximateArrivalOfFirstRecord": _second(events[0]),
            "approximateArrivalOfLastRecord": _second(events[-1]),
            "batchSize": len(events),
            "streamArn": configuration.stream_arn,
        },
    }


def _response_context(discarded: DiscardedBatch) -> dict[str, Any]:
    """Return no context for records that grew too old, and functionError null for a partial failure, as AWS does:

    https://github.com/localstack/localstack/tree/main/tests/aws/services/lambda_/event_source_mapping
    """
    if discarded.outcome is None:
        return {}
    error = None if isinstance(discarded.outcome, Success) else "Unhandled"
    return {"responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": error}}


def _second(record: dict[str, Any]) -> str:
    return f"{datetime.fromtimestamp(record['ApproximateCreationDateTime'], UTC):%Y-%m-%dT%H:%M:%SZ}"
