"""The SCPs that are attached to an account, as its organization has them: guardrails may be provided centrally."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from botocore.exceptions import ClientError

from tableguard.errors import DeployError, PolicyError
from tableguard.policy.matching import arn_matches
from tableguard.policy.statements import Policy, policy
from tableguard.settings import Settings

_KIND = "SERVICE_CONTROL_POLICY"


def guardrails(settings: Settings, session: Any) -> tuple[Policy, ...]:
    """Return the SCPs on the workload's account, its organizational units and its root that exempt one of its roles.

    An SCP that exempts none of them is the organization's own affair, and no guardrail of this workload. DeployError if
    management's session may not ask, or if a guardrail cannot be read.
    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_inheritance_auth.html
    """
    client = session.client("organizations", region_name=settings.home_region)
    roles = (*settings.exempt_roles, *settings.break_glass_roles)
    try:
        contents = {
            summary["Name"]: client.describe_policy(PolicyId=summary["Id"])["Policy"]["Content"]
            for target in _lineage(client, settings.account_id)
            for summary in _attached(client, target)
        }
    except ClientError as error:
        raise DeployError(f"organization: the SCPs of account {settings.account_id} cannot be read: {error}") from error
    scps = (_guardrail(name, content, roles) for name, content in sorted(contents.items()))
    return tuple(scp for scp in scps if scp is not None)


def _lineage(client: Any, account: str) -> Iterator[str]:
    """Yield an account, the organizational units that hold it, and the root."""
    target = account
    while True:
        yield target
        if target.startswith("r-"):
            return
        target = str(client.list_parents(ChildId=target)["Parents"][0]["Id"])  # there is always one, AWS says


def _attached(client: Any, target: str) -> Iterator[dict[str, Any]]:
    for page in client.get_paginator("list_policies_for_target").paginate(TargetId=target, Filter=_KIND):
        yield from page["Policies"]


def _guardrail(name: str, content: str, roles: Sequence[str]) -> Policy | None:
    try:
        scp = policy(name, json.loads(content))
    except PolicyError as error:
        if any(role in content for role in roles):
            raise DeployError(f"organization: SCP {error}; so nobody can tell whom it stops") from error
        return None
    return scp if any(arn_matches(pattern, role) for pattern in _exempted(scp) for role in roles) else None


def _exempted(scp: Policy) -> Iterator[str]:
    """Yield the patterns of principals' ARNs in the conditions of an SCP."""
    for statement in scp.statements:
        for line in statement.conditions:
            if line.key == "aws:principalarn":
                yield from line.values
