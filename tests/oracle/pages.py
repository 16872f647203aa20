"""What AWS's pages say about requests that the other evaluator cannot be asked about, each beside a twin that it can.

It does not know the management account, service-linked roles and whose root user asks, nor which resources RCPs spare:
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html#not-restricted-by-scp and
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html#actions-not-restricted-by-rcps
"""

from dataclasses import dataclass, replace

from tableguard.policy.cases import requests
from tableguard.policy.contract import load_all
from tableguard.policy.evaluate import Request, World
from tableguard.policy.principals import principal
from tableguard.policy.shorthand import Shorthand
from tableguard.policy.statements import policy
from tableguard.settings import Settings

_ORGANIZATIONS = "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies"
_IAM = "https://docs.aws.amazon.com/IAM/latest/UserGuide"
SCPS, NOT_SCPS = (
    f"{_ORGANIZATIONS}_scps.html#scp-effects-on-permissions",
    f"{_ORGANIZATIONS}_scps.html#not-restricted-by-scp",
)
RCPS = f"{_ORGANIZATIONS}_rcps.html#rcp-effects-on-permissions"
NOT_RCPS = f"{_ORGANIZATIONS}_rcps.html#actions-not-restricted-by-rcps"
LINKED = f"{_IAM}/id_roles_create-service-linked-role.html"
ROOT_USER = f"{_IAM}/id_root-user.html"
CROSS_ACCOUNT = f"{_IAM}/reference_policies_evaluation-logic-cross-account.html"
ACCOUNT, MANAGEMENT, STRANGER = "111122223333", "123456789012", "444455556666"
ORGANIZATION = "o-exampleorgid"
_ROLE = f"arn:aws:iam::{ACCOUNT}:role/a"
_LINKED_ROLE = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/backup.amazonaws.com/AWSServiceRoleForBackup"


def _everything(effect: str, **more: object) -> dict[str, object]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": "*", "Resource": "*", **more}]}


_FULL, _NOTHING = policy("full", _everything("Allow")), policy("nothing", _everything("Deny"))
_OPEN = policy("open", _everything("Allow", Principal="*"))
_SHUT = policy("shut", _everything("Deny", Principal="*"))
_BARE = World(MANAGEMENT, identity=(_FULL,), organization=ORGANIZATION)
_WORLDS = {
    "scp": replace(_BARE, service_control=((_FULL, _NOTHING),), resource=_OPEN),
    "rcp": replace(_BARE, resource_control=((_SHUT,),), resource=_OPEN),
    "own policies": _BARE,
}


@dataclass(frozen=True)
class PageCase:
    """One request in a world whose policies of one kind deny everything, and whether it gets through by AWS's page."""

    kind: str
    deny: str
    caller: str
    owner: str
    allowed: bool
    page: str
    action: str = "dynamodb:DeleteTable"

    @property
    def request(self) -> Request:
        """The request, with the organization's id where its caller is of the organization."""
        caller = principal(self.caller)
        service = self.action.partition(":")[0]
        resource = {"dynamodb": "table/a", "kms": "key/1"}[service]
        ours = {"aws:PrincipalOrgID": ORGANIZATION} if caller.account in (ACCOUNT, MANAGEMENT) else {}
        return Request(caller, self.action, f"arn:aws:{service}:eu-west-1:{self.owner}:{resource}", self.owner, ours)

    @property
    def world(self) -> World:
        """The world that the request is made in."""
        return _WORLDS[self.deny]


_STRANGER = f"arn:aws:iam::{STRANGER}:role/a"
_MANAGER = f"arn:aws:iam::{MANAGEMENT}:role/a"
# SCPs bind roles, users and the root user of member accounts; neither the management account nor what service-linked
# roles do. RCPs bind resources of member accounts, whoever asks but service-linked roles, and never kms:RetireGrant.
CASES = (
    PageCase("role of the workload", "scp", _ROLE, ACCOUNT, False, SCPS),
    PageCase("user of the workload", "scp", f"arn:aws:iam::{ACCOUNT}:user/a", ACCOUNT, False, SCPS),
    PageCase("root of a member", "scp", f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT, False, SCPS),
    PageCase("root of a member", "own policies", f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT, True, ROOT_USER),
    PageCase("root of the management account", "scp", f"arn:aws:iam::{MANAGEMENT}:root", MANAGEMENT, True, NOT_SCPS),
    PageCase("management account", "scp", _MANAGER, ACCOUNT, True, NOT_SCPS),
    PageCase("management account", "rcp", _MANAGER, ACCOUNT, False, RCPS),
    PageCase("service-linked role", "scp", _LINKED_ROLE, ACCOUNT, True, NOT_SCPS),
    PageCase("service-linked role", "rcp", _LINKED_ROLE, ACCOUNT, True, NOT_RCPS),
    PageCase("service-linked role", "own policies", _LINKED_ROLE, STRANGER, False, CROSS_ACCOUNT),
    PageCase("role of the workload", "rcp", _ROLE, ACCOUNT, False, RCPS),
    PageCase("root of a member", "rcp", f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT, False, RCPS),
    PageCase("service", "scp", "backup.amazonaws.com", ACCOUNT, True, SCPS),
    PageCase("service", "rcp", "backup.amazonaws.com", ACCOUNT, False, RCPS),
    PageCase("service", "own policies", "backup.amazonaws.com", ACCOUNT, False, CROSS_ACCOUNT),
    PageCase("role of another account", "scp", _STRANGER, ACCOUNT, True, SCPS),
    PageCase("role of another account", "rcp", _STRANGER, ACCOUNT, False, RCPS),
    PageCase("role of another account", "own policies", _STRANGER, ACCOUNT, False, CROSS_ACCOUNT),
    PageCase("resource of the management account", "rcp", _ROLE, MANAGEMENT, True, NOT_RCPS),
    PageCase("resource of the management account", "scp", _ROLE, MANAGEMENT, False, SCPS),
    PageCase("resource of another account", "scp", _ROLE, STRANGER, False, SCPS),
    PageCase("resource of another account", "own policies", _ROLE, STRANGER, False, CROSS_ACCOUNT),
    PageCase("what RCPs never stop", "rcp", _ROLE, ACCOUNT, True, NOT_RCPS, "kms:RetireGrant"),
    PageCase("what RCPs never stop", "rcp", _ROLE, ACCOUNT, False, RCPS, "kms:CreateGrant"),
)  # fmt: skip


def kind_of(request: Request, settings: Settings) -> str:
    """Return which kind of request of PageCase this is."""
    caller, ours, managers = request.principal, settings.account_id, settings.management_account_id
    if request.resource_account != ours:
        whose = "the management account" if request.resource_account == managers else "another account"
        return f"resource of {whose}"
    if caller.service_linked:
        return "service-linked role"
    if caller.kind in ("service", "anonymous", "federated"):
        return caller.kind
    if caller.account == managers:
        return "management account" if caller.kind != "root" else "root of the management account"
    if caller.kind == "root":
        return "root of a member"
    return f"{caller.kind} of {'the workload' if caller.account == ours else 'another account'}"


def kinds_of_contracts(settings: Settings) -> set[str]:
    """Return the kinds of all requests that the contracts' cases make."""
    shorthand = Shorthand(settings)
    return {
        kind_of(request, settings)
        for contract in load_all()
        for case in contract.cases
        for request in requests(contract, case, shorthand)
    }
