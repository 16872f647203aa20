"""Invoke runs the deployed package as its role, and answers as AWS does; so do topics, buckets and log groups."""

import base64
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tableguard.local.alerts.service_metrics import of_functions
from tests.worlds import invocations
from tests.worlds.edge import refusal
from tests.worlds.invocations import ACCOUNT, DOING_LATER, NAME, REGION, World, alive, tail
from tests.worlds.lambda_package import package

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with invocations.running() as running:
        yield running


def within(seconds: float, condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


def refused(world: World, **arguments: Any) -> tuple[int, str, str]:
    return refusal(world.client("lambda").invoke, **{"FunctionName": NAME, **arguments})


def test_the_value_of_the_handler_is_the_answer(world: World) -> None:
    answer = world.invoke({"sum": 1})
    assert (answer["StatusCode"], answer["ExecutedVersion"], answer["Payload"]) == (200, "$LATEST", {"sum": 1})
    assert "FunctionError" not in answer
    assert "LogResult" not in answer
    assert world.invoke()["Payload"] == {}


def test_the_function_acts_as_its_role_on_the_same_aws_while_the_request_is_open(world: World) -> None:
    assert world.invoke({"do": "write", "key": "by role"})["Payload"] is None
    item = world.item("by role")
    assert item is not None
    assert item["by"]["S"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/doing/{NAME}"


def test_a_function_may_invoke_itself(world: World) -> None:
    assert world.invoke({"do": "call", "name": NAME, "sum": 2})["Payload"] == {"sum": 2}


def test_one_process_is_kept_and_another_runs_beside_it_while_it_is_busy(world: World) -> None:
    first, second = (world.invoke({"do": "told"})["Payload"] for _ in range(2))
    assert first["pid"] == second["pid"]
    assert first["id"] != second["id"]
    with ThreadPoolExecutor() as pool:
        busy = pool.submit(world.invoke, {"do": "sleep", "seconds": 1})
        time.sleep(0.3)
        beside = world.invoke({"do": "told"})["Payload"]
        busy.result()
    assert beside["pid"] != first["pid"]
    assert within(5, lambda: [alive(first["pid"]), alive(beside["pid"])].count(True) == 1)


def test_an_error_of_the_handler_is_a_function_error_and_no_refusal(world: World) -> None:
    answer = world.invoke({"do": "fail", "message": "no"})
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert answer["Payload"].keys() == {"errorMessage", "errorType", "requestId", "stackTrace"}
    assert (answer["Payload"]["errorType"], answer["Payload"]["errorMessage"]) == ("LookupError", "no")


def test_a_process_that_ends_is_a_function_error_and_the_next_event_finds_a_new_one(world: World) -> None:
    answer = world.invoke({"do": "leave", "status": 3})
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Payload"]["errorType"] == "Runtime.ExitError"
    assert answer["Payload"]["errorMessage"].endswith("Error: Runtime exited with error: exit status 3")
    assert world.invoke({"sum": 3})["Payload"] == {"sum": 3}


def test_a_handler_that_takes_too_long_is_ended(world: World) -> None:
    world.create("slow", Timeout=1)
    pid = world.invoke({"do": "told"}, "slow")["Payload"]["pid"]
    answer = world.invoke({"do": "sleep", "seconds": 20}, "slow")
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Payload"]["errorType"] == "Sandbox.Timedout"
    assert answer["Payload"]["errorMessage"].endswith("Error: Task timed out after 1.00 seconds")
    assert not alive(pid)


def test_a_handler_that_cannot_be_loaded_is_a_function_error(world: World) -> None:
    world.create("broken", Code={"ZipFile": package("import absent")})
    answer = world.invoke({}, "broken", LogType="Tail")
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Payload"]["errorType"] == "Runtime.ImportModuleError"
    assert "No module named 'absent'" in tail(answer)


def test_new_code_and_a_new_configuration_take_effect_with_the_next_event(world: World) -> None:
    world.create("changed")
    assert "doing later" not in tail(world.invoke({}, "changed", LogType="Tail"))
    world.client("lambda").update_function_code(FunctionName="changed", ZipFile=package(DOING_LATER))
    assert "doing later" in tail(world.invoke({}, "changed", LogType="Tail"))
    world.client("lambda").update_function_configuration(FunctionName="changed", Timeout=1)
    assert world.invoke({"do": "sleep", "seconds": 5}, "changed")["FunctionError"] == "Unhandled"


def test_versions_and_aliases_run_what_was_published(world: World) -> None:
    arn, client = world.create("published"), world.client("lambda")
    client.publish_version(FunctionName="published")
    client.create_alias(FunctionName="published", Name="live", FunctionVersion="1")
    client.update_function_code(FunctionName="published", ZipFile=package(DOING_LATER))
    names: list[tuple[str, dict[str, Any]]] = [
        ("published", {"Qualifier": "1"}),
        ("published:1", {}),
        ("published", {"Qualifier": "live"}),
        (f"{arn}:live", {}),
        (f"{ACCOUNT}:function:published", {"Qualifier": "live"}),
    ]
    for name, qualifier in names:
        answer = world.invoke({"do": "told"}, name, LogType="Tail", **qualifier)
        assert (answer["ExecutedVersion"], answer["Payload"]["version"]) == ("1", "1"), name
        assert "doing later" not in tail(answer)
    for name, qualifier in (("published", {}), (arn, {}), (arn, {"Qualifier": "$LATEST"})):
        answer = world.invoke({"do": "told"}, name, LogType="Tail", **qualifier)
        assert (answer["ExecutedVersion"], answer["Payload"]["version"]) == ("$LATEST", "$LATEST")
        assert "doing later" in tail(answer)


def test_a_payload_with_the_names_of_parameters_names_none(world: World) -> None:
    for text in ("&Qualifier=7&", "&InvocationType=DryRun&", "ä"):
        assert world.invoke({"text": text})["Payload"] == {"text": text}


def test_the_end_of_a_function_ends_the_processes_of_its_versions(world: World) -> None:
    client = world.client("lambda")
    for name in ("ended", "ended-not"):
        world.create(name, Publish=True)
    versions = [("ended", {}), ("ended", {"Qualifier": "1"}), ("ended-not", {"Qualifier": "1"})]
    processes = [world.invoke({"do": "told"}, name, **version)["Payload"]["pid"] for name, version in versions]
    client.delete_function(FunctionName="ended")
    assert [alive(process) for process in processes] == [False, False, True]


def test_the_tail_of_the_log_is_its_last_four_kilobytes(world: World) -> None:
    answer = world.invoke({"do": "say", "lines": ["one", "two"]}, LogType="Tail")
    started, *_, last, ended, report = tail(answer).splitlines()
    assert started.startswith("START RequestId: ")
    assert (last, ended.split()[0], report.split()[0]) == ("two", "END", "REPORT")
    long = tail(world.invoke({"do": "say", "lines": ["x" * 80] * 100}, LogType="Tail"))
    assert len(long.encode()) == 4096
    assert long.splitlines()[-1].startswith("REPORT ")


def test_the_client_context_reaches_the_handler(world: World) -> None:
    context = base64.b64encode(json.dumps({"custom": {"of": "client"}}).encode()).decode()
    assert world.invoke({"do": "told"}, ClientContext=context)["Payload"]["client"] == {"of": "client"}
    assert world.invoke({"do": "told"})["Payload"]["client"] is None
    assert refused(world, ClientContext="{}")[:2] == (400, "InvalidRequestContentException")


def test_a_dry_run_runs_nothing_and_an_event_runs_soon(world: World) -> None:
    assert world.invoke({"do": "write", "key": "dry"}, InvocationType="DryRun")["StatusCode"] == 204
    answer = world.invoke({"do": "write", "key": "soon"}, InvocationType="Event")
    assert (answer["StatusCode"], answer["Payload"]) == (202, None)
    assert within(20, lambda: world.item("soon") is not None)
    assert world.item("dry") is None


@pytest.mark.parametrize(
    ("arguments", "status", "code", "message"),
    [
        ({"FunctionName": "absent"}, 404, "ResourceNotFoundException", "Function not found: arn:"),
        ({"Qualifier": "7"}, 404, "ResourceNotFoundException", "Function not found: arn:"),
        (
            {"FunctionName": f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:{NAME}"},
            404,
            "ResourceNotFoundException",
            "F",
        ),
        ({"Payload": b"{"}, 400, "InvalidRequestContentException", "Could not parse request body into json: "),
        ({"Payload": b'"\xff"'}, 400, "InvalidRequestContentException", "Could not parse request body into json: "),
        ({"Payload": b"NaN"}, 400, "InvalidRequestContentException", "Could not parse request body into json: "),
        (
            {"Payload": b'"' + b"x" * (6 * 1024 * 1024 - 1) + b'"'},
            413,
            "RequestTooLargeException",
            "Request must be smaller than 6291456 bytes for the InvokeFunction operation",
        ),
        (
            {"Payload": b'"' + b"x" * (1024 * 1024 - 1) + b'"', "InvocationType": "Event"},
            413,
            "RequestTooLargeException",
            "1048577 byte payload is too large for the Event invocation type (limit 1048576 bytes)",
        ),
    ],
)
def test_what_aws_refuses_is_refused(
    world: World, arguments: dict[str, Any], status: int, code: str, message: str
) -> None:
    answer = refused(world, **arguments)
    assert answer[:2] == (status, code)
    assert answer[2].startswith(message)


def test_an_answer_of_more_than_six_megabytes_is_a_function_error(world: World) -> None:
    size = 6 * 1024 * 1024
    assert len(world.invoke({"do": "large", "size": size})["Payload"]) == size
    answer = world.invoke({"do": "large", "size": size + 200})
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Payload"]["errorType"] == "Function.ResponseSizeTooLarge"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"Runtime": "nodejs22.x", "Handler": "index.handler"}, "not modelled: runtime nodejs22.x"),
        ({"PackageType": "Image", "Code": {"ImageUri": "repository:tag"}}, "not modelled: "),
    ],
)
def test_what_cannot_be_run_here_is_refused_in_words(world: World, changes: dict[str, Any], why: str) -> None:
    name = changes.get("Runtime", "image").replace(".", "-")
    world.create(name, **changes)
    for kind in ("RequestResponse", "Event"):
        status, code, message = refused(world, FunctionName=name, InvocationType=kind)
        assert (status, code) == (400, "NotModelled")
        assert message.startswith(why)


def test_events_that_an_alias_divides_are_refused_in_words(world: World) -> None:
    world.create("divided")
    client = world.client("lambda")
    client.publish_version(FunctionName="divided")
    client.create_alias(FunctionName="divided", Name="whole", FunctionVersion="1")
    weights = {"AdditionalVersionWeights": {"1": 0.5}}
    client.create_alias(FunctionName="divided", Name="parts", FunctionVersion="$LATEST", RoutingConfig=weights)
    assert world.invoke({}, "divided", Qualifier="whole")["StatusCode"] == 200
    assert refused(world, FunctionName="divided", Qualifier="parts")[1] == "NotModelled"


def test_reserved_concurrency_limits_what_runs_at_once(world: World) -> None:
    world.create("limited")
    client = world.client("lambda")
    client.put_function_concurrency(FunctionName="limited", ReservedConcurrentExecutions=1)
    assert world.invoke({"sum": 4}, "limited")["Payload"] == {"sum": 4}
    client.put_function_concurrency(FunctionName="limited", ReservedConcurrentExecutions=0)
    assert refused(world, FunctionName="limited")[:2] == (429, "TooManyRequestsException")


def test_a_role_that_cannot_be_taken_is_told(world: World) -> None:
    world.client("iam").create_role(RoleName="gone", AssumeRolePolicyDocument="{}")
    world.create(
        "orphan",
        Role=f"arn:aws:iam::{ACCOUNT}:role/gone",
        VpcConfig={"SubnetIds": ["subnet-0"], "SecurityGroupIds": []},
    )
    status, code, message = refused(world, FunctionName="orphan")
    assert (status, code) == (403, "AccessDeniedException")
    assert message.startswith(f"function orphan: its role arn:aws:iam::{ACCOUNT}:role/gone: ")


def test_a_bucket_runs_its_function_in_the_background(world: World) -> None:
    s3 = world.client("s3")
    s3.create_bucket(Bucket="things", CreateBucketConfiguration={"LocationConstraint": REGION})
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{NAME}"
    wanted = {"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}
    notification = {"LambdaFunctionConfigurations": [wanted]}
    s3.put_bucket_notification_configuration(Bucket="things", NotificationConfiguration=notification)
    s3.put_object(Bucket="things", Key="a-new-object", Body=b"")
    assert within(20, lambda: any("a-new-object" in line for line in world.log_lines()))


def test_a_rule_runs_a_function(world: World) -> None:
    events = world.client("events")
    events.put_rule(Name="rule", EventPattern=json.dumps({"source": ["things"]}))
    target = {"Id": "1", "Arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{NAME}"}
    events.put_targets(Rule="rule", Targets=[target])
    entry = {"Source": "things", "DetailType": "new", "Detail": "{}"}
    events.put_events(Entries=[{**entry, "Source": "others"}, entry])
    assert within(20, lambda: any("'source': 'things'" in line for line in world.log_lines()))
    assert not any("'source': 'others'" in line for line in world.log_lines())


def test_a_function_counts_its_invocations_and_its_errors(world: World) -> None:
    count = of_functions(world.functions)
    list(count())  # of other tests
    world.invoke({"do": "echo"})
    world.invoke({"do": "fail", "message": "tried"})
    values = {value.metric: value for value in count()}
    assert (values["Invocations"].value, values["Errors"].value) == (2, 1)
    assert values["Errors"].dimensions == (("FunctionName", NAME),)
    assert list(count()) == []
