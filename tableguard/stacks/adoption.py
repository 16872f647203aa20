"""Adopt what a deleted stack retained: resources of an earlier life, imported under the names that a new stack uses.

CloudFormation imports a resource by its identifier, changes nothing about it, and imports nothing beside new resources.
So a stack is first made of what exists, and then updated to its full template.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-manually.html
Which types it can import: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resource-import-supported-resources.html
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from tableguard.aws.cloudformation_handlers import handlers
from tableguard.cloudformation.functions import references
from tableguard.errors import DeployError
from tableguard.reading import cloudformation_yaml
from tableguard.settings import Settings
from tableguard.stacks.change_set import PollInterval, ResourceChange
from tableguard.stacks.existing import finders
from tableguard.stacks.registry import find_stack
from tableguard.stacks.render import render

Session = Any  # boto3.Session, whose clients botocore makes at run time
Template = Mapping[str, Any]

_POLICY = "AWS::Organizations::Policy"


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
        return {
            "ResourceType": self.type,
            "LogicalResourceId": self.logical_id,
            "ResourceIdentifier": dict.fromkeys(names, self.identifier),
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


def find(settings: Settings, session: Session, document: Template) -> Adoption:
    """Return what exists of a template's resources that outlive their stack."""
    finding = finders(settings, session)
    existing = list[ExistingResource]()
    for logical_id, resource in sorted(document["Resources"].items()):
        if _outlives(resource) and resource["Type"] in finding:
            try:
                identifier = finding[resource["Type"]](logical_id, document["Resources"])
            except (ClientError, DeployError) as error:
                raise DeployError(f"{logical_id} ({resource['Type']}): cannot be looked for: {error}") from error
            if identifier is not None:
                existing.append(ExistingResource(logical_id, resource["Type"], identifier))
    return _separated(document, existing)


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
                "alias with aws kms create-alias), or remove it, by break-glass"
            )


def _missing(document: Template, logical_id: str, adopted: Mapping[str, ExistingResource]) -> tuple[str, ...]:
    referred = set(references(document["Resources"][logical_id].get("Properties", {})))
    return tuple(sorted((referred & document["Resources"].keys()) - adopted.keys()))


def kept_guardrails(settings: Settings, session: Session) -> bool:
    """Tell whether the guardrails of a deleted stack are there still, and so attached: management asks."""
    stack = find_stack("guardrails")
    document = cloudformation_yaml.load(render(settings, (stack,))[stack.name])
    return bool(find(settings, session, document).resources)


def differences(
    client: Any, stack: str, interval: PollInterval, sleep: Callable[[float], None] = time.sleep
) -> tuple[str, ...]:
    """Return where adopted resources are otherwise than the template says, which an import does not ask.

    CloudFormation's drift detection compares them, as AWS advises after an import. It can fail for some of them: why
    is then one of the lines.
    """
    try:
        detection = client.detect_stack_drift(StackName=stack)["StackDriftDetectionId"]
        for _ in range(int(interval.attempts)):
            ended = client.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
            if ended["DetectionStatus"] != "DETECTION_IN_PROGRESS":
                break
            sleep(interval.delay)
        lines = [line for drift in _drifts(client, stack) for line in _lines(drift)]
    except ClientError as error:
        raise DeployError(f"stack {stack}: what it adopted cannot be compared with its template: {error}") from error
    if ended["DetectionStatus"] != "DETECTION_COMPLETE":
        lines.append(f"not all could be compared: {ended.get('DetectionStatusReason', ended['DetectionStatus'])}")
    return tuple(lines)


def _drifts(client: Any, stack: str) -> Iterator[Mapping[str, Any]]:
    request = {"StackName": stack, "StackResourceDriftStatusFilters": ["MODIFIED", "DELETED"]}
    while True:
        page = client.describe_stack_resource_drifts(**request)
        yield from page["StackResourceDrifts"]
        if not page.get("NextToken"):
            return
        request["NextToken"] = page["NextToken"]


def _lines(drift: Mapping[str, Any]) -> Iterator[str]:
    name = f"{drift['LogicalResourceId']} ({drift['ResourceType']})"
    if drift["StackResourceDriftStatus"] == "DELETED":
        yield f"{name}: is gone"
    for one in drift.get("PropertyDifferences", ()):
        path = one["PropertyPath"].strip("/")
        yield f"{name}: {path} is {one['ActualValue']}, and the template says {one['ExpectedValue']}"
