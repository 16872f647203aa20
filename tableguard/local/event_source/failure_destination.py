"""Where an event source mapping leaves the records it gives up: an S3 bucket, an SQS queue or an SNS topic.

https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
"""

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tableguard.errors import EmbeddedError
from tableguard.local.clients.asking import asking
from tableguard.local.event_source.configuration import MappingConfiguration
from tableguard.local.event_source.mapping import DeliveryError, Discarded
from tableguard.local.function.outcome import Succeeded

Client = Any  # a boto3 client; botocore makes their classes at run time


def _new_id() -> str:
    return str(uuid.uuid4())


@dataclass(frozen=True)
class FailureDestination:
    """Delivers what one mapping gives up; `client` makes clients that act as the function's role, as Lambda does."""

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
        self.client(self._service)  # made now: a boto3 session may be used by one thread at a time

    @property
    def _service(self) -> str:
        return self.arn.split(":")[2]

    def __call__(self, discarded: Discarded) -> None:
        """Send the invocation record; DeliveryError says why the destination refused it."""
        now = datetime.fromtimestamp(self.clock(), UTC)
        record = invocation_record(discarded, self.configuration, now, self.new_id)
        try:
            with asking(f"destination {self.arn}"):
                _SENDERS[self._service](self, discarded, record, now)
        except EmbeddedError as error:
            raise DeliveryError(str(error)) from error

    def _to_s3(self, discarded: Discarded, record: dict[str, Any], now: datetime) -> None:
        payload = json.dumps({"Records": list(discarded.batch.events)}, ensure_ascii=False)
        self.client("s3").put_object(
            Bucket=self.arn.rpartition(":")[2],
            Key=f"aws/lambda/{self.configuration.uuid}/{discarded.shard_id}"
            f"/{now:%Y/%m/%d}/{now:%Y-%m-%dT%H.%M.%S}-{self.new_id()}",
            Body=json.dumps({**record, "payload": payload}).encode(),
        )

    def _to_sqs(self, discarded: Discarded, record: dict[str, Any], now: datetime) -> None:
        client = self.client("sqs")
        account, name = self.arn.split(":")[4:]
        # a role that may send need not be allowed to ask for the queue's address
        client.send_message(QueueUrl=f"{client.meta.endpoint_url}/{account}/{name}", MessageBody=json.dumps(record))

    def _to_sns(self, discarded: Discarded, record: dict[str, Any], now: datetime) -> None:
        self.client("sns").publish(TopicArn=self.arn, Message=json.dumps(record))


_SENDERS = {
    "s3": FailureDestination._to_s3,
    "sns": FailureDestination._to_sns,
    "sqs": FailureDestination._to_sqs,
}


def invocation_record(
    discarded: Discarded, configuration: MappingConfiguration, now: datetime, new_id: Callable[[], str] = _new_id
) -> dict[str, Any]:
    """What every destination is told: which records of which stream, how often they were sent, and why no more."""
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


def _response_context(discarded: Discarded) -> dict[str, Any]:
    """Absent for records that grew too old, and functionError null for a reported partial failure, as AWS was seen to:

    https://github.com/localstack/localstack/tree/main/tests/aws/services/lambda_/event_source_mapping
    """
    if discarded.outcome is None:
        return {}
    error = None if isinstance(discarded.outcome, Succeeded) else "Unhandled"
    return {"responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": error}}


def _second(record: dict[str, Any]) -> str:
    return f"{datetime.fromtimestamp(record['ApproximateCreationDateTime'], UTC):%Y-%m-%dT%H:%M:%SZ}"
