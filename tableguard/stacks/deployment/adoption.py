"""Adopt what a deleted stack retained: resources of an earlier life, imported under the names that a new stack uses.

CloudFormation imports a resource by its identifier, changes nothing about it, and imports nothing beside new resources.
So a stack is first made of what exists, and then updated to its full template.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-manually.html
Which types it can import: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resource-import-supported-resources.html
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from tableguard.aws.cloudformation_handlers import handlers
from tableguard.cloudformation.functions import references
from tableguard.errors import DeployError
from tableguard.stacks.changes import ResourceChange
from tableguard.stacks.deployment.existing import AccountSession, finders, stranger

Template = Mapping[str, Any]

_POLICY = "AWS::Organizations::Policy"
_ALIAS, _KEY = "AWS::KMS::Alias", "AWS::KMS::Key"


@dataclass(frozen=True)
class ExistingResource:
    """A resource that exists under the name which a template gives one of its own."""

    logical_id: str
    type: str
    identifier: str

    @property
    def to_import(self) -> dict[str, Any]:
        """Return the resource as CreateChangeSet takes it among ResourcesToImport."""
        registered = handlers(self.type)
        names = registered.identifier if registered else ()
        parts = self.identifier.split("|", len(names) - 1) if len(names) > 1 else [self.identifier]
        return {
            "ResourceType": self.type,
            "LogicalResourceId": self.logical_id,
            "ResourceIdentifier": dict(zip(names, parts, strict=True)),
        }


@dataclass(frozen=True)
class Adoption:
    """What a stack that does not exist adopts, and what exists and cannot be adopted, each with what to do."""

    resources: tuple[ExistingResource, ...] = ()
    obstacles: tuple[str, ...] = ()

    def template(self, document: Template) -> str:
        """Return the template of what is adopted, as JSON: no output, and nothing that is still to be made."""
        names = {resource.logical_id for resource in self.resources}
        resources = {name: _importable(document["Resources"][name], names) for name in sorted(names)}
        used = set(references(list(resources.values())))
        parameters = {name: one for name, one in document.get("Parameters", {}).items() if name in used}
        kept = {name: document[name] for name in ("AWSTemplateFormatVersion", "Description") if name in document}
        return json.dumps({**kept, **({"Parameters": parameters} if parameters else {}), "Resources": resources})

    def changes(self, document: Template) -> tuple[ResourceChange, ...]:
        """Return the imports, and the resources that are made beside them."""
        adopted = {resource.logical_id for resource in self.resources}
        imports = (ResourceChange("Import", one.logical_id, one.type) for one in self.resources)
        others = sorted((name, one["Type"]) for name, one in document["Resources"].items() if name not in adopted)
        return (*imports, *(ResourceChange("Add", name, type_name) for name, type_name in others))


def _importable(resource: Mapping[str, Any], names: set[str]) -> dict[str, Any]:
    """Return a resource as an import takes it: with a deletion policy, after nothing that is still to be made."""
    after = resource.get("DependsOn", [])
    kept = [name for name in ([after] if isinstance(after, str) else after) if name in names]
    return {
        **{name: value for name, value in resource.items() if name != "DependsOn"},
        **({"DependsOn": kept} if kept else {}),
        "DeletionPolicy": resource.get("DeletionPolicy", "Retain"),
    }


def find(place: AccountSession, document: Template) -> Adoption:
    """Return what exists of a template's resources that outlive their stack."""
    existing = _existing(place, document, document["Resources"])
    strangers = {one.logical_id: why for one in existing if (why := _stranger(place, document, one))}
    adoption = _separated(document, [one for one in existing if _key_of(document, one) not in strangers])
    planted = tuple(
        f"{one.logical_id} ({one.type}) exists as {one.identifier}, of key {other.identifier}, which is not adopted: "
        f"{strangers[other.logical_id]}. Mend the key, or remove what is not yours: aws kms delete-alias "
        f"--alias-name {one.identifier}"
        for one in existing
        for other in existing
        if one.type == _ALIAS and other.logical_id in strangers and _key_of(document, one) == other.logical_id
    )
    return Adoption(adoption.resources, (*planted, *adoption.obstacles))


def taken(place: AccountSession, document: Template, added: Iterable[str]) -> Iterator[str]:
    """Yield what is in the way of resources that a stack which exists already would make, by their logical ids."""
    for one in _existing(place, document, added):
        if one.type != _KEY:  # which is found by its alias, and has a line for that already
            yield (
                f"{one.logical_id} ({one.type}) exists as {one.identifier}, and the stack would make it; remove what "
                "is not yours, or import what is with aws cloudformation create-change-set --change-set-type IMPORT"
            )


def _existing(place: AccountSession, document: Template, logical_ids: Iterable[str]) -> list[ExistingResource]:
    finding, existing = finders(place), list[ExistingResource]()
    for logical_id in sorted(logical_ids):
        resource = document["Resources"][logical_id]
        if _outlives(resource) and resource["Type"] in finding:
            try:
                identifier = finding[resource["Type"]](logical_id, document["Resources"])
            except (ClientError, DeployError) as error:
                raise DeployError(f"{logical_id} ({resource['Type']}): cannot be looked for: {error}") from error
            if identifier is not None:
                existing.append(ExistingResource(logical_id, resource["Type"], identifier))
    return existing


def _stranger(place: AccountSession, document: Template, one: ExistingResource) -> str:
    """Return why a key that exists under our alias is none of ours; "" of any other resource."""
    if one.type != _KEY:
        return ""
    try:
        return stranger(place, one.identifier, document["Resources"][one.logical_id]["Properties"])
    except ClientError as error:
        raise DeployError(f"{one.logical_id} ({one.type}): {one.identifier}: cannot be looked at: {error}") from error


def _key_of(document: Template, one: ExistingResource) -> str:
    """Return the logical id of a key, or of the key that an alias names; "" of any other resource."""
    if one.type == _ALIAS:
        return str(document["Resources"][one.logical_id]["Properties"]["TargetKeyId"]["Ref"])
    return one.logical_id if one.type == _KEY else ""


def _outlives(resource: Mapping[str, Any]) -> bool:
    """Tell whether a resource may be there without its stack: guardrails may have been kept by other settings."""
    return str(resource.get("DeletionPolicy")).startswith("Retain") or resource["Type"] == _POLICY


def _separated(document: Template, existing: Sequence[ExistingResource]) -> Adoption:
    """Separate what can be adopted from what cannot: a resource is imported together with all that it refers to."""
    adopted, obstacles = {one.logical_id: one for one in existing}, list[str]()
    while True:
        apart = {name: missing for name in adopted if (missing := _missing(document, name, adopted))}
        if not apart:
            return Adoption(tuple(adopted.values()), tuple(obstacles))
        for name, missing in apart.items():
            one = adopted.pop(name)
            obstacles.append(
                f"{name} ({one.type}) exists as {one.identifier} and cannot be adopted: it refers to "
                f"{', '.join(missing)}, which do not exist, or are keys without their alias; bring them back (a key's "
                "alias with aws kms create-alias), or remove it, by break-glass once guardrails are "
                "attached and by an administrator before"
            )


def _missing(document: Template, logical_id: str, adopted: Mapping[str, ExistingResource]) -> tuple[str, ...]:
    referred = set(references(document["Resources"][logical_id].get("Properties", {})))
    return tuple(sorted((referred & document["Resources"].keys()) - adopted.keys()))
