"""Requests and principals as people write them short, and what they stand for in one organization.

- `principal`: `role/NAME`, `user/NAME`, `federated-user/NAME` and `root` are the workload account's; `deployer` and
  `break-glass` are each of the roles that the settings exempt; `deployer-taker` is each of those whom the settings let
  take the deployer, and so on for application, auditor, break-glass and operator; a service name, a whole ARN and `*`
  (anonymous) stand for themselves.
- `resource`: the last part of an ARN, completed with the action's service, the region and the workload account; a
  whole ARN and `*` stand for themselves. STS acts on IAM's roles: `role/NAME` is one for its actions too.
- `owner`: the account that the resource is in, where its ARN does not tell (buckets); by default the workload's.
- `region`: by default the home region; `elsewhere` is a region that the settings do not allow.
- `context`: further context keys. Present without being written: aws:RequestedRegion, aws:SecureTransport and, for
  principals of the workload and the management account, aws:PrincipalOrgID.
- `<placeholders>` as in the documents; `<region>` is the request's own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from tableguard.aws.arn import parse
from tableguard.errors import PolicyError
from tableguard.policy.evaluate import Request
from tableguard.policy.principals import Principal, principal
from tableguard.policy.worlds import Estate
from tableguard.reading.placeholders import Values, fill_text
from tableguard.settings import TAKEN_ROLES, Settings

_REGIONS: Mapping[str, tuple[str, ...]] = {
    "aws": ("us-east-1", "eu-west-1", "ap-southeast-2", "sa-east-1"),
    "aws-cn": ("cn-north-1", "cn-northwest-1"),
    "aws-us-gov": ("us-gov-east-1", "us-gov-west-1"),
}
_WITHOUT_REGION = frozenset(("account", "iam", "organizations", "s3"))
_TAKERS = {f"{role}-taker": role for role in TAKEN_ROLES}
_WITHOUT_ACCOUNT = frozenset(("s3",))


@dataclass(frozen=True)
class ShortCall:
    """A request as a case writes it."""

    action: str
    resource: str
    principal: str
    region: str
    owner: str
    context: Mapping[str, str | tuple[str, ...]]


@dataclass(frozen=True)
class Shorthand:
    """Completes what is written short with the settings of one organization."""

    settings: Settings

    @cached_property
    def values(self) -> Values:
        """The value of each placeholder that the documents may have."""
        return self.settings.policy_values()

    @property
    def estate(self) -> Estate:
        """The accounts, the organization and the home region."""
        chosen = self.settings
        return Estate(
            chosen.account_id,
            chosen.management_account_id,
            chosen.organization_id,
            chosen.home_region,
            partition=chosen.partition,
        )

    def principals(self, short: str) -> tuple[str, ...]:
        """Return the ARNs that a principal written short stands for."""
        return tuple(fill_text(arn, self.values, f"principal {short!r}") for arn in self._arns(short))

    def requests(self, call: ShortCall, place: str) -> tuple[Request, ...]:
        """Return a call as requests: several where its principal stands for each exempt role."""
        return tuple(self.request(call, arn, place) for arn in self._arns(call.principal))

    def request(self, call: ShortCall, arn: str, place: str) -> Request:
        """Return a call made by one principal, with the context keys that are present without being written."""
        region = self._elsewhere(place) if call.region == "elsewhere" else call.region or self.settings.home_region
        values = {**self.values, "region": region}

        def filled(text: str) -> str:
            return fill_text(text, values, place)

        caller = principal(filled(arn))
        resource = filled(_resource(call))
        context = {
            "aws:RequestedRegion": filled(region),
            "aws:SecureTransport": "true",
            **self._organization(caller),
            **{key: filled(v) if isinstance(v, str) else tuple(map(filled, v)) for key, v in call.context.items()},
        }
        owner = filled(call.owner) or _account_of(resource) or self.settings.account_id
        return Request(caller, call.action, resource, owner, context)

    def _arns(self, short: str) -> tuple[str, ...]:
        if short == "deployer":
            return self.settings.exempt_roles
        if short == "break-glass":
            return self.settings.break_glass_roles
        if short in _TAKERS:
            return self.settings.example_takers_of(_TAKERS[short])
        if short == "root" or short.startswith(("role/", "user/")):
            return (f"arn:<partition>:iam::<account-id>:{short}",)
        if short.startswith("federated-user/"):
            return (f"arn:<partition>:sts::<account-id>:{short}",)
        return (short,)

    def _organization(self, caller: Principal) -> dict[str, str]:
        ours = caller.account in (self.settings.account_id, self.settings.management_account_id)
        return {"aws:PrincipalOrgID": self.settings.organization_id} if ours and self.settings.has_organization else {}

    def _elsewhere(self, place: str) -> str:
        regions = _REGIONS[self.settings.partition]
        for region in regions:
            if region not in self.settings.allowed_regions:
                return region
        raise PolicyError(f"{place}: the settings allow all of {', '.join(regions)}; none is left to be 'elsewhere'")


def _resource(call: ShortCall) -> str:
    if call.resource == "*" or call.resource.startswith("arn:"):
        return call.resource
    service = call.action.partition(":")[0].lower()
    if service == "sts" and call.resource.startswith("role/"):
        service = "iam"
    region = "" if service in _WITHOUT_REGION else "<region>"
    account = "" if service in _WITHOUT_ACCOUNT else "<account-id>"
    return f"arn:<partition>:{service}:{region}:{account}:{call.resource}"


def _account_of(arn: str) -> str:
    parts = parse(arn)
    return parts.account if parts and parts.account.isdigit() else ""
