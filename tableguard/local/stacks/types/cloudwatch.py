"""AWS::CloudWatch::Alarm, through CloudWatch's API."""

from tableguard.cloudformation.resource_type import Client, Context, Properties, ResourceHandle, ResourceType
from tableguard.local.stacks.types import tags
from tableguard.local.stacks.types.calls import call, only, refuse_replacement, select
from tableguard.local.stacks.types.translate import non_null

_ALARM = "AWS::CloudWatch::Alarm"

# the same words in templates, in PutMetricAlarm and in DescribeAlarms
_PROPERTIES = (
    "ActionsEnabled",
    "AlarmActions",
    "AlarmDescription",
    "ComparisonOperator",
    "DatapointsToAlarm",
    "Dimensions",
    "EvaluateLowSampleCountPercentile",
    "EvaluationPeriods",
    "ExtendedStatistic",
    "InsufficientDataActions",
    "MetricName",
    "Metrics",
    "Namespace",
    "OKActions",
    "Period",
    "Statistic",
    "Threshold",
    "ThresholdMetricId",
    "TreatMissingData",
    "Unit",
)


def _create(context: Context, properties: Properties) -> ResourceHandle:
    cloudwatch = context.client("cloudwatch")
    name = properties.get("AlarmName", context.generated_name)
    call(cloudwatch, "put_metric_alarm", AlarmName=name, **select(properties, *_PROPERTIES, "Tags"))
    return ResourceHandle(name, {"Arn": _alarm(cloudwatch, name)["AlarmArn"]})


def _alarm(cloudwatch: Client, name: str) -> Properties:
    alarm: Properties = only(cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"], f"alarm {name}")
    return alarm


def _read(context: Context, handle: ResourceHandle) -> Properties:
    cloudwatch = context.client("cloudwatch")
    alarm = _alarm(cloudwatch, handle.physical_id)
    return {
        **select(alarm, "AlarmName", *_PROPERTIES),
        "Tags": cloudwatch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"],
    }


def _update(context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
    cloudwatch = context.client("cloudwatch")
    refuse_replacement(_ALARM, _read(context, handle), properties, "AlarmName")
    call(cloudwatch, "put_metric_alarm", AlarmName=handle.physical_id, **non_null(properties, *_PROPERTIES))
    _set_tags(cloudwatch, handle.attributes["Arn"], tags.declared(properties))
    return handle


def _delete(context: Context, handle: ResourceHandle) -> None:
    cloudwatch = context.client("cloudwatch")
    _set_tags(cloudwatch, handle.attributes["Arn"], {})  # moto would keep them for the next alarm of this name
    cloudwatch.delete_alarms(AlarmNames=[handle.physical_id])


def _set_tags(cloudwatch: Client, arn: str, wanted: dict[str, str]) -> None:
    tags.update(
        tags.as_map(cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"]),
        wanted,
        put=lambda changed: cloudwatch.tag_resource(ResourceARN=arn, Tags=tags.as_list(changed)),
        remove=lambda gone: cloudwatch.untag_resource(ResourceARN=arn, TagKeys=gone),
    )


_NOT_IN_MOTO = "moto's PutMetricAlarm does not take it"

TYPES = (
    ResourceType(
        _ALARM,
        _create,
        _read,
        _delete,
        _update,
        not_modelled={
            "ActionConfiguration": _NOT_IN_MOTO,
            "EvaluationCriteria": _NOT_IN_MOTO,
            "EvaluationInterval": _NOT_IN_MOTO,
            "EvaluationWindow": _NOT_IN_MOTO,
            "Metrics.AccountId": _NOT_IN_MOTO,
            "WarmUpConfiguration": _NOT_IN_MOTO,
        },
    ),
)
