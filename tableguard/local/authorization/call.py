"""One request to the embedded AWS, and the actions that its caller needs leave for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tableguard.local.authorization.callers import Caller

Context = Mapping[str, str | tuple[str, ...]]


@dataclass(frozen=True)
class Call:
    """A request as it arrived: who, where, which operation with which parameters, and what carried it.

    `service` is IAM's prefix (cloudwatch, where requests are signed for monitoring); `via` the service that acts
    for the caller; `endpoint` the VPC endpoint that the request came through, as moto's EC2 keeps it.
    """

    caller: Caller
    account: str
    region: str
    service: str
    operation: str
    parameters: Mapping[str, Any]
    via: str = ""
    endpoint: Any = None

    @property
    def action(self) -> str:
        """The operation as IAM would name it, if it named every operation after itself."""
        return f"{self.service}:{self.operation}"

    def arn(self, rest: str) -> str:
        """The ARN of something in the service, account and region of this request."""
        return f"arn:aws:{self.service}:{self.region}:{self.account}:{rest}"

    def value(self, path: str) -> Any:
        """A parameter, by its name or by the names that lead to it; None if the request does not have it."""
        found: Any = self.parameters
        for name in path.split("."):
            found = found.get(name) if isinstance(found, Mapping) else None
        return found


@dataclass(frozen=True)
class Need:
    """One action on one resource that a request needs leave for."""

    action: str
    resource: str
    context: Context = field(default_factory=dict)
