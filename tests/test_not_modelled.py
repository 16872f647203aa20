"""Whatever the embedded AWS does not model is an error in AWS's shape, which no client tries again, and one line."""

import http.client
import itertools
import re
import socket
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

import boto3
import pytest
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.model import StructureShape
from botocore.parsers import create_parser
from moto import backends
from moto.awslambda.models import LambdaFunction
from moto.core import request as moto_request
from moto.core.exceptions import JsonRESTError
from moto.dynamodb.models import DynamoDBBackend
from werkzeug.test import Client
from werkzeug.wrappers import Response

from tableguard import settings
from tableguard.local import authorization, forwarding, landing_zone, moto_capacity, server
from tableguard.local.clients import SETUP_KEY
from tableguard.local.in_process import answering
from tableguard.local.landing_zone import LandingZone
from tableguard.local.unmodelled import Edge
from tests.lambda_package import package
from tests.least_arguments import least_arguments, services_in_use

SETTINGS = settings.example()
ACCOUNT, REGION = SETTINGS.account_id, SETTINGS.home_region
TABLE, KEY = "unmodelled", {"pk": {"S": "p"}}
LINE = re.compile(r"not modelled: \w[\w:/%.-]+( [\w/%.-]+)?(: \w+ at (moto/[\w/]+\.py:\d+|the web framework))?")
_SECONDS = 20.0  # no operation takes three; two processes share the machine

PRESENT: dict[str, Any] = {
    "Bucket": SETTINGS.artifact_bucket,
    "FunctionName": TABLE,
    "RoleName": "OrganizationAccountAccessRole",
    "TableName": TABLE,
    "UserPoolId": SETTINGS.user_pool_id,
    "logGroupName": TABLE,
}


@pytest.fixture(scope="module")
def zone() -> Iterator[LandingZone]:
    with server.start() as running:
        prepared = landing_zone.prepare(SETTINGS, running.endpoint)
        _make_present(prepared)
        yield prepared


def _make_present(zone: LandingZone) -> None:
    """One resource for each name in PRESENT that the landing zone does not have."""
    _table(zone, TABLE)
    role = f"arn:aws:iam::{ACCOUNT}:role/{PRESENT['RoleName']}"
    zone.clients("lambda", ACCOUNT, REGION).create_function(
        FunctionName=TABLE, Runtime="python3.13", Role=role, Handler="app.handle", Code={"ZipFile": package("")}
    )
    zone.clients("logs", ACCOUNT, REGION).create_log_group(logGroupName=TABLE)


def _table(zone: LandingZone, name: str) -> Any:
    client = zone.clients("dynamodb", ACCOUNT, REGION)
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return client


def _client(zone: LandingZone, who: str, service: str) -> Any:
    """The client of a service in this process, of an administrator or of whoever the guard lets pass."""
    if who == "setup":
        return zone.clients(service, ACCOUNT, REGION)
    client = zone.session("administrator").client(service)
    client.meta.events.register("before-send", answering(server.application(zone.endpoint)))
    return client


def _over_http(zone: LandingZone, service: str, **config: Any) -> Any:
    """A client as anybody makes one."""
    make: Any = boto3.client
    return make(
        service,
        region_name=REGION,
        endpoint_url=zone.endpoint,
        aws_access_key_id=SETUP_KEY,
        aws_secret_access_key="any",  # noqa: S106  # opens nothing
        config=Config(proxies={}, s3={"addressing_style": "path"}, **config),
    )


def _error(call: Any, **arguments: Any) -> tuple[int, str, str]:
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    response = refused.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"], response["Error"]["Message"]


# Every operation of every service


def _outcome(client: Any, operation: str) -> str:
    """How the least call of an operation ends: what is not among the words below is wrong."""
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
    return "not modelled" if code == "NotModelled" else "refused" if code != "EmbeddedAwsFailed" else code


@pytest.mark.parametrize("service", services_in_use())
@pytest.mark.parametrize("who", ["administrator", "setup"])
def test_every_operation_answers_as_aws_might(
    zone: LandingZone, who: str, service: str, capfd: pytest.CaptureFixture[str]
) -> None:
    client = _client(zone, who, service)
    last = sorted(client.meta.service_model.operation_names, key=lambda name: name.startswith("Delete"))
    outcomes = {operation: _outcome(client, operation) for operation in last}
    wrong = {
        name: outcome for name, outcome in outcomes.items() if outcome not in ("success", "refused", "not modelled")
    }
    assert wrong == {}
    output, lines = capfd.readouterr()
    assert output == ""
    assert [line for line in lines.splitlines() if not LINE.fullmatch(line)] == []
    assert len(lines.splitlines()) == Counter(outcomes.values())["not modelled"]


def test_the_services_are_those_of_the_templates_and_of_the_code() -> None:
    assert {"application-autoscaling", "cognito-identity", "config", "ec2", "sts", "sqs"} <= set(services_in_use())
    assert len(services_in_use()) >= 23


# What a client sees

UNKNOWN: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "json": ("cloudtrail", "lookup_events", {}, "cloudtrail:LookupEvents"),
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
    for client in (_client(zone, "setup", service), _over_http(zone, service)):
        assert _error(getattr(client, method), **arguments) == expected
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 2
    assert all(line.startswith(f"not modelled: {name}") for line in lines)


def test_of_a_service_that_moto_does_not_have_nothing_crashes(
    zone: LandingZone, capfd: pytest.CaptureFixture[str]
) -> None:
    _error(_client(zone, "setup", "accessanalyzer").list_analyzers)
    assert capfd.readouterr() == ("", "not modelled: access-analyzer:ListAnalyzers\n")


def test_an_error_of_ec2_has_the_form_of_ec2(zone: LandingZone) -> None:
    _, _, body = _sent(zone, "POST", "/", {**FORM, **_signed("ec2")}, b"Action=Nothing&Version=2016-11-15")
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
    response = Client(Edge(Response([body], status, headers))).post("/", headers=_signed("dynamodb"))
    assert (response.status_code, response.data) == ((status, body) if passes else (400, response.data))
    assert (b"NotModelled" in response.data) != passes


def test_a_client_that_speaks_cbor_reads_it_too(zone: LandingZone) -> None:
    headers = {"Smithy-Protocol": "rpc-v2-cbor", "Content-Type": "application/cbor", **_signed("monitoring")}
    path = "/service/GraniteServiceVersion20100801/operation/ListMetrics"
    status, sent_back, body = _sent(zone, "POST", path, headers, b"\xa0")
    parser = create_parser("smithy-rpc-v2-cbor")
    response = {"status_code": status, "headers": {k.lower(): v for k, v in sent_back.items()}, "body": body}
    error = parser.parse(response, StructureShape("Answer", {"type": "structure", "members": {}}))["Error"]
    assert (status, error["Code"], error["Message"]) == (400, "NotModelled", "not modelled: cloudwatch:ListMetrics")


@pytest.mark.parametrize("method", ["describe_alarms", "list_metrics", "list_dashboards"])
def test_cloudwatch_answers_todays_clients(zone: LandingZone, method: str) -> None:
    assert getattr(_over_http(zone, "cloudwatch"), method)()["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_a_client_with_default_retries_asks_once(zone: LandingZone) -> None:
    assert _attempts(_over_http(zone, "cloudtrail").lookup_events) == 1


def _attempts(call: Any) -> int:
    """How often a client asks before it gives up."""
    sent: list[Any] = []
    call.__self__.meta.events.register("before-send", lambda request, **_: sent.append(request))
    with pytest.raises(ClientError):
        call()
    return len(sent)


def test_without_the_edge_it_is_a_500_and_a_traceback_and_the_client_asks_again(
    zone: LandingZone, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(server._running[zone.endpoint], "app", server.application(zone.endpoint).behind)
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    call = _over_http(zone, "cloudtrail").lookup_events
    assert _attempts(call) > 1
    assert _error(call)[:2] == (500, "500")
    assert "Traceback" in caplog.text


def test_with_and_without_a_socket_an_empty_body_has_a_length(zone: LandingZone) -> None:
    arguments = {"Bucket": SETTINGS.artifact_bucket}
    clients = _client(zone, "setup", "s3"), _over_http(zone, "s3")
    codes = [_error(each.put_object_lock_configuration, **arguments)[1] for each in clients]
    assert codes == ["MissingRequestBodyError"] * 2


def test_an_responseto_head_that_says_no_more_than_its_status_is_one_of_aws(
    zone: LandingZone, capfd: pytest.CaptureFixture[str]
) -> None:
    for client in (_client(zone, "setup", "s3"), _over_http(zone, "s3")):
        assert _error(client.head_object, Bucket=SETTINGS.artifact_bucket, Key="none")[:2] == (404, "404")
        client.put_object(Bucket=SETTINGS.artifact_bucket, Key="three", Body=b"abc")
        assert client.head_object(Bucket=SETTINGS.artifact_bucket, Key="three")["ContentLength"] == 3
    assert capfd.readouterr().err == ""


# What ends in moto, and what in our own code


def _raise(*_: Any, **__: Any) -> NoReturn:
    raise ValueError("what Ida wrote to Mina")


def test_where_moto_crashes_type_and_place_are_told_and_never_the_text(
    zone: LandingZone, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    get = _table(zone, "texts").get_item
    with monkeypatch.context() as broken:
        broken.setattr(DynamoDBBackend, "get_item", _raise)
        assert _error(get, TableName="texts", Key=KEY)[2] == "not modelled: dynamodb:GetItem"
    line = capfd.readouterr().err
    assert re.fullmatch(r"not modelled: dynamodb:GetItem: ValueError at moto/dynamodb/responses\.py:\d+\n", line)


def _at_a_loss(*_: Any, **__: Any) -> NoReturn:
    error = JsonRESTError("InternalServerError", "at a loss")
    error.code = 500
    raise error


def test_a_500_of_moto_is_none_of_aws(zone: LandingZone, monkeypatch: pytest.MonkeyPatch) -> None:
    client = _table(zone, "losses")
    with monkeypatch.context() as broken:
        broken.setattr(DynamoDBBackend, "get_item", _at_a_loss)
        assert _error(client.get_item, TableName="losses", Key=KEY)[:2] == (400, "NotModelled")


def test_a_500_of_the_engine_that_keeps_the_tables_stays_one(zone: LandingZone) -> None:
    client = _table(zone, "kept")
    forwarding.use("http://127.0.0.1:9")
    try:
        assert _error(client.get_item, TableName="kept", Key=KEY)[:2] == (500, "InternalServerError")
    finally:
        forwarding.use(None)


def test_where_our_own_code_crashes_nothing_is_called_unmodelled(
    zone: LandingZone, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    client = _table(zone, "ours")
    with monkeypatch.context() as broken:
        broken.setattr(moto_capacity, "report", _raise)
        expected = (400, "EmbeddedAwsFailed", "embedded AWS failed: dynamodb:PutItem")
        assert _error(client.put_item, TableName="ours", Item=KEY) == expected
    line = capfd.readouterr().err
    place = r"tableguard/local/moto_dynamodb\.py:\d+"
    assert re.fullmatch(rf"embedded AWS failed: dynamodb:PutItem: ValueError at {place}\n", line)


def test_a_guard_that_crashes_allows_nothing(zone: LandingZone, monkeypatch: pytest.MonkeyPatch) -> None:
    client = _client(zone, "administrator", "sqs")
    with monkeypatch.context() as broken:
        broken.setattr(authorization, "check", _raise)
        assert _error(client.create_queue, QueueName="crashed")[1] == "EmbeddedAwsFailed"
    assert not any("crashed" in url for url in client.list_queues().get("QueueUrls", []))


@pytest.mark.parametrize("text", ["no JSON", "[]", "1"])
def test_a_policy_that_is_none_allows_nobody_and_is_no_failure_of_ours(zone: LandingZone, text: str) -> None:
    bucket, setup = f"policy-{len(text)}", _client(zone, "setup", "s3")
    setup.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    setup.put_bucket_policy(Bucket=bucket, Policy=text)
    status, code, message = _error(_client(zone, "administrator", "s3").list_objects, Bucket=bucket)
    assert (status, code) == (403, "AccessDenied")
    assert "cannot decide" in message


def test_a_crash_in_the_midst_of_a_write_leaves_none_of_it_and_the_next_request_is_answered(
    zone: LandingZone, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = _table(zone, "halves")
    puts = [{"PutRequest": {"Item": {"pk": {"S": name}}}} for name in ("first", "second")]
    put, count = DynamoDBBackend.put_item, itertools.count()

    def crash_at_the_second(*args: Any, **kwargs: Any) -> Any:
        return _raise() if next(count) else put(*args, **kwargs)

    for _ in range(2):
        with monkeypatch.context() as broken:
            broken.setattr(DynamoDBBackend, "put_item", crash_at_the_second)
            assert _error(client.batch_write_item, RequestItems={"halves": puts})[1] == "NotModelled"
        count = itertools.count()
        assert client.scan(TableName="halves")["Count"] == 0
    client.batch_write_item(RequestItems={"halves": puts})
    assert client.scan(TableName="halves")["Count"] == 2


def test_a_service_that_cannot_be_loaded_is_not_modelled_each_time(
    zone: LandingZone, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def absent(*_: str) -> NoReturn:
        raise ModuleNotFoundError("No module named 'joserfc'")

    with monkeypatch.context() as broken:
        broken.setattr(backends, "_import_backend", absent)
        for _ in range(2):
            refusal = _error(_client(zone, "setup", "glacier").list_vaults, accountId="-")
            assert refusal == (400, "NotModelled", "not modelled: glacier:ListVaults")
    assert len(capfd.readouterr().err.splitlines()) == 2
    assert _client(zone, "setup", "glacier").list_vaults(accountId="-")["VaultList"] == []


# Functions


@pytest.mark.parametrize("kind", ["RequestResponse", "Event", "DryRun"])
def test_no_function_is_invoked_and_docker_is_never_reached(
    zone: LandingZone, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    reached: list[Any] = []
    monkeypatch.setattr(LambdaFunction, "_invoke_lambda", lambda *args, **_: reached.append(args))
    name = f"function-{kind}"
    client, role = _client(zone, "setup", "lambda"), f"arn:aws:iam::{ACCOUNT}:role/{PRESENT['RoleName']}"
    client.create_function(
        FunctionName=name, Runtime="python3.13", Role=role, Handler="app.handle", Code={"ZipFile": package("")}
    )
    refusal = _error(client.invoke, FunctionName=name, InvocationType=kind, Payload=b"{}")
    assert refusal == (400, "NotModelled", "not modelled: lambda:Invoke")
    assert _error(client.invoke_async, FunctionName=name, InvokeArgs=b"{}")[2] == "not modelled: lambda:InvokeAsync"
    assert reached == []


# What no client of AWS's would send


def _signed(service: str, key: str = SETUP_KEY) -> dict[str, str]:
    scope = f"{key}/20260101/{REGION}/{service}/aws4_request"
    return {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"}


def _sent(
    zone: LandingZone, method: str, path: str, headers: Mapping[str, str], body: bytes
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(zone.endpoint.removeprefix("http://"), timeout=10)
    connection.request(method, path, body=body, headers=dict(headers))
    response = connection.getresponse()
    parts = response.status, dict(response.headers.items()), response.read()
    connection.close()
    return parts


FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PUT_ITEM = {"X-Amz-Target": "DynamoDB_20120810.PutItem", **_signed("dynamodb")}
MALFORMED: dict[str, tuple[str, str, dict[str, str], bytes]] = {
    "nothing": ("POST", "/", {}, b""),
    "a browser": ("GET", "/", {}, b""),
    "its icon": ("GET", "/favicon.ico", {}, b""),
    "a preflight": ("OPTIONS", "/", {"Origin": "http://localhost", "Access-Control-Request-Method": "POST"}, b""),
    "a method of nobody": ("FOO", "/", {}, b""),
    "a garbage signature": ("POST", "/", {"Authorization": "garbage"}, b""),
    "half a signature": ("POST", "/", {"Authorization": "AWS4-HMAC-SHA256 Credential=a/b/c"}, b"{}"),
    "a password": ("POST", "/", {"Authorization": "Basic YTpi"}, b"{}"),
    "an unsigned target": ("POST", "/", {"X-Amz-Target": "DynamoDB_20120810.ListTables"}, b"{}"),
    "a garbage target": ("POST", "/", {"X-Amz-Target": "garbage"}, b"{}"),
    "a signed garbage target": ("POST", "/", {"X-Amz-Target": "a.b.c", **_signed("dynamodb")}, b"{}"),
    "no target": ("POST", "/", _signed("dynamodb"), b"{}"),
    "no body": ("POST", "/", PUT_ITEM, b""),
    "half a body": ("POST", "/", PUT_ITEM, b'{"TableName":'),
    "a list for a body": ("POST", "/", PUT_ITEM, b"[]"),
    "a body that is no text": ("POST", "/", PUT_ITEM, b"\xff\xfe"),
    "a form for JSON": ("POST", "/", {**PUT_ITEM, **FORM}, b"{}"),
    "an action of two lines": ("POST", "/", {**FORM, **_signed("iam")}, b"Action=Two%0Alines&Version=2010-05-08"),
    "an unsigned action": ("POST", "/", FORM, b"Action=ListUsers&Version=2010-05-08"),
    "an empty form": ("POST", "/", {**FORM, **_signed("iam")}, b""),
    "a form that is no text": ("POST", "/", {**FORM, **_signed("iam")}, b"\xff\xfe"),
    "a form in parts": (
        "POST",
        "/",
        {"Content-Type": "multipart/form-data; boundary=x", **_signed("iam")},
        b"Action=ListUsers",
    ),
    "an unknown service": ("GET", "/a", _signed("nothing"), b""),
    "an unknown service's target": ("POST", "/", {"X-Amz-Target": "A.B", **_signed("nothing")}, b"{}"),
    "an unknown path": ("GET", "/2015-03-31/nothing", _signed("lambda"), b""),
    "a long path": ("GET", f"/{'a' * 2000}", _signed("lambda"), b""),
    "a path that is no text": ("GET", "/%ff%fe", _signed("lambda"), b""),
}


@pytest.mark.parametrize("sent", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_request_is_an_error_like_any_other(
    zone: LandingZone, capfd: pytest.CaptureFixture[str], sent: tuple[str, str, dict[str, str], bytes]
) -> None:
    status, sent_back, answer = _sent(zone, *sent)
    assert status in (400, 403)
    assert b'"__type"' in answer or b"<Code>" in answer
    assert "html" not in sent_back["Content-Type"]
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) <= 1
    assert all(LINE.fullmatch(line) and len(line) < 250 for line in lines)


def test_half_a_request_is_no_failure_of_ours(zone: LandingZone, capfd: pytest.CaptureFixture[str]) -> None:
    host, port = zone.endpoint.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(b"POST / HTTP/1.0\r\nContent-Length: 100\r\n\r\nabc")
        connection.shutdown(socket.SHUT_WR)
        assert connection.makefile("rb").readline().split()[1] == b"400"
    assert capfd.readouterr().err == "not modelled: s3:POST /: ClientDisconnected at the web framework\n"


def test_a_form_that_is_too_large_is_one_more_error(
    zone: LandingZone, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(moto_request, "MAX_FORM_MEMORY_SIZE", 10)
    form = {"Content-Type": "multipart/form-data; boundary=x", **_signed("iam")}
    body = b'--x\r\nContent-Disposition: form-data; name="Action"\r\n\r\nNothingOfTheKind\r\n--x--\r\n'
    assert _sent(zone, "POST", "/", form, body)[0] == 400
    assert all(LINE.fullmatch(line) for line in capfd.readouterr().err.splitlines())


@pytest.mark.parametrize("who", ["administrator", "setup"])
@pytest.mark.parametrize("body", [b"{}", b'{"TransactItems": [{"Any": {}}], "RequestItems": {"lacking": [{}]}}'])
def test_a_request_for_items_that_lacks_what_is_required_is_no_failure_of_ours(
    zone: LandingZone, capfd: pytest.CaptureFixture[str], who: str, body: bytes
) -> None:
    key = SETUP_KEY if who == "setup" else zone.session("administrator").credentials.access_key
    if "lacking" not in _client(zone, "setup", "dynamodb").list_tables()["TableNames"]:
        _table(zone, "lacking")
    for operation in _client(zone, "setup", "dynamodb").meta.service_model.operation_names:
        headers = {"X-Amz-Target": f"DynamoDB_20120810.{operation}", **_signed("dynamodb", key)}
        assert _sent(zone, "POST", "/", headers, body)[0] in (200, 400)
    assert all(LINE.fullmatch(line) for line in capfd.readouterr().err.splitlines())


NOT_JSON = (b"", b'{"TableName":', b"[]", b"null", b'"x"', b"\xff\xfe", b"[" * 100_000)


@pytest.mark.parametrize("body", NOT_JSON, ids=range(len(NOT_JSON)))
@pytest.mark.parametrize("operation", ["GetItem", "TransactWriteItems", "NothingOfTheKind"])
def test_a_body_that_is_no_json_object_is_refused_as_aws_does_and_blamed_on_nobody(
    zone: LandingZone, capfd: pytest.CaptureFixture[str], operation: str, body: bytes
) -> None:
    key = zone.session("administrator").credentials.access_key
    headers = {"X-Amz-Target": f"DynamoDB_20120810.{operation}", **_signed("dynamodb", key)}
    status, sent_back, _ = _sent(zone, "POST", "/", headers, body)
    assert (status, sent_back["x-amzn-ErrorType"], capfd.readouterr().err) == (400, "SerializationException", "")
    assert _sent(zone, "POST", "/", headers, b"{}")[1]["x-amzn-ErrorType"] != "SerializationException"


@pytest.mark.parametrize("authorization", [{}, {"Authorization": "garbage"}])
def test_a_target_without_a_signature_is_told_that_one_is_missing(
    zone: LandingZone, capfd: pytest.CaptureFixture[str], authorization: dict[str, str]
) -> None:
    headers = {"X-Amz-Target": "DynamoDB_20120810.ListTables", **authorization}
    status, sent_back, _ = _sent(zone, "POST", "/", headers, b"{}")
    expected = (400, "MissingAuthenticationTokenException", "")
    assert (status, sent_back["x-amzn-ErrorType"], capfd.readouterr().err) == expected


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/moto-api/reset"),
        ("GET", "/moto-api/"),
        ("GET", "/moto-api/data.json"),
        ("POST", "/moto-api/seed?a=1"),
        ("GET", "/latest/meta-data/iam/security-credentials/"),
        ("PUT", "/latest/api/token"),
    ],
)
def test_the_pages_of_moto_itself_which_nobody_authorizes_are_not_there(
    zone: LandingZone, method: str, path: str
) -> None:
    tables = _client(zone, "setup", "dynamodb").list_tables()["TableNames"]
    status, sent_back, _ = _sent(zone, method, path, {"Origin": "http://a.example"}, b"")
    assert status in (400, 403)
    assert "html" not in sent_back["Content-Type"]
    assert _client(zone, "setup", "dynamodb").list_tables()["TableNames"] == tables != []


def test_no_page_of_a_website_may_read_an_answer(zone: LandingZone) -> None:
    headers = {"X-Amz-Target": "DynamoDB_20120810.ListTables", **_signed("dynamodb"), "Origin": "http://a.example"}
    status, sent_back, _ = _sent(zone, "POST", "/", headers, b"{}")
    assert (status, [name for name in sent_back if name.lower().startswith("access-control")]) == (200, [])
