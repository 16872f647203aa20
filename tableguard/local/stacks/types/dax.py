"""AWS::DAX types through DAX's API: a cluster, and the groups of subnets and of parameters that it is made of."""

from tableguard.cloudformation.resource_type import (
    AbsentError,
    Client,
    Context,
    Properties,
    ResourceHandle,
    ResourceType,
)
from tableguard.local.stacks.types import tags
from tableguard.local.stacks.types.calls import (
    call,
    only,
    refuse_replacement,
    remove_on_failure,
    select,
    text,
    without_none,
)

CLUSTER_NAME = "AWS::DAX::Cluster"
PARAMETER_GROUP_NAME = "AWS::DAX::ParameterGroup"
SUBNET_GROUP_NAME = "AWS::DAX::SubnetGroup"

# a template's word -> CreateCluster's, where they differ
_WORDS = {
    "AvailabilityZones": "AvailabilityZones",
    "ClusterEndpointEncryptionType": "ClusterEndpointEncryptionType",
    "Description": "Description",
    "IAMRoleARN": "IamRoleArn",
    "NetworkType": "NetworkType",
    "NodeType": "NodeType",
    "NotificationTopicARN": "NotificationTopicArn",
    "ParameterGroupName": "ParameterGroupName",
    "PreferredMaintenanceWindow": "PreferredMaintenanceWindow",
    "ReplicationFactor": "ReplicationFactor",
    "SecurityGroupIds": "SecurityGroupIds",
    "SubnetGroupName": "SubnetGroupName",
}
_FIXED = (
    "ClusterEndpointEncryptionType",
    "ClusterName",
    "IAMRoleARN",
    "NetworkType",
    "NodeType",
    "SSESpecification",
    "SubnetGroupName",
)
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/DAX.cluster-management.html: five minutes
_DEFAULT_PARAMETERS = {"query-ttl-millis": "300000", "record-ttl-millis": "300000"}
# what UpdateCluster changes
_CHANGED = (
    "Description",
    "NotificationTopicARN",
    "ParameterGroupName",
    "PreferredMaintenanceWindow",
    "SecurityGroupIds",
)


def _create_cluster(context: Context, properties: Properties) -> ResourceHandle:
    client, name = context.client("dax"), properties.get("ClusterName", context.generated_name)
    call(
        client,
        "create_cluster",
        ClusterName=name,
        SSESpecification=_encryption(properties),
        Tags=tags.as_list(properties["Tags"]) if "Tags" in properties else None,
        **_for_api(properties, *_WORDS),
    )
    cluster = _described(client, name)
    endpoint = cluster["ClusterDiscoveryEndpoint"]
    return ResourceHandle(
        name,
        {
            "Arn": cluster["ClusterArn"],
            "ClusterDiscoveryEndpoint": f"{endpoint['Address']}:{endpoint['Port']}",
            "ClusterDiscoveryEndpointURL": endpoint["URL"],
            "Id": name,
        },
    )


def _for_api(properties: Properties, *names: str) -> Properties:
    return {_WORDS[name]: value for name, value in select(properties, *names).items()}


def _encryption(properties: Properties) -> Properties | None:
    declared = properties.get("SSESpecification")
    return None if declared is None else without_none(Enabled=declared.get("SSEEnabled"))


def _described(client: Client, name: str) -> Properties:
    """Return a cluster as DescribeClusters has it; AbsentError if there is none."""
    try:
        return only(client.describe_clusters(ClusterNames=[name])["Clusters"], name)  # type: ignore[no-any-return]
    except client.exceptions.ClusterNotFoundFault as error:
        raise AbsentError(f"{name}: not there") from error


def _read_cluster(context: Context, handle: ResourceHandle) -> Properties:
    client = context.client("dax")
    cluster = _described(client, handle.physical_id)
    tagged = client.list_tags(ResourceName=cluster["ClusterArn"])["Tags"]
    return without_none(
        **select(cluster, "ClusterEndpointEncryptionType", "ClusterName", "Description", "NetworkType", "NodeType"),
        IAMRoleARN=cluster["IamRoleArn"],
        NotificationTopicARN=cluster.get("NotificationConfiguration", {}).get("TopicArn"),
        ParameterGroupName=cluster["ParameterGroup"]["ParameterGroupName"],
        PreferredMaintenanceWindow=cluster["PreferredMaintenanceWindow"],
        ReplicationFactor=cluster["TotalNodes"],
        SSESpecification={"SSEEnabled": cluster["SSEDescription"]["Status"] == "ENABLED"},
        SecurityGroupIds=[group["SecurityGroupIdentifier"] for group in cluster["SecurityGroups"]],
        SubnetGroupName=cluster["SubnetGroup"],
        Tags=tags.as_map(tagged),
    )


def _update_cluster(context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
    client, current = context.client("dax"), _read_cluster(context, handle)
    refuse_replacement(CLUSTER_NAME, current, properties, *_FIXED)
    name = handle.physical_id
    call(client, "update_cluster", ClusterName=name, **_for_api(properties, *_CHANGED))
    _scale(client, name, int(current["ReplicationFactor"]), int(properties["ReplicationFactor"]))
    arn = handle.attributes["Arn"]
    tags.update(
        current["Tags"],
        properties.get("Tags", {}),
        put=lambda changed: client.tag_resource(ResourceName=arn, Tags=tags.as_list(changed)),
        remove=lambda gone: client.untag_resource(ResourceName=arn, TagKeys=gone),
    )
    return handle


def _scale(client: Client, name: str, nodes: int, wanted: int) -> None:
    if wanted != nodes:
        change = client.increase_replication_factor if wanted > nodes else client.decrease_replication_factor
        change(ClusterName=name, NewReplicationFactor=wanted)


def _delete_cluster(context: Context, handle: ResourceHandle) -> None:
    context.client("dax").delete_cluster(ClusterName=handle.physical_id)


def _create_subnet_group(context: Context, properties: Properties) -> ResourceHandle:
    name = properties.get("SubnetGroupName", context.generated_name)
    _of_subnets(context, "create_subnet_group", name, properties)
    return ResourceHandle(name)


def _of_subnets(context: Context, operation: str, name: str, properties: Properties) -> None:
    call(context.client("dax"), operation, SubnetGroupName=name, **select(properties, "Description", "SubnetIds"))


def _read_subnet_group(context: Context, handle: ResourceHandle) -> Properties:
    groups = context.client("dax").describe_subnet_groups(SubnetGroupNames=[handle.physical_id])["SubnetGroups"]
    group = only(groups, handle.physical_id)
    return {
        **select(group, "Description", "SubnetGroupName"),
        "SubnetIds": [subnet["SubnetIdentifier"] for subnet in group["Subnets"]],
    }


def _update_subnet_group(context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
    refuse_replacement(SUBNET_GROUP_NAME, _read_subnet_group(context, handle), properties, "SubnetGroupName")
    _of_subnets(context, "update_subnet_group", handle.physical_id, properties)
    return handle


def _delete_subnet_group(context: Context, handle: ResourceHandle) -> None:
    context.client("dax").delete_subnet_group(SubnetGroupName=handle.physical_id)


def _create_parameter_group(context: Context, properties: Properties) -> ResourceHandle:
    client, name = context.client("dax"), properties.get("ParameterGroupName", context.generated_name)
    call(client, "create_parameter_group", ParameterGroupName=name, **select(properties, "Description"))
    with remove_on_failure(lambda: client.delete_parameter_group(ParameterGroupName=name)):
        _set_parameters(client, name, properties.get("ParameterNameValues", {}))
    return ResourceHandle(name)


def _set_parameters(client: Client, name: str, values: Properties) -> None:
    pairs = [{"ParameterName": parameter, "ParameterValue": text(value)} for parameter, value in values.items()]
    if pairs:
        client.update_parameter_group(ParameterGroupName=name, ParameterNameValues=pairs)


def _read_parameter_group(context: Context, handle: ResourceHandle) -> Properties:
    client, name = context.client("dax"), handle.physical_id
    groups = client.describe_parameter_groups(ParameterGroupNames=[name])["ParameterGroups"]
    parameters = client.describe_parameters(ParameterGroupName=name)["Parameters"]
    return {
        **select(only(groups, name), "Description", "ParameterGroupName"),
        "ParameterNameValues": {one["ParameterName"]: one["ParameterValue"] for one in parameters},
    }


def _update_parameter_group(context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
    current = _read_parameter_group(context, handle)
    refuse_replacement(PARAMETER_GROUP_NAME, current, properties, "ParameterGroupName", "Description")
    values = {**_DEFAULT_PARAMETERS, **properties.get("ParameterNameValues", {})}
    _set_parameters(context.client("dax"), handle.physical_id, values)
    return handle


def _delete_parameter_group(context: Context, handle: ResourceHandle) -> None:
    context.client("dax").delete_parameter_group(ParameterGroupName=handle.physical_id)


TYPES: tuple[ResourceType, ...] = (
    ResourceType(
        name=CLUSTER_NAME,
        create=_create_cluster,
        read=_read_cluster,
        update=_update_cluster,
        delete=_delete_cluster,
        not_modelled={"AvailabilityZones": "moto puts every node into the first zone"},
        defaults={"Description": "", "ParameterGroupName": "default.dax1.0", "Tags": {}},
    ),
    ResourceType(
        name=PARAMETER_GROUP_NAME,
        create=_create_parameter_group,
        read=_read_parameter_group,
        update=_update_parameter_group,
        delete=_delete_parameter_group,
        defaults={"ParameterNameValues": {}},
    ),
    ResourceType(
        name=SUBNET_GROUP_NAME,
        create=_create_subnet_group,
        read=_read_subnet_group,
        update=_update_subnet_group,
        delete=_delete_subnet_group,
        defaults={"Description": ""},
    ),
)
