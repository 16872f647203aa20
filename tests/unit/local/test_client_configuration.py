"""What `tableguard up` has a shell export suffices, and nothing of the user's own is used beside it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import boto3
import pytest

from tableguard import settings
from tableguard.local import client_configuration
from tableguard.local.client_configuration import ClientConfiguration
from tableguard.local.estate import EmbeddedEstate
from tableguard.local.run_folder.folder import RunFolder

ENDPOINT, REGION = "http://127.0.0.1:41234", "eu-central-1"
SHELLS = [shell for name in ("sh", "bash", "dash", "zsh", "ksh") if (shell := shutil.which(name))]
FOREIGN = "AKIAIOSFODNN7EXAMPLE"
# what a user may have exported, and what then is not the estate's if it is left there
HOSTILE: dict[str, tuple[dict[str, str], set[str]]] = {
    "keys": ({"AWS_ACCESS_KEY_ID": FOREIGN, "AWS_SECRET_ACCESS_KEY": "x", "AWS_SESSION_TOKEN": "x"}, {"key"}),
    "the former variable of a profile": ({"AWS_DEFAULT_PROFILE": "operator"}, {"key"}),
    "an endpoint of the service": (
        {"AWS_ENDPOINT_URL_DYNAMODB": "https://dynamodb.us-east-1.amazonaws.com"},
        {"endpoint"},
    ),
    "no endpoints of variables": ({"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, {"endpoint"}),
}


@pytest.fixture
def clients(tmp_path: Path) -> ClientConfiguration:
    """The files of an estate, in a folder with a name that a shell would take apart."""
    roles = {name: boto3.Session(f"ASIA{name}", f"secret of {name}", "token") for name in ("application", "operator")}
    estate = SimpleNamespace(settings=settings.example(), endpoint=ENDPOINT, roles=roles)
    (tmp_path / "it's $here").mkdir()
    return client_configuration.write(
        cast(EmbeddedEstate, estate), "arn:aws:kms:key/1", RunFolder(tmp_path / "it's $here", -1, None)
    )


@pytest.fixture
def home(tmp_path: Path) -> Mapping[str, str]:
    """The variables of a user whose own credentials have sections of the same names."""
    (tmp_path / ".aws").mkdir()
    sections = (f"[{name}]\naws_access_key_id = {FOREIGN}\naws_secret_access_key = x\n" for name in ("application",))
    (tmp_path / ".aws" / "credentials").write_text("".join(sections))
    return {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}


def sourced(shell: str, clients: ClientConfiguration, before: Mapping[str, str]) -> dict[str, str]:
    """The variables after the printed line, in a shell that ends at any error and at any unset variable."""
    script = ["-euc", '. "$0" && . "$0" && env -0', str(clients.environment_file)]
    ran = subprocess.run([shell, *script], env=dict(before), capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    return dict(line.split("=", 1) for line in ran.stdout.split("\0")[:-1])


@pytest.mark.parametrize("shell", SHELLS, ids=os.path.basename)
@pytest.mark.parametrize("proxies", [{}, {"NO_PROXY": "example.com"}, {"no_proxy": "example.com"}])
def test_a_shell_has_what_is_printed_and_nothing_else_of_aws(
    clients: ClientConfiguration, home: Mapping[str, str], shell: str, proxies: dict[str, str]
) -> None:
    hostile = {name: value for variables, _ in HOSTILE.values() for name, value in variables.items()}
    kept = {"AWS_PAGER": "", "AWS_DEFAULT_OUTPUT": "json", "AWS_CLI_AUTO_PROMPT": "on"}
    hostile |= {"AWS_USE_FIPS_ENDPOINT": "true", "AWS_WEB_IDENTITY_TOKEN_FILE": "/token", "AWS_CA_BUNDLE": "/bundle"}
    odd = {"TEXT": "two lines\nAWS_PAGER=x\n$(touch /nowhere)", "TABLEGUARD_PLAINTEXT_BEFORE": "2020-01-01"}
    after = sourced(shell, clients, {**home, **hostile, **kept, **odd, **proxies})
    assert {name: value for name, value in after.items() if name.startswith(("AWS_", "TABLEGUARD_"))} == {
        **clients.variables,
        **kept,
    }
    assert after["TEXT"] == odd["TEXT"]
    assert after["no_proxy"] == after["NO_PROXY"]
    assert set(after["no_proxy"].strip(",").split(",")) == {"127.0.0.1", *proxies.values()}
    assert after["PATH"].startswith(f"{Path(sys.executable).parent}:")
    assert after["PATH"].endswith(home["PATH"])


def differing(variables: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """What of a client is not the estate's, with these variables."""
    with monkeypatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        for name, value in variables.items():
            patch.setenv(name, value)
        session = boto3.Session()
        client: Any = session.client("dynamodb")
        keys = session.get_credentials()
        assert keys is not None
        seen = {"endpoint": client.meta.endpoint_url, "region": client.meta.region_name, "key": keys.access_key}
    expected = {"endpoint": ENDPOINT, "region": REGION, "key": "ASIAapplication"}
    return {name for name, value in expected.items() if seen[name] != value}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_the_user_exported_is_not_used_and_would_be(
    clients: ClientConfiguration, home: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    variables, wrong = HOSTILE[name]
    assert differing(sourced(SHELLS[0], clients, {**home, **variables}), monkeypatch) == set()
    assert differing({**home, **variables, **clients.variables}, monkeypatch) == wrong


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("AWS_SHARED_CREDENTIALS_FILE", {"key"}),
        ("AWS_DEFAULT_REGION", set()),  # the profile has it too, which the endpoint has not to rely on
        ("AWS_ENDPOINT_URL", set()),
        ("AWS_REGION", set()),
    ],
)
def test_a_profile_alone_suffices_for_boto3_but_for_the_users_own_credentials(
    clients: ClientConfiguration, home: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, name: str, wrong: set[str]
) -> None:
    variables = {key: value for key, value in clients.variables.items() if key != name}
    assert differing({**home, **variables}, monkeypatch) == wrong


def test_every_role_has_a_profile(clients: ClientConfiguration) -> None:
    text = clients.config_file.read_text()
    for name in ("application", "operator"):
        assert (
            f"[profile {name}]\nregion = {REGION}\nendpoint_url = {ENDPOINT}\naws_access_key_id = ASIA{name}\n" in text
        )
    assert clients.profiles == ("application", "operator")
