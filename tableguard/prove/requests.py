"""Requests as reports write them."""

import re
from collections.abc import Mapping
from functools import lru_cache

from tableguard.aws.arn import parse
from tableguard.policy.evaluate import Request
from tableguard.policy.service_reference import load
from tableguard.prove.engine.actions import is_known

_NAMES = {
    name.lower(): name
    for name in (
        "aws:PrincipalOrgID",
        "aws:RequestedRegion",
        "aws:ResourceOrgID",
        "aws:SecureTransport",
        "aws:SourceAccount",
        "aws:SourceIp",
        "aws:SourceOrgID",
        "aws:SourceVpc",
        "aws:SourceVpce",
        "aws:VpceAccount",
        "dynamodb:Attributes",
        "dynamodb:LeadingKeys",
        "dynamodb:ReturnValues",
        "iam:PassedToService",
        "iam:PermissionsBoundary",
        "kms:ResourceAliases",
        "kms:ViaService",
    )
}


def key_name(key: str) -> str:
    """Return a context key, given in lower case, as AWS writes it; the name of a tag or the like stays as it is."""
    exact, open_keys = _of_reference()
    written = _NAMES.get(key) or exact.get(key)
    prefix = next((prefix for prefix in open_keys if key.startswith(prefix.lower())), "")
    return written or f"{prefix}{key[len(prefix) :]}"


@lru_cache(maxsize=1)
def _of_reference() -> tuple[Mapping[str, str], tuple[str, ...]]:
    """Return the keys of AWS's reference by their names in lower case, and what those begin with that end openly."""
    names = load().key_types
    begun = {re.split(r"\$\{|tag-key$", key)[0] for key in names}
    return {key.lower(): key for key in names}, tuple(sorted(begun - set(names)))


def facts(request: Request) -> dict[str, object]:
    """Return a request as a value for JSON."""
    return {
        "principal": request.principal.arn,
        "action": request.action,
        "resource": request.resource,
        "resource_account": request.resource_account,
        "resource_organization": request.resource_organization,
        "context": {_written(key): _plain(value) for key, value in sorted(request.context.items())},
    }


def sentence(request: Request) -> str:
    """Return a request in one line."""
    caller = {"*": "a caller without a signature"}.get(request.principal.arn, request.principal.arn)
    new = "" if is_known(request.action) else " (an action that AWS does not have yet)"
    return (
        f"{caller} calls {request.action}{new} on {request.resource}{_owner(request)}{_circumstances(request.context)}"
    )


def _owner(request: Request) -> str:
    """Say whose the resource is where neither its ARN nor the caller's account tells."""
    parts, owner = parse(request.resource), request.resource_account
    is_plain = owner in ("", request.principal.account) or (parts is not None and parts.account == owner)
    nowhere = " in no organization" if request.resource_organization == "" else ""
    return nowhere and f" of an account{nowhere}" if is_plain else f" of account {owner}{nowhere}"


def _circumstances(context: Mapping[str, str | tuple[str, ...]]) -> str:
    keys = [f"{_written(key)} = {_text(value)}" for key, value in sorted(context.items())]
    return f" with {', '.join(keys)}" if keys else ""


def _written(key: str) -> str:
    """Return a key of a request as it is written there, or as AWS writes it where it is written in lower case."""
    return key if key != key.lower() else key_name(key)


def _plain(value: str | tuple[str, ...]) -> object:
    return value if isinstance(value, str) else list(value)


def _text(value: str | tuple[str, ...]) -> str:
    return (value or "(empty)") if isinstance(value, str) else f"[{', '.join(value)}]"
