"""AWS::Logs::LogGroup, MetricFilter and ResourcePolicy through the CloudWatch Logs API."""

from tableguard.cloudformation.resource_type import Context, Properties, ResourceHandle, ResourceType
from tableguard.local.stacks.types import tags
from tableguard.local.stacks.types.calls import call, only, refuse_replacement, remove_on_failure, without_none
from tableguard.local.stacks.types.translate import document_text, inverse, rename

GROUP_NAME = "AWS::Logs::LogGroup"
FILTER_NAME = "AWS::Logs::MetricFilter"

# CloudFormation's word -> the API's
_TRANSFORMATION = {
    "DefaultValue": "defaultValue",
    "MetricName": "metricName",
    "MetricNamespace": "metricNamespace",
    "MetricValue": "metricValue",
    "Unit": "unit",
}


def _create_group(context: Context, properties: Properties) -> ResourceHandle:
    client = context.client("logs")
    name = properties.get("LogGroupName", context.generated_name)
    call(
        client,
        "create_log_group",
        logGroupName=name,
        kmsKeyId=properties.get("KmsKeyId"),
        tags=tags.as_map(properties.get("Tags", [])) or None,
    )
    if "RetentionInDays" in properties:  # else no permission to set a retention is needed
        with remove_on_failure(lambda: _delete_group(context, ResourceHandle(name))):
            _set_retention(context, name, properties)
    return ResourceHandle(name, {"Arn": _group(context, name)["arn"]})  # which ends with :*, as Fn::GetAtt says too


def _set_retention(context: Context, name: str, properties: Properties) -> None:
    client = context.client("logs")
    days = properties.get("RetentionInDays")
    if days is not None:
        call(client, "put_retention_policy", logGroupName=name, retentionInDays=days)
    else:
        client.delete_retention_policy(logGroupName=name)


def _group(context: Context, name: str) -> Properties:
    pages = context.client("logs").get_paginator("describe_log_groups").paginate(logGroupNamePrefix=name)
    named = [group for page in pages for group in page["logGroups"] if group["logGroupName"] == name]
    group: Properties = only(named, f"log group {name}")
    return group


def _read_group(context: Context, handle: ResourceHandle) -> Properties:
    client, group = context.client("logs"), _group(context, handle.physical_id)
    return without_none(
        LogGroupName=group["logGroupName"],
        KmsKeyId=group.get("kmsKeyId"),
        RetentionInDays=group.get("retentionInDays"),
        Tags=tags.as_list(client.list_tags_log_group(logGroupName=handle.physical_id)["tags"]),
    )


def _update_group(context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
    client, name, current = context.client("logs"), handle.physical_id, _read_group(context, handle)
    # moto has no AssociateKmsKey, so the key of a group cannot change
    refuse_replacement(GROUP_NAME, current, properties, "LogGroupName", "KmsKeyId")
    _set_retention(context, name, properties)
    tags.update(
        tags.declared(current),
        tags.declared(properties),
        put=lambda changed: client.tag_log_group(logGroupName=name, tags=changed),
        remove=lambda gone: client.untag_log_group(logGroupName=name, tags=gone),
    )
    return handle


def _delete_group(context: Context, handle: ResourceHandle) -> None:
    context.client("logs").delete_log_group(logGroupName=handle.physical_id)


def _create_filter(context: Context, properties: Properties) -> ResourceHandle:
    name = properties.get("FilterName", context.generated_name)
    _put_filter(context, name, properties)
    return ResourceHandle(name, {}, {"logGroupName": properties["LogGroupName"]})


def _put_filter(context: Context, name: str, properties: Properties) -> None:
    call(
        context.client("logs"),
        "put_metric_filter",
        filterName=name,
        logGroupName=properties["LogGroupName"],
        filterPattern=properties["FilterPattern"],
        metricTransformations=list(map(_transformation_for_api, properties["MetricTransformations"])),
    )


def _transformation_for_api(declared: Properties) -> Properties:
    dimensions = tags.as_map(declared.get("Dimensions", []))
    return {**rename(declared, _TRANSFORMATION), **({"dimensions": dimensions} if dimensions else {})}


def _read_filter(context: Context, handle: ResourceHandle) -> Properties:
    group, name = handle.locator["logGroupName"], handle.physical_id
    answer = context.client("logs").describe_metric_filters(logGroupName=group, filterNamePrefix=name)
    named = [metric_filter for metric_filter in answer["metricFilters"] if metric_filter["filterName"] == name]
    metric_filter = only(named, f"metric filter {name} of {group}")
    return {
        "FilterName": metric_filter["filterName"],
        "FilterPattern": metric_filter["filterPattern"],
        "LogGroupName": metric_filter["logGroupName"],
        "MetricTransformations": list(map(_transformation_as_declared, metric_filter["metricTransformations"])),
    }


def _transformation_as_declared(transformation: Properties) -> Properties:
    return {
        **rename(transformation, inverse(_TRANSFORMATION)),
        "Dimensions": tags.as_list(transformation.get("dimensions", {})),
    }


def _update_filter(context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
    refuse_replacement(FILTER_NAME, _read_filter(context, handle), properties, "FilterName", "LogGroupName")
    _put_filter(context, handle.physical_id, properties)
    return handle


def _delete_filter(context: Context, handle: ResourceHandle) -> None:
    context.client("logs").delete_metric_filter(filterName=handle.physical_id, **handle.locator)


def _create_policy(context: Context, properties: Properties) -> ResourceHandle:
    name, document = properties["PolicyName"], document_text(properties["PolicyDocument"])
    context.client("logs").put_resource_policy(policyName=name, policyDocument=document)
    return ResourceHandle(name)


def _read_policy(context: Context, handle: ResourceHandle) -> Properties:
    policies = context.client("logs").describe_resource_policies()["resourcePolicies"]
    named = [policy for policy in policies if policy["policyName"] == handle.physical_id]
    policy = only(named, f"resource policy {handle.physical_id}")
    return {"PolicyName": policy["policyName"], "PolicyDocument": policy["policyDocument"]}


def _update_policy(context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
    refuse_replacement("AWS::Logs::ResourcePolicy", {"PolicyName": handle.physical_id}, properties, "PolicyName")
    return _create_policy(context, properties)


def _delete_policy(context: Context, handle: ResourceHandle) -> None:
    context.client("logs").delete_resource_policy(policyName=handle.physical_id)


TYPES: tuple[ResourceType, ...] = (
    ResourceType(
        name=GROUP_NAME,
        create=_create_group,
        read=_read_group,
        update=_update_group,
        delete=_delete_group,
        not_modelled={
            "DataProtectionPolicy": "moto has no PutDataProtectionPolicy",
            "DeletionProtectionEnabled": "moto has no deletion protection of log groups",
            "FieldIndexPolicies": "moto has no PutIndexPolicy",
            "LogGroupClass": "moto's CreateLogGroup drops logGroupClass and DescribeLogGroups does not return it",
        },
    ),
    ResourceType(
        name=FILTER_NAME,
        create=_create_filter,
        read=_read_filter,
        update=_update_filter,
        delete=_delete_filter,
        not_modelled={"ApplyOnTransformedLogs": "moto's PutMetricFilter drops applyOnTransformedLogs"},
    ),
    ResourceType(
        name="AWS::Logs::ResourcePolicy",
        create=_create_policy,
        read=_read_policy,
        update=_update_policy,
        delete=_delete_policy,
    ),
)
