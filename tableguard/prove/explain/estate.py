"""The policies, tags and aliases that the stacks give to what they make: the world in which `explain` asks.

Trust, key, bucket, queue, topic and table policies are read from the templates, as the settings render them; SCPs, RCPs
and the endpoint's policy from policies/. An id that only AWS knows is written STACK.LOGICALID.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from tableguard.aws.arn import parse
from tableguard.check.rules import document_path
from tableguard.paths import TEMPLATES, from_here
from tableguard.policy import worlds
from tableguard.policy.evaluate import Layer, Levels
from tableguard.policy.principals import Principal
from tableguard.policy.statements import Policy, policy
from tableguard.prove import places
from tableguard.prove.preflight.template import Plan, PlannedResource, templates
from tableguard.prove.shipped import policies as shipped
from tableguard.prove.shipped import together
from tableguard.reading.line_numbers import LineNumbers
from tableguard.settings import Settings
from tableguard.stacks.registry import find_stack
from tableguard.stacks.render import render

# type -> the property that holds its policy, and what the policy is called
_OWN: Mapping[str, tuple[str, str]] = {
    "AWS::Backup::BackupVault": ("AccessPolicy", "vault policy"),
    "AWS::DynamoDB::Table": ("ResourcePolicy.PolicyDocument", "table policy"),
    "AWS::IAM::Role": ("AssumeRolePolicyDocument", "trust policy"),
    "AWS::KMS::Key": ("KeyPolicy", "key policy"),
    "AWS::S3::BucketPolicy": ("PolicyDocument", "bucket policy"),
    "AWS::SNS::TopicPolicy": ("PolicyDocument", "topic policy"),
    "AWS::SQS::QueuePolicy": ("PolicyDocument", "queue policy"),
}
_OF_OTHERS = {"AWS::SNS::TopicPolicy": "Topics", "AWS::SQS::QueuePolicy": "Queues"}
_KINDS: Mapping[Layer, tuple[str, ...]] = {
    "boundary": ("role",),
    "endpoint": ("endpoint",),
    "identity": ("role",),
    "rcp": ("rcp",),
    "scp": ("scp",),
}
_TAG_NAMES = ("Tags", "BackupVaultTags", "BackupPlanTags")


@dataclass(frozen=True)
class Holder:
    """A policy in a template: its stack, the path to it, and the document as the settings fill it."""

    stack: str
    path: tuple[str, ...]
    document: Mapping[str, Any]
    policy: Policy


@dataclass(frozen=True)
class Place:
    """A place in a file, as a finding has it."""

    file: str
    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class StackEstate:
    """All that the enabled stacks attach, with the settings of one organization; worlds are built from it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.policies = shipped.filled(settings)
        self.plan = Plan(settings, templates(settings), stands_in=True)
        self.roles = together.load().roles

    @property
    def management_account(self) -> str:
        """Return the account that no SCP binds."""
        return self.settings.management_account_id

    @property
    def members(self) -> frozenset[str]:
        """Return no account: which are members is told by the organization's id."""
        return frozenset()

    @property
    def organization(self) -> str:
        """Return the organization's id."""
        return self.settings.organization_id

    def levels(self, account: str, layer: Layer) -> Levels:
        """Return the shipped SCPs below FullAWSAccess of the root, or the shipped RCPs of an account that is known.

        Whether a caller's account is of the organization its requests tell; a resource's owner tells nothing.
        """
        attached = self.policies.attached(layer)
        if layer == "rcp":
            bound = (self.settings.account_id, *self.settings.organization_targets)
            return (attached,) if account in bound else ()
        return ((worlds.FULL_AWS_ACCESS,), (worlds.FULL_AWS_ACCESS, *attached))

    def of_caller(self, caller: Principal) -> tuple[tuple[Policy, ...], Policy | None]:
        """Return the policies of a role and its boundary; of any other caller those of an administrator."""
        resource = self.plan.by_arn.get(caller.arn)
        if resource is None:
            return self._of_listed_role(caller)
        attached = tuple(self.held[str(arn)].policy for arn in resource.value("ManagedPolicyArns"))
        boundary = resource.value("PermissionsBoundary")
        return attached, self.held[str(boundary)].policy if boundary else None

    def _of_listed_role(self, caller: Principal) -> tuple[tuple[Policy, ...], Policy | None]:
        """Return the policies of a role that no stack makes and together.toml has, such as that of a cache."""
        role, by_kind = together.role_of(caller.arn, self.roles, self.settings), self.policies.policies["role"]
        if role is None:
            return (worlds.ADMINISTRATOR,), None
        return tuple(by_kind[name] for name in role.policies), by_kind["boundary"] if role.bounded else None

    def is_assumed_administrator(self, caller: Principal) -> bool:
        """Return True for a role or user whose own policies are not known here."""
        return caller.has_own_policies and self.of_caller(caller)[0] == (worlds.ADMINISTRATOR,)

    def of_resource(self, resource: str, account: str) -> Policy | None:
        """Return a resource's own policy; an index has that of its table, an object that of its bucket."""
        if account != self.settings.account_id:
            return None
        holder = self.held.get(_holding(resource))
        return holder.policy if holder and ":role/" not in resource else None

    def trust_of(self, role: str) -> Policy | None:
        """Return the trust policy of a role; None for one that no stack makes."""
        holder = self.held.get(role) if ":role/" in role else None
        return holder.policy if holder else None

    def endpoint(self) -> Policy:
        """Return the policy of the VPC endpoint for DynamoDB."""
        return self.policies.policies["endpoint"]["messages_table_only"]

    @cached_property
    def held(self) -> Mapping[str, Holder]:
        """The policies of the templates, by the ARN of what has them, or of the managed policy itself."""
        return {arn: holder for resource in self._resources() for arn, holder in self._holders(resource)}

    def _resources(self) -> Iterator[PlannedResource]:
        return (resource for resources in self.plan.resources.values() for resource in resources.values())

    def _holders(self, resource: PlannedResource) -> Iterator[tuple[str, Holder]]:
        if resource.resource_type == "AWS::IAM::ManagedPolicy":
            yield str(resource.arn), self._holder(resource, "PolicyDocument", str(resource.physical_name))
        elif resource.resource_type in _OWN:
            path, called = _OWN[resource.resource_type]
            for arn in self._owners(resource) if resource.value(path) else ():
                yield arn, self._holder(resource, path, f"{called} of {self.short(arn)}")

    def _owners(self, resource: PlannedResource) -> Iterator[str]:
        """Yield the ARN of a resource that has a policy, or the ARNs of those that a policy is attached to."""
        listed = resource.value(_OF_OTHERS.get(resource.resource_type, "")) or [resource.arn]
        for name in map(str, listed):
            stack, _, logical_id = name.partition(".")
            named = self.plan.resources.get(stack, {}).get(logical_id)
            yield str(named.arn) if named else name

    def _holder(self, resource: PlannedResource, path: str, name: str) -> Holder:
        document = resource.value(path)
        named = self._shipped.get(_canonical(document), name)
        keys = ("Resources", resource.name, "Properties", *path.split("."))
        return Holder(resource.stack, keys, document, policy(named, document))

    @cached_property
    def _shipped(self) -> Mapping[str, str]:
        """The names of the shipped documents of roles and resources, by their content."""
        pairs = zip(self.policies.documents, self.policies.contents, strict=True)
        return {_canonical(content): written.name for written, content in pairs}

    @cached_property
    def aliases(self) -> Mapping[str, str]:
        """The ARN of each key of the stacks, by its alias."""
        of_type = (resource for resource in self._resources() if resource.resource_type == "AWS::KMS::Alias")
        return {str(alias.value("AliasName")): self._arn_of_key(str(alias.value("TargetKeyId"))) for alias in of_type}

    def _arn_of_key(self, named: str) -> str:
        return named if named.startswith("arn:") else f"{self.key_prefix}{named}"

    @property
    def key_prefix(self) -> str:
        """Return what the ARNs of the workload's keys begin with."""
        settings = self.settings
        return f"arn:{settings.partition}:kms:{settings.home_region}:{settings.account_id}:key/"

    def tags(self, arn: str) -> Mapping[str, str]:
        """Return the tags that a stack gives to a resource."""
        named = (resource for resource in self._resources() if resource.arn == arn)
        tags = next(filter(None, (resource.value(name) for resource in named for name in _TAG_NAMES)), ())
        return tags if isinstance(tags, Mapping) else {tag["Key"]: tag["Value"] for tag in tags}

    def short(self, arn: str) -> str:
        """Return how people call a resource of the workload: a key by its alias, others by the end of their ARN."""
        alias = next((alias for alias, key in self.aliases.items() if key == arn), None)
        parts = parse(arn)
        return alias or (parts.resource if parts else arn)

    def content(self, layer: Layer, name: str) -> Mapping[str, Any] | None:
        """Return a policy's document as the settings fill it; None for an assumed or an unknown policy."""
        kinds = _KINDS.get(layer, ("resource",))
        for written, content in zip(self.policies.documents, self.policies.contents, strict=True):
            if written.kind in kinds and written.name == name:
                return content
        return next((holder.document for holder in self.held.values() if holder.policy.name == name), None)

    def place(self, layer: Layer, name: str, sid: str) -> Place | None:
        """Return where the statement of a policy that is asked here stands; None for an assumed policy."""
        holder = next((held for held in self.held.values() if held.policy.name == name), None)
        kinds = _KINDS.get(layer, ("resource",))
        statement = _statement(holder.document, sid) if holder else None
        for written, content in zip(self.policies.documents, self.policies.contents, strict=True):
            same = written.name == name or (statement is not None and _statement(content, sid) == statement)
            if written.kind in kinds and same:
                file = places.shipped(written.place)
                path, line = places.of_statement(file, {sid})
                return Place(str(file), path, line)
        return self._in_template(holder, sid) if holder else None

    def _in_template(self, holder: Holder, sid: str) -> Place:
        """Return the place in the template as `tableguard render` writes it."""
        path = next((path for path, one in document_path.statements(holder.document) if one.get("Sid") == sid), ())
        text = render(self.settings, [find_stack(holder.stack)])[holder.stack]
        line = LineNumbers(text).line_of((*holder.path, *path))
        file = from_here(TEMPLATES / "rendered" / f"{holder.stack}.yaml")
        same = file.is_file() and Path(file).read_text(encoding="utf-8") == text
        return Place(str(file) if same else f"{holder.stack}.yaml", f"{holder.path[1]}, statement {sid}", line)


def _canonical(document: Any) -> str:
    return json.dumps(document, sort_keys=True)


def _statement(document: Mapping[str, Any], sid: str) -> Mapping[str, Any] | None:
    return next((one for _, one in document_path.statements(document) if one.get("Sid") == sid), None)


def _holding(resource: str) -> str:
    """Return the ARN of what has the policy that is asked about a resource."""
    if resource.startswith("arn:") and ":s3:::" in resource:
        return resource.partition("/")[0]
    return re.sub(r"(:table/[^/]+)/index/.+", r"\1", resource)


@lru_cache(maxsize=4)
def estate_of(settings: Settings) -> StackEstate:
    """Return what the stacks attach with these settings, read once."""
    return StackEstate(settings)
