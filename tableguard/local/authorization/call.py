"""The data of authorization: a caller, its call to an API, and the permissions that the call requires."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tableguard.partitions import of_region
from tableguard.policy.principals import Principal

ContextValues = Mapping[str, str | tuple[str, ...]]


@dataclass(frozen=True)
class Caller:
    """A principal, with the tags and the session policy of its session, and the context keys of its credentials.

    `token_context` has the keys of an identity provider's token, by which a role is taken or was.
    """

    principal: Principal
    tags: Mapping[str, str] = field(default_factory=dict)
    session_policy: str | None = None
    context: Mapping[str, str] = field(default_factory=dict)
    access_key_id: str = ""
    token_context: ContextValues = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Return the name by which AWS's refusals call the caller."""
        return self.principal.session_arn


@dataclass(frozen=True)
class ApiCall:
    """A request as it arrived: its caller, account and region, the operation, and its parameters.

    `service` is IAM's prefix (cloudwatch, where requests are signed for monitoring); `via` the service that acts
    for the caller; `acting` the service that is the caller, in a role that it was given; `endpoint` the VPC endpoint
    that the request came through, as moto's EC2 keeps it.
    """

    caller: Caller
    account: str
    region: str
    service: str
    operation: str
    parameters: Mapping[str, Any]
    via: str = ""
    endpoint: Any = None
    acting: str = ""

    @property
    def action(self) -> str:
        """Return the operation as IAM would name it, if every action were named after its operation."""
        return f"{self.service}:{self.operation}"

    @property
    def partition(self) -> str:
        """Return the partition of the region that is called."""
        return of_region(self.region)

    def arn(self, resource: str) -> str:
        """Return the ARN of a resource in the service, account and region of this call."""
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{resource}"

    def value(self, path: str) -> Any:
        """Return a parameter by its name, or by the names that lead to it with dots; None if it is absent."""
        value: Any = self.parameters
        for name in path.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        return value


@dataclass(frozen=True)
class RequiredPermission:
    """One action on one resource that every policy must allow for a call, and the context of that action alone."""

    action: str
    resource: str
    context: ContextValues = field(default_factory=dict)
