"""Sessions of principals: whose credentials, from which profile, and what a role's session keeps of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tableguard.errors import DeployError
from tableguard.settings import example
from tableguard.stacks.credentials import ProfileNames, Sessions

SETTINGS = example()
ACCOUNT = SETTINGS.account_id
CONFIG = """
[profile admin]
endpoint_url = http://127.0.0.1:9999
ca_bundle = /etc/ssl/of-ours.pem
use_fips_endpoint = true
[profile other]
"""


class Sts:
    """STS that answers who the caller is, and gives the keys of a role."""

    def __init__(self, arn: str) -> None:
        self.arn, self.taken, self.lasting = arn, list[str](), timedelta(hours=1)

    def get_caller_identity(self) -> dict[str, str]:
        return {"Account": self.arn.split(":")[4], "Arn": self.arn}

    def assume_role(self, RoleArn: str, **_: str) -> dict[str, Any]:  # boto3's name
        self.taken.append(RoleArn)
        keys = {"AccessKeyId": "key", "SecretAccessKey": "secret", "SessionToken": f"token-{len(self.taken)}"}
        return {"Credentials": {**keys, "Expiration": datetime.now(UTC) + self.lasting}}


@pytest.fixture
def profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two profiles of AWS, one with settings of its own."""
    (tmp_path / "config").write_text(CONFIG)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


def sessions(monkeypatch: pytest.MonkeyPatch, arn: str, **names: str) -> tuple[Sessions, Sts]:
    """Return sessions whose callers are all this one."""
    sts, client = Sts(arn), boto3.Session.client

    def answer(self: boto3.Session, service: str, *arguments: Any, **more: Any) -> Any:
        return sts if service == "sts" else client(self, service, *arguments, **more)  # type: ignore[call-overload]

    monkeypatch.setattr(boto3.Session, "client", answer)
    return Sessions(SETTINGS, ProfileNames(**names)), sts


@pytest.mark.usefixtures("profiles")
def test_a_role_keeps_endpoint_certificates_and_fips_of_the_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    taker = f"arn:aws:sts::{ACCOUNT}:assumed-role/Taker/me"
    open_session, sts = sessions(monkeypatch, taker, deployer="admin")
    session = open_session("deployer")
    assert sts.taken == [SETTINGS.role_arn("deployer")]
    keys = session.get_credentials()
    assert keys is not None
    assert keys.access_key == "key"
    client = session.client("cloudformation")
    assert client.meta.endpoint_url == "http://127.0.0.1:9999"
    assert client.meta.config.use_fips_endpoint is True
    assert session._session.get_config_variable("ca_bundle") == "/etc/ssl/of-ours.pem"


@pytest.mark.usefixtures("profiles")
@pytest.mark.parametrize(
    ("principal", "caller", "taken"),
    [
        ("deployer", "cruddur-deployer", []),
        ("deployer", "Taker", ["deployer"]),
        ("break-glass", "cruddur-break-glass", []),
        ("break-glass", "cruddur-deployer", ["break-glass"]),
    ],
)
def test_a_profile_is_of_the_role_itself_or_of_one_who_takes_it(
    monkeypatch: pytest.MonkeyPatch, principal: Any, caller: str, taken: list[str]
) -> None:
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{caller}/me"
    open_session, sts = sessions(monkeypatch, arn, deployer="admin", break_glass="admin")
    open_session(principal)
    assert sts.taken == [SETTINGS.role_arn(role) for role in taken]
    assert open_session.caller(principal) == SETTINGS.role_arn(principal)
    assert open_session.caller("administrator") == f"arn:aws:iam::{ACCOUNT}:role/{caller}"


@pytest.mark.usefixtures("profiles")
@pytest.mark.parametrize(
    ("principal", "words"),
    [
        ("administrator", "the workload's administrator: profile other: is in account 999999999999, .* with --profile"),
        (
            "management",
            "the management account: the default AWS credentials: is in account .* with --management-profile",
        ),
        ("break-glass", "no profile is named; name one with --break-glass-profile"),
    ],
)
def test_whose_credentials_are_missing_and_which_option_names_them_is_said(
    monkeypatch: pytest.MonkeyPatch, principal: Any, words: str
) -> None:
    open_session, _ = sessions(monkeypatch, "arn:aws:sts::999999999999:assumed-role/Any/me", administrator="other")
    with pytest.raises(DeployError, match=words):
        open_session(principal)


@pytest.mark.usefixtures("profiles")
@pytest.mark.parametrize(
    ("caller", "taker"),
    [
        ("AWSReservedSSO_MessagesDeployer_0123456789abcdef", True),
        ("AWSReservedSSO_MessagesOperator_0123456789abcdef", False),
        ("cruddur-deployer", True),
        ("OrganizationAccountAccessRole", False),
    ],
)
def test_who_may_not_take_the_deployer_is_told_before_the_role_is_there(
    monkeypatch: pytest.MonkeyPatch, caller: str, taker: bool
) -> None:
    open_session, sts = sessions(monkeypatch, f"arn:aws:sts::{ACCOUNT}:assumed-role/{caller}/me", administrator="admin")
    if taker:
        open_session.check_taker()
        return
    with pytest.raises(DeployError, match=f"the deployer: profile admin: .*/{caller} may not take the deployer"):
        open_session.check_taker()
    assert sts.taken == []


@pytest.mark.usefixtures("profiles")
@pytest.mark.parametrize(("minutes", "times"), [(14, 1), (16, 2)])
def test_a_role_is_taken_once_in_a_quarter_of_an_hour(
    monkeypatch: pytest.MonkeyPatch, minutes: float, times: int
) -> None:
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/Taker/me"
    open_session, sts = sessions(monkeypatch, arn, deployer="admin", break_glass="admin")
    now = [0.0]
    open_session = replace(open_session, clock=lambda: now[0])
    first = open_session("deployer")
    now[0] = minutes * 60
    assert (open_session("deployer") is first) is (times == 1)
    assert sts.taken == [SETTINGS.role_arn("deployer")] * times
    open_session("break-glass")
    assert sts.taken[times:] == [SETTINGS.role_arn("break-glass")]


@pytest.mark.usefixtures("profiles")
@pytest.mark.parametrize(("minutes", "token"), [(60, "token-1"), (1, "token-2")])
def test_keys_that_end_while_a_deployment_goes_on_are_renewed(
    monkeypatch: pytest.MonkeyPatch, minutes: float, token: str
) -> None:
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/Taker/me"
    open_session, sts = sessions(monkeypatch, arn, deployer="admin")
    sts.lasting = timedelta(minutes=minutes)
    keys = open_session("deployer").get_credentials()
    sts.lasting = timedelta(hours=1)
    assert keys is not None
    assert keys.get_frozen_credentials().token == token


@pytest.mark.usefixtures("profiles")
def test_a_role_that_cannot_be_taken_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: str) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "not you"}}, "AssumeRole")

    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/Taker/me"
    open_session, sts = sessions(monkeypatch, arn, deployer="admin")
    monkeypatch.setattr(sts, "assume_role", refuse)
    with pytest.raises(DeployError, match=r"cruddur-deployer: cannot be assumed: .*not you; it is made by the access"):
        open_session("deployer")
