"""Lines of a function go to its log group as its role, in portions that CloudWatch Logs takes."""

import json
from collections.abc import Iterator

import pytest

from tableguard.local.function import functions
from tableguard.local.function.log_writer import BATCH_BYTES, BATCH_EVENTS, EVENT_OVERHEAD, LogEvent, batches
from tests.worlds import edge, invocations
from tests.worlds.edge import ACCOUNT, REGION
from tests.worlds.invocations import GROUP, World, tail
from tests.worlds.lambda_package import package

WRITING = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}


@pytest.fixture
def world() -> Iterator[World]:
    with invocations.running() as running:
        yield running


def test_portions_are_as_large_as_putlogevents_takes() -> None:
    short, long = LogEvent(1, "x"), LogEvent(1, "x" * (BATCH_BYTES // 2 - EVENT_OVERHEAD))
    assert [len(batch) for batch in batches([short] * BATCH_EVENTS)] == [BATCH_EVENTS]
    assert [len(batch) for batch in batches([short] * (BATCH_EVENTS + 1))] == [BATCH_EVENTS, 1]
    assert [len(batch) for batch in batches([long] * 2)] == [2]
    assert [len(batch) for batch in batches([long, long, short])] == [2, 1]
    assert list(batches([])) == []


def test_the_log_group_has_all_lines_of_an_invocation_in_a_stream_of_its_process(world: World) -> None:
    answer = world.invoke({"do": "say", "lines": ["one", "two"]}, LogType="Tail")
    assert "".join(world.log_lines()) == tail(answer)
    world.invoke({"do": "say", "lines": ["three"]})
    world.functions.flush_logs()
    (stream,) = world.client("logs").describe_log_streams(logGroupName=GROUP)["logStreams"]
    year, month, day, process = stream["logStreamName"].split("/")
    assert [len(part) for part in (year, month, day)] == [4, 2, 2]
    assert process.startswith("[$LATEST]")
    assert len(process) == len("[$LATEST]") + 32


def test_a_function_writes_to_the_log_group_of_its_configuration_and_no_other(world: World) -> None:
    world.create("elsewhere", LoggingConfig={"LogGroup": "/a/group"})
    assert "END RequestId: " in tail(world.invoke({}, "elsewhere", LogType="Tail"))
    assert any(line.startswith("END RequestId: ") for line in world.log_lines("/a/group"))
    absent = world.client("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/elsewhere")["logGroups"]
    assert absent == []


@pytest.mark.parametrize("allowed", [True, False])
def test_a_role_that_may_not_write_writes_nothing_which_is_said_once_and_changes_no_answer(allowed: bool) -> None:
    with edge.running() as zone:
        iam, client = (zone.clients(service, ACCOUNT, REGION) for service in ("iam", "lambda"))
        trust = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
        role = iam.create_role(RoleName="writing", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        if allowed:
            statement = {"Effect": "Allow", "Action": WRITING, "Resource": "*"}
            document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
            iam.put_role_policy(RoleName="writing", PolicyName="logs", PolicyDocument=document)
        running, said = functions.in_use(), list[str]()
        assert running is not None
        running.notices.listen(said.append)
        code = {"ZipFile": package("def handle(event, context): return 1")}
        client.create_function(FunctionName="w", Runtime="python3.13", Role=role, Handler="app.handle", Code=code)
        for _ in range(2):
            assert client.invoke(FunctionName="w")["Payload"].read() == b"1"
        running.flush_logs()
        groups = zone.clients("logs", ACCOUNT, REGION).describe_log_groups(logGroupNamePrefix="/aws/lambda/w")
        assert [group["logGroupName"] for group in groups["logGroups"]] == (["/aws/lambda/w"] if allowed else [])
    written = "function w: its log lines are not written to /aws/lambda/w: "
    assert [text.startswith(written) and "logs:PutLogEvents" in text for text in said] == ([] if allowed else [True])
