"""Open an AWS session for each principal, and check that it is in the account that the settings name."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConfigParseError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)

from tableguard.errors import DeployError
from tableguard.settings import Settings
from tableguard.stacks.registry import Principal

_SESSION_NAME = "tableguard"
_ADVICE: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((ProfileNotFound,), "name another with --profile (`aws configure list-profiles`), or unset AWS_PROFILE"),
    (
        (ConfigParseError,),
        "mend that file, or name another with AWS_CONFIG_FILE or AWS_SHARED_CREDENTIALS_FILE",
    ),
    (
        (NoCredentialsError, PartialCredentialsError),
        "name a profile with --profile, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    ),
    ((SSOError, TokenRetrievalError), "sign in again: `aws sso login`"),
    ((EndpointConnectionError, HTTPClientError), "check the endpoint, the region and the network"),
)


def advice_on(error: Exception) -> str:
    """Return an error that came before AWS's answer as one line, with advice where there is some."""
    advice = next((f"; {text}" for kinds, text in _ADVICE if isinstance(error, kinds)), "")
    return f"{' '.join(str(error).split())}{advice}"


@dataclass(frozen=True)
class ProfileNames:
    """AWS profiles named on the command line; None is the ordinary credential chain."""

    administrator: str | None = None
    management: str | None = None
    deployer: str | None = None


@dataclass(frozen=True)
class Sessions:
    """Opens sessions by principal; the deployer's is its own profile's, or its role, assumed by the administrator."""

    settings: Settings
    profiles: ProfileNames

    def __call__(self, principal: Principal) -> boto3.Session:
        """Return the principal's session; DeployError if it has no credentials or is in another account."""
        if principal == "management":
            return _session(self.profiles.management, self.settings.management_account_id, self.settings.home_region)
        if principal == "administrator" or self.profiles.deployer:
            profile = self.profiles.administrator if principal == "administrator" else self.profiles.deployer
            return _session(profile, self.settings.account_id, self.settings.home_region)
        administrator = _session(self.profiles.administrator, self.settings.account_id, self.settings.home_region)
        return assume(administrator, self.settings.role_arn("deployer"), self.settings.home_region)


@cache
def _session(profile: str | None, account_id: str, region: str) -> boto3.Session:
    source = f"profile {profile}" if profile else "the default AWS credentials"
    try:
        session = boto3.Session(profile_name=profile, region_name=region)
        account = session.client("sts").get_caller_identity()["Account"]
    except (BotoCoreError, ClientError, ValueError) as error:  # ValueError: an endpoint or number among the variables
        raise DeployError(f"{source}: {advice_on(error)}") from error
    if account != account_id:
        raise DeployError(f"{source}: is in account {account}, and the settings name {account_id}")
    return session


def assume(session: Any, role_arn: str, region: str) -> boto3.Session:
    """Return a session of a role, for as long as AWS gives by default (an hour)."""
    try:
        response = session.client("sts", region_name=region).assume_role(
            RoleArn=role_arn, RoleSessionName=_SESSION_NAME
        )
        keys = response["Credentials"]
        # even with keys of its own a session reads the profile of AWS_PROFILE, and fails where there is none
        return boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], region_name=region)
    except (BotoCoreError, ClientError) as error:
        raise DeployError(f"role {role_arn}: cannot be assumed: {advice_on(error)}") from error
