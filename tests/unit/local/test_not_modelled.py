"""Every operation of every service answers as AWS might, and a client reads what is not modelled and asks once."""

import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.model import StructureShape
from botocore.parsers import create_parser
from moto.dynamodbstreams.responses import DynamoDBStreamsHandler
from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS, InstanceTypeBackend
from werkzeug.test import Client
from werkzeug.wrappers import Response

from tableguard.aws.arn import require
from tableguard.local.clients import served
from tableguard.local.clients.identities import SETUP_KEY
from tableguard.local.edge import Edge
from tableguard.local.landing_zone import LandingZone
from tests.cases.least_arguments import least_arguments, services_in_use
from tests.worlds import edge
from tests.worlds.edge import (
    ACCOUNT,
    FORM,
    LINE,
    PRESENT,
    REGION,
    SETTINGS,
    client_of,
    over_http,
    refusal,
    sent,
    signed,
)

pytestmark = pytest.mark.slow
_SECONDS = 20.0  # no operation takes three; two processes share the machine
_PRINCIPALS = ("administrator", "setup")  # one about whom all policies decide, and one about whom none does
_FINE = ("success", "refused", "denied", "not modelled")


@pytest.fixture(scope="module")
def zone() -> Iterator[LandingZone]:
    with edge.running() as prepared:
        yield prepared


# Every operation of every service


@pytest.fixture
def few_instance_types(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let EC2 list eight types of instances: a thousand take 6 s of CPU to be written and read as XML."""
    monkeypatch.setattr(InstanceTypeBackend, "instance_types", InstanceTypeBackend.instance_types[:8])
    for offered in INSTANCE_TYPE_OFFERINGS.values():
        monkeypatch.setitem(offered, REGION, offered[REGION][:8])


def _outcome(client: Any, operation: str) -> str:
    """Return how the least call of an operation ends; a word that is not among those below is a fault."""
    model, began = client.meta.service_model.operation_model(operation), time.monotonic()
    try:
        getattr(client, xform_name(operation))(**least_arguments(model, PRESENT))
    except ClientError as error:
        outcome = _kind(error, model.http["method"])
    else:
        outcome = "success"
    return outcome if time.monotonic() - began < _SECONDS else "slow"


def _kind(error: ClientError, method: str) -> str:
    status, code = error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"]
    if status >= 500 or (code.isdigit() and method != "HEAD"):  # to HEAD, AWS itself says no more than the status
        return f"{status} {code}"
    if code in ("NotModelled", "EmbeddedAwsFailed"):
        return "not modelled" if code == "NotModelled" else code
    return "denied" if "is not authorized to" in str(error) or "cannot decide" in str(error) else "refused"


def _outcomes(zone: LandingZone, service: str) -> dict[str, str]:
    """Return how every operation of a service ends for each principal; deletions come last."""
    clients = {who: client_of(zone, who, service) for who in _PRINCIPALS}
    names = clients["setup"].meta.service_model.operation_names
    last = sorted(names, key=lambda name: name.startswith("Delete"))
    return {f"{name} by {who}": _outcome(client, name) for who, client in clients.items() for name in last}


@pytest.mark.usefixtures("few_instance_types")
@pytest.mark.parametrize("service", services_in_use())
def test_every_operation_answers_as_aws_might(
    zone: LandingZone, service: str, capfd: pytest.CaptureFixture[str]
) -> None:
    outcomes = _outcomes(zone, service)
    assert {call: outcome for call, outcome in outcomes.items() if outcome not in _FINE} == {}
    output, lines = capfd.readouterr()
    assert output == ""
    assert [line for line in lines.splitlines() if not LINE.fullmatch(line)] == []
    assert len(lines.splitlines()) == Counter(outcomes.values())["not modelled"]


@pytest.mark.parametrize("who", _PRINCIPALS)
def test_a_fault_that_one_principal_alone_meets_is_found(
    zone: LandingZone, monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    answer = DynamoDBStreamsHandler.list_streams

    def list_streams(handler: Any) -> Any:
        meets_it = (handler.access_key == SETUP_KEY) == (who == "setup")
        return require("no ARN") if meets_it else answer(handler)

    monkeypatch.setattr(DynamoDBStreamsHandler, "list_streams", list_streams)
    outcomes = _outcomes(zone, "dynamodbstreams")
    assert [call for call, outcome in outcomes.items() if outcome not in _FINE] == [f"ListStreams by {who}"]


def test_the_services_are_those_of_the_templates_and_of_the_code() -> None:
    assert {"application-autoscaling", "cognito-identity", "config", "ec2", "sts", "sqs"} <= set(services_in_use())
    assert len(services_in_use()) >= 23


# What a client sees

UNKNOWN: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "json": ("cloudtrail", "list_channels", {}, "cloudtrail:ListChannels"),
    "json with a query's errors": (
        "sqs",
        "list_message_move_tasks",
        {"SourceArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"},
        "sqs:ListMessageMoveTasks",
    ),
    "json of another name": ("cloudwatch", "list_metric_streams", {}, "cloudwatch:ListMetricStreams"),
    "query": ("cloudformation", "list_types", {}, "cloudformation:ListTypes"),
    "ec2": ("ec2", "describe_ipam_byoasn", {}, "ec2:DescribeIpamByoasn"),
    "rest-json": ("backup", "list_backup_jobs", {}, "backup:ListBackupJobs"),
    "rest-xml": (
        "s3",
        "restore_object",
        {"Bucket": SETTINGS.artifact_bucket, "Key": "k"},
        "s3:RestoreObject",
    ),
    "a service that moto does not have": ("accessanalyzer", "list_analyzers", {}, "access-analyzer:ListAnalyzers"),
}


@pytest.mark.parametrize("call", UNKNOWN.values(), ids=UNKNOWN)
def test_a_client_of_any_protocol_reads_what_is_not_modelled(
    zone: LandingZone, capfd: pytest.CaptureFixture[str], call: tuple[str, str, Any, str]
) -> None:
    service, method, arguments, name = call
    expected = (400, "NotModelled", f"not modelled: {name}")
    for client in (client_of(zone, "setup", service), over_http(zone, service)):
        assert refusal(getattr(client, method), **arguments) == expected
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 2
    assert all(line.startswith(f"not modelled: {name}") for line in lines)


def test_of_a_service_that_moto_does_not_have_nothing_crashes(
    zone: LandingZone, capfd: pytest.CaptureFixture[str]
) -> None:
    refusal(client_of(zone, "setup", "accessanalyzer").list_analyzers)
    assert capfd.readouterr() == ("", "not modelled: access-analyzer:ListAnalyzers\n")


def test_an_error_of_ec2_has_the_form_of_ec2(zone: LandingZone) -> None:
    _, _, body = sent(zone, "POST", "/", {**FORM, **signed("ec2")}, b"Action=Nothing&Version=2016-11-15")
    assert body.startswith(b"<Response><Errors><Error><Code>NotModelled</Code>")


ANSWERS: dict[str, tuple[int, dict[str, str], bytes, bool]] = {
    "a page for people": (404, {"Content-Type": "text/html"}, b"<!doctype html><title>404 Not Found</title>", False),
    "nothing": (404, {}, b"", False),
    "words": (400, {}, b"cannot", False),
    "an error with its code in a header": (404, {"x-amzn-ErrorType": "NotFound"}, b'{"message": "none"}', True),
    "an error with its code in JSON": (400, {}, b'{"__type": "NotFound"}', True),
    "an error with its code in XML": (404, {}, b"<Error><Code>NotFound</Code></Error>", True),
    "an error of the server": (500, {"x-amzn-ErrorType": "Down"}, b'{"__type": "Down"}', False),
    "success": (204, {}, b"", True),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_what_aws_might_have_said_passes_as_it_is(answer: tuple[int, dict[str, str], bytes, bool]) -> None:
    status, headers, body, passes = answer
    response = Client(Edge(Response([body], status, headers))).post("/", headers=signed("dynamodb"))
    assert (response.status_code, response.data) == ((status, body) if passes else (400, response.data))
    assert (b"NotModelled" in response.data) != passes


def test_a_client_that_speaks_cbor_reads_it_too(zone: LandingZone) -> None:
    headers = {"Smithy-Protocol": "rpc-v2-cbor", "Content-Type": "application/cbor", **signed("monitoring")}
    path = "/service/GraniteServiceVersion20100801/operation/ListMetrics"
    status, sent_back, body = sent(zone, "POST", path, headers, b"\xa0")
    parser = create_parser("smithy-rpc-v2-cbor")
    response = {"status_code": status, "headers": {k.lower(): v for k, v in sent_back.items()}, "body": body}
    error = parser.parse(response, StructureShape("Answer", {"type": "structure", "members": {}}))["Error"]
    assert (status, error["Code"], error["Message"]) == (400, "NotModelled", "not modelled: cloudwatch:ListMetrics")


@pytest.mark.parametrize("method", ["describe_alarms", "list_metrics", "list_dashboards"])
def test_cloudwatch_answers_todays_clients(zone: LandingZone, method: str) -> None:
    assert getattr(over_http(zone, "cloudwatch"), method)()["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_a_client_with_default_retries_asks_once(zone: LandingZone) -> None:
    assert _attempts(over_http(zone, "cloudtrail").list_channels) == 1


def _attempts(call: Any) -> int:
    """Return how often a client tries before it gives up."""
    sent: list[Any] = []
    call.__self__.meta.events.register("before-send", lambda request, **_: sent.append(request))
    with pytest.raises(ClientError):
        call()
    return len(sent)


def test_without_the_edge_it_is_a_500_and_a_traceback_and_the_client_asks_again(
    zone: LandingZone, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(served.SERVERS[zone.endpoint], "app", served.application(zone.endpoint).behind)
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    call = over_http(zone, "cloudtrail").list_channels
    assert _attempts(call) > 1
    assert refusal(call)[:2] == (500, "500")
    assert "Traceback" in caplog.text


def test_with_and_without_a_socket_an_empty_body_has_a_length(zone: LandingZone) -> None:
    arguments = {"Bucket": SETTINGS.artifact_bucket}
    clients = client_of(zone, "setup", "s3"), over_http(zone, "s3")
    codes = [refusal(each.put_object_lock_configuration, **arguments)[1] for each in clients]
    assert codes == ["MissingRequestBodyError"] * 2


def test_an_answer_to_head_that_says_no_more_than_its_status_is_one_of_aws(
    zone: LandingZone, capfd: pytest.CaptureFixture[str]
) -> None:
    for client in (client_of(zone, "setup", "s3"), over_http(zone, "s3")):
        assert refusal(client.head_object, Bucket=SETTINGS.artifact_bucket, Key="none")[:2] == (404, "404")
        client.put_object(Bucket=SETTINGS.artifact_bucket, Key="three", Body=b"abc")
        assert client.head_object(Bucket=SETTINGS.artifact_bucket, Key="three")["ContentLength"] == 3
    assert capfd.readouterr().err == ""
