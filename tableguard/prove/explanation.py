"""One request, and what every layer of the shipped documents says to it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tableguard.errors import PolicyError
from tableguard.iam import claims
from tableguard.iam.evaluate import Decision, Reason, Request, World, decide
from tableguard.iam.evaluate import explain as layer_by_layer
from tableguard.iam.principals import principal
from tableguard.prove import requests, together
from tableguard.settings import Settings

_ITEMS = re.compile(r"arn:aws:dynamodb:[^:]*:[^:]*:table/([^/]+)(/index/.+)?")


@dataclass(frozen=True)
class Asked:
    """A request as a person writes it: principal and resource short, as in cases, or whole ARNs."""

    principal: str
    action: str
    resource: str
    region: str
    context: Mapping[str, str | tuple[str, ...]]


@dataclass(frozen=True)
class Explanation:
    """The request in full, every layer's say, and the decision."""

    request: Request
    layers: tuple[Reason, ...]
    decision: Decision

    def text(self) -> str:
        """One line a layer, the decision last."""
        verdict = "allowed" if self.decision.allowed else "denied"
        because = "; ".join(map(str, self.decision.because))
        return "\n".join([requests.sentence(self.request), *map(_line, self.layers), f"{verdict}: {because}"])

    def facts(self) -> dict[str, Any]:
        """The same facts as a value for JSON."""
        return {
            "request": requests.facts(self.request),
            "layers": [vars(reason) for reason in self.layers],
            "allowed": self.decision.allowed,
            "because": [str(reason) for reason in self.decision.because],
        }


def _line(reason: Reason) -> str:
    said = {"silent": "says nothing", "Allow": "allows", "Deny": "denies"}[reason.effect]
    by = f" ({reason.policy}, {reason.sid or 'no Sid'})" if reason.effect != "silent" else ""
    return f"    {reason.layer:<9} {said}{by}"


def context(texts: Sequence[str]) -> dict[str, str | tuple[str, ...]]:
    """Context keys from KEY=VALUE texts; a key that is given several times has several values."""
    found: dict[str, tuple[str, ...]] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key or not value:
            raise PolicyError(f"--context {text!r}: accepted: KEY=VALUE, as in aws:SourceVpce=vpce-1a2b3c4d")
        found[key] = (*found.get(key, ()), value)
    return {key: values[0] if len(values) == 1 else values for key, values in found.items()}


def explained(asked: Asked, settings: Settings) -> Explanation:
    """What the shipped documents say to a request."""
    request = _request(asked, settings)
    world = _world(request, settings)
    return Explanation(request, layer_by_layer(world, request), decide(world, request))


def _request(asked: Asked, settings: Settings) -> Request:
    arns = claims.principals(asked.principal, settings)
    if len(arns) != 1:
        raise PolicyError(f"{asked.principal!r} stands for {len(arns)} roles here: {', '.join(arns)}; name one of them")
    call = claims.Call(asked.action, asked.resource, arns[0], asked.region, "", asked.context)
    return claims.request(call, arns[0], settings, "request")


def _world(request: Request, settings: Settings) -> World:
    roles, found = together.load().roles, together.read(settings)
    role = together.role_of(principal(request.principal.arn).arn, roles, settings)
    match = _ITEMS.fullmatch(request.resource)
    of_table = request.action.lower().startswith("dynamodb:") and match is not None and match[1] == settings.table_name
    return found.world(role, of_table, bool(request.keys().get("aws:sourcevpce")))
