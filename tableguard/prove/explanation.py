"""One request, and what every layer of the shipped documents says to it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tableguard.errors import PolicyError
from tableguard.iam import claims
from tableguard.iam.action_universe import load
from tableguard.iam.evaluate import Decision, Reason, Request, World, decide
from tableguard.iam.evaluate import explain as layer_by_layer
from tableguard.iam.principals import principal
from tableguard.prove import requests, together
from tableguard.settings import Settings

_ACTION = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9]+")
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


def findings(found: Explanation) -> list[tuple[str, str, str, str]]:
    """A denial as SARIF results: one for each reason, at the document that it is from."""
    if found.decision.allowed:
        return []
    sentence = requests.sentence(found.request)
    return [
        (f"policies/{_place(reason)}", "request-denied", "error", f"{sentence}: {reason}")
        for reason in found.decision.because
    ]


def _place(reason: Reason) -> str:
    kind = {"identity": "role", "boundary": "role"}.get(reason.layer, reason.layer)
    return f"{kind}/{reason.policy}.json" if reason.policy else kind


def _line(reason: Reason) -> str:
    said = {"silent": "says nothing", "Allow": "allows", "Deny": "denies"}[reason.effect]
    by = f" ({reason.policy}, {reason.sid or 'no Sid'})" if reason.effect != "silent" else ""
    return f"    {reason.layer:<9} {said}{by}"


def context(texts: Sequence[str]) -> dict[str, str | tuple[str, ...]]:
    """Context keys from KEY=VALUE texts; a key that is given several times has several values."""
    found: dict[str, tuple[str, ...]] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise PolicyError(f"--context {text!r}: accepted: KEY=VALUE, as in aws:SourceVpce=vpce-1a2b3c4d")
        found[key] = (*found.get(key, ()), value)
    return {key: values[0] if len(values) == 1 else values for key, values in found.items()}


def explained(asked: Asked, settings: Settings) -> Explanation:
    """What the shipped documents say to a request."""
    request = _request(asked, settings)
    world = _world(request, settings)
    return Explanation(request, layer_by_layer(world, request), decide(world, request))


def _request(asked: Asked, settings: Settings) -> Request:
    if not _ACTION.fullmatch(asked.action):
        raise PolicyError(f"action {asked.action!r}: accepted: SERVICE:NAME, as in dynamodb:DeleteTable")
    arns = claims.principals(asked.principal, settings)
    if len(arns) != 1:
        raise PolicyError(f"{asked.principal!r} stands for {len(arns)} roles here: {', '.join(arns)}; name one of them")
    call = claims.Call(asked.action, asked.resource, arns[0], asked.region, "", asked.context)
    found = claims.request(call, arns[0], settings, "request")
    _refuse_another_resource(asked, found.resource)
    return found


def _refuse_another_resource(asked: Asked, resource: str) -> None:
    """AWS would never ask about it, and what names the right resource would seem to have nothing to say."""
    known = load()
    if asked.action.lower() not in known.actions or known.acts_on(asked.action, resource):
        return
    formats = known.formats(asked.action)
    accepted = " or ".join(map(_shown, formats)) if formats else "no resource: leave it out"
    raise PolicyError(f"{asked.action} does not act on {asked.resource!r}; accepted: {accepted}")


def _shown(arn: str) -> str:
    """An ARN's format as the command line takes it: the last part is enough."""
    return re.sub(r"\$\{([^}]*)\}", r"<\1>", arn.split(":", 5)[5])


def _world(request: Request, settings: Settings) -> World:
    roles, found = together.load().roles, together.read(settings)
    role = together.role_of(principal(request.principal.arn).arn, roles, settings)
    match = _ITEMS.fullmatch(request.resource)
    of_table = request.action.lower().startswith("dynamodb:") and match is not None and match[1] == settings.table_name
    resource = "messages_table" if of_table else "message_key" if _of_message_key(request, settings) else None
    return found.world(role, resource, bool(request.keys().get("aws:sourcevpce")))


def _of_message_key(request: Request, settings: Settings) -> bool:
    aliases = request.keys().get("kms:resourcealiases", ())
    return request.action.lower().startswith("kms:") and settings.message_key_alias in aliases
