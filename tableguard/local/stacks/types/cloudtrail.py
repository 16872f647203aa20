"""AWS::CloudTrail::Trail, through CloudTrail's API."""

from tableguard.cloudformation.resource_type import Client, Context, Properties, ResourceHandle, ResourceType
from tableguard.local.stacks.types import tags
from tableguard.local.stacks.types.calls import call, refuse_replacement, remove_on_failure, select
from tableguard.local.stacks.types.translate import inverse, non_null, rename

_TYPE = "AWS::CloudTrail::Trail"

# CloudFormation's word -> the one of CreateTrail and UpdateTrail
_REQUEST = {
    "CloudWatchLogsLogGroupArn": "CloudWatchLogsLogGroupArn",
    "CloudWatchLogsRoleArn": "CloudWatchLogsRoleArn",
    "EnableLogFileValidation": "EnableLogFileValidation",
    "IncludeGlobalServiceEvents": "IncludeGlobalServiceEvents",
    "IsMultiRegionTrail": "IsMultiRegionTrail",
    "IsOrganizationTrail": "IsOrganizationTrail",
    "KMSKeyId": "KmsKeyId",
    "S3BucketName": "S3BucketName",
    "S3KeyPrefix": "S3KeyPrefix",
    "SnsTopicName": "SnsTopicName",
}
# GetTrail answers in the same words, but for one, and adds the name
_ANSWER = inverse(_REQUEST) | {"LogFileValidationEnabled": "EnableLogFileValidation", "Name": "TrailName"}


def _create(context: Context, properties: Properties) -> ResourceHandle:
    cloudtrail = context.client("cloudtrail")
    name = properties.get("TrailName", context.generated_name)
    trail = call(
        cloudtrail, "create_trail", Name=name, TagsList=properties.get("Tags", []), **rename(properties, _REQUEST)
    )
    handle = ResourceHandle(name, {"Arn": trail["TrailARN"], "SnsTopicArn": trail.get("SnsTopicARN", "")})
    with remove_on_failure(lambda: _delete(context, handle)):
        _put_event_selectors(cloudtrail, name, properties)
        _put_insight_selectors(cloudtrail, name, properties)
        _set_logging(cloudtrail, name, properties)
    return handle


def _put_event_selectors(cloudtrail: Client, name: str, properties: Properties) -> None:
    selectors = non_null(properties, "EventSelectors", "AdvancedEventSelectors")
    if selectors:
        call(cloudtrail, "put_event_selectors", TrailName=name, **selectors)


def _put_insight_selectors(cloudtrail: Client, name: str, properties: Properties) -> None:
    if "InsightSelectors" in properties:
        cloudtrail.put_insight_selectors(TrailName=name, InsightSelectors=properties["InsightSelectors"])


def _set_logging(cloudtrail: Client, name: str, properties: Properties) -> None:
    # a switch may come as the text "true", as CloudFormation admits
    logging = str(properties["IsLogging"]).lower() == "true"
    (cloudtrail.start_logging if logging else cloudtrail.stop_logging)(Name=name)


def _read(context: Context, handle: ResourceHandle) -> Properties:
    cloudtrail, name = context.client("cloudtrail"), handle.physical_id
    trail = cloudtrail.get_trail(Name=name)["Trail"]
    return {
        **rename(trail, _ANSWER),
        **select(
            cloudtrail.get_event_selectors(TrailName=name),
            "EventSelectors",
            "AdvancedEventSelectors",
        ),
        "InsightSelectors": cloudtrail.get_insight_selectors(TrailName=name).get("InsightSelectors", []),
        "IsLogging": cloudtrail.get_trail_status(Name=name)["IsLogging"],
        "Tags": _tags(cloudtrail, trail["TrailARN"]),
    }


def _update(context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
    cloudtrail, name = context.client("cloudtrail"), handle.physical_id
    current = _read(context, handle)
    refuse_replacement(_TYPE, current, properties, "TrailName")
    trail = call(cloudtrail, "update_trail", Name=name, **rename(properties, _REQUEST))
    of_management = {"EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": True}]}
    selectors = non_null(properties, "EventSelectors", "AdvancedEventSelectors")
    _put_event_selectors(cloudtrail, name, selectors or of_management)  # what a new trail records
    cloudtrail.put_insight_selectors(TrailName=name, InsightSelectors=properties.get("InsightSelectors", []))
    _set_logging(cloudtrail, name, properties)
    _set_tags(cloudtrail, trail["TrailARN"], tags.declared(properties))
    return ResourceHandle(name, {"Arn": trail["TrailARN"], "SnsTopicArn": trail.get("SnsTopicARN", "")})


def _delete(context: Context, handle: ResourceHandle) -> None:
    cloudtrail, name = context.client("cloudtrail"), handle.physical_id
    _set_tags(cloudtrail, cloudtrail.get_trail(Name=name)["Trail"]["TrailARN"], {})  # moto would keep them for the next
    cloudtrail.delete_trail(Name=name)


def _tags(cloudtrail: Client, arn: str) -> list[dict[str, str]]:
    present: list[dict[str, str]] = cloudtrail.list_tags(ResourceIdList=[arn])["ResourceTagList"][0]["TagsList"]
    return present


def _set_tags(cloudtrail: Client, arn: str, wanted: dict[str, str]) -> None:
    current = tags.as_map(_tags(cloudtrail, arn))
    tags.update(
        current,
        wanted,
        put=lambda changed: cloudtrail.add_tags(ResourceId=arn, TagsList=tags.as_list(changed)),
        remove=lambda gone: cloudtrail.remove_tags(
            ResourceId=arn, TagsList=tags.as_list({key: current[key] for key in gone})
        ),
    )


_SWITCHES = ("EnableLogFileValidation", "IncludeGlobalServiceEvents", "IsMultiRegionTrail", "IsOrganizationTrail")
_NAMES = ("CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn", "KMSKeyId", "S3KeyPrefix", "SnsTopicName")

TYPES = (
    ResourceType(
        _TYPE,
        _create,
        _read,
        _delete,
        _update,
        defaults={**dict.fromkeys(_SWITCHES, False), **dict.fromkeys(_NAMES, "")},
    ),
)
