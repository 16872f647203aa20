"""Pre-deployment validation of a change set, as DescribeEvents tells it: the checks that warn and do not block.

Not modelled: quotas, and the two checks that block. What these would find fails here when the change set is executed.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/validate-stack-deployments.html
"""

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError
from moto.core.utils import utcnow

from tableguard.cloudformation.resource_type import says_absent

Event = dict[str, Any]
ClientOf = Callable[[str], Any]  # service -> client of whoever makes the change set


def events(stack_id: str, changes: Sequence[Mapping[str, Any]], client: ClientOf) -> list[Event]:
    """Return the events of the validation of changes; those that cannot be checked say why."""
    common = {
        "StackId": stack_id,
        "OperationId": str(uuid.uuid4()),
        "OperationType": "CREATE_CHANGESET",
        "OperationStatus": "SUCCEEDED",
        "EventType": "VALIDATION_ERROR",
        "Timestamp": utcnow(),
        "ValidationFailureMode": "WARN",
    }
    return [
        {
            **common,
            "EventId": str(uuid.uuid4()),
            "LogicalResourceId": change["LogicalResourceId"],
            "PhysicalResourceId": change.get("PhysicalResourceId"),
            "ResourceType": change["ResourceType"],
            "ValidationPath": f"/Resources/{change['LogicalResourceId']}",
            **result,
        }
        for change in changes
        for result in _results(change, client)
    ]


def _results(change: Mapping[str, Any], client: ClientOf) -> Iterator[Event]:
    """Yield what is found about one change: a second recorder, or a bucket that is to go and is not empty."""
    of_kind = _CHECKS.get((change["Action"], change["ResourceType"]))
    if of_kind is None or change.get("PolicyAction") == "Retain":
        return
    name, check = of_kind
    try:
        reason = check(change, client)
    except ClientError as error:
        if not says_absent(error):
            yield {"ValidationName": name, "ValidationStatus": "SKIPPED", "ValidationStatusReason": str(error)}
        return
    if reason:
        yield {"ValidationName": name, "ValidationStatus": "FAILED", "ValidationStatusReason": reason}


def _recorder_is_there(_change: Mapping[str, Any], client: ClientOf) -> str:
    recorders = client("config").describe_configuration_recorders()["ConfigurationRecorders"]
    names = ", ".join(recorder["name"] for recorder in recorders)
    return f"A configuration recorder exists in this account and Region: {names}" if names else ""


def _bucket_has_objects(change: Mapping[str, Any], client: ClientOf) -> str:
    bucket = change["PhysicalResourceId"]
    count = client("s3").list_objects_v2(Bucket=bucket, MaxKeys=1)["KeyCount"]
    return f"The bucket {bucket} is not empty, and cannot be deleted" if count else ""


_CHECKS: Mapping[tuple[str, str], tuple[str, Callable[[Mapping[str, Any], ClientOf], str]]] = {
    ("Add", "AWS::Config::ConfigurationRecorder"): ("CONFIG_RECORDER_CONFLICT", _recorder_is_there),
    ("Remove", "AWS::S3::Bucket"): ("S3_BUCKET_EMPTINESS", _bucket_has_objects),
}
