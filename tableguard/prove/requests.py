"""Requests as reports write them."""

from collections.abc import Mapping

from tableguard.policy.evaluate import Request
from tableguard.prove.engine.actions import is_known

_NAMES = {
    name.lower(): name
    for name in (
        "aws:PrincipalOrgID",
        "aws:RequestedRegion",
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


def facts(request: Request) -> dict[str, object]:
    """Return a request as a value for JSON."""
    return {
        "principal": request.principal.arn,
        "action": request.action,
        "resource": request.resource,
        "resource_account": request.resource_account,
        "context": {_NAMES.get(key, key): _plain(value) for key, value in sorted(request.context.items())},
    }


def sentence(request: Request) -> str:
    """Return a request in one line."""
    caller = {"*": "a caller without a signature"}.get(request.principal.arn, request.principal.arn)
    new = "" if is_known(request.action) else " (an action that AWS does not have yet)"
    return f"{caller} calls {request.action}{new} on {request.resource}{_circumstances(request.context)}"


def _circumstances(context: Mapping[str, str | tuple[str, ...]]) -> str:
    keys = [f"{_NAMES.get(key, key)} = {_text(value)}" for key, value in sorted(context.items())]
    return f" with {', '.join(keys)}" if keys else ""


def _plain(value: str | tuple[str, ...]) -> object:
    return value if isinstance(value, str) else list(value)


def _text(value: str | tuple[str, ...]) -> str:
    return (value or "(empty)") if isinstance(value, str) else f"[{', '.join(value)}]"
