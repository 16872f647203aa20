"""Drift: where the resources of a stack are otherwise than its template says, and why that could not be asked.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from tableguard.cloudformation.differences import between
from tableguard.errors import DeployError
from tableguard.stacks.change_set import PollInterval

Client = Any  # a boto3 client; botocore makes their classes at run time
_COMPARED = ("DELETED", "IN_SYNC", "MODIFIED")


@dataclass(frozen=True)
class DriftedProperty:
    """A place in a resource's properties with its value in the template, and the actual one."""

    path: str
    expected: Any
    actual: Any


@dataclass(frozen=True)
class DriftedResource:
    """A resource that is otherwise than its template says, or is gone."""

    logical_id: str
    resource_type: str
    physical_id: str
    is_gone: bool
    properties: tuple[DriftedProperty, ...]

    @property
    def lines(self) -> Iterator[str]:
        """Yield a line for each difference."""
        name = f"{self.logical_id} ({self.resource_type})"
        if self.is_gone:
            yield f"{name}: is gone"
        elif not self.properties:
            yield f"{name}: differs, and CloudFormation does not say where"
        for one in self.properties:
            yield f"{name}: {one.path} is {one.actual}, and the template says {one.expected}"


@dataclass(frozen=True)
class StackDrift:
    """What CloudFormation says about the resources of a stack that it can read.

    `in_sync` are the logical ids of those that are as the template says. `uncompared` are resources of types that it
    cannot read. `unanswered` says of which others it could not tell, and why.
    """

    stack_name: str
    resources: tuple[DriftedResource, ...]
    in_sync: frozenset[str]
    uncompared: tuple[str, ...] = ()
    unanswered: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """Return a line for each difference, and one for each resource that could not be compared."""
        not_compared = (f"not all could be compared: {why}" for why in self.unanswered)
        return (*(line for resource in self.resources for line in resource.lines), *not_compared)


def detect(
    client: Client, stack: str, interval: PollInterval, sleep: Callable[[float], None] = time.sleep
) -> StackDrift:
    """Have CloudFormation compare a stack's resources with its template; DeployError if it does not.

    A detection that failed for some resources has an answer about the others.
    """
    try:
        detection = client.detect_stack_drift(StackName=stack)["StackDriftDetectionId"]
        ended = _ended(client, stack, detection, interval, sleep)
        drifts = tuple(_drifts(client, stack))
        uncompared = tuple(_uncompared(client, stack, {drift["LogicalResourceId"] for drift in drifts}))
    except ClientError as error:
        raise DeployError(f"stack {stack}: cannot be compared with its template: {error}") from error
    unanswered = tuple(_unknown(drift) for drift in drifts if drift["StackResourceDriftStatus"] == "UNKNOWN")
    if ended["DetectionStatus"] != "DETECTION_COMPLETE" and not unanswered:
        unanswered = (str(ended.get("DetectionStatusReason", ended["DetectionStatus"])),)
    drifted = tuple(resource for drift in drifts if (resource := _resource(drift)) is not None)
    compared = {one["LogicalResourceId"] for one in drifts if one["StackResourceDriftStatus"] in _COMPARED}
    in_sync = frozenset(compared - {one.logical_id for one in drifted})
    return StackDrift(stack, drifted, in_sync, uncompared, unanswered)


def _ended(
    client: Client, stack: str, detection: str, interval: PollInterval, sleep: Callable[[float], None]
) -> Mapping[str, Any]:
    for _ in range(int(interval.attempts)):
        answer: Mapping[str, Any] = client.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
        if answer["DetectionStatus"] != "DETECTION_IN_PROGRESS":
            return answer
        sleep(interval.delay)
    minutes = interval.attempts * interval.delay / 60
    raise DeployError(f"stack {stack}: is still compared after {minutes:.0f} minutes; run the same command again later")


def _drifts(client: Client, stack: str) -> Iterator[Mapping[str, Any]]:
    request = {"StackName": stack}
    while True:
        page = client.describe_stack_resource_drifts(**request)
        yield from page["StackResourceDrifts"]
        if not page.get("NextToken"):
            return
        request["NextToken"] = page["NextToken"]


def _uncompared(client: Client, stack: str, compared: set[str]) -> Iterator[str]:
    for page in client.get_paginator("list_stack_resources").paginate(StackName=stack):
        for one in page["StackResourceSummaries"]:
            if one["LogicalResourceId"] not in compared:
                yield f"{one['LogicalResourceId']} ({one['ResourceType']})"


def _unknown(drift: Mapping[str, Any]) -> str:
    reason = drift.get("DriftStatusReason", "no reason given")
    return f"{drift['LogicalResourceId']} ({drift['ResourceType']}): {reason}"


def _resource(drift: Mapping[str, Any]) -> DriftedResource | None:
    """Return a resource that drifted; None of any other, and of one whose statements only have another order."""
    status, differences = drift["StackResourceDriftStatus"], drift.get("PropertyDifferences", ())
    properties = tuple(_properties(differences))
    if status not in ("DELETED", "MODIFIED") or (differences and not properties):
        return None
    name, kind = drift["LogicalResourceId"], drift["ResourceType"]
    return DriftedResource(name, kind, drift.get("PhysicalResourceId", "-"), status == "DELETED", properties)


def _properties(differences: Iterable[Mapping[str, Any]]) -> Iterator[DriftedProperty]:
    for one in differences:
        path = one["PropertyPath"].strip("/")
        for place in between(path, _document(one["ExpectedValue"]), _document(one["ActualValue"])):
            yield DriftedProperty(place.place, place.before, place.after)


def _document(value: str) -> Any:
    """Return a value of CloudFormation's drifts: a document where it is one in JSON, else the text."""
    try:
        document = json.loads(value)
    except ValueError:
        return value
    return document if isinstance(document, dict) else value
