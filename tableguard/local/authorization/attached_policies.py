"""Every policy that applies to a request now, as it is attached in moto's Organizations, IAM and the services.

Documents are parsed once for each content; where they are attached is looked up for each request.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.organizations.models import organizations_backends
from moto.s3.models import s3_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from tableguard.errors import EmbeddedError, PolicyError
from tableguard.local.authorization.call import Call, Need
from tableguard.policy.evaluate import Levels, World
from tableguard.policy.principals import Principal
from tableguard.policy.statements import Policy, policy

_PARTITION = "aws"
_SCP, _RCP = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"
# attached to everything by AWS, and all it does is to allow
_FULL_RCP = "p-RCPFullAWSAccess"
_ASSUMING = ("sts:AssumeRole", "sts:TagSession")  # a role's own policy is that of who may assume it


@dataclass(frozen=True)
class Organization:
    """The organization as moto keeps it."""

    backend: Any

    @property
    def id(self) -> str:
        """Its id, o-…."""
        return str(self.backend.org.id)

    @property
    def management_account(self) -> str:
        """The account that no SCP binds."""
        return str(self.backend.org.master_account_id)

    @property
    def accounts(self) -> frozenset[str]:
        """All accounts, the management account too."""
        return frozenset(account.id for account in self.backend.accounts)

    def levels(self, account: str, kind: str) -> Levels:
        """The policies of a kind that are attached to the root, to each unit below it, and to the account."""
        backend = self.backend
        units = {unit.id: unit for unit in backend.ou}
        node = next((each for each in backend.accounts if each.id == account), None)
        enabled = any(each["Type"] == kind for each in units[backend.org.root_id].policy_types)
        found: list[tuple[Policy, ...]] = []
        while node is not None and enabled:
            found.insert(0, _attached(node, kind))
            node = units.get(getattr(node, "parent_id", None))
        return tuple(found)


def organization() -> Organization | None:
    """The organization of this AWS, once there is one."""
    for backends in list(organizations_backends.values()):
        if backends[_PARTITION].org is not None:
            return Organization(backends[_PARTITION])
    return None


def _attached(node: Any, kind: str) -> tuple[Policy, ...]:
    found = [each for each in node.attached_policies if each.type == kind and each.id != _FULL_RCP]
    return tuple(parsed(each.name, each.content) for each in found)


@lru_cache(maxsize=1024)
def parsed(name: str, text: str) -> Policy:
    """A document's statements; PolicyError if AWS would refuse it."""
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:  # moto keeps whatever it gets
        raise PolicyError(f"{name}: not JSON: {error.msg}") from error
    if not isinstance(document, dict):
        raise PolicyError(f"{name}: a policy document is a JSON object, not {type(document).__name__}")
    return policy(name, document)


def world(organization: Organization, call: Call, need: Need, account: str) -> World:
    """The policies that decide about one action of a call on a resource of an account."""
    identity, boundary = _of_principal(call.caller.principal)
    own = _trust(need.resource) if need.action in _ASSUMING else _of_resource(need.resource, account)
    session, endpoint = call.caller.session_policy, call.endpoint
    return World(
        management_account=organization.management_account,
        members=organization.accounts - {organization.management_account},
        service_control=organization.levels(call.caller.principal.account, _SCP),
        resource_control=organization.levels(account, _RCP),
        identity=identity,
        boundary=boundary,
        session=None if session is None else (parsed("session", session),),
        resource=own,
        # a role and a key are used by nobody whom their own policy does not let
        resource_must_allow=need.action in _ASSUMING or (own is not None and need.action.startswith("kms:")),
        endpoint=None if endpoint is None else parsed(endpoint.id, endpoint.policy_document),
    )


def _of_principal(caller: Principal) -> tuple[tuple[Policy, ...], Policy | None]:
    """The policies of a role or user and its permissions boundary."""
    if caller.kind not in ("role", "user"):
        return (), None
    backend: Any = iam_backends[caller.account][_PARTITION]
    entities = backend.roles if caller.kind == "role" else backend.users
    found: Any = next((each for each in list(entities.values()) if each.arn == caller.arn), None)
    if found is None:
        raise EmbeddedError(f"{caller.arn} is gone, and its sessions with it")
    groups = [each for each in list(backend.groups.values()) if found in each.users] if caller.kind == "user" else []
    boundary = found.permissions_boundary_arn if caller.kind == "role" else None
    limit = None if boundary is None else _managed(backend.managed_policies[boundary])
    return tuple(each for owner in (found, *groups) for each in _policies(owner)), limit


def _policies(owner: Any) -> Iterator[Policy]:
    for name, text in list(owner.policies.items()):
        yield parsed(name, text)
    for each in list(owner.managed_policies.values()):
        yield _managed(each)


def _managed(each: Any) -> Policy:
    text = next(version.document for version in each.versions if version.version_id == each.default_version_id)
    return parsed(each.name, text)


def _of_resource(resource: str, account: str) -> Policy | None:
    """A resource's own policy; None if it has none, or is of a service whose policies are not looked up."""
    parts = resource.split(":", 5)
    find = _OWN_POLICIES.get(parts[2]) if len(parts) == 6 else None
    text = find(resource, parts, account) if find is not None else None
    return None if text is None else parsed(f"policy of {resource}", text)


def _of_table(arn: str, parts: list[str], account: str) -> str | None:
    """An index has the policy of its table; a stream has one of its own."""
    owner = arn if "/stream/" in arn else ":".join((*parts[:5], "/".join(parts[5].split("/")[:2])))
    found = dynamodb_backends[account][parts[3]].resource_policies.get(owner) if parts[3] else None
    return None if found is None else str(found.policy_doc)


def _of_key(_arn: str, parts: list[str], account: str) -> str | None:
    key = kms_backends[account][parts[3]].keys.get(parts[5].removeprefix("key/"))
    return None if key is None else _text(key.policy)


def _of_bucket(_arn: str, parts: list[str], account: str) -> str | None:
    bucket = s3_backends[account][_PARTITION].buckets.get(parts[5].partition("/")[0])
    return None if bucket is None or not bucket.policy else _text(bucket.policy)


def _of_queue(_arn: str, parts: list[str], account: str) -> str | None:
    queue = sqs_backends[account][parts[3]].queues.get(parts[5])
    return None if queue is None else queue.policy


def _of_topic(arn: str, parts: list[str], account: str) -> str | None:
    topic = sns_backends[account][parts[3]].topics.get(arn)
    return None if topic is None else str(topic.policy)


_OWN_POLICIES: Mapping[str, Callable[[str, list[str], str], str | None]] = {
    "dynamodb": _of_table,
    "kms": _of_key,
    "s3": _of_bucket,
    "sns": _of_topic,
    "sqs": _of_queue,
}


def _trust(role_arn: str) -> Policy | None:
    parts = role_arn.split(":", 5)
    if len(parts) < 6:  # whoever asks may write anything for an ARN
        return None
    roles = list(iam_backends[parts[4]][_PARTITION].roles.values())
    found = next((each for each in roles if each.arn == role_arn), None)
    return None if found is None else parsed(f"trust policy of {role_arn}", _text(found.assume_role_policy_document))


def owner(resource: str, asking: str) -> str:
    """The account that a resource belongs to; that of the request if neither its ARN nor S3 knows another."""
    parts = resource.split(":", 5)
    if len(parts) < 6 or parts[2] != "s3":
        return parts[4] if len(parts) == 6 and parts[4].isdigit() else asking
    bucket = parts[5].split("/")[0]
    owners = (account for account, backends in list(s3_backends.items()) if bucket in backends[_PARTITION].buckets)
    return next(owners, asking)


def _text(document: Any) -> str:
    if isinstance(document, bytes):
        return document.decode()
    return document if isinstance(document, str) else json.dumps(document)
