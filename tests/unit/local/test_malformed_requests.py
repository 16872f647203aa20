"""A request that no client of AWS's would send is an error in AWS's shape, and reaches nothing that nobody guards."""

import socket
from collections.abc import Iterator

import pytest
from moto.core import request as moto_request

from tableguard.local.clients.identities import SETUP_KEY
from tableguard.local.landing_zone import LandingZone
from tests.worlds import edge
from tests.worlds.edge import FORM, LINE, REGION, client_of, new_table, sent, signed


@pytest.fixture(scope="module")
def zone() -> Iterator[LandingZone]:
    with edge.running() as prepared:
        yield prepared


PUT_ITEM = {"X-Amz-Target": "DynamoDB_20120810.PutItem", **signed("dynamodb")}
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
    "a signed garbage target": ("POST", "/", {"X-Amz-Target": "a.b.c", **signed("dynamodb")}, b"{}"),
    "no target": ("POST", "/", signed("dynamodb"), b"{}"),
    "no body": ("POST", "/", PUT_ITEM, b""),
    "half a body": ("POST", "/", PUT_ITEM, b'{"TableName":'),
    "a list for a body": ("POST", "/", PUT_ITEM, b"[]"),
    "a body that is no text": ("POST", "/", PUT_ITEM, b"\xff\xfe"),
    "a form for JSON": ("POST", "/", {**PUT_ITEM, **FORM}, b"{}"),
    "an action of two lines": ("POST", "/", {**FORM, **signed("iam")}, b"Action=Two%0Alines&Version=2010-05-08"),
    "an unsigned action": ("POST", "/", FORM, b"Action=ListUsers&Version=2010-05-08"),
    "an empty form": ("POST", "/", {**FORM, **signed("iam")}, b""),
    "a form that is no text": ("POST", "/", {**FORM, **signed("iam")}, b"\xff\xfe"),
    "a form in parts": (
        "POST",
        "/",
        {"Content-Type": "multipart/form-data; boundary=x", **signed("iam")},
        b"Action=ListUsers",
    ),
    "an unknown service": ("GET", "/a", signed("nothing"), b""),
    "an unknown service's target": ("POST", "/", {"X-Amz-Target": "A.B", **signed("nothing")}, b"{}"),
    "an unknown path": ("GET", "/2015-03-31/nothing", signed("lambda"), b""),
    "a long path": ("GET", f"/{'a' * 2000}", signed("lambda"), b""),
    "a path that is no text": ("GET", "/%ff%fe", signed("lambda"), b""),
}


@pytest.mark.parametrize("request_parts", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_request_is_an_error_like_any_other(
    zone: LandingZone, capfd: pytest.CaptureFixture[str], request_parts: tuple[str, str, dict[str, str], bytes]
) -> None:
    status, sent_back, answer = sent(zone, *request_parts)
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
    form = {"Content-Type": "multipart/form-data; boundary=x", **signed("iam")}
    body = b'--x\r\nContent-Disposition: form-data; name="Action"\r\n\r\nNothingOfTheKind\r\n--x--\r\n'
    assert sent(zone, "POST", "/", form, body)[0] == 400
    assert all(LINE.fullmatch(line) for line in capfd.readouterr().err.splitlines())


@pytest.mark.parametrize("who", ["administrator", "setup"])
@pytest.mark.parametrize("body", [b"{}", b'{"TransactItems": [{"Any": {}}], "RequestItems": {"lacking": [{}]}}'])
def test_a_request_for_items_that_lacks_what_is_required_is_no_failure_of_ours(
    zone: LandingZone, capfd: pytest.CaptureFixture[str], who: str, body: bytes
) -> None:
    key = SETUP_KEY if who == "setup" else zone.session("administrator").credentials.access_key
    if "lacking" not in client_of(zone, "setup", "dynamodb").list_tables()["TableNames"]:
        new_table(zone, "lacking")
    for operation in client_of(zone, "setup", "dynamodb").meta.service_model.operation_names:
        headers = {"X-Amz-Target": f"DynamoDB_20120810.{operation}", **signed("dynamodb", key)}
        assert sent(zone, "POST", "/", headers, body)[0] in (200, 400)
    assert all(LINE.fullmatch(line) for line in capfd.readouterr().err.splitlines())


SPELT = {
    "kms": ("TrentService", "CreateKey", b"{}"),
    "events": ("AWSEvents", "CreateEventBus", b'{"Name": "spelt"}'),
    "logs": ("Logs_20140328", "CreateLogGroup", b'{"logGroupName": "spelt"}'),
    "organizations": ("AWSOrganizationsV20161128", "ListRoots", b"{}"),
}


@pytest.mark.parametrize("service", SPELT)
def test_an_operation_in_another_spelling_is_none_and_is_not_done_unguarded(
    zone: LandingZone, capfd: pytest.CaptureFixture[str], service: str
) -> None:
    target, operation, body = SPELT[service]
    spelt = operation[0].lower() + operation[1:]
    headers = signed(service, "A" * 20)  # a key that nobody was given
    answers = [
        sent(zone, "POST", "/", {"X-Amz-Target": f"{target}.{name}", **headers}, body) for name in (spelt, operation)
    ]
    assert [sent_back["x-amzn-ErrorType"] for _, sent_back, _ in answers] == [
        "NotModelled",
        "UnrecognizedClientException",
    ]
    assert capfd.readouterr().err == f"not modelled: {service}:{spelt}\n"


NOT_JSON = (b"", b'{"TableName":', b"[]", b"null", b'"x"', b"\xff\xfe", b"[" * 100_000)


@pytest.mark.parametrize("body", NOT_JSON, ids=range(len(NOT_JSON)))
@pytest.mark.parametrize("operation", ["GetItem", "TransactWriteItems", "NothingOfTheKind"])
def test_a_body_that_is_no_json_object_is_refused_as_aws_does_and_blamed_on_nobody(
    zone: LandingZone, capfd: pytest.CaptureFixture[str], operation: str, body: bytes
) -> None:
    key = zone.session("administrator").credentials.access_key
    headers = {"X-Amz-Target": f"DynamoDB_20120810.{operation}", **signed("dynamodb", key)}
    status, sent_back, _ = sent(zone, "POST", "/", headers, body)
    assert (status, sent_back["x-amzn-ErrorType"], capfd.readouterr().err) == (400, "SerializationException", "")
    assert b"SerializationException" not in sent(zone, "POST", "/", headers, b"{}")[2]


@pytest.mark.parametrize("authorization", [{}, {"Authorization": "garbage"}])
def test_a_target_without_a_signature_is_told_that_one_is_missing(
    zone: LandingZone, capfd: pytest.CaptureFixture[str], authorization: dict[str, str]
) -> None:
    headers = {"X-Amz-Target": "DynamoDB_20120810.ListTables", **authorization}
    status, sent_back, _ = sent(zone, "POST", "/", headers, b"{}")
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
    tables = client_of(zone, "setup", "dynamodb").list_tables()["TableNames"]
    status, sent_back, _ = sent(zone, method, path, {"Origin": "http://a.example"}, b"")
    assert status in (400, 403)
    assert "html" not in sent_back["Content-Type"]
    assert client_of(zone, "setup", "dynamodb").list_tables()["TableNames"] == tables != []


@pytest.mark.parametrize(
    ("sent_by_browsers", "answered"),
    [
        ({}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),  # an address that somebody has typed
        ({"Origin": "http://a.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 403),  # of a name that was made to lead to loopback
    ],
)
def test_no_page_of_a_website_may_ask_anything(
    zone: LandingZone, sent_by_browsers: dict[str, str], answered: int
) -> None:
    headers = {"X-Amz-Target": "DynamoDB_20120810.ListTables", **signed("dynamodb"), **sent_by_browsers}
    status, sent_back, _ = sent(zone, "POST", "/", headers, b"{}")
    assert (status, [name for name in sent_back if name.lower().startswith("access-control")]) == (answered, [])


def test_a_page_cannot_have_a_function_made_by_an_address_with_a_signature(zone: LandingZone) -> None:
    address = f"/2015-03-31/functions?X-Amz-Credential={SETUP_KEY}%2F20260101%2F{REGION}%2Flambda%2Faws4_request"
    status, _, body = sent(zone, "POST", address, {"Content-Type": "text/plain", "Origin": "http://a.example"}, b"{}")
    assert status == 403
    assert b"requests of web pages are refused" in body
    status, _, _ = sent(zone, "POST", address, {"Content-Type": "text/plain"}, b"{}")
    assert status == 400  # the twin reaches Lambda, which misses the function's name
