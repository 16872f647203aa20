"""The poller runs the mappings of deployed functions as their roles, and says in one line why it cannot."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest
from moto.awslambda.models import LambdaBackend, lambda_backends

from tableguard.errors import EmbeddedError
from tableguard.local.clients import factory
from tableguard.local.clients.factory import make_client
from tableguard.local.clients.identities import LAMBDA_KEY
from tableguard.local.event_source.lag import StreamLag
from tableguard.local.event_source.mapping import EventSourceMapping, Invoke
from tableguard.local.event_source.poller import Poller
from tableguard.local.event_source.record_buffer import Event
from tableguard.local.function.functions import Functions
from tableguard.local.function.outcome import Outcome
from tests.worlds import stock_moto
from tests.worlds.lambda_package import package
from tests.worlds.lambdas import ACCOUNT, NEW_MESSAGES, REGION, TELLING, WRITING, Aws, within

pytestmark = pytest.mark.slow

EXCEPT_TWO = {"Filters": [{"Pattern": '{"dynamodb":{"Keys":{"pk":{"S":[{"anything-but":"MSG#two"}]}}}}'}]}


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
    assert [name for name in own_threads() if "mapping" in name] == []
    aws.functions.close()
    assert own_threads() == []


def test_log_lines_go_to_the_functions_log_group(aws: Aws) -> None:
    aws.deploy(TELLING)
    aws.put("one")
    with aws.poller() as poller:
        poller.drain(20)
    assert '["one"]' in aws.lines()


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


def test_streams_are_read_and_failures_written_as_the_functions_role(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    aws.bucket("failures")
    signed: set[tuple[str, str]] = set()

    def note(request: AWSPreparedRequest, event_name: str, **_: object) -> None:
        authorization = str(request.headers["Authorization"])
        signer = "lambda" if f"Credential={LAMBDA_KEY}/" in authorization else "role"
        signed.add((event_name.removeprefix("before-send."), signer))

    def noted(service: str, **arguments: Any) -> Any:
        client = make_client(service, **arguments)
        client.meta.events.register("before-send", note)
        return client

    monkeypatch.setattr(factory, "make_client", noted)
    failing(aws, "arn:aws:s3:::failures")
    aws.functions.flush_logs()
    assert signed == {
        ("sts.AssumeRole", "lambda"),
        ("dynamodb-streams.DescribeStream", "role"),
        ("dynamodb-streams.GetShardIterator", "role"),
        ("dynamodb-streams.GetRecords", "role"),
        ("s3.PutObject", "role"),
        ("cloudwatch-logs.PutLogEvents", "role"),
        ("cloudwatch-logs.CreateLogStream", "role"),
        ("cloudwatch-logs.CreateLogGroup", "role"),
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
    assert [[line for line in aws.lines(name) if line[0] == "["] for name in ("first", "second")] == [['["one"]']] * 2


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


def test_a_function_that_cannot_start_is_tried_again_and_goes_on_with_new_code(aws: Aws) -> None:
    aws.deploy("import absent")
    aws.put("one")
    with aws.poller() as poller:
        with pytest.raises(EmbeddedError, match=r"its last invocation failed: Runtime\.ImportModuleError"):
            poller.drain(0.5)
        assert poller.lag().records == 1
        aws.client("lambda").update_function_code(FunctionName="messages", ZipFile=package(TELLING))
        poller.drain(20)
    assert aws.batches == [["one"]]
    assert any("No module named 'absent'" in line for line in aws.lines())


def test_the_code_that_was_deployed_is_what_runs(aws: Aws) -> None:
    aws.deploy(TELLING)
    aws.client("s3").put_object(Bucket="code", Key="functions/messages.zip", Body=package("import absent"))
    aws.put("one")
    with aws.poller() as poller:
        poller.drain(20)
        where = {"S3Bucket": "code", "S3Key": "functions/messages.zip"}
        aws.client("lambda").update_function_code(FunctionName="messages", **where)
        aws.put("two")
        with pytest.raises(EmbeddedError, match=r"Runtime\.ImportModuleError"):
            poller.drain(0.5)
    assert aws.batches == [["one"]]


def test_a_mapping_that_is_not_modelled_stops_the_start_and_leaves_nothing_running(aws: Aws) -> None:
    aws.deploy(TELLING, "first")
    second = lambda_backends[ACCOUNT][REGION].get_event_source_mapping(aws.deploy(TELLING, "second"))
    assert second is not None
    second.parallelization_factor = 2  # as if it had come by another way than the API, which refuses it
    poller = aws.poller()
    with pytest.raises(EmbeddedError, match="ParallelizationFactor 2 is not modelled"):
        poller.start()
    assert poller.mappings == {}
    aws.functions.close()
    assert own_threads() == []


def test_an_aws_that_is_gone_is_an_error_not_silence(aws: Aws) -> None:
    aws.deploy(TELLING)
    with pytest.raises(EmbeddedError, match=r"function messages: its role .*: Could not connect to the endpoint URL"):
        Poller(Functions("http://127.0.0.1:9")).start()


def test_a_new_mapping_is_served_a_changed_one_changes_and_a_deleted_one_ends(aws: Aws) -> None:
    with aws.poller() as poller:
        uuid = aws.deploy(TELLING)
        aws.put("one")
        assert within(20, lambda: aws.batches == [["one"]])
        aws.client("lambda").update_event_source_mapping(UUID=uuid, BatchSize=1, FilterCriteria=EXCEPT_TWO)
        poller.drain(20)
        aws.put("two", "three", "four")
        assert within(20, lambda: aws.batches == [["one"], ["three"], ["four"]])
        aws.client("lambda").delete_event_source_mapping(UUID=uuid)
        assert within(20, lambda: poller.mappings == {})
        aws.put("five")
        poller.drain(20)
    assert aws.batches == [["one"], ["three"], ["four"]]


def test_a_mapping_goes_on_with_another_function_where_it_stood(aws: Aws) -> None:
    uuid = aws.deploy(TELLING)
    other = aws.deploy(TELLING, "other")
    aws.client("lambda").delete_event_source_mapping(UUID=other)
    with aws.poller() as poller:
        aws.put("one")
        poller.drain(20)
        aws.client("lambda").update_event_source_mapping(UUID=uuid, FunctionName="other")
        poller.drain(20)  # a step that began before may still go to the first one
        aws.put("two")
        poller.drain(20)
    lines = [[line for line in aws.lines(name) if line[0] == "["] for name in ("messages", "other")]
    assert lines == [['["one"]'], ['["two"]']]
