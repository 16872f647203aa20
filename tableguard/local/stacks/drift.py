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
    """One detection in a stack: what was compared, or why that failed."""

    arn: str
    stack_id: str
    resources: tuple[ResourceReadBack, ...] = ()
    failure: str | None = None
    ended_at: Any = field(default_factory=utcnow)

    def describe(self) -> dict[str, Any]:
        """Return the answer to DescribeStackDriftDetectionStatus."""
        drifted = sum(bool(resource.differences) for resource in self.resources)
        return {
            "StackId": self.stack_id,
            "StackDriftDetectionId": self.arn,
            "DetectionStatus": "DETECTION_FAILED" if self.failure else "DETECTION_COMPLETE",
            "DetectionStatusReason": self.failure,
            "StackDriftStatus": "DRIFTED" if drifted else "IN_SYNC",
            "DriftedStackResourceCount": drifted,
            "Timestamp": self.ended_at,
        }

    def drifts(self, wanted: Iterable[str]) -> list[dict[str, Any]]:
        """Return the resources of these statuses, in the words of DescribeStackResourceDrifts."""
        described = (_drift(self, resource) for resource in self.resources)
        return [one for one in described if one["StackResourceDriftStatus"] in set(wanted)]


def detect(detection_id: str, stack_id: str, resources: Iterable[DeployedResource], clients: Clients) -> DriftDetection:
    """Compare resources as their caller may read them; those whose type CloudFormation cannot read are left out."""
    readable = [one for one in resources if (registered := handlers(one.type)) and registered.identifier]
    try:
        return DriftDetection(detection_id, stack_id, verify(readable, ALL, clients).resources)
    except EmbeddedError as error:
        return DriftDetection(detection_id, stack_id, failure=str(error))


def _drift(detection: DriftDetection, resource: ResourceReadBack) -> dict[str, Any]:
    differences = [
        {
            "PropertyPath": f"/{difference.property.replace('.', '/')}",
            "ExpectedValue": json.dumps(difference.declared, default=str),
            "ActualValue": json.dumps(difference.deployed, default=str),
            "DifferenceType": "REMOVE" if difference.deployed is None else "NOT_EQUAL",
        }
        for difference in resource.differences
    ]
    return {
        "StackId": detection.stack_id,
        "LogicalResourceId": resource.logical_id,
        "PhysicalResourceId": resource.physical_id,
        "ResourceType": resource.type,
        "PropertyDifferences": differences,
        "StackResourceDriftStatus": "MODIFIED" if differences else "IN_SYNC",
        "Timestamp": detection.ended_at,
    }
