"""Open an AWS session for each principal, and check that it is in the account that the settings name."""

import os
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import boto3
import botocore.session
from botocore.credentials import CredentialProvider, CredentialResolver, RefreshableCredentials
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

from tableguard.aws.loopback import is_on_loopback
from tableguard.errors import DeployError
from tableguard.settings import Settings
from tableguard.stacks.registry import Principal, account_of

_SESSION_NAME = "tableguard"
DEFAULT_KEYS = "the default AWS credentials"
_FRESH = (
    15 * 60.0
)  # seconds for which a role's session is handed out again: CloudFormation keeps the keys it began with
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


# by STS and other query services, DynamoDB and other JSON services, and S3; Expired… of keys that were known once
_UNKNOWN = ("InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "ExpiredToken")
_NAMING = ("AWS_DEFAULT_PROFILE", "AWS_PROFILE")  # in the order in which botocore looks


def named_keys(profile: str | None, environment: Mapping[str, str] = os.environ) -> str | None:
    """Say which credentials were named, by names alone; None where it is left to AWS's own search."""
    if profile:
        return f"profile {profile}"
    if "AWS_ACCESS_KEY_ID" in environment:  # goes before a profile that a variable names
        return "AWS_ACCESS_KEY_ID in the environment"
    naming = next((name for name in _NAMING if environment.get(name)), None)
    return f"profile {environment[naming]}, which {naming} names" if naming else None


def unknown_keys(error: ClientError, profile: str | None, on_loopback: bool) -> str:
    """Say whose credentials a service does not know, and on loopback what to do; "" for other refusals."""
    if not error.response["Error"]["Code"].startswith(_UNKNOWN):
        return ""
    signer = f"; it was asked with {named_keys(profile) or 'credentials that nobody named'}"
    return f"{signer}; paste the line that `tableguard up` printed, which hides all others" if on_loopback else signer


def advice_on(error: Exception) -> str:
    """Return an error that came before AWS's answer as one line, with advice where there is some."""
    advice = next((f"; {text}" for kinds, text in _ADVICE if isinstance(error, kinds)), "")
    file = os.environ.get("AWS_CONFIG_FILE")
    if isinstance(error, ProfileNotFound) and file and not Path(file).exists():  # that of an estate goes with it
        advice += f"; there is no {file}, which AWS_CONFIG_FILE names: has `tableguard up` ended?"
    return f"{' '.join(str(error).split())}{advice}"


@dataclass(frozen=True)
class ProfileNames:
    """AWS profiles named on the command line; None is the ordinary credential chain."""

    administrator: str | None = None
    management: str | None = None
    deployer: str | None = None
    break_glass: str | None = None
    archive: str | None = None

    def require(self, principals: Collection[Principal]) -> None:
        """Raise DeployError unless profiles are named for these: for a destruction none is taken by default."""
        options: Mapping[Principal, tuple[str | None, str]] = {
            "management": (self.management, "--management-profile NAME, of the management account"),
            "archive": (self.archive, "--archive-profile NAME, of the log archive's account"),
            "break-glass": (self.break_glass, "--break-glass-profile NAME, as nobody else may delete a stack"),
        }
        missing = [words for principal, (profile, words) in options.items() if principal in principals and not profile]
        if missing:
            raise DeployError(f"this needs {', and '.join(missing)}; nothing was deleted")


@dataclass(frozen=True)
class _Source:
    """Whose credentials are sought, in which profile, and the option that names another."""

    whose: str
    profile: str | None
    option: str

    def __str__(self) -> str:
        """Return the place of the credentials, as errors begin."""
        return f"{self.whose}: {f'profile {self.profile}' if self.profile else DEFAULT_KEYS}"


@dataclass(frozen=True)
class Sessions:
    """Opens sessions by principal.

    The deployer's and break-glass's profile is that of the role itself, or of one who may take it; without a profile
    the administrator takes the deployer's role.
    """

    settings: Settings
    profiles: ProfileNames
    clock: Callable[[], float] = time.monotonic
    _taken: dict[str, tuple[float, boto3.Session]] = field(default_factory=dict, compare=False, repr=False)
    _known: dict[tuple[_Source, str | None], tuple[boto3.Session, str]] = field(
        default_factory=dict, compare=False, repr=False
    )

    def __call__(self, principal: Principal) -> boto3.Session:
        """Return the principal's session; DeployError if it has no credentials or is in another account."""
        return self._opened(principal)[0]

    def caller(self, principal: Principal) -> str:
        """Return the ARN of the role with which a principal deploys, without its path."""
        if principal in ("deployer", "break-glass"):
            return self.settings.role_arn(principal)
        return self._opened(principal)[1]

    def check_taker(self) -> None:
        """Raise DeployError if the deployer's profile may not take the role, which the access stack has yet to make.

        STS tells a role without its path, so that the names are compared.
        """
        settings, profiles = self.settings, self.profiles
        option = "--deployer-profile" if profiles.deployer else "--profile"
        source = _Source("the deployer", profiles.deployer or profiles.administrator, option)
        _, caller = self._session(source, None)
        takers = (*settings.exempt_roles, *settings.takers_of("deployer"))
        if not any(fnmatchcase(caller, _without_path(taker)) for taker in takers):
            raise DeployError(
                f"{source}: {caller} may not take the deployer, whom the settings leave to {', '.join(takers)}; "
                "name a profile of one with --deployer-profile"
            )

    def _opened(self, principal: Principal) -> tuple[boto3.Session, str]:
        """Return the principal's session, and the role that it is of."""
        settings, profiles = self.settings, self.profiles
        match principal:
            case "management":
                source = _Source("the management account", profiles.management, "--management-profile")
                return self._session(source, settings.management_account_id)
            case "archive":
                if settings.log_archive is None:
                    raise DeployError("the log archive: the settings have no [log_archive], which names its account")
                source = _Source("the log archive", profiles.archive, "--archive-profile")
                return self._session(source, account_of(settings, principal))
            case "administrator":
                source = _Source("the workload's administrator", profiles.administrator, "--profile")
                return self._session(source, settings.account_id)
            case "deployer":
                source = _Source("the deployer", profiles.deployer or profiles.administrator, "--deployer-profile")
                return self._with_role("deployer", source, settings.exempt_roles)
            case "break-glass":
                source = _Source("break-glass", profiles.break_glass, "--break-glass-profile")
                if profiles.break_glass is None:
                    raise DeployError("break-glass: no profile is named; name one with --break-glass-profile")
                return self._with_role("break-glass", source, settings.break_glass_roles)

    def _session(self, source: _Source, account_id: str | None) -> tuple[boto3.Session, str]:
        """Return the session of a source, opened once, and whose it is."""
        if (source, account_id) not in self._known:
            self._known[source, account_id] = _session(source, account_id, self.settings.home_region)
        return self._known[source, account_id]

    def _with_role(self, role: str, source: _Source, same: Sequence[str]) -> tuple[boto3.Session, str]:
        """Return the session and role of the source if it is one of these already, else of the workload's role."""
        region = self.settings.home_region
        session, caller = self._session(source, None)
        if caller in map(_without_path, same):
            return session, caller
        arn, now = self.settings.role_arn(role), self.clock()
        try:
            if role not in self._taken or now - self._taken[role][0] > _FRESH:
                self._taken[role] = now, assume(session, arn, region, source.profile)
            return self._taken[role][1], arn
        except DeployError as error:
            raise DeployError(
                f"{error}; it is made by the access stack, and taken by those whom the settings name under "
                f"roles.takers: name the profile of one with {source.option}"
            ) from error


def _session(source: _Source, account_id: str | None, region: str) -> tuple[boto3.Session, str]:
    """Return a session of the source's credentials, and whose it is: the ARN of a role, without its path."""
    try:
        session = boto3.Session(profile_name=source.profile, region_name=region)
        identity = _identity(session.client("sts"), source)
    except (BotoCoreError, ValueError) as error:  # ValueError: an endpoint or number among the variables
        raise DeployError(f"{source}: {advice_on(error).replace('--profile', source.option)}") from error
    account = identity["Account"]
    if account_id not in (None, account):
        raise DeployError(
            f"{source}: is in account {account}, and the settings name {account_id}; name another with {source.option}"
        )
    return session, _role(identity["Arn"])


def _identity(sts: Any, source: _Source) -> Any:
    try:
        return sts.get_caller_identity()
    except ClientError as error:
        hint = unknown_keys(error, source.profile, is_on_loopback(sts.meta.endpoint_url))
        raise DeployError(f"{source}: {error}{hint}") from error


def _without_path(arn: str) -> str:
    return f"{arn.partition('/')[0]}/{arn.rpartition('/')[2]}"


def _role(caller: str) -> str:
    """Return the ARN of the role of a session, without its path, which STS does not tell; any other ARN as it is."""
    beginning, assumed, name_and_session = caller.partition(":assumed-role/")
    return f"{beginning.replace(':sts:', ':iam:')}:role/{name_and_session.partition('/')[0]}" if assumed else caller


class _TakenRole(CredentialProvider):
    """A role as botocore's provider of credentials: taken again before its keys end, as long as the taker's last."""

    METHOD = CANONICAL_NAME = "taken-role"

    def __init__(self, session: Any, role_arn: str, region: str) -> None:
        super().__init__()
        self.taker, self.role_arn, self.region = session, role_arn, region

    def load(self) -> Any:
        """Return the keys of the role, which renew themselves."""
        return RefreshableCredentials.create_from_metadata(self.keys(), self.keys, self.METHOD)

    def keys(self) -> dict[str, str]:
        """Take the role."""
        sts = self.taker.client("sts", region_name=self.region)
        keys = sts.assume_role(RoleArn=self.role_arn, RoleSessionName=_SESSION_NAME)["Credentials"]
        return {
            "access_key": keys["AccessKeyId"],
            "secret_key": keys["SecretAccessKey"],
            "token": keys["SessionToken"],
            "expiry_time": keys["Expiration"].isoformat(),
        }


def assume(session: Any, role_arn: str, region: str, profile: str | None = None) -> boto3.Session:
    """Return a session of a role, whose keys last as long as AWS gives by default (an hour), and are then renewed.

    It keeps the settings of the profile: its endpoint, certificates, FIPS and dual-stack switches.
    """
    try:
        inner = botocore.session.get_session()
        inner.register_component("credential_provider", CredentialResolver([_TakenRole(session, role_arn, region)]))
        # even with keys of its own a session reads the profile of AWS_PROFILE, and fails where there is none
        taken = boto3.Session(botocore_session=inner, region_name=region, profile_name=profile)
        taken.get_credentials()
    except (BotoCoreError, ClientError) as error:
        raise DeployError(f"role {role_arn}: cannot be assumed: {advice_on(error)}") from error
    return taken
