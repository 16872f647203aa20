"""The guardrails of the running estate with statements taken out, and how a call ends then."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tableguard.local.authorization import documents
from tableguard.local.authorization.attached_policies import Organization
from tableguard.local.authorization.call import ApiCall
from tableguard.local.authorization.refusal import Refusal
from tableguard.local.landing_zone import EmbeddedSession, LandingZone
from tests.worlds.estate import REGION, SETTINGS, denial, refusal

ALLOWED = "every policy lets it through"
_DRY_RUN = "DryRunOperation"
_KINDS = ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY")


@contextmanager
def without(zone: LandingZone, *statements: str) -> Iterator[None]:
    """Take statements out of every SCP and RCP of the workload in the block."""
    client = zone.clients("organizations", SETTINGS.management_account_id, REGION)
    changed = {policy: text for policy, text in _contents(client) if any(f'"{name}"' in text for name in statements)}
    assert [name for name in statements if not any(f'"{name}"' in text for text in changed.values())] == []
    try:
        for policy, text in changed.items():
            document = json.loads(text)
            kept = [statement for statement in document["Statement"] if statement["Sid"] not in statements]
            client.update_policy(PolicyId=policy, Content=json.dumps({**document, "Statement": kept}))
        yield
    finally:
        for policy, text in changed.items():
            client.update_policy(PolicyId=policy, Content=text)


def _contents(client: Any) -> Iterator[tuple[str, str]]:
    for kind in _KINDS:
        for policy in client.list_policies(Filter=kind)["Policies"]:
            if policy["Name"].startswith(f"{SETTINGS.name}-"):
                yield policy["Id"], client.describe_policy(PolicyId=policy["Id"])["Policy"]["Content"]


def dry(
    monkeypatch: pytest.MonkeyPatch, session: EmbeddedSession, service: str, method: str, region: str = REGION
) -> Callable[..., Any]:
    """Return a method of a client whose calls, where every policy lets them through, end as EC2's dry runs do."""
    client = session.client(service, region_name=region)
    caller = session.client("sts").get_caller_identity()["Arn"]
    operation = client.meta.method_to_api_mapping[method]
    check = documents.check  # what follows the guard, before anything is done

    def end(call: ApiCall, organization: Organization) -> None:
        if (call.caller.name, call.operation) == (caller, operation):
            raise Refusal(_DRY_RUN, "Request would have succeeded, but DryRun flag is set.")
        check(call, organization)

    monkeypatch.setattr(documents, "check", end)
    dry_run: Callable[..., Any] = getattr(client, method)
    return dry_run


def outcome(call: Callable[[], Any]) -> str:
    """Return the statement that refuses a call, or the reason where none does; ALLOWED where it would be done."""
    return ALLOWED if refusal(call)[0] == _DRY_RUN else denial(call)
