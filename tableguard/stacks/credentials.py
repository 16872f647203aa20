"""Who deploys what on AWS: a session for each principal, checked to be in the account that the settings name."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
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
        (NoCredentialsError, PartialCredentialsError),
        "name a profile with --profile, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    ),
    ((SSOError, TokenRetrievalError), "sign in again: `aws sso login`"),
    ((EndpointConnectionError, HTTPClientError), "check the endpoint, the region and the network"),
)


def advised(error: Exception) -> str:
    """What went wrong before AWS could answer, in one line, and what to do about it where that is known."""
    advice = next((f"; {text}" for kinds, text in _ADVICE if isinstance(error, kinds)), "")
    return f"{' '.join(str(error).split())}{advice}"


@dataclass(frozen=True)
class Profiles:
    """AWS profile names of the command line; None is the ordinary credential chain."""

    administrator: str | None = None
    management: str | None = None
    deployer: str | None = None


@dataclass(frozen=True)
class Sessions:
    """Sessions by principal. The deployer's is its own profile, or its role assumed by the administrator."""

    settings: Settings
    profiles: Profiles

    def __call__(self, principal: Principal) -> boto3.Session:
        """The principal's session; DeployError if it has no credentials or is in another account."""
        if principal == "management":
            return _checked(self.profiles.management, self.settings.management_account_id, self.settings.home_region)
        if principal == "administrator" or self.profiles.deployer:
            profile = self.profiles.administrator if principal == "administrator" else self.profiles.deployer
            return _checked(profile, self.settings.account_id, self.settings.home_region)
        administrator = _checked(self.profiles.administrator, self.settings.account_id, self.settings.home_region)
        return assume(administrator, self.settings.role_arn("deployer"), self.settings.home_region)


@cache
def _checked(profile: str | None, account_id: str, region: str) -> boto3.Session:
    called = f"profile {profile}" if profile else "the default AWS credentials"
    try:
        session = boto3.Session(profile_name=profile, region_name=region)
        found = session.client("sts").get_caller_identity()["Account"]
    except (BotoCoreError, ClientError) as error:
        raise DeployError(f"{called}: {advised(error)}") from error
    if found != account_id:
        raise DeployError(f"{called}: is in account {found}, and the settings name {account_id}")
    return session


def assume(session: Any, role_arn: str, region: str) -> boto3.Session:
    """A session of a role, for as long as AWS gives by default (an hour)."""
    try:
        found = session.client("sts", region_name=region).assume_role(RoleArn=role_arn, RoleSessionName=_SESSION_NAME)
        keys = found["Credentials"]
        # even with keys of its own a session reads the profile of AWS_PROFILE, and fails where there is none
        return boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], region_name=region)
    except (BotoCoreError, ClientError) as error:
        raise DeployError(f"role {role_arn}: cannot be assumed: {advised(error)}") from error
