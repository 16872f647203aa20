"""The poller runs the mappings of deployed functions as their roles, and says in one line why it cannot."""

import json
import threading
from collections.abc import Iterator

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest
from moto.awslambda.models import LambdaBackend

from tableguard.errors import EmbeddedError
from tableguard.local.event_source.lag import StreamLag
from tableguard.local.event_source.mapping import EventSourceMapping, Invoke
from tableguard.local.event_source.poller import Poller
from tableguard.local.event_source.record_buffer import Event
from tableguard.local.function.outcome import Outcome
from tests.worlds import stock_moto
from tests.worlds.lambda_package import package
from tests.worlds.lambdas import ACCOUNT, NEW_MESSAGES, REGION, TELLING, WRITING, Aws, within

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def running() -> Iterator[Aws]:
    with pytest.MonkeyPatch.context() as patch:
        # moto would call the function through Docker within every write, and then empty the stream
        patch.setattr(LambdaBackend, "send_dynamodb_items", lambda *_: "")
        with stock_moto.running() as endpoint:
            yield Aws(endpoint)


@pytest.fixture
def aws(running: Aws) -> Aws:
    running.prepare()
    return running


def only(poller: Poller) -> EventSourceMapping:
    (mapping,) = poller.mappings.values()
    return mapping


def own_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("lambda")]


def test_what_is_written_reaches_the_deployed_code_which_acts_as_its_role(aws: Aws) -> None:
    aws.deploy(WRITING, FilterCriteria=NEW_MESSAGES)
    aws.put("one", "two")
    with aws.poller() as poller:
        poller.drain(20)
        mapping = only(poller)
    rows = aws.client("dynamodb").scan(TableName="messages")["Items"]
    found = {row["sk"]["S"]: row["by"]["S"] for row in rows if row["pk"]["S"] == "GRP#u"}
    as_role = f"arn:aws:sts::{ACCOUNT}:assumed-role/messages-function/messages"
    assert found == {"MSG#one": as_role, "MSG#two": as_role}
    # the function's own rows came through the stream as well, and were filtered out
    assert (mapping.metrics["PolledEventCount"], mapping.metrics["FilteredOutEventCount"]) == (4, 2)


def test_a_drain_needs_no_background_thread_and_goes_on_where_the_last_one_ended(aws: Aws) -> None:
    aws.deploy(TELLING)
    poller = aws.poller()
    aws.put("one", "two")
    poller.drain(20)
    aws.put("three")
    poller.drain(20)
    poller.stop()
    assert aws.batches == [["one", "two"], ["three"]]


def test_between_start_and_stop_records_are_delivered_as_they_come(aws: Aws) -> None:
    aws.deploy(TELLING)
    with aws.poller():
        assert own_threads() != []
        aws.put("one")
        assert within(20, lambda: aws.batches == [["one"]])
        aws.put("two")
        assert within(20, lambda: aws.batches == [["one"], ["two"]])
    assert own_threads() == []


def test_log_lines_go_to_the_functions_log_group(aws: Aws) -> None:
    aws.deploy(TELLING)
    aws.put("one")
    with aws.poller() as poller:
        poller.drain(20)
    assert ("/aws/lambda/messages", '["one"]') in aws.lines


def test_batch_settings_are_those_of_the_deployed_mapping(aws: Aws) -> None:
    aws.deploy(TELLING, BatchSize=3, MaximumRetryAttempts=1, FunctionResponseTypes=["ReportBatchItemFailures"])
    aws.put("one", "two", "bad", "four")
    with aws.poller() as poller:
        poller.drain(20)
        mapping = only(poller)
    assert aws.batches == [["one", "two", "bad"], ["bad"], ["bad"], ["four"]]
    assert mapping.metrics["DroppedEventCount"] == 1


def failing(aws: Aws, destination: str, poller: Poller | None = None) -> EventSourceMapping:
    """A mapping that has given up two records."""
    on_failure = {"OnFailure": {"Destination": destination}}
    aws.deploy(TELLING, MaximumRetryAttempts=1, DestinationConfig=on_failure)
    aws.put("poison", "well")
    with poller or aws.poller() as running:
        running.drain(20)
        return only(running)


def test_records_given_up_are_left_in_the_bucket_with_the_event(aws: Aws) -> None:
    aws.bucket("failures")
    mapping = failing(aws, "arn:aws:s3:::failures")
    (found,) = aws.client("s3").list_objects_v2(Bucket="failures")["Contents"]
    shard = aws.client("dynamodbstreams").describe_stream(StreamArn=aws.stream_arn)["StreamDescription"]["Shards"][0]
    record = json.loads(aws.client("s3").get_object(Bucket="failures", Key=found["Key"])["Body"].read())
    day, second = record["timestamp"][:10].replace("-", "/"), record["timestamp"][:19].replace(":", ".")
    assert found["Key"].startswith(f"aws/lambda/{mapping.configuration.uuid}/{shard['ShardId']}/{day}/{second}-")
    assert record["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 2
    assert record["DDBStreamBatchInfo"]["batchSize"] == 2
    texts = [one["dynamodb"]["NewImage"]["text"]["S"] for one in json.loads(record["payload"])["Records"]]
    assert texts == ["poison", "well"]
    assert mapping.metrics["OnFailureDestinationDeliveredEventCount"] == 2


def test_streams_are_read_and_failures_written_as_the_functions_role(aws: Aws) -> None:
    aws.bucket("failures")
    signed: set[tuple[str, str]] = set()

    def note(request: AWSPreparedRequest, event_name: str, **_: object) -> None:
        authorization = str(request.headers["Authorization"])
        signed.add((event_name.removeprefix("before-send."), "KEY" if "Credential=KEY/" in authorization else "role"))

    session = boto3.Session("KEY", "KEY", region_name=REGION)
    session.events.register("before-send", note)
    failing(aws, "arn:aws:s3:::failures", Poller(session, aws.endpoint, "code"))
    assert {
        ("dynamodb-streams.DescribeStream", "role"),
        ("dynamodb-streams.GetShardIterator", "role"),
        ("dynamodb-streams.GetRecords", "role"),
        ("s3.PutObject", "role"),
        ("lambda.GetFunction", "KEY"),
        ("s3.GetObject", "KEY"),
    } <= signed
    assert ("sts.AssumeRole", "KEY") not in signed  # Lambda takes the role as itself
    assert {service for service, signer in signed if signer == "role"} == {
        "dynamodb-streams.DescribeStream",
        "dynamodb-streams.GetShardIterator",
        "dynamodb-streams.GetRecords",
        "s3.PutObject",
    }


def test_a_queue_is_told_which_records_but_not_what_they_hold(aws: Aws) -> None:
    queue = aws.client("sqs").create_queue(QueueName="failures")["QueueUrl"]
    failing(aws, f"arn:aws:sqs:{REGION}:{ACCOUNT}:failures")
    (message,) = aws.client("sqs").receive_message(QueueUrl=queue)["Messages"]
    record = json.loads(message["Body"])
    assert record["DDBStreamBatchInfo"]["streamArn"] == aws.stream_arn
    assert "payload" not in record


def test_a_topic_is_told_the_same(aws: Aws) -> None:
    topic = aws.client("sns").create_topic(Name="failures")["TopicArn"]
    queue = aws.client("sqs").create_queue(QueueName="listening")["QueueUrl"]
    listening = f"arn:aws:sqs:{REGION}:{ACCOUNT}:listening"
    aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=listening)
    failing(aws, topic)
    (message,) = aws.client("sqs").receive_message(QueueUrl=queue)["Messages"]
    record = json.loads(json.loads(message["Body"])["Message"])
    assert record["requestContext"]["functionArn"].endswith(":function:messages")


def test_a_destination_that_is_not_there_costs_the_records_and_is_counted(aws: Aws) -> None:
    mapping = failing(aws, "arn:aws:s3:::no-such-bucket")
    assert mapping.metrics["DestinationDeliveryFailures"] == 1
    assert mapping.metrics["DroppedEventCount"] == 2
    assert "NoSuchBucket" in mapping.delivery_errors[0]


def test_faults_can_be_put_around_every_invocation(aws: Aws) -> None:
    def twice(invoke: Invoke) -> Invoke:
        def invoking(event: Event) -> Outcome:
            invoke(event)
            return invoke(event)

        return invoking

    aws.deploy(TELLING)
    aws.put("one")
    with aws.poller(around_invoke=twice) as poller:
        poller.drain(20)
    assert aws.batches == [["one"], ["one"]]


def test_every_mapping_of_the_account_is_run(aws: Aws) -> None:
    poller = aws.poller()
    poller.drain(1)
    assert poller.mappings == {}
    made = {aws.deploy(TELLING, "first"), aws.deploy(TELLING, "second")}
    aws.put("one")
    with aws.poller() as poller:
        poller.drain(20)
        assert set(poller.mappings) == made
    assert sorted(aws.lines) == [("/aws/lambda/first", '["one"]'), ("/aws/lambda/second", '["one"]')]


def test_disabling_a_mapping_stops_it_and_a_drain_says_so(aws: Aws) -> None:
    uuid = aws.deploy(TELLING)
    poller = aws.poller()
    poller.drain(20)
    aws.client("lambda").update_event_source_mapping(UUID=uuid, Enabled=False)
    aws.put("one")
    with pytest.raises(EmbeddedError, match=f"event source mapping {uuid}: is disabled"):
        poller.drain(20)
    assert aws.batches == []
    aws.client("lambda").update_event_source_mapping(UUID=uuid, Enabled=True)
    poller.drain(20)
    poller.stop()
    assert aws.batches == [["one"]]


def test_the_lag_grows_while_a_mapping_is_disabled_and_goes_when_it_runs_again(aws: Aws) -> None:
    uuid = aws.deploy(TELLING, FilterCriteria=NEW_MESSAGES)
    poller = aws.poller()
    poller.drain(20)
    aws.client("lambda").update_event_source_mapping(UUID=uuid, Enabled=False)
    assert poller.lag() == StreamLag()
    aws.put("one", "two")
    assert (poller.lag().records, poller.lag().more) == (2, False)
    assert 0 <= poller.lag().seconds < 60
    aws.client("lambda").update_event_source_mapping(UUID=uuid, Enabled=True)
    poller.drain(20)
    assert poller.lag() == StreamLag()
    poller.stop()


def test_a_drain_that_takes_too_long_says_where_it_stands(aws: Aws) -> None:
    uuid = aws.deploy(TELLING)
    aws.put("poison")
    poller = aws.poller()
    with pytest.raises(EmbeddedError, match=rf"{uuid}: not drained in time; it stands at .*None"):
        poller.drain(0.2)
    poller.stop()


def test_a_function_that_cannot_start_stops_its_mapping_with_the_reason(aws: Aws) -> None:
    aws.deploy("import absent")
    aws.put("one")
    poller = aws.poller()
    poller.start()
    with pytest.raises(EmbeddedError, match=r"cannot start: Runtime.ImportModuleError.*No module named 'absent'"):
        poller.drain(20)
    with pytest.raises(EmbeddedError, match="No module named 'absent'"):
        poller.lag()
    with pytest.raises(EmbeddedError, match="No module named 'absent'"):
        poller.stop()


def test_the_code_must_be_what_was_deployed(aws: Aws) -> None:
    aws.deploy(TELLING)
    code = {"Bucket": "code", "Key": "functions/messages.zip"}
    aws.client("s3").put_object(**code, Body=package("def handle(event, context): ..."))
    with pytest.raises(EmbeddedError, match=r"messages\.zip is no longer the code that was deployed"):
        aws.poller().start()
    aws.client("s3").delete_object(**code)
    with pytest.raises(EmbeddedError, match=r"its code, s3://code/functions/messages.zip: .*NoSuchKey"):
        aws.poller().start()
    aws.client("s3").put_object(**code, Body=package(TELLING))
    with aws.poller() as poller:
        poller.drain(20)


def test_a_mapping_that_is_not_modelled_stops_the_start_and_leaves_nothing_running(aws: Aws) -> None:
    aws.deploy(TELLING, "first")
    aws.deploy(TELLING, "second", ParallelizationFactor=2)
    poller = aws.poller()
    with pytest.raises(EmbeddedError, match="ParallelizationFactor 2 is not modelled"):
        poller.start()
    assert poller.mappings == {}
    assert own_threads() == []


def test_an_aws_that_is_gone_is_an_error_not_silence(aws: Aws) -> None:
    with pytest.raises(EmbeddedError, match="event source mappings: Could not connect to the endpoint URL"):
        Poller(aws.session, "http://127.0.0.1:9", "code").start()
