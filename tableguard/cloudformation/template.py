"""Read a template as CloudFormation does, and refuse in its words one that it would refuse."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from itertools import chain
from typing import Any

import yaml

from tableguard.cloudformation.functions import references
from tableguard.cloudformation.limits import TEMPLATE_BODY_BYTES, Limits
from tableguard.errors import EmbeddedError
from tableguard.reading import cloudformation_yaml

_LIMITS = Limits()
PSEUDO_PARAMETERS = frozenset(
    f"AWS::{name}"
    for name in (
        "AccountId",
        "NoValue",
        "NotificationARNs",
        "Partition",
        "Region",
        "StackId",
        "StackName",
        "URLSuffix",
    )
)
_SECTIONS = frozenset(
    {
        "AWSTemplateFormatVersion",
        "Conditions",
        "Description",
        "Mappings",
        "Metadata",
        "Outputs",
        "Parameters",
        "Resources",
    }
)
_POLICIES = {
    "DeletionPolicy": ("Delete", "Retain", "RetainExceptOnCreate", "Snapshot"),
    "UpdateReplacePolicy": ("Delete", "Retain", "Snapshot"),
}
_RESOURCE = frozenset(
    {"Condition", "DeletionPolicy", "DependsOn", "Metadata", "Properties", "Type", "UpdateReplacePolicy"}
)
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/control-access-with-iam.html#using-iam-capabilities
_NAMED = {
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
}
_UNNAMED = frozenset({"AWS::IAM::AccessKey", "AWS::IAM::Policy", "AWS::IAM::UserToGroupAddition"})


@dataclass(frozen=True)
class Template:
    """The content of a template, before any function in it is evaluated."""

    document: Mapping[str, Any]

    @property
    def resources(self) -> Mapping[str, Any]:
        """Return the resources by logical id."""
        return self._section("Resources")

    @property
    def outputs(self) -> Mapping[str, Any]:
        """Return the outputs by logical id."""
        return self._section("Outputs")

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Return the declared parameters by name."""
        return self._section("Parameters")

    @property
    def mappings(self) -> Mapping[str, Any]:
        """Return the mappings by name."""
        return self._section("Mappings")

    @property
    def conditions(self) -> Mapping[str, Any]:
        """Return the definitions of conditions by name."""
        return self._section("Conditions")

    @property
    def description(self) -> str | None:
        """Return the template's description."""
        return self.document.get("Description")

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Return the logical ids in an order that follows dependencies, and otherwise by name."""
        sorter = TopologicalSorter({name: self.dependencies(name) for name in self.resources})
        try:
            sorter.prepare()
        except CycleError as error:
            raise EmbeddedError(
                f"Circular dependency between resources: [{', '.join(sorted(set(error.args[1])))}]"
            ) from error
        return tuple(_in_order(sorter))

    def dependencies(self, logical_id: str) -> set[str]:
        """Return the resources that must exist before this one, by DependsOn or by Ref, GetAtt and Sub."""
        resource = self.resources[logical_id]
        implied = set(references(resource.get("Properties", {}))) & self.resources.keys()
        return implied | set(_as_list(resource.get("DependsOn", [])))

    def _section(self, name: str) -> Mapping[str, Any]:
        section: Mapping[str, Any] = self.document.get(name) or {}
        return section


def read(body: str, url: bool = False) -> Template:
    """Read a template from its text, JSON or YAML; EmbeddedError has CloudFormation's words."""
    size, most = len(body.encode()), _LIMITS.template_bytes if url else TEMPLATE_BODY_BYTES
    if size > most:
        raise EmbeddedError(f"Template of {size} bytes; Member must have length less than or equal to {most}")
    try:
        document = cloudformation_yaml.load(body)
    except yaml.YAMLError as error:
        raise EmbeddedError(f"Template format error: not well-formed: {' '.join(str(error).split())}") from error
    if not isinstance(document, dict):
        raise EmbeddedError("Template format error: unsupported structure.")
    template = Template(document)
    for refusal in chain(_malformed(document), _refusals(template)):
        raise EmbeddedError(refusal)
    template.order  # noqa: B018  # refuses a circle
    return template


def unknown_types(template: Template, types: Mapping[str, Any]) -> list[str]:
    """Return the template's resource types that are not among `types`."""
    return sorted({resource["Type"] for resource in template.resources.values()} - types.keys())


def required_capability(template: Template) -> str | None:
    """Return the capability that the caller must acknowledge: to create roles and policies, with names or without."""
    resources = template.resources.values()
    if any(_NAMED.get(resource["Type"], "") in resource.get("Properties", {}) for resource in resources):
        return "CAPABILITY_NAMED_IAM"
    kinds = {resource["Type"] for resource in resources}
    return "CAPABILITY_IAM" if kinds & (_NAMED.keys() | _UNNAMED) else None


def _malformed(document: dict[Any, Any]) -> Iterator[str]:
    """Yield what is no object of named objects where CloudFormation expects one; conditions may be of any shape."""
    for name in filter(lambda name: not isinstance(name, str), document):
        yield f"Template format error: {name!r} is no text, and so no name of a section"
    for section in ("Resources", "Parameters", "Outputs", "Conditions", "Mappings"):
        members = document.get(section) or {}
        if not isinstance(members, dict) or not all(isinstance(name, str) for name in members):
            yield f"Template format error: {section} must be an object, each of its members with a name"
        elif section != "Conditions":
            for name in (name for name, member in members.items() if not isinstance(member, dict)):
                yield f"Template format error: [/{section}/{name}] Any {section} member must be an object."


def _refusals(template: Template) -> Iterator[str]:
    """Yield the reasons for which CloudFormation refuses a template, in its words."""
    unknown = sorted(template.document.keys() - _SECTIONS)
    if unknown:
        yield f"Invalid template property or properties [{', '.join(unknown)}]; Rules and Transform are not modelled"
    if not template.resources:
        yield "Template format error: At least one Resources member must be defined."
    for section in ("resources", "parameters", "outputs"):
        count, most = len(getattr(template, section)), getattr(_LIMITS, section)
        if count > most:
            yield f"Template format error: Number of {section}, {count}, is greater than maximum allowed, {most}"
    for logical_id, resource in template.resources.items():
        yield from _refusals_of_resource(template, logical_id, resource)
    for name, node in template.conditions.items():
        missing = sorted(set(references(node)) - template.parameters.keys() - PSEUDO_PARAMETERS)
        if missing:
            yield f"Template format error: Unresolved dependencies [{', '.join(missing)}] of condition {name}"
    for name, node in template.outputs.items():
        yield from _unresolved(template, [node.get("Value"), node.get("Export")], f"output {name} in the Outputs")


def _refusals_of_resource(template: Template, logical_id: str, resource: Mapping[str, Any]) -> Iterator[str]:
    if not re.fullmatch(r"[A-Za-z0-9]+", logical_id):
        yield f"Template format error: Resource name {logical_id} is non alphanumeric."
    if not isinstance(resource.get("Type"), str):
        yield f"Template format error: [/Resources/{logical_id}] Every Resources object must contain a Type member."
    unknown = sorted(resource.keys() - _RESOURCE)
    if unknown:
        yield f"Invalid template resource property '{unknown[0]}' of {logical_id}, or one that is not modelled"
    if "Condition" in resource and resource["Condition"] not in list(template.conditions):
        yield f"Template format error: Unresolved condition {resource['Condition']} of {logical_id}"
    for name, policies in _POLICIES.items():
        if resource.get(name, "Delete") not in policies:
            yield f"Template format error: Unrecognized {name} {resource[name]} for resource {logical_id}"
    named = [{"Ref": name} for name in _as_list(resource.get("DependsOn", []))]
    yield from _unresolved(template, [resource.get("Properties"), named], f"{logical_id} in the Resources")


def _unresolved(template: Template, node: Any, where: str) -> Iterator[str]:
    declared = template.resources.keys() | template.parameters.keys() | PSEUDO_PARAMETERS
    missing = sorted({str(name) for name in references(node)} - declared)
    if missing:
        yield (
            f"Template format error: Unresolved resource dependencies [{', '.join(missing)}] of {where} block of the "
            "template"
        )


def _in_order(sorter: "TopologicalSorter[str]") -> Iterator[str]:
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        yield from ready
        sorter.done(*ready)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
