"""Corrections of moto's EC2: tunnels of VPN connections, propagated routes, and DynamoDB's interface endpoints.

moto drops a connection's options and has no route propagation. Its interface endpoints ignore their security groups'
interfaces, take a private DNS name where the service has none, and are named as no client could reach them.
"""

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError, InvalidVpnConnectionIdError
from moto.ec2.models.customer_gateways import CustomerGatewayBackend
from moto.ec2.models.route_tables import RouteTable
from moto.ec2.models.vpcs import VPCBackend
from moto.ec2.models.vpn_connections import VPNConnection
from moto.ec2.models.vpn_gateway import VpnGatewayBackend
from moto.ec2.responses import EC2Response
from moto.ec2.responses.vpn_connections import VPNConnections
from moto.moto_api._internal import mock_random

from tableguard.local.moto.patch import wrap

# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TunnelOption.html: names that are read otherwise than
# they were written
_AS_READ = {
    "DPDTimeoutAction": "DpdTimeoutAction",
    "DPDTimeoutSeconds": "DpdTimeoutSeconds",
    "IKEVersions": "IkeVersions",
}
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/privatelink-interface-endpoints.html
# and privatelink-streams.html: "Private and Hybrid Domain Name System (DNS) services" are not supported
_WITHOUT_PRIVATE_DNS = (".dynamodb", ".dynamodb-streams")


def install() -> None:
    """Add what moto lacks, and refuse what EC2 refuses."""
    for operation in (enable_vgw_route_propagation, disable_vgw_route_propagation, modify_vpn_tunnel_options):
        setattr(EC2Response, operation.__name__, operation)
    wrap(VPNConnections, "create_vpn_connection", _create_vpn_connection)
    wrap(VPCBackend, "create_vpc_endpoint", _create_vpc_endpoint)
    wrap(VpnGatewayBackend, "delete_vpn_gateway", _delete_vpn_gateway)
    wrap(CustomerGatewayBackend, "delete_customer_gateway", _delete_customer_gateway)
    setattr(RouteTable, "propagating_vgws", property(_propagating_gateways))  # noqa: B010  # moto has no such attribute


def _create_vpn_connection(original: Any, response: Any) -> ActionResult:
    """Keep the options with which a connection is asked for, and give each tunnel an address."""
    gateway = response._get_param("VpnGatewayId")
    if gateway:
        response.ec2_backend.get_vpn_gateway(gateway)  # moto asks for the customer's gateway alone
    answer: ActionResult = original(response)
    connection = next(reversed(response.ec2_backend.vpn_connections.values()))
    options = response._get_param("Options", {})
    connection.options = {
        **{name: value for name, value in options.items() if name != "TunnelOptions"},
        "StaticRoutesOnly": options.get("StaticRoutesOnly", False),
        "TunnelOptions": [_tunnel(_nth(options.get("TunnelOptions", []), number)) for number in range(2)],
    }
    # https://docs.aws.amazon.com/vpn/latest/s2svpn/enhanced-security.html: the keys are not in any description then
    if response._get_param("PreSharedKeyStorage") == "SecretsManager":
        connection.pre_shared_key_arn = _secret(response, connection)
    # nothing answers on the other side
    connection.vgw_telemetry = [
        {"OutsideIpAddress": tunnel["OutsideIpAddress"], "Status": "DOWN", "AcceptedRouteCount": 0}
        for tunnel in connection.options["TunnelOptions"]
    ]
    return answer


def _nth(tunnels: list[dict[str, Any]], number: int) -> dict[str, Any]:
    return tunnels[number] if number < len(tunnels) else {}


def _tunnel(options: dict[str, Any]) -> dict[str, Any]:
    """Return a tunnel's options as EC2 describes them."""
    address = f"203.0.113.{mock_random.randint(1, 254)}"
    return {"OutsideIpAddress": address, **{_AS_READ.get(name, name): value for name, value in options.items()}}


def _secret(response: Any, connection: VPNConnection) -> str:
    backend = response.ec2_backend
    return (
        f"arn:{backend.partition}:secretsmanager:{backend.region_name}:{backend.account_id}:secret:"
        f"s2svpn!{connection.id}-{mock_random.get_random_string(6)}"
    )


def modify_vpn_tunnel_options(response: Any) -> ActionResult:
    """Answer ModifyVpnTunnelOptions: the options that are named change, those of the one tunnel."""
    connection_id, address = response._get_param("VpnConnectionId"), response._get_param("VpnTunnelOutsideIpAddress")
    connection = response.ec2_backend.vpn_connections.get(connection_id)
    if connection is None:
        raise InvalidVpnConnectionIdError(connection_id)
    for tunnel in connection.options["TunnelOptions"]:
        if tunnel["OutsideIpAddress"] == address:
            options = response._get_param("TunnelOptions", {})
            tunnel |= {_AS_READ.get(name, name): value for name, value in options.items()}
            return ActionResult({"VpnConnection": connection})
    raise EC2ClientError("InvalidParameterValue", f"The tunnel {address} is not one of {connection_id}")


def enable_vgw_route_propagation(response: Any) -> ActionResult:
    """Answer EnableVgwRoutePropagation; a gateway that is not attached to the table's VPC propagates nothing."""
    table, gateway = _propagation(response)
    # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html: Gateway.NotAttached
    attachment = gateway.attachments.get(table.vpc_id)
    if attachment is None or attachment.state != "attached":
        raise EC2ClientError("Gateway.NotAttached", f"resource {gateway.id} is not attached to {table.vpc_id}")
    vars(table).setdefault("_propagating", {})[gateway.id] = True
    return ActionResult({})


def disable_vgw_route_propagation(response: Any) -> ActionResult:
    """Answer DisableVgwRoutePropagation."""
    table, gateway = _propagation(response)
    vars(table).setdefault("_propagating", {}).pop(gateway.id, None)
    return ActionResult({})


def _propagation(response: Any) -> tuple[Any, Any]:
    backend = response.ec2_backend
    table = backend.get_route_table(response._get_param("RouteTableId"))
    return table, backend.get_vpn_gateway(response._get_param("GatewayId"))


def _propagating_gateways(table: Any) -> list[dict[str, str]]:
    return [{"GatewayId": gateway} for gateway in vars(table).get("_propagating", {})]


def _create_vpc_endpoint(original: Any, backend: Any, **parameters: Any) -> Any:
    """Refuse a private DNS name where the service has none, and name an interface endpoint as clients reach it."""
    service = parameters["service_name"]
    is_interface = (parameters.get("endpoint_type") or "").lower() == "interface"
    if is_interface and parameters.get("private_dns_enabled") and service.endswith(_WITHOUT_PRIVATE_DNS):
        raise EC2ClientError(
            "InvalidParameter",
            f"private-dns-enabled cannot be set because the service {service} does not provide a private DNS name.",
        )
    endpoint = original(backend, **parameters)
    for entry in endpoint.dns_entries:
        word = service.rpartition(".")[2]
        letters = mock_random.get_random_hex(8)
        entry["dns_name"] = f"{endpoint.id}-{letters}.{word}.{backend.region_name}.vpce.amazonaws.com"
    return endpoint


def _delete_vpn_gateway(original: Any, backend: Any, vpn_gateway_id: str) -> Any:
    """Refuse to delete a gateway that is attached, or that a connection ends at."""
    gateway = backend.get_vpn_gateway(vpn_gateway_id)
    is_attached = any(attachment.state == "attached" for attachment in gateway.attachments.values())
    if is_attached or _ends_at(backend, "vpn_gateway_id", vpn_gateway_id):
        raise EC2ClientError("IncorrectState", f"The vpnGateway ID '{vpn_gateway_id}' is in use")
    return original(backend, vpn_gateway_id)


def _delete_customer_gateway(original: Any, backend: Any, customer_gateway_id: str) -> Any:
    """Refuse to delete a customer's gateway that a connection ends at."""
    if _ends_at(backend, "customer_gateway_id", customer_gateway_id):
        raise EC2ClientError("IncorrectState", f"The customer gateway '{customer_gateway_id}' is in use")
    return original(backend, customer_gateway_id)


def _ends_at(backend: Any, side: str, gateway: str) -> bool:
    connections = backend.vpn_connections.values()
    return any(connection.state != "deleted" and getattr(connection, side) == gateway for connection in connections)
