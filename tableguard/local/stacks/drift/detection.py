"""Drift: where the resources of a stack are otherwise than its template declares, as DetectStackDrift tells it.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from moto.core.utils import utcnow

from tableguard.aws.cloudformation_handlers import handlers
from tableguard.errors import EmbeddedError
from tableguard.local.clients.factory import Clients
from tableguard.local.readback import DeployedResource, ResourceReadBack, verify
from tableguard.local.stacks.types import ALL


@dataclass(frozen=True)
class DriftDetection:
    """One detection in a stack: what was compared, and of which resources that failed, each with the reason."""

    id: str
    stack_id: str
    resources: tuple[ResourceReadBack, ...] = ()
    failures: tuple[str, ...] = ()
    ended_at: Any = field(default_factory=utcnow)

    @property
    def status(self) -> str:
        """Return the stack's drift status: where not all could be compared, that the rest is in sync says nothing."""
        if any(resource.differences for resource in self.resources):
            return "DRIFTED"
        return "UNKNOWN" if self.failures else "IN_SYNC"

    @property
    def summary(self) -> dict[str, Any]:
        """Return what DescribeStacks tells of it."""
        return {"StackDriftStatus": self.status, "LastCheckTimestamp": self.ended_at}

    def status_of(self, logical_id: str) -> str:
        """Return a resource's drift status; UNSUPPORTED of a type that CloudFormation cannot read."""
        compared = [resource for resource in self.resources if resource.logical_id == logical_id]
        return _status(compared[0]) if compared else "UNSUPPORTED"

    def describe(self) -> dict[str, Any]:
        """Return the answer to DescribeStackDriftDetectionStatus."""
        return {
            "StackId": self.stack_id,
            "StackDriftDetectionId": self.id,
            "DetectionStatus": "DETECTION_FAILED" if self.failures else "DETECTION_COMPLETE",
            "DetectionStatusReason": "; ".join(self.failures) or None,
            "StackDriftStatus": self.status,
            "DriftedStackResourceCount": sum(bool(resource.differences) for resource in self.resources),
            "Timestamp": self.ended_at,
        }

    def drifts(self, wanted: Iterable[str]) -> list[dict[str, Any]]:
        """Return the resources of these statuses, in the words of DescribeStackResourceDrifts."""
        described = (_drift(self, resource) for resource in self.resources)
        return [one for one in described if one["StackResourceDriftStatus"] in set(wanted)]


def detect(detection_id: str, stack_id: str, resources: Iterable[DeployedResource], clients: Clients) -> DriftDetection:
    """Compare resources as their caller may read them; those whose type CloudFormation cannot read are left out."""
    compared, failures = list[ResourceReadBack](), list[str]()
    for resource in resources:
        registered = handlers(resource.type)
        if registered is not None and registered.identifier:
            try:
                compared += verify([resource], ALL, clients).resources
            except EmbeddedError as error:
                failures.append(str(error))
    return DriftDetection(detection_id, stack_id, tuple(compared), tuple(failures))


def _status(resource: ResourceReadBack) -> str:
    return "DELETED" if resource.gone else "MODIFIED" if resource.differences else "IN_SYNC"


def _drift(detection: DriftDetection, resource: ResourceReadBack) -> dict[str, Any]:
    status = _status(resource)
    differences = [
        {
            "PropertyPath": f"/{difference.property.replace('.', '/')}",
            "ExpectedValue": json.dumps(difference.declared, default=str),
            "ActualValue": json.dumps(difference.deployed, default=str),
            "DifferenceType": "REMOVE" if difference.deployed is None else "NOT_EQUAL",
        }
        for difference in resource.differences
        if status == "MODIFIED"  # AWS tells them of no others
    ]
    return {
        "StackId": detection.stack_id,
        "LogicalResourceId": resource.logical_id,
        "PhysicalResourceId": resource.physical_id,
        "ResourceType": resource.type,
        "PropertyDifferences": differences,
        "StackResourceDriftStatus": status,
        "Timestamp": detection.ended_at,
    }
