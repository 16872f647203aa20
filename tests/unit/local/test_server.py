"""The embedded AWS starts on loopback, empty and the same each time, or says in one line why it cannot."""

import os
import socket
import subprocess
import sys
import threading
from importlib import metadata
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError
from botocore.httpsession import URLLib3Session
from moto.ec2.models import ec2_backends

from tableguard import settings
from tableguard.errors import EmbeddedError
from tableguard.local import landing_zone, server
from tableguard.local.clients import factory
from tableguard.local.clients.factory import Clients, without_aws_configuration
from tableguard.local.moto import patch

pytestmark = pytest.mark.slow
ACCOUNT, REGION = "111122223333", "eu-central-1"


def _made(endpoint: str) -> str:
    """The id of a new VPC."""
    vpc = Clients(endpoint)("ec2", ACCOUNT, REGION).create_vpc(CidrBlock="10.0.0.0/16")
    return str(vpc["Vpc"]["VpcId"])


def test_it_answers_on_loopback_only_while_it_runs() -> None:
    with server.start() as running:
        host, port = running.endpoint.removeprefix("http://").split(":")
        assert host == "127.0.0.1"
        assert Clients(running.endpoint)("sts", ACCOUNT, REGION).get_caller_identity()["Account"] == ACCOUNT
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)))


@pytest.fixture(params=["AWS_PROFILE", "AWS_CONFIG_FILE", "AWS_RETRY_MODE", "AWS_MAX_ATTEMPTS"])
def left_over(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One variable with which no client can be made: a profile or mode that does not exist, a file that is none."""
    file = tmp_path / "unreadable"
    file.write_text("[profile")
    monkeypatch.setenv(request.param, str(file))


@pytest.mark.usefixtures("left_over")
def test_its_clients_know_nothing_of_the_users_aws_configuration() -> None:
    factory._session.cache_clear()  # made anew, where the variable is set
    client = Clients("http://127.0.0.1:1")("sts", ACCOUNT, REGION)
    assert client.meta.endpoint_url == "http://127.0.0.1:1"


@pytest.mark.usefixtures("left_over")
def test_other_clients_cannot_be_made_with_such_a_configuration() -> None:
    with pytest.raises((BotoCoreError, ValueError)):
        boto3.Session("no", "keys", region_name=REGION).client("sts", endpoint_url="http://127.0.0.1:1")


def test_the_users_aws_configuration_is_set_aside_and_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "application")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/gone")
    monkeypatch.delenv("AWS_SHARED_CREDENTIALS_FILE", raising=False)
    before = dict(os.environ)
    with without_aws_configuration():
        assert boto3.Session().available_profiles == []
    with pytest.raises(KeyError), without_aws_configuration():
        raise KeyError("whatever ends the block")
    assert dict(os.environ) == before


def test_it_leaves_no_thread() -> None:
    before = set(threading.enumerate())
    with server.start() as running:
        _made(running.endpoint)
        assert set(threading.enumerate()) > before
    assert set(threading.enumerate()) == before


def test_it_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with server.start() as running:
        _made(running.endpoint)
    assert capfd.readouterr() == ("", "")


def test_it_listens_where_it_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with server.start(port) as running:
        assert running.endpoint == f"http://127.0.0.1:{port}"


def test_a_port_in_use_is_named_with_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(EmbeddedError, match=rf"^port {port} of 127\.0\.0\.1 cannot be used \(.+\); name another"):
            server.start(port)


def test_a_second_one_in_the_process_is_refused() -> None:
    with server.start() as running, pytest.raises(EmbeddedError, match=f"runs already at {running.endpoint}"):
        server.start()


def test_each_start_is_empty_and_draws_the_same_ids() -> None:
    found = []
    for _ in range(2):
        with server.start() as running:
            ec2 = Clients(running.endpoint)("ec2", ACCOUNT, REGION)
            blocks = [vpc["CidrBlock"] for vpc in ec2.describe_vpcs()["Vpcs"]]
            found.append((blocks, _made(running.endpoint)))
    assert found[0] == found[1]
    assert "10.0.0.0/16" not in found[0][0]


def test_nothing_is_left_of_a_service_that_another_one_makes_when_it_is_emptied() -> None:
    with server.start() as running:
        Clients(running.endpoint)("ec2", ACCOUNT, REGION).describe_vpc_endpoint_services()  # asks all others
    assert not ec2_backends


@pytest.mark.parametrize("version", ["5.2.4", "5.3.0", "6.0.0", "5.3", "unknown"])
def test_another_moto_is_refused_by_its_version(monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    monkeypatch.setattr(metadata, "version", lambda name: version)
    with pytest.raises(EmbeddedError, match=f"^moto {version} is installed"):
        server.start()


@pytest.mark.parametrize("version", ["5.2.5", "5.2.9", "5.2.6.dev1"])
def test_a_moto_that_is_known_is_taken(monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    monkeypatch.setattr(metadata, "version", lambda name: version)
    server.start().stop()


def test_a_missing_moto_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)
    with pytest.raises(EmbeddedError, match=r"^moto is not installed; pip install"):
        server.start()


def test_an_account_in_the_environment_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTO_ACCOUNT_ID", ACCOUNT)
    with pytest.raises(EmbeddedError, match="MOTO_ACCOUNT_ID is set"):
        server.start()


def test_a_correction_without_its_place_is_refused() -> None:
    class Owner:
        present = 1

    assert patch.replace(Owner, "present", 2) == 1
    assert Owner.present == 2
    with pytest.raises(EmbeddedError, match=r"Owner\.absent is gone"):
        patch.replace(Owner, "absent", 2)


def test_importing_it_imports_neither_moto_nor_boto3() -> None:
    program = (
        "import sys; import tableguard.local.server; print(sorted({'moto', 'boto3', 'werkzeug'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"


def test_clients_are_made_once_and_reach_the_account_they_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://192.0.2.1:9")  # would take the request elsewhere
    with server.start() as running:
        of = Clients(running.endpoint)
        others = [of("iam", account, REGION) for account in (ACCOUNT, "444455556666")]
        for client in others:
            client.create_user(UserName="same")
        arns = [client.get_user(UserName="same")["User"]["Arn"] for client in others]
        assert arns == [f"arn:aws:iam::{account}:user/same" for account in (ACCOUNT, "444455556666")]
        assert of("iam", ACCOUNT, REGION) is others[0]


def test_whoever_acts_in_the_process_that_serves_needs_no_socket_and_others_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with server.start() as running:
        zone = landing_zone.prepare(settings.example(), running.endpoint)
        session = zone.session("administrator")
        monkeypatch.setattr(URLLib3Session, "send", _no_socket)
        for client in (zone.clients("sts", ACCOUNT, REGION), session.client("sts")):
            assert client.get_caller_identity()["Account"] == ACCOUNT
        with pytest.raises(ConnectionError, match="no socket"):
            session.client("sts", endpoint_url="http://127.0.0.1:9").get_caller_identity()


def _no_socket(*_: Any) -> None:
    raise ConnectionError("no socket")


def test_a_client_asks_once() -> None:
    asked: list[Any] = []
    client = factory.make_client(
        "sts",
        region_name=REGION,
        endpoint_url="http://127.0.0.1:9",
        aws_access_key_id="a",
        aws_secret_access_key="b",  # noqa: S106  # opens nothing
    )
    client.meta.events.register("before-send", lambda request, **_: asked.append(request))
    with pytest.raises(EndpointConnectionError):
        client.get_caller_identity()
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("dynamodb", "list_tables", "InvalidSignatureException"),
        ("cloudformation", "list_stacks", "SignatureDoesNotMatch"),
    ],
)
def test_a_region_that_aws_does_not_have_is_refused_in_aws_words(service: str, operation: str, code: str) -> None:
    with server.start() as running:
        of = Clients(running.endpoint)
        with pytest.raises(ClientError, match=rf"{code}.* Credential should be scoped to a valid region") as refused:
            getattr(of(service, ACCOUNT, "mars-1"), operation)()
        assert refused.value.response["Error"]["Code"] == code
        getattr(of(service, ACCOUNT, "sa-east-1"), operation)()
