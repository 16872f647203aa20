"""The network types of AWS::EC2 through the EC2 API; security groups are in security_groups.py."""

from tableguard.cloudformation.resource_type import Client, Context, Properties, ResourceHandle, ResourceType
from tableguard.local.stacks.types import security_groups, tags
from tableguard.local.stacks.types.calls import call, only, refuse_replacement, remove_on_failure, select
from tableguard.local.stacks.types.translate import document_text, surplus

VPC_NAME = "AWS::EC2::VPC"
SUBNET_NAME = "AWS::EC2::Subnet"
ENDPOINT_NAME = "AWS::EC2::VPCEndpoint"
FLOW_LOG_NAME = "AWS::EC2::FlowLog"

_DNS = ("EnableDnsSupport", "EnableDnsHostnames")
_SUBNET = ("AvailabilityZone", "AvailabilityZoneId", "CidrBlock", "VpcId")
_SWITCHES = ("AssignIpv6AddressOnCreation", "MapPublicIpOnLaunch")
_ENDPOINT = ("PrivateDnsEnabled", "RouteTableIds", "SecurityGroupIds", "ServiceName", "SubnetIds", "VpcId")
_EVERYTHING = {
    "Version": "2008-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}],
}
_FLOW_LOG = (
    "DeliverLogsPermissionArn",
    "LogDestination",
    "LogDestinationType",
    "LogFormat",
    "LogGroupName",
    "MaxAggregationInterval",
    "TrafficType",
)


def _create_vpc(context: Context, properties: Properties) -> ResourceHandle:
    client = context.client("ec2")
    vpc = call(
        client,
        "create_vpc",
        TagSpecifications=tags.specifications("vpc", properties),
        **select(properties, "CidrBlock", "InstanceTenancy"),
    )["Vpc"]
    handle = ResourceHandle(vpc["VpcId"], _vpc_attributes(client, vpc))
    with remove_on_failure(lambda: _delete_vpc(context, handle)):
        _set_dns(client, handle.physical_id, properties)
    return handle


def _vpc_attributes(client: Client, vpc: Properties) -> Properties:
    of_vpc = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
    default = [{"Name": "default", "Values": ["true"]}]
    groups = client.describe_security_groups(Filters=[*of_vpc, {"Name": "group-name", "Values": ["default"]}])
    acls = client.describe_network_acls(Filters=[*of_vpc, *default])
    return {
        **select(vpc, "CidrBlock", "VpcId"),
        "DefaultSecurityGroup": only(groups["SecurityGroups"], "default security group")["GroupId"],
        "DefaultNetworkAcl": only(acls["NetworkAcls"], "default network ACL")["NetworkAclId"],
    }


def _set_dns(client: Client, vpc: str, properties: Properties) -> None:
    for name, value in select(properties, *_DNS).items():  # EC2 takes one attribute a call
        call(client, "modify_vpc_attribute", VpcId=vpc, **{name: {"Value": value}})


def _read_vpc(context: Context, handle: ResourceHandle) -> Properties:
    client = context.client("ec2")
    vpc = only(client.describe_vpcs(VpcIds=[handle.physical_id])["Vpcs"], handle.physical_id)
    dns = {name: _vpc_attribute(client, handle.physical_id, name) for name in _DNS}
    return {**select(vpc, "CidrBlock", "InstanceTenancy"), **dns, "Tags": vpc.get("Tags", [])}


def _vpc_attribute(client: Client, vpc: str, name: str) -> bool:
    attribute = name[0].lower() + name[1:]
    return bool(client.describe_vpc_attribute(VpcId=vpc, Attribute=attribute)[name]["Value"])


def _update_vpc(context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
    current = _read_vpc(context, handle)
    refuse_replacement(VPC_NAME, current, properties, "CidrBlock", "InstanceTenancy")
    _set_dns(context.client("ec2"), handle.physical_id, properties)
    tags.update_ec2(context, handle, current, properties)
    return handle


def _delete_vpc(context: Context, handle: ResourceHandle) -> None:
    context.client("ec2").delete_vpc(VpcId=handle.physical_id)


def _create_subnet(context: Context, properties: Properties) -> ResourceHandle:
    client = context.client("ec2")
    subnet = call(
        client,
        "create_subnet",
        TagSpecifications=tags.specifications("subnet", properties),
        **select(properties, *_SUBNET),
    )["Subnet"]
    handle = ResourceHandle(subnet["SubnetId"], select(subnet, "AvailabilityZone", "CidrBlock", "SubnetId", "VpcId"))
    with remove_on_failure(lambda: _delete_subnet(context, handle)):
        _set_switches(client, handle.physical_id, properties)
    return handle


def _set_switches(client: Client, subnet: str, properties: Properties) -> None:
    for name, value in select(properties, *_SWITCHES).items():  # EC2 takes one attribute a call
        call(client, "modify_subnet_attribute", SubnetId=subnet, **{name: {"Value": value}})


def _read_subnet(context: Context, handle: ResourceHandle) -> Properties:
    subnets = context.client("ec2").describe_subnets(SubnetIds=[handle.physical_id])["Subnets"]
    subnet = only(subnets, handle.physical_id)
    return {**select(subnet, *_SUBNET, *_SWITCHES), "Tags": subnet.get("Tags", [])}


def _update_subnet(context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
    current = _read_subnet(context, handle)
    refuse_replacement(SUBNET_NAME, current, properties, *_SUBNET)
    _set_switches(context.client("ec2"), handle.physical_id, properties)
    tags.update_ec2(context, handle, current, properties)
    return handle


def _delete_subnet(context: Context, handle: ResourceHandle) -> None:
    context.client("ec2").delete_subnet(SubnetId=handle.physical_id)


def _create_route_table(context: Context, properties: Properties) -> ResourceHandle:
    table_id = context.client("ec2").create_route_table(
        VpcId=properties["VpcId"], TagSpecifications=tags.specifications("route-table", properties)
    )["RouteTable"]["RouteTableId"]
    return ResourceHandle(table_id, {"RouteTableId": table_id})


def _read_route_table(context: Context, handle: ResourceHandle) -> Properties:
    tables = context.client("ec2").describe_route_tables(RouteTableIds=[handle.physical_id])["RouteTables"]
    return select(only(tables, handle.physical_id), "Tags", "VpcId")


def _update_route_table(context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
    current = _read_route_table(context, handle)
    refuse_replacement("AWS::EC2::RouteTable", current, properties, "VpcId")
    tags.update_ec2(context, handle, current, properties)
    return handle


def _delete_route_table(context: Context, handle: ResourceHandle) -> None:
    context.client("ec2").delete_route_table(RouteTableId=handle.physical_id)


def _create_association(context: Context, properties: Properties) -> ResourceHandle:
    pair = select(properties, "RouteTableId", "SubnetId")
    association_id = context.client("ec2").associate_route_table(**pair)["AssociationId"]
    return ResourceHandle(association_id, {"Id": association_id})


def _read_association(context: Context, handle: ResourceHandle) -> Properties:
    of_it = [{"Name": "association.route-table-association-id", "Values": [handle.physical_id]}]
    tables = context.client("ec2").describe_route_tables(Filters=of_it)["RouteTables"]
    links = [link for table in tables for link in table["Associations"]]
    named = [link for link in links if link["RouteTableAssociationId"] == handle.physical_id]
    return select(only(named, handle.physical_id), "RouteTableId", "SubnetId")


def _delete_association(context: Context, handle: ResourceHandle) -> None:
    context.client("ec2").disassociate_route_table(AssociationId=handle.physical_id)


def _create_endpoint(context: Context, properties: Properties) -> ResourceHandle:
    policy = properties.get("PolicyDocument")
    endpoint = call(
        context.client("ec2"),
        "create_vpc_endpoint",
        PolicyDocument=policy and document_text(policy),
        TagSpecifications=tags.specifications("vpc-endpoint", properties),
        VpcEndpointType=properties.get("VpcEndpointType", "Gateway"),
        **select(properties, *_ENDPOINT),
    )["VpcEndpoint"]
    attributes = {
        "Id": endpoint["VpcEndpointId"],
        **select(endpoint, "CreationTimestamp", "NetworkInterfaceIds"),
        "DnsEntries": [f"{entry['HostedZoneId']}:{entry['DnsName']}" for entry in endpoint.get("DnsEntries", [])],
    }
    return ResourceHandle(endpoint["VpcEndpointId"], attributes)


def _read_endpoint(context: Context, handle: ResourceHandle) -> Properties:
    endpoints = context.client("ec2").describe_vpc_endpoints(VpcEndpointIds=[handle.physical_id])["VpcEndpoints"]
    # EC2 tells of a deleted endpoint for a while
    endpoint = only([one for one in endpoints if one["State"] != "deleted"], handle.physical_id)
    return {
        **select(endpoint, *_ENDPOINT, "PolicyDocument", "Tags", "VpcEndpointType"),
        "SecurityGroupIds": [group["GroupId"] for group in endpoint.get("Groups", [])],
    }


def _update_endpoint(context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
    current = _read_endpoint(context, handle)
    fixed = ("PrivateDnsEnabled", "ServiceName", "VpcEndpointType", "VpcId")
    refuse_replacement(ENDPOINT_NAME, current, properties, *fixed)
    arguments: Properties = {}
    for name in ("RouteTableIds", "SecurityGroupIds", "SubnetIds"):
        now, then = current.get(name, []), properties.get(name, [])
        arguments |= {f"Add{name}": surplus(then, now) or None, f"Remove{name}": surplus(now, then) or None}
    if "PolicyDocument" in properties:
        arguments["PolicyDocument"] = document_text(properties["PolicyDocument"])
    call(context.client("ec2"), "modify_vpc_endpoint", VpcEndpointId=handle.physical_id, **arguments)
    tags.update_ec2(context, handle, current, properties)
    return handle


def _delete_endpoint(context: Context, handle: ResourceHandle) -> None:
    context.client("ec2").delete_vpc_endpoints(VpcEndpointIds=[handle.physical_id])


def _create_flow_log(context: Context, properties: Properties) -> ResourceHandle:
    answer = call(
        context.client("ec2"),
        "create_flow_logs",
        ResourceIds=[properties["ResourceId"]],
        ResourceType=properties["ResourceType"],
        TagSpecifications=tags.specifications("vpc-flow-log", properties),
        **select(properties, *_FLOW_LOG),
    )
    log_id = only(answer["FlowLogIds"], f"flow log of {properties['ResourceId']}: {answer['Unsuccessful']}")
    return ResourceHandle(log_id, {"Id": log_id})


def _read_flow_log(context: Context, handle: ResourceHandle) -> Properties:
    logs = context.client("ec2").describe_flow_logs(FlowLogIds=[handle.physical_id])["FlowLogs"]
    log = only(logs, handle.physical_id)
    return {**select(log, *_FLOW_LOG, "ResourceId", "Tags"), "ResourceType": _type_of(log["ResourceId"])}


def _type_of(resource_id: str) -> str | None:
    """Return the kind of resource that a flow log watches, from the resource's id: EC2 does not report it."""
    kinds = {"eni": "NetworkInterface", "subnet": "Subnet", "tgw": "TransitGateway", "vpc": "VPC"}
    return kinds.get(resource_id.partition("-")[0])


def _update_flow_log(context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
    current = _read_flow_log(context, handle)
    refuse_replacement(FLOW_LOG_NAME, current, properties, *_FLOW_LOG, "ResourceId", "ResourceType")
    tags.update_ec2(context, handle, current, properties)
    return handle


def _delete_flow_log(context: Context, handle: ResourceHandle) -> None:
    context.client("ec2").delete_flow_logs(FlowLogIds=[handle.physical_id])


TYPES: tuple[ResourceType, ...] = (
    ResourceType(
        name=VPC_NAME,
        create=_create_vpc,
        read=_read_vpc,
        update=_update_vpc,
        delete=_delete_vpc,
        defaults={"EnableDnsHostnames": False, "EnableDnsSupport": True},
    ),
    ResourceType(
        name=SUBNET_NAME,
        create=_create_subnet,
        read=_read_subnet,
        update=_update_subnet,
        delete=_delete_subnet,
        defaults=dict.fromkeys(_SWITCHES, False),
    ),
    ResourceType(
        name="AWS::EC2::RouteTable",
        create=_create_route_table,
        read=_read_route_table,
        update=_update_route_table,
        delete=_delete_route_table,
    ),
    ResourceType(
        name="AWS::EC2::SubnetRouteTableAssociation",
        create=_create_association,
        read=_read_association,
        delete=_delete_association,
    ),
    ResourceType(
        name=ENDPOINT_NAME,
        create=_create_endpoint,
        read=_read_endpoint,
        update=_update_endpoint,
        delete=_delete_endpoint,
        defaults={"PolicyDocument": _EVERYTHING},
    ),
    ResourceType(
        name=FLOW_LOG_NAME,
        create=_create_flow_log,
        read=_read_flow_log,
        update=_update_flow_log,
        delete=_delete_flow_log,
    ),
    *security_groups.TYPES,
)
