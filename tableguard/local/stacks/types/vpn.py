"""The types of AWS::EC2 that lead to other networks by VPN, through the EC2 API."""

from tableguard.cloudformation.resource_type import Context, Properties, ResourceHandle, ResourceType
from tableguard.errors import EmbeddedError
from tableguard.local.stacks.types import tags
from tableguard.local.stacks.types.calls import call, only, refuse_replacement, select, without_none
from tableguard.local.stacks.types.translate import surplus

CUSTOMER_GATEWAY = "AWS::EC2::CustomerGateway"
GATEWAY = "AWS::EC2::VPNGateway"
ATTACHMENT = "AWS::EC2::VPCGatewayAttachment"
CONNECTION = "AWS::EC2::VPNConnection"
PROPAGATION = "AWS::EC2::VPNGatewayRoutePropagation"

_CUSTOMER_GATEWAY = ("BgpAsn", "IpAddress", "Type")
_GATEWAY = ("AmazonSideAsn", "Type")
_ENDS = ("CustomerGatewayId", "Type", "VpnGatewayId")
# EC2's names of a tunnel's options, where CloudFormation has others
_AS_DECLARED = {
    "DpdTimeoutAction": "DPDTimeoutAction",
    "DpdTimeoutSeconds": "DPDTimeoutSeconds",
    "IkeVersions": "IKEVersions",
}


def _create_customer_gateway(context: Context, properties: Properties) -> ResourceHandle:
    gateway = call(
        context.client("ec2"),
        "create_customer_gateway",
        TagSpecifications=tags.specifications("customer-gateway", properties),
        **select(properties, *_CUSTOMER_GATEWAY),
    )["CustomerGateway"]["CustomerGatewayId"]
    return ResourceHandle(gateway, {"CustomerGatewayId": gateway})


def _read_customer_gateway(context: Context, handle: ResourceHandle) -> Properties:
    answer = context.client("ec2").describe_customer_gateways(CustomerGatewayIds=[handle.physical_id])
    return select(_alive(answer["CustomerGateways"], handle), *_CUSTOMER_GATEWAY, "Tags")


def _alive(resources: list[Properties], handle: ResourceHandle) -> Properties:
    """Return the one resource; EC2 tells of a deleted one for a while."""
    alive: Properties = only([one for one in resources if one["State"] != "deleted"], handle.physical_id)
    return alive


def _update_customer_gateway(context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
    current = _read_customer_gateway(context, handle)
    refuse_replacement(CUSTOMER_GATEWAY, current, properties, *_CUSTOMER_GATEWAY)
    tags.update_ec2(context, handle, current, properties)
    return handle


def _delete_customer_gateway(context: Context, handle: ResourceHandle) -> None:
    context.client("ec2").delete_customer_gateway(CustomerGatewayId=handle.physical_id)


def _create_gateway(context: Context, properties: Properties) -> ResourceHandle:
    gateway = call(
        context.client("ec2"),
        "create_vpn_gateway",
        TagSpecifications=tags.specifications("vpn-gateway", properties),
        **select(properties, *_GATEWAY),
    )["VpnGateway"]["VpnGatewayId"]
    return ResourceHandle(gateway, {"VPNGatewayId": gateway})


def _describe_gateway(context: Context, gateway: str) -> list[Properties]:
    answer = context.client("ec2").describe_vpn_gateways(VpnGatewayIds=[gateway])
    gateways: list[Properties] = answer["VpnGateways"]
    return gateways


def _read_gateway(context: Context, handle: ResourceHandle) -> Properties:
    return select(_alive(_describe_gateway(context, handle.physical_id), handle), *_GATEWAY, "Tags")


def _update_gateway(context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
    current = _read_gateway(context, handle)
    refuse_replacement(GATEWAY, current, properties, *_GATEWAY)
    tags.update_ec2(context, handle, current, properties)
    return handle


def _delete_gateway(context: Context, handle: ResourceHandle) -> None:
    context.client("ec2").delete_vpn_gateway(VpnGatewayId=handle.physical_id)


def _create_attachment(context: Context, properties: Properties) -> ResourceHandle:
    pair = select(properties, "VpcId", "VpnGatewayId")
    context.client("ec2").attach_vpn_gateway(**pair)
    return ResourceHandle(f"VGW|{pair['VpcId']}", {"AttachmentType": "VGW"}, pair)


def _read_attachment(context: Context, handle: ResourceHandle) -> Properties:
    pair = handle.locator
    gateways = _describe_gateway(context, pair["VpnGatewayId"])
    attachments = [one for gateway in gateways for one in gateway.get("VpcAttachments", [])]
    attached = [one for one in attachments if (one["VpcId"], one["State"]) == (pair["VpcId"], "attached")]
    return {"VpcId": only(attached, handle.physical_id)["VpcId"], "VpnGatewayId": pair["VpnGatewayId"]}


def _delete_attachment(context: Context, handle: ResourceHandle) -> None:
    context.client("ec2").detach_vpn_gateway(**handle.locator)


def _create_connection(context: Context, properties: Properties) -> ResourceHandle:
    options = without_none(
        StaticRoutesOnly=properties.get("StaticRoutesOnly"),
        TunnelOptions=[_for_api(tunnel) for tunnel in properties.get("VpnTunnelOptionsSpecifications", [])] or None,
    )
    connection = call(
        context.client("ec2"),
        "create_vpn_connection",
        Options=options,
        TagSpecifications=tags.specifications("vpn-connection", properties),
        **select(properties, *_ENDS, "PreSharedKeyStorage"),
    )["VpnConnection"]["VpnConnectionId"]
    return ResourceHandle(connection, {"VpnConnectionId": connection})


def _describe_connection(context: Context, handle: ResourceHandle) -> Properties:
    answer = context.client("ec2").describe_vpn_connections(VpnConnectionIds=[handle.physical_id])
    return _alive(answer["VpnConnections"], handle)


def _read_connection(context: Context, handle: ResourceHandle) -> Properties:
    connection = _describe_connection(context, handle)
    tunnels = connection["Options"]["TunnelOptions"]
    return {
        **select(connection, *_ENDS, "Tags"),
        "PreSharedKeyStorage": "SecretsManager" if "PreSharedKeyArn" in connection else "Standard",
        "StaticRoutesOnly": connection["Options"]["StaticRoutesOnly"],
        "VpnTunnelOptionsSpecifications": [_as_declared(tunnel) for tunnel in tunnels],
    }


def _as_declared(tunnel: Properties) -> Properties:
    """Return a tunnel's options as a template writes them; its address is EC2's choice."""
    declared = {_AS_DECLARED.get(name, name): value for name, value in tunnel.items() if name != "OutsideIpAddress"}
    if "LogOptions" in declared:
        declared["LogOptions"] = {"CloudwatchLogOptions": declared["LogOptions"].get("CloudWatchLogOptions", {})}
    return declared


def _for_api(tunnel: Properties) -> Properties:
    """Return a template's options of a tunnel as the API takes them: one word has another capital there."""
    options = dict(tunnel)
    if "LogOptions" in options:
        options["LogOptions"] = {"CloudWatchLogOptions": options["LogOptions"].get("CloudwatchLogOptions", {})}
    return options


def _update_connection(context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
    current = _read_connection(context, handle)
    refuse_replacement(CONNECTION, current, properties, *_ENDS, "PreSharedKeyStorage", "StaticRoutesOnly")
    tunnels = _describe_connection(context, handle)["Options"]["TunnelOptions"]
    specified = properties.get("VpnTunnelOptionsSpecifications", [])
    if any(map(_as_declared, tunnels[len(specified) :])):
        raise EmbeddedError(f"{CONNECTION} VpnTunnelOptionsSpecifications: a tunnel does not forget its options")
    for tunnel, wanted in zip(tunnels, specified, strict=False):
        if _as_declared(tunnel) != wanted:  # EC2 takes one tunnel a call, and the tunnel is down meanwhile
            call(
                context.client("ec2"),
                "modify_vpn_tunnel_options",
                VpnConnectionId=handle.physical_id,
                VpnTunnelOutsideIpAddress=tunnel["OutsideIpAddress"],
                TunnelOptions=_for_api(wanted),
            )
    tags.update_ec2(context, handle, current, properties)
    return handle


def _delete_connection(context: Context, handle: ResourceHandle) -> None:
    context.client("ec2").delete_vpn_connection(VpnConnectionId=handle.physical_id)


def _create_propagation(context: Context, properties: Properties) -> ResourceHandle:
    gateway = properties["VpnGatewayId"]
    handle = ResourceHandle(context.generated_name, {"Id": context.generated_name}, {"VpnGatewayId": gateway})
    _propagate(context, gateway, properties["RouteTableIds"], "enable")
    return handle


def _propagate(context: Context, gateway: str, tables: list[str], verb: str) -> None:
    for table in tables:  # EC2 takes one route table a call
        operation = getattr(context.client("ec2"), f"{verb}_vgw_route_propagation")
        operation(GatewayId=gateway, RouteTableId=table)


def _read_propagation(context: Context, handle: ResourceHandle) -> Properties:
    gateway = handle.locator["VpnGatewayId"]
    tables = context.client("ec2").describe_route_tables()["RouteTables"]
    propagated = [
        table["RouteTableId"]
        for table in tables
        if any(one["GatewayId"] == gateway for one in table.get("PropagatingVgws", []))
    ]
    only(propagated[:1], handle.physical_id)  # without a table there is no propagation
    return {"RouteTableIds": propagated, "VpnGatewayId": gateway}


def _update_propagation(context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
    current = _read_propagation(context, handle)
    refuse_replacement(PROPAGATION, current, properties, "VpnGatewayId")
    gateway, now, then = current["VpnGatewayId"], current["RouteTableIds"], properties["RouteTableIds"]
    _propagate(context, gateway, surplus(then, now), "enable")
    _propagate(context, gateway, surplus(now, then), "disable")
    return handle


def _delete_propagation(context: Context, handle: ResourceHandle) -> None:
    current = _read_propagation(context, handle)
    _propagate(context, current["VpnGatewayId"], current["RouteTableIds"], "disable")


TYPES: tuple[ResourceType, ...] = (
    ResourceType(
        name=CUSTOMER_GATEWAY,
        create=_create_customer_gateway,
        read=_read_customer_gateway,
        update=_update_customer_gateway,
        delete=_delete_customer_gateway,
    ),
    ResourceType(
        name=GATEWAY,
        create=_create_gateway,
        read=_read_gateway,
        update=_update_gateway,
        delete=_delete_gateway,
    ),
    ResourceType(name=ATTACHMENT, create=_create_attachment, read=_read_attachment, delete=_delete_attachment),
    ResourceType(
        name=CONNECTION,
        create=_create_connection,
        read=_read_connection,
        update=_update_connection,
        delete=_delete_connection,
        defaults={"PreSharedKeyStorage": "Standard", "StaticRoutesOnly": False},
    ),
    ResourceType(
        name=PROPAGATION,
        create=_create_propagation,
        read=_read_propagation,
        update=_update_propagation,
        delete=_delete_propagation,
    ),
)
