"""Callers, and the Principal elements that name them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal

from tableguard.errors import PolicyError

Kind = Literal["role", "user", "root", "federated-user", "service", "federated", "anonymous"]
# How closely a resource policy names the caller: the session or user itself, its role, its account.
Mention = Literal["direct", "role", "account"]
Group = Literal["members", "account", "anyone"]

GROUPS: dict[Group, str] = {
    "members": "every role, user, federated user and root user of the organization's member accounts, "
    "service-linked roles apart",
    "account": "every role, user and federated user of the workload account, service-linked roles apart",
    "anyone": "every caller of every account and organization, AWS services and callers without a signature",
}

_ARN = re.compile(
    r"arn:(?P<partition>aws(?:-[a-z]+)*):(?:iam|sts)::(?P<account>[0-9]{12}):(?P<resource>root|user/.+|role/.+|assumed-role/[^/]+/.+|federated-user/[\w+=,.@-]+)",
    re.ASCII,
)
_KINDS: dict[str, Kind] = {"role": "role", "user": "user", "root": "root", "federated-user": "federated-user"}
_SERVICE = re.compile(r"[a-z0-9.-]+\.amazonaws\.com(?:\.cn)?")
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-federated-web-identity
_FEDERATED = re.compile(
    r"cognito-identity\.amazonaws\.com|www\.amazon\.com|graph\.facebook\.com|accounts\.google\.com"
    r"|arn:aws(?:-[a-z]+)*:iam::[0-9]{12}:(oidc|saml)-provider/.+"
)
_TYPES = {"role": "AssumedRole", "user": "User", "root": "Account", "federated-user": "FederatedUser"}


@dataclass(frozen=True)
class Principal:
    """A caller. For a role `arn` is the role's own, as aws:PrincipalArn has it, and `session` its session's name.

    A federated caller is one who asks for a role's credentials with a token, and `arn` is the token's issuer. A
    federated user is a session of sts:GetFederationToken, and `arn` its own. It may do at most what its user may, and
    what a resource's policy allows that names it; what else its session policies leave out is not known:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_getfederationtoken.html
    """

    kind: Kind
    arn: str
    account: str = ""
    session: str = ""

    @cached_property
    def service_linked(self) -> bool:
        """Return True for a service-linked role, which no SCP and no RCP binds."""
        # and not one whose path has these words further on: paths may hold any of the characters of an ARN
        return self.kind == "role" and self.arn.split(":", 5)[-1].startswith("role/aws-service-role/")

    @property
    def of_account(self) -> bool:
        """Return True for the principals of an account, as opposed to services, and to callers without a signature."""
        return self.kind in ("role", "user", "root", "federated-user")

    @property
    def has_own_policies(self) -> bool:
        """Return True for those whose own policies must allow what no resource's policy does: all but the root user."""
        return self.of_account and self.kind != "root"

    @property
    def partition(self) -> str:
        """The partition of the caller's account."""
        return self.arn.split(":", 2)[1]

    @property
    def session_arn(self) -> str:
        """The ARN of the session itself: for a role its assumed-role ARN, for others their own."""
        if self.kind != "role":
            return self.arn
        name = self.arn.rsplit("/", 1)[-1]
        return f"arn:{self.partition}:sts::{self.account}:assumed-role/{name}/{self.session}"

    def context(self) -> Mapping[str, tuple[str, ...]]:
        """Return the context keys that AWS derives from the caller.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
        """
        return self._context

    @cached_property
    def _context(self) -> Mapping[str, tuple[str, ...]]:
        if self.kind == "service":
            return {"aws:principalisawsservice": ("true",), "aws:principalservicename": (self.arn,)}
        if self.kind in ("anonymous", "federated"):
            # requests that nobody signed carry neither aws:PrincipalArn nor aws:PrincipalIsAWSService
            return {"aws:principaltype": ("Anonymous",), "aws:principalaccount": ("anonymous",)}
        keys: dict[str, tuple[str, ...]] = {
            "aws:principalarn": (self.arn,),
            "aws:principalaccount": (self.account,),
            "aws:principalisawsservice": ("false",),
            "aws:principaltype": (_TYPES[self.kind],),
        }
        name = self.arn.rsplit("/", 1)[-1]
        if self.kind == "user":
            keys["aws:username"] = (name,)
        elif self.kind == "root":
            keys["aws:userid"] = (self.account,)
        elif self.kind == "federated-user":
            keys["aws:userid"] = (f"{self.account}:{name}",)
        return keys


ANONYMOUS = Principal("anonymous", "*")


@lru_cache(maxsize=65536)
def principal(arn: str, session: str = "session") -> Principal:
    """Return the caller that an ARN, a service or an identity provider's name stands for; PolicyError if it is none."""
    if arn == "*":
        return ANONYMOUS
    if _FEDERATED.fullmatch(arn):
        return Principal("federated", arn)
    if _SERVICE.fullmatch(arn):
        return Principal("service", arn)
    match = _ARN.fullmatch(arn)
    if match is None:
        raise PolicyError(
            f"{arn!r} is not a principal: accepted are ARNs of roles, sessions, users, federated users and root, "
            "services, identity providers and *"
        )
    return _of_account(arn, match, session)


def _of_account(arn: str, match: re.Match[str], session: str) -> Principal:
    partition, account, resource = match["partition"], match["account"], match["resource"]
    kind = resource.partition("/")[0]
    if kind == "assumed-role":
        # the path of the role is not part of a session's ARN; a role with a path is given as the role's ARN
        _, name, session = resource.split("/", 2)
        return Principal("role", f"arn:{partition}:iam::{account}:role/{name}", account, session)
    return Principal(_KINDS[kind], arn, account, session if kind == "role" else "")


@dataclass(frozen=True)
class Principals:
    """The values of a Principal element by type; a bare `*` is `AWS: *`, to which it is equivalent."""

    values: Mapping[str, tuple[str, ...]]

    @cached_property
    def everybody(self) -> bool:
        """Return True if the element names every caller, signed or not."""
        return "*" in self.values.get("AWS", ())


_ACCEPTED = {
    "AWS": re.compile(rf"\*|[0-9]{{12}}|{_ARN.pattern}"),
    "Service": _SERVICE,
    "Federated": _FEDERATED,
}


def principals(kind: str, values: tuple[str, ...]) -> tuple[str, ...]:
    """Return the values of one type in a Principal element; PolicyError for what AWS refuses or reads otherwise."""
    if kind not in _ACCEPTED:
        raise PolicyError(f"Principal {kind!r}: accepted are {', '.join(_ACCEPTED)}")
    for value in values:
        partly = value != "*" and ("*" in value or "?" in value)
        if partly or not _ACCEPTED[kind].fullmatch(value):
            hint = "; a wildcard cannot be part of a name: use a condition on aws:PrincipalArn" if partly else ""
            raise PolicyError(f"Principal {kind}: {value!r} names no principal{hint}")
    return values


def mentioned(principals: Principals, caller: Principal) -> Mention | None:
    """Return how closely a Principal element names the caller; None if it does not."""
    if principals.everybody:
        return "direct"
    if caller.kind in ("service", "federated"):
        kind = "Service" if caller.kind == "service" else "Federated"
        return "direct" if caller.arn in principals.values.get(kind, ()) else None
    arns = principals.values.get("AWS", ())
    if caller.session_arn in arns:
        return "direct"
    if caller.arn in arns:
        return "role"
    if not caller.account:
        return None
    whole = caller.account in arns or f"arn:{caller.partition}:iam::{caller.account}:root" in arns
    return "account" if whole else None
