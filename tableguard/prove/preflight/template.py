"""Resources of templates before they are made: names, ARNs, and the values of properties.

A value that only AWS knows, the id of a subnet for instance, is UNKNOWN.
"""

import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tableguard.cloudformation.functions import NO_VALUE, evaluate
from tableguard.errors import EmbeddedError
from tableguard.partitions import domain
from tableguard.policy.service_reference import load
from tableguard.settings import Settings
from tableguard.stacks.registry import enabled_stacks

UNKNOWN = object()

_HANDS_OVER = re.compile(r"Role(Arn|ARN)?$|PermissionArn$")  # Role, RoleARN, IamRoleArn, DeliverLogsPermissionArn
_VARIABLE = re.compile(r"\$\{([^}]*)\}")

# type -> service and kind of its ARN in AWS's service reference, and the property that names it; none where AWS does
_KINDS: Mapping[str, tuple[str, str, str]] = {
    "AWS::ApplicationAutoScaling::ScalableTarget": ("application-autoscaling", "ScalableTarget", ""),
    "AWS::Backup::BackupPlan": ("backup", "backupPlan", ""),
    "AWS::Backup::BackupVault": ("backup", "backupVault", "BackupVaultName"),
    "AWS::CloudTrail::Trail": ("cloudtrail", "trail", "TrailName"),
    "AWS::CloudWatch::Alarm": ("cloudwatch", "alarm", "AlarmName"),
    "AWS::Config::ConfigRule": ("config", "ConfigRule", ""),
    "AWS::Config::ConfigurationRecorder": ("config", "ConfigurationRecorder", ""),
    "AWS::DynamoDB::Table": ("dynamodb", "table", "TableName"),
    "AWS::EC2::CustomerGateway": ("ec2", "customer-gateway", ""),
    "AWS::EC2::FlowLog": ("ec2", "vpc-flow-log", ""),
    "AWS::EC2::RouteTable": ("ec2", "route-table", ""),
    "AWS::EC2::SecurityGroup": ("ec2", "security-group", ""),
    "AWS::EC2::Subnet": ("ec2", "subnet", ""),
    "AWS::EC2::VPC": ("ec2", "vpc", ""),
    "AWS::EC2::VPCEndpoint": ("ec2", "vpc-endpoint", ""),
    "AWS::EC2::VPNConnection": ("ec2", "vpn-connection", ""),
    "AWS::EC2::VPNGateway": ("ec2", "vpn-gateway", ""),
    "AWS::Events::Rule": ("events", "rule-on-default-event-bus", "Name"),
    "AWS::IAM::ManagedPolicy": ("iam", "policy", "ManagedPolicyName"),
    "AWS::IAM::Role": ("iam", "role", "RoleName"),
    "AWS::KMS::Alias": ("kms", "alias", "AliasName"),
    "AWS::KMS::Key": ("kms", "key", ""),
    "AWS::Lambda::Function": ("lambda", "function", "FunctionName"),
    "AWS::Logs::LogGroup": ("logs", "log-group", "LogGroupName"),
    "AWS::Logs::MetricFilter": ("logs", "log-group", "LogGroupName"),
    "AWS::S3::Bucket": ("s3", "bucket", "BucketName"),
    "AWS::S3::BucketPolicy": ("s3", "bucket", "Bucket"),
    "AWS::SNS::Topic": ("sns", "topic", "TopicName"),
    "AWS::SQS::Queue": ("sqs", "queue", "QueueName"),
}
# types whose Ref is the ARN, and those where it is neither that nor the name
_REF_IS_ARN = ("AWS::IAM::ManagedPolicy", "AWS::SNS::Topic")
_REF_IS_ANOTHER = ("AWS::SQS::Queue", "AWS::Logs::MetricFilter", "AWS::S3::BucketPolicy")


@dataclass(frozen=True, eq=False)
class PlannedResource:
    """One resource of one stack."""

    stack: str
    name: str
    resource_type: str
    properties: Mapping[str, Any]
    names: "_Names"

    def value(self, path: str) -> Any:
        """Return the value at Property.Property…; None if the template has none, UNKNOWN if only AWS knows it."""
        node: Any = self.properties
        for part in path.split("."):
            node = node.get(part) if isinstance(node, Mapping) else None
        return self._evaluated(node)

    def _evaluated(self, node: Any) -> Any:
        try:
            value = evaluate(node, self.names)
        except EmbeddedError:
            return UNKNOWN
        return None if value is NO_VALUE else value

    @property
    def kind(self) -> tuple[str, str] | None:
        """Service and kind of the resource in AWS's service reference."""
        service, kind, _ = _KINDS.get(self.resource_type, ("", "", ""))
        return (service, kind) if kind else None

    @cached_property
    def physical_name(self) -> str | None:
        """The name that the template gives it, as its ARN has it; None if AWS makes one up."""
        *_, key = _KINDS.get(self.resource_type, ("",))
        name = self.value(key) if key else self.names.plan.stand_in(self.stack, self.name)
        return name.removeprefix("alias/") if isinstance(name, str) else None

    @cached_property
    def arn(self) -> str | None:
        """Its ARN, if its name is known."""
        if self.kind is None or self.physical_name is None:
            return None
        service, kind = self.kind
        return filled(load().arn_formats[service][kind], self.physical_name, self.names.plan.settings)

    def roles(self) -> Iterator[str]:
        """Yield the ARNs of the roles that its properties hand to a service; any role's where only AWS knows it."""
        for value in self._roles(self.properties):
            if value is UNKNOWN:
                settings = self.names.plan.settings
                yield f"arn:{settings.partition}:iam::{settings.account_id}:role/*"
            elif isinstance(value, str) and ":role/" in value:
                yield value

    def _roles(self, node: Any) -> Iterator[Any]:
        for key, item in node.items():
            if _HANDS_OVER.search(key):
                yield self._evaluated(item)
            elif not key.endswith(("Policy", "Document")):
                for inner in item if isinstance(item, list) else [item]:
                    yield from self._roles(inner) if isinstance(inner, Mapping) else ()


def filled(arn_format: str, name: str, settings: Settings) -> str:
    """Fill an ARN's format with the settings and the resource's name."""
    values = {"Partition": settings.partition, "Region": settings.home_region, "Account": settings.account_id}
    return _VARIABLE.sub(lambda match: values.get(match[1], name), arn_format)


def templates(settings: Settings, but: Container[str] = ()) -> dict[str, Mapping[str, Any]]:
    """Build the templates of all stacks in the workload's account but those named."""
    return {
        stack.name: stack.document(settings)
        for stack in enabled_stacks(settings)
        if not stack.is_elsewhere and stack.name not in but
    }


class Plan:
    """The resources of the templates of stacks, and what these export.

    With `stands_in`, what only AWS knows is not UNKNOWN: STACK.LOGICALID stands in for it.
    """

    def __init__(
        self, settings: Settings, by_stack: Mapping[str, Mapping[str, Any]], *, stands_in: bool = False
    ) -> None:
        self.settings, self.stands_in = settings, stands_in
        self.resources: dict[str, dict[str, PlannedResource]] = {}
        self.exports: dict[str, tuple[_Names, Any]] = {}
        for stack, template in by_stack.items():
            self._add(stack, template)

    def _add(self, stack: str, template: Mapping[str, Any]) -> None:
        resources = self.resources.setdefault(stack, {})
        names = _Names(self, stack)
        for name, resource in sorted(template["Resources"].items()):
            resources[name] = PlannedResource(stack, name, resource["Type"], resource.get("Properties", {}), names)
        for output in template.get("Outputs", {}).values():
            if "Export" in output:
                self.exports[str(output["Export"]["Name"])] = (names, output["Value"])

    def stand_in(self, stack: str, name: str) -> str | None:
        """Return what stands in for a name that AWS makes up; None if nothing does."""
        return f"{stack}.{name}" if self.stands_in else None

    @cached_property
    def by_arn(self) -> Mapping[str, PlannedResource]:
        """The resources whose ARN is known."""
        every = (resource for resources in self.resources.values() for resource in resources.values())
        return {resource.arn: resource for resource in every if resource.arn}


class _Names:
    """The values of a stack's names; an EmbeddedError for one that is known only once its resource is made."""

    def __init__(self, plan: Plan, stack: str) -> None:
        settings = plan.settings
        self.plan, self.stack = plan, stack
        self.mappings: Mapping[str, Any] = {}
        self.pseudo = {
            "AWS::AccountId": settings.account_id,
            "AWS::NoValue": NO_VALUE,
            "AWS::Partition": settings.partition,
            "AWS::Region": settings.home_region,
            "AWS::StackName": settings.stack_name(stack),
            "AWS::URLSuffix": domain(settings.partition),
        }

    def ref(self, name: str) -> Any:
        """Return the pseudo parameter, or the name or ARN of a resource."""
        resource = self.plan.resources[self.stack].get(name)
        if name in self.pseudo or resource is None:
            return self.pseudo[name] if name in self.pseudo else self._known(None, name)
        if resource.resource_type in _REF_IS_ANOTHER:
            return self._known(None, name)
        if resource.resource_type in _REF_IS_ARN:
            return self._known(resource.arn, name)
        *_, key = _KINDS.get(resource.resource_type, ("",))
        return self._known(resource.value(key) if key else None, name)

    def attribute(self, logical_id: str, attribute: str) -> Any:
        """Return the ARN of a resource."""
        resource = self.plan.resources[self.stack].get(logical_id)
        of_arn = resource is not None and attribute in ("Arn", "TopicArn")
        return self._known(resource.arn if resource is not None and of_arn else None, logical_id)

    def condition(self, name: str) -> bool:
        """Raise EmbeddedError: a condition may depend on parameters."""
        raise EmbeddedError(f"{name} depends on parameters")

    def import_value(self, name: str) -> Any:
        """Return what another stack exports."""
        names, node = self.plan.exports.get(name, (self, None))
        return self._known(None if node is None else evaluate(node, names), name)

    def zones(self, region: str) -> list[str]:
        """Raise EmbeddedError: each account has its own zones."""
        raise EmbeddedError(f"the zones of {region} are each account's own")

    def _known(self, value: Any, name: str) -> Any:
        value = self.plan.stand_in(self.stack, name) if value is None or value is UNKNOWN else value
        if value is None:
            raise EmbeddedError(f"{name} is known only once it is made")
        return value
