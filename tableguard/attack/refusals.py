"""Who refused a call: the guard's own decision, led back to the document under policies/; or the service."""

import re
from typing import Any

from botocore.exceptions import ClientError

from tableguard.attack.attempt import OWN_POLICY
from tableguard.attack.outcome import Prevention
from tableguard.local.authorization import guard
from tableguard.local.authorization.state import DecisionRecord
from tableguard.local.landing_zone import LandingZone
from tableguard.policy import documents

_UNAUTHORIZED = re.compile(r"User: (?P<user>\S+) is not authorized to perform: (?P<action>\S+) on resource")
_DENIED = re.compile(r"denied by (?P<layer>\w+) policy (?P<policy>.+), statement (?P<sid>.+)")
_SILENT = re.compile(r"not allowed by any (?P<layer>\w+) policy")


def prevention(error: ClientError, step: int, call: str, expected: str, zone: LandingZone) -> Prevention | None:
    """Return what refused a call; None where it failed otherwise, and nothing is known of what it would have done.

    `expected` is a part of the service's own error that counts as a refusal.
    """
    answer = error.response["Error"]
    unauthorized = _UNAUTHORIZED.search(answer["Message"])
    if unauthorized:
        return _by_policy(_decision(unauthorized), step, call, zone)
    if expected and expected in f"{answer['Code']}: {answer['Message']}":
        return Prevention(step, call, "service", answer["Code"])
    return None


def _decision(unauthorized: re.Match[str]) -> DecisionRecord:
    refused = (unauthorized["user"], unauthorized["action"], False)
    return next(
        record for record in reversed(guard.decisions()) if (record.principal, record.action, record.allowed) == refused
    )


def _by_policy(decision: DecisionRecord, step: int, call: str, zone: LandingZone) -> Prevention:
    denied = _DENIED.fullmatch(decision.because.split("; ")[0])
    if denied:
        document = _document(denied["layer"], denied["policy"], zone)
        return Prevention(step, call, denied["layer"], document, denied["sid"])
    silent = _SILENT.fullmatch(decision.because.split("; ")[0])
    if silent is None:
        return Prevention(step, call, "?", decision.because)
    return Prevention(step, call, silent["layer"], _silent_document(silent["layer"], decision, zone))


def _document(layer: str, policy: str, zone: LandingZone) -> str:
    """Return the file under policies/ that a policy was made of; else the policy's own name."""
    name = policy.removeprefix(f"{zone.settings.name}-").replace("-", "_")
    kinds = {"scp": ("scp",), "rcp": ("rcp",), "identity": ("role",), "boundary": ("role",)}
    for kind in kinds.get(layer, ()):
        if name in documents.names(kind):
            return f"{kind}/{name}"
    return "endpoint/messages_table_only" if layer == "endpoint" else _of_resource(policy, zone)


def _of_resource(policy: str, zone: LandingZone) -> str:
    return "resource/messages_table" if policy.endswith(f"table/{zone.settings.table_name}") else OWN_POLICY


def _silent_document(layer: str, decision: DecisionRecord, zone: LandingZone) -> str:
    """Return the documents that do not allow a call: of the caller's role, of the resource, or of the endpoint."""
    if layer != "identity":
        return _document(layer, f"policy of {decision.resource}", zone)
    role = decision.principal.split("/")[1] if ":assumed-role/" in decision.principal else ""
    attached = _attached(role, zone) if role else []
    return ", ".join(_document("identity", name, zone) for name in attached) or decision.principal


def _attached(role: str, zone: LandingZone) -> list[str]:
    iam: Any = zone.clients("iam", zone.settings.account_id, zone.settings.home_region)
    return [policy["PolicyName"] for policy in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]]
