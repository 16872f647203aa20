"""AWS::DynamoDB::Table through the DynamoDB API."""

import json
from collections.abc import Mapping
from dataclasses import replace

from tableguard.cloudformation.equality import compare, without
from tableguard.cloudformation.resource_type import Client, Context, Properties, ResourceHandle, ResourceType
from tableguard.errors import EmbeddedError
from tableguard.local.stacks.types import tags
from tableguard.local.stacks.types.calls import (
    call,
    none_on_error,
    refuse_replacement,
    remove_on_failure,
    select,
    text,
    without_none,
)
from tableguard.local.stacks.types.translate import document_text

NAME = "AWS::DynamoDB::Table"

# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html
_AS_IN_THE_API = (
    "AttributeDefinitions",
    "BillingMode",
    "DeletionProtectionEnabled",
    "GlobalSecondaryIndexes",
    "KeySchema",
    "LocalSecondaryIndexes",
    "ProvisionedThroughput",
    "Tags",
    "WarmThroughput",
)
_FIXED = ("TableName", "KeySchema", "LocalSecondaryIndexes", "SSESpecification")
_UNITS = ("ReadCapacityUnits", "WriteCapacityUnits")
_WARM = ("ReadUnitsPerSecond", "WriteUnitsPerSecond")

_NO_LIMIT = "moto's CreateTable drops OnDemandThroughput and DescribeTable does not return it"
_NO_INSIGHTS = "moto has no UpdateContributorInsights and no DescribeContributorInsights"
_NOT_MODELLED = {
    "ContributorInsightsSpecification": _NO_INSIGHTS,
    "GlobalSecondaryIndexes.ContributorInsightsSpecification": _NO_INSIGHTS,
    "GlobalSecondaryIndexes.OnDemandThroughput": _NO_LIMIT,
    "OnDemandThroughput": _NO_LIMIT,
    "StreamSpecification.ResourcePolicy": "moto's PutResourcePolicy finds tables only, not streams",
    "TableClass": "moto's CreateTable drops TableClass and DescribeTable does not return it",
}


def _create(context: Context, properties: Properties) -> ResourceHandle:
    client = context.client("dynamodb")
    name = properties.get("TableName", context.generated_name)
    _refuse_loose_attributes(properties)
    arguments = select(properties, *_AS_IN_THE_API)
    if "GlobalSecondaryIndexes" in arguments:
        arguments["GlobalSecondaryIndexes"] = list(map(_index_for_api, arguments["GlobalSecondaryIndexes"]))
    answer = call(
        client,
        "create_table",
        TableName=name,
        StreamSpecification=_stream_for_api(properties.get("StreamSpecification")),
        SSESpecification=_encryption_for_api(properties.get("SSESpecification")),
        **arguments,
    )["TableDescription"]
    attributes = without_none(Arn=answer["TableArn"], StreamArn=answer.get("LatestStreamArn"))
    handle = ResourceHandle(name, attributes)
    with remove_on_failure(lambda: _destroy(client, name)):
        _set_recovery(client, name, properties.get("PointInTimeRecoverySpecification"))
        _set_time_to_live(client, name, properties.get("TimeToLiveSpecification"))
        _set_policy(client, attributes["Arn"], properties.get("ResourcePolicy"))
    return handle


def _refuse_capacity(properties: Properties) -> None:
    """Refuse units of an on-demand table, and a provisioned one without, in DynamoDB's words; moto checks no update."""
    places = {
        "the table": properties,
        **{one["IndexName"]: one for one in properties.get("GlobalSecondaryIndexes", [])},
    }
    on_demand = properties.get("BillingMode", "PROVISIONED") == "PAY_PER_REQUEST"
    for place, declared in places.items():
        if ("ProvisionedThroughput" in declared) == on_demand:
            raise EmbeddedError(
                "One or more parameter values were invalid: "
                f"{'Neither' if on_demand else 'Both'} ReadCapacityUnits {'nor' if on_demand else 'and'} "
                f"WriteCapacityUnits {'can' if on_demand else 'must'} be specified for {place} when BillingMode is "
                f"{'PAY_PER_REQUEST' if on_demand else 'PROVISIONED'}"
            )


def _refuse_loose_attributes(properties: Properties) -> None:
    """Refuse definitions of other attributes than those of the keys, in CloudFormation's words; it asks no service."""
    indexes = (*properties.get("GlobalSecondaryIndexes", []), *properties.get("LocalSecondaryIndexes", []))
    schemas = (properties["KeySchema"], *(index["KeySchema"] for index in indexes))
    in_keys = {part["AttributeName"] for schema in schemas for part in schema}
    if in_keys != {definition["AttributeName"] for definition in properties["AttributeDefinitions"]}:
        raise EmbeddedError(
            "Property AttributeDefinitions is inconsistent with the KeySchema of the table and the secondary indexes"
        )


def _index_for_api(index: Properties) -> Properties:
    return select(index, "IndexName", "KeySchema", "Projection", "ProvisionedThroughput", "WarmThroughput")


def _stream_for_api(stream: Properties | None) -> Properties | None:
    return stream and {"StreamEnabled": True, "StreamViewType": stream["StreamViewType"]}


def _encryption_for_api(encryption: Properties | None) -> Properties | None:
    return encryption and {"Enabled": encryption["SSEEnabled"], **select(encryption, "SSEType", "KMSMasterKeyId")}


def _set_recovery(client: Client, table: str, recovery: Properties | None) -> None:
    if recovery:
        call(client, "update_continuous_backups", TableName=table, PointInTimeRecoverySpecification=recovery)


def _set_time_to_live(client: Client, table: str, expiry: Properties | None) -> None:
    if expiry:
        call(client, "update_time_to_live", TableName=table, TimeToLiveSpecification=expiry)


def _set_policy(client: Client, arn: str, policy: Properties | None) -> None:
    if policy:
        client.put_resource_policy(ResourceArn=arn, Policy=document_text(policy["PolicyDocument"]))


def _destroy(client: Client, name: str) -> None:
    client.update_table(TableName=name, DeletionProtectionEnabled=False)
    client.delete_table(TableName=name)


def _read(context: Context, handle: ResourceHandle) -> Properties:
    client = context.client("dynamodb")
    table = client.describe_table(TableName=handle.physical_id)["Table"]
    return without_none(
        **select(table, "AttributeDefinitions", "DeletionProtectionEnabled", "KeySchema", "TableName"),
        BillingMode=table.get("BillingModeSummary", {}).get("BillingMode"),
        GlobalSecondaryIndexes=list(map(_index_as_declared, table.get("GlobalSecondaryIndexes", []))),
        LocalSecondaryIndexes=list(map(_index_as_declared, table.get("LocalSecondaryIndexes", []))),
        PointInTimeRecoverySpecification=_recovery(client, handle.physical_id),
        ProvisionedThroughput=select(table["ProvisionedThroughput"], *_UNITS),
        ResourcePolicy=_policy(client, table["TableArn"]),
        SSESpecification=_encryption(table.get("SSEDescription")),
        StreamSpecification=table.get("StreamSpecification"),
        Tags=client.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"],
        TimeToLiveSpecification=_time_to_live(client, handle.physical_id),
        WarmThroughput=select(table.get("WarmThroughput", {}), *_WARM),
    )


def _index_as_declared(index: Properties) -> Properties:
    return {
        **select(index, "IndexName", "KeySchema", "Projection"),
        "ProvisionedThroughput": select(index.get("ProvisionedThroughput", {}), *_UNITS),
        "WarmThroughput": select(index.get("WarmThroughput", {}), *_WARM),
    }


def _recovery(client: Client, table: str) -> Properties:
    backups = client.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    recovery = backups["PointInTimeRecoveryDescription"]
    return {
        "PointInTimeRecoveryEnabled": recovery["PointInTimeRecoveryStatus"] == "ENABLED",
        **select(recovery, "RecoveryPeriodInDays"),
    }


def _policy(client: Client, arn: str) -> Properties | None:
    policy = none_on_error("PolicyNotFoundException", lambda: client.get_resource_policy(ResourceArn=arn))
    return policy and {"PolicyDocument": policy["Policy"]}


def _encryption(description: Properties | None) -> Properties:
    if not description:
        return {"SSEEnabled": False}
    return without_none(
        SSEEnabled=description["Status"] in ("ENABLED", "UPDATING"),
        SSEType=description.get("SSEType"),
        KMSMasterKeyId=description.get("KMSMasterKeyArn"),
    )


def _time_to_live(client: Client, table: str) -> Properties:
    expiry = client.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    return {"Enabled": expiry["TimeToLiveStatus"] == "ENABLED", **select(expiry, "AttributeName")}


def _update(context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
    client, current = context.client("dynamodb"), _read(context, handle)
    _refuse_loose_attributes(properties)
    _refuse_capacity(properties)
    # moto's UpdateTable ignores SSESpecification
    refuse_replacement(NAME, current, without(select(properties, *_FIXED), _NOT_MODELLED), *_FIXED)
    types = {one["AttributeName"]: one["AttributeType"] for one in properties["AttributeDefinitions"]}
    for one in current["AttributeDefinitions"]:
        refuse_replacement(NAME, one, {"AttributeType": types.get(one["AttributeName"], one["AttributeType"])}, *one)
    changes = _changes(current, properties)
    if changes:
        definitions = select(properties, "AttributeDefinitions")
        call(client, "update_table", TableName=handle.physical_id, **definitions, **changes)
    attributes = _update_stream(client, handle, current, properties.get("StreamSpecification"))
    _set_recovery(
        client,
        handle.physical_id,
        properties.get("PointInTimeRecoverySpecification", {"PointInTimeRecoveryEnabled": False}),
    )
    _update_time_to_live(client, handle.physical_id, current, properties.get("TimeToLiveSpecification"))
    _update_policy(client, handle.attributes["Arn"], current, properties.get("ResourcePolicy"))
    _update_tags(client, handle.attributes["Arn"], current, properties)
    return replace(handle, attributes=attributes)


def _changes(current: Properties, properties: Properties) -> Properties:
    """Return what UpdateTable is to change: DynamoDB refuses a request that changes nothing."""
    now, mode = current.get("BillingMode") or "PROVISIONED", properties.get("BillingMode", "PROVISIONED")
    switches = {
        "DeletionProtectionEnabled": properties.get("DeletionProtectionEnabled", False),
        "WarmThroughput": properties.get("WarmThroughput"),  # DynamoDB keeps it where it is no longer asked for
    }
    return without_none(
        GlobalSecondaryIndexUpdates=_index_updates(current, properties, mode != now) or None,
        BillingMode=mode if mode != now else None,
        **{name: value for name, value in switches.items() if compare({name: value}, current)},
        **_other_units(current, properties, mode != now),
    )


def _other_units(current: Properties, properties: Properties, other_mode: bool) -> Properties:
    """Return a table's or an index's units if they are to change: DynamoDB refuses those that it already has."""
    units = {"ProvisionedThroughput": properties.get("ProvisionedThroughput")}
    changes = other_mode or compare(units, current)
    return units if changes and units["ProvisionedThroughput"] else {}


def _update_stream(
    client: Client, handle: ResourceHandle, current: Properties, wanted: Properties | None
) -> Properties:
    """Enable or disable the stream; with another view there is another stream. Return the table's attributes.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-dynamodb-table-streamspecification.html
    """
    views = [stream and stream["StreamViewType"] for stream in (current.get("StreamSpecification"), wanted)]
    if views[0] == views[1]:
        return dict(handle.attributes)
    if views[0]:
        client.update_table(TableName=handle.physical_id, StreamSpecification={"StreamEnabled": False})
    attributes = {name: value for name, value in handle.attributes.items() if name != "StreamArn"}
    if wanted:
        specification = _stream_for_api(wanted)
        answer = client.update_table(TableName=handle.physical_id, StreamSpecification=specification)
        attributes["StreamArn"] = answer["TableDescription"]["LatestStreamArn"]
    return attributes


def _index_updates(current: Properties, properties: Properties, other_mode: bool) -> list[Properties]:
    before = {index["IndexName"]: index for index in current["GlobalSecondaryIndexes"]}
    after = {index["IndexName"]: index for index in properties.get("GlobalSecondaryIndexes", [])}
    gone = [{"Delete": {"IndexName": name}} for name in before if name not in after]
    new = [{"Create": _index_for_api(after[name])} for name in after if name not in before]
    if len(gone) + len(new) > 1:  # in CloudFormation's words; it makes one such change an update
        raise EmbeddedError(f"{NAME}: Cannot perform more than one GSI creation or deletion in a single update")
    for name in before.keys() & after.keys():
        refuse_replacement(f"{NAME} index {name}", before[name], after[name], "KeySchema", "Projection")
    remaining = sorted(before.keys() & after.keys())
    units = {name: _other_units(before[name], after[name], other_mode) for name in remaining}
    changes = {name: {**units[name], **select(after[name], "WarmThroughput")} for name in remaining}
    changed = [{"Update": {"IndexName": name, **change}} for name, change in changes.items() if change]
    return [*gone, *changed, *new]


def _update_time_to_live(client: Client, table: str, current: Properties, expiry: Properties | None) -> None:
    now = current["TimeToLiveSpecification"]
    if expiry is None and now["Enabled"]:
        expiry = {**now, "Enabled": False}
    if expiry and text(expiry["Enabled"]) != text(now["Enabled"]):
        _set_time_to_live(client, table, expiry)


def _update_policy(client: Client, arn: str, current: Properties, policy: Properties | None) -> None:
    if policy is None and "ResourcePolicy" in current:
        client.delete_resource_policy(ResourceArn=arn)
    # a policy that stays as it is asks nothing of the deployer, to whom the guardrails deny another one
    present = current.get("ResourcePolicy", {}).get("PolicyDocument", "null")
    if policy and json.loads(document_text(policy["PolicyDocument"])) != json.loads(present):
        _set_policy(client, arn, policy)


def _update_tags(client: Client, arn: str, current: Properties, properties: Properties) -> None:
    def remove(gone: list[str]) -> None:
        client.untag_resource(ResourceArn=arn, TagKeys=gone)

    def put(changed: Mapping[str, str]) -> None:
        remove(sorted(changed))  # moto's TagResource adds a second tag of the same key
        client.tag_resource(ResourceArn=arn, Tags=tags.as_list(changed))

    tags.update(tags.declared(current), tags.declared(properties), put, remove)


def _delete(context: Context, handle: ResourceHandle) -> None:
    context.client("dynamodb").delete_table(TableName=handle.physical_id)


TABLE = ResourceType(
    name=NAME,
    create=_create,
    read=_read,
    update=_update,
    delete=_delete,
    not_modelled=_NOT_MODELLED,
    defaults={"SSESpecification": {"SSEEnabled": False}},
)

TYPES: tuple[ResourceType, ...] = (TABLE,)
