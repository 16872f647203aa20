"""Drift-aware change sets: what brings drifted resources back to their template, compared with how they really are.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/drift-aware-change-sets.html
What that page does not say is ours: a resource that is gone is added, as its new one has another physical id.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tableguard.cloudformation.equality import compare
from tableguard.cloudformation.functions import evaluate
from tableguard.cloudformation.resource_type import Properties
from tableguard.errors import EmbeddedError
from tableguard.local.clients.factory import Clients
from tableguard.local.readback import DeployedResource, ResourceReadBack, read
from tableguard.local.stacks.changes.recreation import recreation
from tableguard.local.stacks.drift.detection import DriftDetection
from tableguard.local.stacks.resources import REFUSALS, StackResource
from tableguard.local.stacks.stack import EmbeddedStack
from tableguard.local.stacks.submission import Submission
from tableguard.local.stacks.types import ALL

MODE = "REVERT_DRIFT"
_SCALABLE_TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"
# what auto scaling changes of a table, and of an index, which is a part of its table's property
_SCALED = ("ProvisionedThroughput", "GlobalSecondaryIndexes")


@dataclass(frozen=True)
class ActualState:
    """The resources of a stack as they are, of one detection.

    `drifted` has the actual value of each property that drifted and can be changed back; `ignored` those that cannot,
    with AWS's word for why.
    """

    detection: DriftDetection
    drifted: Mapping[str, Properties]
    ignored: Mapping[str, Mapping[str, str]]

    @property
    def gone(self) -> frozenset[str]:
        """Return the logical ids of what does not exist any more."""
        return frozenset(resource.logical_id for resource in self.detection.resources if resource.gone)

    def of(self, deployed: Mapping[str, StackResource]) -> dict[str, StackResource]:
        """Return the resources of a stack, as deployed, as they are."""
        return {
            name: replace(resource, properties={**resource.properties, **self.drifted.get(name, {})})
            for name, resource in deployed.items()
            if name not in self.gone
        }

    def marked(self, changes: list[dict[str, Any]], deployed: Mapping[str, StackResource]) -> list[dict[str, Any]]:
        """Return changes with what DescribeChangeSet tells of drift beside each."""
        return [self._marked(change, deployed.get(change["LogicalResourceId"])) for change in changes]

    def _marked(self, change: dict[str, Any], resource: StackResource | None) -> dict[str, Any]:
        if resource is None:
            return change
        name = change["LogicalResourceId"]
        ignored = [{"Path": f"/{path}", "Reason": why} for path, why in self.ignored.get(name, {}).items()]
        details = [self._detail(name, detail, resource) for detail in change["Details"]]
        return {
            **change,
            "ResourceDriftStatus": self.detection.status_of(name),
            "ResourceDriftIgnoredAttributes": ignored,
            "Details": details,
        }

    def _detail(self, name: str, detail: dict[str, Any], resource: StackResource) -> dict[str, Any]:
        drifted, target = self.drifted.get(name, {}), detail["Target"]
        if target.get("Name") not in drifted:
            return {**detail, "Target": {**target, "BeforeValueFrom": "PREVIOUS_DEPLOYMENT_STATE"}}
        drift = {
            "PreviousValue": _text(resource.properties.get(target["Name"])),
            "ActualValue": _text(drifted[target["Name"]]),
            "DriftDetectionTimestamp": self.detection.ended_at,
        }
        values = {"BeforeValueFrom": "ACTUAL_STATE", "AfterValueFrom": "TEMPLATE", "Drift": drift}
        return {**detail, "Target": {**target, **values}}


def changes(stack: EmbeddedStack, submission: Submission, state: ActualState) -> list[dict[str, Any]]:
    """Return what a drift-aware change set does, in the words of DescribeChangeSet."""
    deployed = stack.resources.existing
    proposed = list(stack.changes(submission, state.of(deployed)))
    changed = {change["LogicalResourceId"] for change in proposed}
    return state.marked([*proposed, *_synchronised(stack, submission, state, changed)], deployed)


def actual_state(
    stack: EmbeddedStack,
    submission: Submission,
    resources: Iterable[DeployedResource],
    detection: DriftDetection,
    clients: Clients,
) -> ActualState:
    """Return how the resources of a stack are, as far as a change set can bring them to what is submitted."""
    drifted, ignored = dict[str, Properties](), dict[str, dict[str, str]]()
    by_name, scope = {one.logical_id: one for one in resources}, stack.scope_of(submission)
    for compared in (one for one in detection.resources if one.differences and not one.gone):
        name = compared.logical_id
        declared = submission.template.resources.get(name, {}).get("Properties", {})
        actual = read(by_name[name], ALL, clients)
        managed = _managed(stack, compared)
        ignored[name] = dict.fromkeys(sorted(managed & _top_level(compared)), "MANAGED_BY_AWS")
        wanted = {key: evaluate(value, scope) for key, value in declared.items() if key in _top_level(compared)}
        drifted[name] = dict(_revertible(by_name[name], wanted, actual, managed))
    return ActualState(detection, drifted, ignored)


def _revertible(
    resource: DeployedResource, wanted: Properties, actual: Properties, managed: frozenset[str]
) -> Iterator[tuple[str, Any]]:
    """Yield the actual values of properties that can be changed back: neither immutable ones nor those of AWS.

    One that is as it is wanted has the wanted value: CloudFormation then changes nothing of the resource.
    """
    for name, value in wanted.items():
        if name in managed or recreation(ALL[resource.type], name, actual.get(name), value) == "Always":
            continue
        as_wanted = not compare({name: value}, {name: actual.get(name)})
        yield name, value if as_wanted else actual.get(name)


def _top_level(compared: ResourceReadBack) -> frozenset[str]:
    return frozenset(difference.property.partition(".")[0] for difference in compared.differences)


def _managed(stack: EmbeddedStack, compared: ResourceReadBack) -> frozenset[str]:
    """Return the properties of a table that auto scaling changes, as resources of its stack have it do."""
    targets = [one for one in stack.resources.existing.values() if one.type.name == _SCALABLE_TARGET]
    places = {str(one.properties.get("ResourceId")) for one in targets}
    own = f"table/{compared.physical_id}"
    scaled = (own in places, any(place.startswith(f"{own}/index/") for place in places))
    return frozenset(name for name, is_scaled in zip(_SCALED, scaled, strict=True) if is_scaled)


def _synchronised(stack: EmbeddedStack, submission: Submission, state: ActualState, changed: set[str]) -> Iterator[Any]:
    """Yield what the template was changed for to be as it is: CloudFormation then changes its own record alone."""
    scope = stack.scope_of(submission)
    for name in state.drifted.keys() - changed:
        resource, declared = stack.resources.existing[name], submission.template.resources.get(name, {})
        try:
            wanted = evaluate(declared.get("Properties", {}), scope)
        except REFUSALS as error:
            raise EmbeddedError(f"{name}: {error}") from error
        if wanted != resource.properties:
            yield {
                "Action": "SyncWithActual",
                "LogicalResourceId": name,
                "PhysicalResourceId": resource.handle.physical_id,
                "ResourceType": resource.type.name,
                "Scope": ["Properties"],
                "Details": [],
            }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)
