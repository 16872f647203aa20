"""Corrections of moto's Organizations: what a member account may ask, and the ARNs of AWS's own policies.

moto answers a member account as if it had an organization of its own, without accounts and policies. AWS answers the
management account and delegated administrators, whom moto does not model, and a member in a few operations alone:
https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html
"""

from collections.abc import Callable
from typing import Any

from moto.organizations.exceptions import OrganizationsClientError
from moto.organizations.models import FakePolicy, OrganizationsBackend, organizations_backends
from moto.organizations.responses import OrganizationsResponse
from moto.organizations.utils import DEFAULT_RCP_POLICY_ID, DEFAULT_SCP_POLICY_ID

from tableguard.local.moto.patch import replace

_OF_MEMBERS = ("CreateOrganization", "DescribeOrganization")
_TEXT = "You don't have permissions to access this resource."


def install() -> None:
    """Replace where requests find their organization, and how a policy's ARN is made."""
    replace(OrganizationsResponse, "organizations_backend", property(_backend))
    replace(FakePolicy, "arn", property(_arn_with(FakePolicy.arn)))


def _backend(response: OrganizationsResponse) -> OrganizationsBackend:
    """Return the organization of the caller's account; a member's request for more than its name is refused."""
    account = response.current_account
    if account in organizations_backends.master_accounts and response._get_action() not in _OF_MEMBERS:
        raise OrganizationsClientError("AccessDeniedException", _TEXT)
    backend: OrganizationsBackend = organizations_backends[account][response.partition]
    return backend


def _arn_with(original: Any) -> Callable[[FakePolicy], str]:
    def arn(policy: FakePolicy) -> str:
        of_ours = str(original.__get__(policy))
        if policy.id not in (DEFAULT_SCP_POLICY_ID, DEFAULT_RCP_POLICY_ID):
            return of_ours
        partition, kind = of_ours.split(":")[1], of_ours.split("/")[-2]
        return f"arn:{partition}:organizations::aws:policy/{kind}/{policy.id}"

    return arn
