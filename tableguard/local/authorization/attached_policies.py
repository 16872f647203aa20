"""The policies that apply to a request, as they are attached now in moto's Organizations, IAM and other services.

Documents are parsed once for each content; attachments are looked up for each request.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.organizations.models import organizations_backends
from moto.s3.models import s3_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from tableguard.aws.arn import Arn, parse
from tableguard.errors import EmbeddedError, PolicyError
from tableguard.local.authorization.call import ApiCall, RequiredPermission
from tableguard.local.authorization.state import STATE
from tableguard.partitions import SUPPORTED
from tableguard.policy import worlds
from tableguard.policy.evaluate import Layer, Levels, World
from tableguard.policy.principals import Principal
from tableguard.policy.statements import Policy, policy

_KINDS: Mapping[Layer, str] = {"scp": "SERVICE_CONTROL_POLICY", "rcp": "RESOURCE_CONTROL_POLICY"}
# attached to everything by AWS; it only allows
_FULL_RCP = "p-RCPFullAWSAccess"


@dataclass(frozen=True)
class Organization:
    """The organization as moto keeps it."""

    backend: Any

    @property
    def id(self) -> str:
        """Return its id, o-…."""
        return str(self.backend.org.id)

    @property
    def management_account(self) -> str:
        """Return the account that no SCP binds."""
        return str(self.backend.org.master_account_id)

    @property
    def accounts(self) -> frozenset[str]:
        """Return all accounts, the management account too."""
        return frozenset(account.id for account in self.backend.accounts)

    def shares(self, one: str, other: str) -> bool:
        """Tell whether two accounts are the same, or both of this organization."""
        return one == other or {one, other} <= self.accounts

    def key(self, name: str, account: str) -> dict[str, str]:
        """Return a context key that tells an account's organization, if it is in this one."""
        return {name: self.id} if self.id and account in self.accounts else {}

    def type_of_policy(self, policy_id: str) -> str | None:
        """Return the type of a policy; None if there is no such policy."""
        return next((str(policy.type) for policy in self.backend.policies if policy.id == policy_id), None)

    def levels(self, account: str, kind: str) -> Levels:
        """Return the policies of a kind at the root, at each unit below it, and at the account."""
        backend = self.backend
        units = {unit.id: unit for unit in backend.ou}
        target = next((member for member in backend.accounts if member.id == account), None)
        enabled = any(policy_type["Type"] == kind for policy_type in units[backend.org.root_id].policy_types)
        levels: list[tuple[Policy, ...]] = []
        while target is not None and enabled:
            levels.insert(0, _attached_policies(target, kind))
            target = units.get(getattr(target, "parent_id", None))
        return tuple(levels)


@dataclass(frozen=True)
class AccountAlone(Organization):
    """An account in no organization: no SCP or RCP binds it, and no key of a request tells of an organization."""

    account: str

    @property
    def id(self) -> str:
        """Return no id."""
        return ""

    @property
    def management_account(self) -> str:
        """Return no account."""
        return ""

    @property
    def accounts(self) -> frozenset[str]:
        """Return the one account."""
        return frozenset((self.account,))

    def type_of_policy(self, policy_id: str) -> str | None:  # there is none
        """Return None."""
        return None

    def levels(self, account: str, kind: str) -> Levels:  # there are none
        """Return no policies."""
        return ()


def organization() -> Organization | None:
    """Return the organization of this embedded AWS, or the account that is alone in it; None if nothing is guarded."""
    own = (backends[partition] for backends in list(organizations_backends.values()) for partition in SUPPORTED)
    created = next((Organization(backend) for backend in own if backend.org is not None), None)
    if created is None and STATE.account_alone:
        return AccountAlone(None, STATE.account_alone)
    return created


def _attached_policies(target: Any, kind: str) -> tuple[Policy, ...]:
    policies = [policy for policy in target.attached_policies if policy.type == kind and policy.id != _FULL_RCP]
    return tuple(parse_policy(policy.name, policy.content, policy.arn) for policy in policies)


@lru_cache(maxsize=1024)
def parse_policy(name: str, text: str, arn: str = "") -> Policy:
    """Return the policy of a document, with the ARN of one that has one; PolicyError if AWS would refuse it."""
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:  # moto keeps whatever it gets
        raise PolicyError(f"{name}: not JSON: {error.msg}") from error
    if not isinstance(document, dict):
        raise PolicyError(f"{name}: a policy document is a JSON object, not {type(document).__name__}")
    return replace(policy(name, document), arn=arn)


def world_of(organization: Organization, call: ApiCall, permission: RequiredPermission, account: str) -> World:
    """Return the policies that decide about one action of a call on a resource of an account."""
    session, endpoint = call.caller.session_policy, call.endpoint
    return worlds.of_request(
        _Attached(organization),
        caller=call.caller.principal,
        action=permission.action,
        resource=permission.resource,
        owner=account,
        session=None if session is None else parse_policy("session", session),
        endpoint=None if endpoint is None else parse_policy(endpoint.id, endpoint.policy_document),
    )


def world_of_principal(
    organization: Organization, caller: Principal, action: str, resource: str, account: str
) -> World:
    """Return the policies that decide what a principal may do without a request, such as an AWS service."""
    return worlds.of_request(_Attached(organization), caller=caller, action=action, resource=resource, owner=account)


@dataclass(frozen=True)
class _Attached:
    """The policies that are attached now, as worlds are built from them."""

    here: Organization

    @property
    def management_account(self) -> str:
        return self.here.management_account

    @property
    def members(self) -> frozenset[str]:
        return self.here.accounts - {self.here.management_account}

    @property
    def organization(self) -> str:
        return ""

    def levels(self, account: str, layer: Layer) -> Levels:
        return self.here.levels(account, _KINDS[layer])

    def of_caller(self, caller: Principal) -> tuple[tuple[Policy, ...], Policy | None]:
        return _principal_policies(caller)

    def of_resource(self, resource: str, account: str) -> Policy | None:
        return _resource_policy(resource, account)

    def trust_of(self, role: str) -> Policy | None:
        return _trust_policy(role)


def _principal_policies(caller: Principal) -> tuple[tuple[Policy, ...], Policy | None]:
    """Return the policies of a role or user, and its permissions boundary."""
    if caller.kind not in ("role", "user"):
        return (), None
    backend: Any = iam_backends[caller.account][caller.partition]
    entities = backend.roles if caller.kind == "role" else backend.users
    entity: Any = next((candidate for candidate in list(entities.values()) if candidate.arn == caller.arn), None)
    if entity is None:
        raise EmbeddedError(f"{caller.arn} is gone, and its sessions with it")
    is_user = caller.kind == "user"
    groups = [group for group in list(backend.groups.values()) if entity in group.users] if is_user else []
    arn = None if is_user else entity.permissions_boundary_arn
    boundary = None if arn is None else _managed_policy(backend.managed_policies[arn])
    return tuple(policy for holder in (entity, *groups) for policy in _entity_policies(holder)), boundary


def _entity_policies(holder: Any) -> Iterator[Policy]:
    for name, text in list(holder.policies.items()):
        yield parse_policy(name, text)
    yield from map(_managed_policy, list(holder.managed_policies.values()))


def _managed_policy(policy: Any) -> Policy:
    text = next(version.document for version in policy.versions if version.version_id == policy.default_version_id)
    return parse_policy(policy.name, text, policy.arn)


def _resource_policy(resource: str, account: str) -> Policy | None:
    """Return a resource's own policy; None if it has none, or is of a service that is not looked up."""
    arn = parse(resource)
    look_up = _POLICY_OF.get(arn.service) if arn else None
    text = look_up(arn, account) if arn and look_up else None
    return None if text is None else parse_policy(f"policy of {resource}", text)


def _table_policy(arn: Arn, account: str) -> str | None:
    """Return the policy of a table or of a stream; an index has that of its table."""
    holder = arn if "/stream/" in arn.resource else arn._replace(resource="/".join(arn.resource.split("/")[:2]))
    policy = dynamodb_backends[account][arn.region].resource_policies.get(str(holder)) if arn.region else None
    return None if policy is None else str(policy.policy_doc)


def _key_policy(arn: Arn, account: str) -> str | None:
    key = kms_backends[account][arn.region].keys.get(arn.resource.removeprefix("key/"))
    return None if key is None else _text(key.policy)


def _bucket_policy(arn: Arn, account: str) -> str | None:
    bucket = s3_backends[account][arn.partition].buckets.get(arn.resource.partition("/")[0])
    return None if bucket is None or not bucket.policy else _text(bucket.policy)


def _queue_policy(arn: Arn, account: str) -> str | None:
    queue = sqs_backends[account][arn.region].queues.get(arn.resource)
    return None if queue is None else queue.policy


def _topic_policy(arn: Arn, account: str) -> str | None:
    topic = sns_backends[account][arn.region].topics.get(str(arn))
    return None if topic is None else str(topic.policy)


_POLICY_OF: Mapping[str, Callable[[Arn, str], str | None]] = {
    "dynamodb": _table_policy,
    "kms": _key_policy,
    "s3": _bucket_policy,
    "sns": _topic_policy,
    "sqs": _queue_policy,
}


def _trust_policy(role_arn: str) -> Policy | None:
    arn = parse(role_arn)
    if arn is None or arn.partition not in SUPPORTED:  # a caller may write anything for an ARN
        return None
    roles = list(iam_backends[arn.account][arn.partition].roles.values())
    role = next((role for role in roles if role.arn == role_arn), None)
    return (
        None if role is None else parse_policy(f"trust policy of {role_arn}", _text(role.assume_role_policy_document))
    )


def account_of(resource: str, requesting: str) -> str:
    """Return the account that owns a resource; the requesting one if neither the ARN nor S3 names another."""
    arn = parse(resource)
    if arn is None or arn.service != "s3" or arn.partition not in SUPPORTED:
        return arn.account if arn and arn.account.isdigit() else requesting
    bucket = arn.resource.split("/")[0]
    owners = (account for account, backends in list(s3_backends.items()) if bucket in backends[arn.partition].buckets)
    return next(owners, requesting)


def _text(document: Any) -> str:
    if isinstance(document, bytes):
        return document.decode()
    return document if isinstance(document, str) else json.dumps(document)
