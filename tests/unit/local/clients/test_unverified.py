"""Requests to the embedded AWS of this process carry who asks, and a signature that nobody has calculated."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tableguard.local.clients import factory, unverified
from tableguard.local.clients.served import SERVERS
from tableguard.local.clients.unverified import UnverifiedSignature

REGION, KEYS = "eu-central-1", Credentials("AKIDEXAMPLE", "secret", "token")


def test_the_headers_name_the_key_its_session_and_where_it_is_used_and_nothing_is_hashed() -> None:
    request = AWSRequest("POST", "http://127.0.0.1/", data=b"{}")
    UnverifiedSignature(KEYS, "sts", REGION).add_auth(request)
    day = request.context["timestamp"][:8]
    assert request.headers["Authorization"] == (
        f"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{day}/{REGION}/sts/aws4_request, SignedHeaders=host, Signature=0"
    )
    assert request.headers["X-Amz-Security-Token"] == "token"
    assert request.headers["X-Amz-Date"] == request.context["timestamp"]


@pytest.mark.parametrize(("version", "chosen"), [("v4", unverified.NAME), ("s3v4", None), ("v4-query", None)])
def test_it_stands_in_for_the_ordinary_signature_alone(version: str, chosen: str | None) -> None:
    assert unverified.choose(version, signing_name="sts") == chosen


class _SentError(Exception):
    """The request is ready to be sent, and has its headers."""


def _keep(request: Any, **_: Any) -> None:
    raise _SentError(request.headers["Authorization"].decode())


@pytest.mark.parametrize("served", [True, False])
def test_a_request_that_leaves_this_process_is_signed(monkeypatch: pytest.MonkeyPatch, served: bool) -> None:
    endpoint, here = "http://127.0.0.1:9", cast(Any, SimpleNamespace(app=object()))
    if served:
        monkeypatch.setitem(SERVERS, endpoint, here)
    client = factory.make_client(
        "sts",
        region_name=REGION,
        endpoint_url=endpoint,
        aws_access_key_id=KEYS.access_key,
        aws_secret_access_key=KEYS.secret_key,
    )
    client.meta.events.register_first("before-send", _keep)
    with pytest.raises(_SentError) as sent:
        client.get_caller_identity()
    assert str(sent.value).endswith("Signature=0") is served
