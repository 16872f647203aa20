"""Who asks, and whether a Principal element speaks of them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

import re
from dataclasses import dataclass
from typing import Literal

from tableguard.errors import PolicyError
from tableguard.iam.statements import Principals

Kind = Literal["role", "user", "root", "service", "anonymous"]
# How closely a resource policy names the caller: the session or user itself, its role, its account.
Mention = Literal["direct", "role", "account"]

_ARN = re.compile(r"arn:aws:(iam|sts)::([0-9]{12}):(root|user/.+|role/.+|assumed-role/[^/]+/.+|federated-user/.+)")
_SERVICE = re.compile(r"[a-z0-9.-]+\.amazonaws\.com")


@dataclass(frozen=True)
class Principal:
    """A caller. For a role `arn` is the role's own, as aws:PrincipalArn has it, and `session` its session's name."""

    kind: Kind
    arn: str
    account: str = ""
    session: str = ""

    @property
    def service_linked(self) -> bool:
        """Whether this is a service-linked role, which no SCP and no RCP binds."""
        return self.kind == "role" and ":role/aws-service-role/" in self.arn

    @property
    def session_arn(self) -> str:
        """The ARN of the session itself: for a role its assumed-role ARN, for others their own."""
        if self.kind != "role":
            return self.arn
        name = self.arn.rsplit("/", 1)[-1]
        return f"arn:aws:sts::{self.account}:assumed-role/{name}/{self.session}"

    def context(self) -> dict[str, tuple[str, ...]]:
        """The context keys that AWS derives from the caller."""
        if self.kind == "service":
            return {"aws:principalisawsservice": ("true",), "aws:principalservicename": (self.arn,)}
        if self.kind == "anonymous":
            return {"aws:principalisawsservice": ("false",), "aws:principaltype": ("Anonymous",)}
        found: dict[str, tuple[str, ...]] = {
            "aws:principalarn": (self.arn,),
            "aws:principalaccount": (self.account,),
            "aws:principalisawsservice": ("false",),
            "aws:principaltype": ({"role": "AssumedRole", "user": "User", "root": "Account"}[self.kind],),
        }
        if self.kind == "user":
            found["aws:username"] = (self.arn.rsplit("/", 1)[-1],)
        return found


ANONYMOUS = Principal("anonymous", "*")


def principal(arn: str, session: str = "session") -> Principal:
    """The caller that an ARN or a service name (lambda.amazonaws.com) speaks of; PolicyError if it is neither."""
    if arn == "*":
        return ANONYMOUS
    if _SERVICE.fullmatch(arn):
        return Principal("service", arn)
    match = _ARN.fullmatch(arn)
    if match is None:
        raise PolicyError(f"{arn!r} is not a principal: accepted are role, user, session and root ARNs, and services")
    account, resource = match[2], match[3]
    if resource == "root":
        return Principal("root", arn, account)
    if resource.startswith("assumed-role/"):
        # the path of the role is not part of a session's ARN; a role with a path is given as the role's ARN
        _, name, session = resource.split("/", 2)
        return Principal("role", f"arn:aws:iam::{account}:role/{name}", account, session)
    kind: Kind = "role" if resource.startswith("role/") else "user"
    return Principal(kind, arn, account, session if kind == "role" else "")


def mentioned(principals: Principals | None, caller: Principal) -> Mention | None:
    """How a Principal element speaks of the caller, closest first; NotPrincipal speaks of all it does not name."""
    if principals is None:
        return None
    found = _mentioned(principals, caller)
    if principals.inverted:
        return None if found else "direct"
    return found


def _mentioned(principals: Principals, caller: Principal) -> Mention | None:
    values = principals.values
    if "*" in values or "*" in values.get("AWS", ()):
        return "direct"
    if caller.kind == "service":
        return "direct" if caller.arn in values.get("Service", ()) else None
    named = values.get("AWS", ())
    if caller.session_arn in named:
        return "direct"
    if caller.arn in named:
        return "role"
    account = {caller.account, f"arn:aws:iam::{caller.account}:root"}
    return "account" if caller.account and account & set(named) else None
