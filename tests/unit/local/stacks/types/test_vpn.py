"""AWS::EC2 types of a VPN: the link is deployed as declared, and a change shows."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tableguard.cloudformation.resource_type import Context, Properties, ResourceHandle
from tableguard.errors import EmbeddedError
from tableguard.local.stacks.types import ALL
from tests.cases.resources import TAGS, Case, ResourceTypeTests, context, differences, make

__all__ = ["context"]  # the fixture

CUSTOMER_GATEWAY = "AWS::EC2::CustomerGateway"
GATEWAY = "AWS::EC2::VPNGateway"
ATTACHMENT = "AWS::EC2::VPCGatewayAttachment"
CONNECTION = "AWS::EC2::VPNConnection"
PROPAGATION = "AWS::EC2::VPNGatewayRoutePropagation"
ENDPOINT = "AWS::EC2::VPCEndpoint"
GROUP = "arn:aws:logs:eu-central-1:123456789012:log-group:/cruddur/vpn"
TUNNEL = {
    "IKEVersions": [{"Value": "ikev2"}],
    "Phase1DHGroupNumbers": [{"Value": 20}, {"Value": "21"}],
    "Phase1EncryptionAlgorithms": [{"Value": "AES256-GCM-16"}],
    "Phase1IntegrityAlgorithms": [{"Value": "SHA2-384"}],
    "DPDTimeoutAction": "restart",
    "LogOptions": {"CloudwatchLogOptions": {"LogEnabled": True, "LogGroupArn": GROUP, "LogOutputFormat": "json"}},
}


def customer_gateway(context: Context) -> Properties:
    return {"BgpAsn": "65010", "IpAddress": "203.0.113.12", "Type": "ipsec.1", "Tags": TAGS}


def gateway(context: Context) -> Properties:
    return {"AmazonSideAsn": 64512, "Type": "ipsec.1", "Tags": TAGS}


def network(context: Context) -> str:
    return make("AWS::EC2::VPC", {"CidrBlock": "10.20.0.0/16"}).physical_id


def attachment(context: Context) -> Properties:
    return {"VpcId": network(context), "VpnGatewayId": make(GATEWAY, gateway(context)).physical_id}


def connection(context: Context) -> Properties:
    return {
        "CustomerGatewayId": make(CUSTOMER_GATEWAY, customer_gateway(context)).physical_id,
        "VpnGatewayId": make(GATEWAY, gateway(context)).physical_id,
        "Type": "ipsec.1",
        "StaticRoutesOnly": "false",
        "PreSharedKeyStorage": "SecretsManager",
        "VpnTunnelOptionsSpecifications": [TUNNEL, TUNNEL],
        "Tags": TAGS,
    }


def propagation(context: Context) -> Properties:
    pair = attachment(context)
    make(ATTACHMENT, pair)
    tables = [make("AWS::EC2::RouteTable", {"VpcId": pair["VpcId"]}).physical_id for _ in range(2)]
    return {"RouteTableIds": tables, "VpnGatewayId": pair["VpnGatewayId"]}


def retag(context: Context, handle: ResourceHandle) -> None:
    tags = [{"Key": "ManagedBy", "Value": "hand"}]
    context.client("ec2").create_tags(Resources=[handle.physical_id], Tags=tags)


def weaken_a_tunnel(context: Context, handle: ResourceHandle) -> None:
    client = context.client("ec2")
    described = client.describe_vpn_connections(VpnConnectionIds=[handle.physical_id])["VpnConnections"][0]
    client.modify_vpn_tunnel_options(
        VpnConnectionId=handle.physical_id,
        VpnTunnelOutsideIpAddress=described["Options"]["TunnelOptions"][1]["OutsideIpAddress"],
        TunnelOptions={"IKEVersions": [{"Value": "ikev1"}]},
    )


def drop_a_table(context: Context, handle: ResourceHandle) -> None:
    client, vgw = context.client("ec2"), handle.locator["VpnGatewayId"]
    tables = client.describe_route_tables()["RouteTables"]
    table = next(table for table in tables if table.get("PropagatingVgws"))
    client.disable_vgw_route_propagation(GatewayId=vgw, RouteTableId=table["RouteTableId"])


class TestVpn(ResourceTypeTests):
    cases = (
        Case("customer gateway tags", CUSTOMER_GATEWAY, customer_gateway, retag, "Tags"),
        Case("gateway tags", GATEWAY, gateway, retag, "Tags"),
        Case("connection tags", CONNECTION, connection, retag, "Tags"),
        Case("a tunnel of IKEv1", CONNECTION, connection, weaken_a_tunnel, "VpnTunnelOptionsSpecifications"),
        Case("a table less", PROPAGATION, propagation, drop_a_table, "RouteTableIds"),
    )


def test_an_attachment_is_deployed_as_declared_until_removed(context: Context) -> None:
    declared = attachment(context)
    handle = make(ATTACHMENT, declared)
    assert differences(ATTACHMENT, declared, context, handle) == []
    ALL[ATTACHMENT].delete(context, handle)
    with pytest.raises(EmbeddedError):
        ALL[ATTACHMENT].read(context, handle)


def test_routes_come_from_a_gateway_that_is_attached_alone(context: Context) -> None:
    declared = propagation(context)
    detached = {**declared, "VpnGatewayId": make(GATEWAY, gateway(context)).physical_id}
    with pytest.raises(ClientError, match=r"Gateway\.NotAttached"):
        make(PROPAGATION, detached)
    make(PROPAGATION, declared)


@pytest.mark.parametrize("end", ["CustomerGatewayId", "VpnGatewayId"])
def test_a_gateway_is_kept_as_long_as_a_connection_ends_at_it(end: str, context: Context) -> None:
    declared = connection(context)
    handle = make(CONNECTION, declared)
    type_name = CUSTOMER_GATEWAY if end == "CustomerGatewayId" else GATEWAY
    with pytest.raises(ClientError, match="in use"):
        ALL[type_name].delete(context, ResourceHandle(declared[end]))
    ALL[CONNECTION].delete(context, handle)
    ALL[type_name].delete(context, ResourceHandle(declared[end]))


def test_a_gateway_is_kept_as_long_as_it_is_attached(context: Context) -> None:
    declared = attachment(context)
    handle, vgw = make(ATTACHMENT, declared), ResourceHandle(declared["VpnGatewayId"])
    with pytest.raises(ClientError, match="in use"):
        ALL[GATEWAY].delete(context, vgw)
    ALL[ATTACHMENT].delete(context, handle)
    ALL[GATEWAY].delete(context, vgw)


@pytest.mark.parametrize("storage", ["SecretsManager", "Standard"])
def test_keys_are_in_a_secret_where_the_template_says_so(storage: str, context: Context) -> None:
    handle = make(CONNECTION, {**connection(context), "PreSharedKeyStorage": storage})
    described = context.client("ec2").describe_vpn_connections(VpnConnectionIds=[handle.physical_id])
    assert ("PreSharedKeyArn" in described["VpnConnections"][0]) == (storage == "SecretsManager")


def test_a_connection_has_two_tunnels_and_neither_is_up(context: Context) -> None:
    handle = make(CONNECTION, {**connection(context), "VpnTunnelOptionsSpecifications": [TUNNEL]})
    described = context.client("ec2").describe_vpn_connections(VpnConnectionIds=[handle.physical_id])
    tunnels = described["VpnConnections"][0]["VgwTelemetry"]
    assert [tunnel["Status"] for tunnel in tunnels] == ["DOWN", "DOWN"]
    assert len({tunnel["OutsideIpAddress"] for tunnel in tunnels}) == 2


@pytest.mark.parametrize(
    ("type_name", "declared", "change"),
    [
        (CUSTOMER_GATEWAY, customer_gateway, {"IpAddress": "203.0.113.13"}),
        (GATEWAY, gateway, {"AmazonSideAsn": 64513}),
        (CONNECTION, connection, {"PreSharedKeyStorage": "Standard"}),
        (PROPAGATION, propagation, {"VpnGatewayId": "vgw-0a1b2c3d"}),
    ],
)
def test_an_update_that_needs_a_new_resource_is_refused(
    type_name: str, declared: Callable[[Context], Properties], change: Properties, context: Context
) -> None:
    properties = declared(context)
    handle, update = make(type_name, properties), ALL[type_name].update
    assert update is not None
    with pytest.raises(EmbeddedError, match=f"{next(iter(change))}: cannot change in place"):
        update(context, handle, {**properties, **change})


def interface_endpoint(context: Context, **more: Any) -> Properties:
    place = network(context)
    subnet = make("AWS::EC2::Subnet", {"VpcId": place, "CidrBlock": "10.20.0.0/20"}).physical_id
    group = make("AWS::EC2::SecurityGroup", {"GroupDescription": "g", "VpcId": place}).physical_id
    return {
        "VpcEndpointType": "Interface",
        "ServiceName": "com.amazonaws.eu-central-1.dynamodb",
        "VpcId": place,
        "SubnetIds": [subnet],
        "SecurityGroupIds": [group],
        "PrivateDnsEnabled": False,
        "Tags": TAGS,
        **more,
    }


def test_an_interface_endpoint_is_deployed_as_declared(context: Context) -> None:
    declared = interface_endpoint(context)
    handle = make(ENDPOINT, declared)
    assert differences(ENDPOINT, declared, context, handle) == []
    opened = {**declared, "SecurityGroupIds": []}
    assert [one.property for one in differences(ENDPOINT, opened, context, handle)] == ["SecurityGroupIds"]


def test_clients_reach_an_interface_endpoint_by_a_name_of_its_own(context: Context) -> None:
    handle = make(ENDPOINT, interface_endpoint(context))
    zone, _, name = handle.attributes["DnsEntries"][0].partition(":")
    assert zone
    assert name.startswith(f"{handle.physical_id}-")
    assert name.endswith(".dynamodb.eu-central-1.vpce.amazonaws.com")


def test_dynamodb_has_no_private_name_for_an_interface_endpoint_as_kms_has(context: Context) -> None:
    with pytest.raises(ClientError, match="does not provide a private DNS name"):
        make(ENDPOINT, interface_endpoint(context, PrivateDnsEnabled=True))
    kms = interface_endpoint(context, PrivateDnsEnabled=True, ServiceName="com.amazonaws.eu-central-1.kms")
    make(ENDPOINT, kms)
