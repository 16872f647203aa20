"""AWS::Lambda::EventSourceMapping through the Lambda API."""

from datetime import UTC, datetime
from typing import Any

from tableguard.cloudformation.resource_type import Context, Properties, ResourceHandle, ResourceType
from tableguard.local.stacks.types import tags
from tableguard.local.stacks.types.calls import call, chosen, given, refuse_replacement

NAME = "AWS::Lambda::EventSourceMapping"

# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-eventsourcemapping.html
_CHANGEABLE = (
    "BatchSize",
    "BisectBatchOnFunctionError",
    "DestinationConfig",
    "FilterCriteria",
    "FunctionResponseTypes",
    "MaximumBatchingWindowInSeconds",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "MetricsConfig",
    "ParallelizationFactor",
    "ScalingConfig",
    "TumblingWindowInSeconds",
)
_FIXED = ("EventSourceArn", "StartingPosition")

# what Lambda does for a mapping that does not say; -1 is "no limit"
_DEFAULTS: dict[str, Any] = {
    "BatchSize": 100,
    "BisectBatchOnFunctionError": False,
    "DestinationConfig": {},
    "FilterCriteria": {},
    "FunctionResponseTypes": [],
    "MaximumBatchingWindowInSeconds": 0,
    "MaximumRecordAgeInSeconds": -1,
    "MaximumRetryAttempts": -1,
    "ParallelizationFactor": 1,
}


def _create(context: Context, properties: Properties) -> ResourceHandle:
    found = call(
        context.client("lambda"),
        "create_event_source_mapping",
        Enabled=properties.get("Enabled", True),
        KMSKeyArn=properties.get("KmsKeyArn"),
        StartingPositionTimestamp=_time(properties.get("StartingPositionTimestamp")),
        Tags=tags.as_map(properties.get("Tags", [])) or None,
        **chosen(properties, "FunctionName", *_FIXED, *_CHANGEABLE),
    )
    attributes = {"Id": found["UUID"], "EventSourceMappingArn": found["EventSourceMappingArn"]}
    return ResourceHandle(found["UUID"], attributes)


def _time(seconds: Any) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(float(seconds), UTC)


def _read(context: Context, handle: ResourceHandle) -> Properties:
    client = context.client("lambda")
    found = client.get_event_source_mapping(UUID=handle.physical_id)
    started = found.get("StartingPositionTimestamp")
    return given(
        **chosen(found, *_FIXED, *_CHANGEABLE),
        # "Disabled", "Disabling" or one of the several states of a mapping that is on
        Enabled=not found["State"].startswith("Disabl"),
        FunctionName=found["FunctionArn"],
        KmsKeyArn=found.get("KMSKeyArn"),
        StartingPositionTimestamp=started and started.timestamp(),
        Tags=tags.as_list(client.list_tags(Resource=found["EventSourceMappingArn"])["Tags"]),
    )


def _update(context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
    client, current = context.client("lambda"), _read(context, handle)
    refuse_replacement(NAME, current, properties, "StartingPositionTimestamp", *_FIXED)
    call(
        client,
        "update_event_source_mapping",
        UUID=handle.physical_id,
        Enabled=properties.get("Enabled", True),
        FunctionName=properties["FunctionName"],
        KMSKeyArn=properties.get("KmsKeyArn"),
        **{**_DEFAULTS, **chosen(properties, *_CHANGEABLE)},
    )
    arn = handle.attributes["EventSourceMappingArn"]
    changed, gone = tags.to_change(current, properties)
    if gone:
        client.untag_resource(Resource=arn, TagKeys=gone)
    if changed:
        client.tag_resource(Resource=arn, Tags=changed)
    return handle


def _delete(context: Context, handle: ResourceHandle) -> None:
    context.client("lambda").delete_event_source_mapping(UUID=handle.physical_id)


TYPES: tuple[ResourceType, ...] = (ResourceType(name=NAME, create=_create, read=_read, update=_update, delete=_delete),)
