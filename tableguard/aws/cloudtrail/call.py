"""The facts of a call from which CloudTrail makes its records."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Kind = Literal["role", "user", "root", "federated-user", "service", "web-identity", "saml"]


@dataclass(frozen=True)
class CallerIdentity:
    """Who signed a request: `arn` is a role's own, and `session` the name of its session.

    `principal_id` is the unique id of the role or user, with the session's name after a colon.
    """

    kind: Kind
    arn: str
    account: str = ""
    session: str = ""
    principal_id: str = ""
    access_key_id: str = ""
    since: str = ""  # when the session began
    mfa: str = "false"
    provider: str = ""  # of a token


@dataclass(frozen=True)
class Endpoint:
    """The VPC endpoint that a request passed, and whose it is; `refused` if its policy stopped the request."""

    id: str
    account: str
    refused: bool = False


@dataclass(frozen=True)
class NamedResource:
    """A resource that a call acted on."""

    arn: str
    type: str
    account: str


@dataclass(frozen=True)
class CallFacts:
    """A call with its answer, in the words of the API.

    `service` is IAM's prefix; `via` the service that called for the identity; `answer` the parsed answer, None where
    there was none or it is not wanted. `denied` says that policies refused the call. `keys` are the key attributes of
    each DynamoDB table that is named.
    """

    service: str
    operation: str
    account: str
    region: str
    time: datetime
    identity: CallerIdentity
    parameters: Mapping[str, Any]
    request_id: str
    source_ip: str = ""
    user_agent: str = ""
    via: str = ""
    answer: Mapping[str, Any] | None = None
    error_code: str = ""
    error_message: str = ""
    denied: bool = False
    endpoint: Endpoint | None = None
    api_version: str = ""
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    resources: tuple[NamedResource, ...] = ()
    additional: Mapping[str, Any] = field(default_factory=dict)
