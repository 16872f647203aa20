"""AWS::Lambda::EventSourceMapping through the Lambda API."""

from datetime import UTC, datetime
from typing import Any

from tableguard.cloudformation.resource_type import Context, Properties, ResourceHandle, ResourceType
from tableguard.local.stacks.types import tags
from tableguard.local.stacks.types.calls import call, refuse_replacement, select, without_none

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
    "MetricsConfig": {"Metrics": []},
    "ParallelizationFactor": 1,
    "ScalingConfig": {},
    "TumblingWindowInSeconds": 0,
}


def _create(context: Context, properties: Properties) -> ResourceHandle:
    mapping = call(
        context.client("lambda"),
        "create_event_source_mapping",
        Enabled=properties.get("Enabled", True),
        KMSKeyArn=properties.get("KmsKeyArn"),
        StartingPositionTimestamp=_time(properties.get("StartingPositionTimestamp")),
        Tags=tags.as_map(properties.get("Tags", [])) or None,
        **select(properties, "FunctionName", *_FIXED, *_CHANGEABLE),
    )
    attributes = {"Id": mapping["UUID"], "EventSourceMappingArn": mapping["EventSourceMappingArn"]}
    return ResourceHandle(mapping["UUID"], attributes)


def _time(seconds: Any) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(float(seconds), UTC)


def _read(context: Context, handle: ResourceHandle) -> Properties:
    client = context.client("lambda")
    mapping = client.get_event_source_mapping(UUID=handle.physical_id)
    started = mapping.get("StartingPositionTimestamp")
    return without_none(
        **select(mapping, *_FIXED, *_CHANGEABLE),
        # "Disabled", "Disabling" or one of the several states of a mapping that is on
        Enabled=not mapping["State"].startswith("Disabl"),
        FunctionName=mapping["FunctionArn"],
        KmsKeyArn=mapping.get("KMSKeyArn"),
        StartingPositionTimestamp=started and started.timestamp(),
        Tags=tags.as_list(client.list_tags(Resource=mapping["EventSourceMappingArn"])["Tags"]),
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
        KMSKeyArn=properties.get("KmsKeyArn", ""),
        **select(properties, *_CHANGEABLE),
    )
    arn = handle.attributes["EventSourceMappingArn"]
    tags.update(
        tags.declared(current),
        tags.declared(properties),
        put=lambda changed: client.tag_resource(Resource=arn, Tags=changed),
        remove=lambda gone: client.untag_resource(Resource=arn, TagKeys=gone),
    )
    return handle


def _delete(context: Context, handle: ResourceHandle) -> None:
    context.client("lambda").delete_event_source_mapping(UUID=handle.physical_id)


TYPES: tuple[ResourceType, ...] = (
    ResourceType(name=NAME, create=_create, read=_read, update=_update, delete=_delete, defaults=_DEFAULTS),
)
