"""The stack for networks on premises: they reach our table by its own endpoint, over two strong tunnels."""

import ipaddress
from dataclasses import replace
from typing import Any

import pytest

from tableguard.errors import TemplateError
from tableguard.settings import DirectConnect, NewVpc, OnPremises, Settings, example
from tests.worlds.requirements import Requirement, Template, at, holds_and_breaks, is_set, of_type, retained, stack

SETTINGS = example("complete")
ENDPOINT = "Resources/DynamoDbInterfaceEndpoint/Properties"
GROUP = "Resources/EndpointSecurityGroup/Properties"
CONNECTION = "Resources/Connection/Properties"
TUNNEL = f"{CONNECTION}/VpnTunnelOptionsSpecifications/0"
LINK = {
    "AWS::EC2::CustomerGateway",
    "AWS::EC2::VPNGateway",
    "AWS::EC2::VPCGatewayAttachment",
    "AWS::EC2::VPNConnection",
    "AWS::EC2::VPNGatewayRoutePropagation",
}
STRONG: dict[str, set[Any]] = {
    "IKEVersions": {"ikev2"},
    "Phase1DHGroupNumbers": {20, 21},
    "Phase2DHGroupNumbers": {20, 21},
    "Phase1EncryptionAlgorithms": {"AES256", "AES256-GCM-16"},
    "Phase2EncryptionAlgorithms": {"AES256", "AES256-GCM-16"},
    "Phase1IntegrityAlgorithms": {"SHA2-384", "SHA2-512"},
    "Phase2IntegrityAlgorithms": {"SHA2-384", "SHA2-512"},
}


def _every_tunnel_is_strong(template: Template) -> bool:
    tunnels = at(template, f"{CONNECTION}/VpnTunnelOptionsSpecifications")
    return len(tunnels) == 2 and all(
        option in tunnel and {one["Value"] for one in tunnel[option]} <= accepted
        for tunnel in tunnels
        for option, accepted in STRONG.items()
    )


def _every_tunnel_is_logged(template: Template) -> bool:
    tunnels = at(template, f"{CONNECTION}/VpnTunnelOptionsSpecifications")
    logs = [at(tunnel, "LogOptions/CloudwatchLogOptions") or {} for tunnel in tunnels]
    return all(log.get("LogEnabled") and log.get("BgpLogEnabled") for log in logs)


def _https_from_on_premises_alone(template: Template) -> bool:
    rules = at(template, f"{GROUP}/SecurityGroupIngress")
    return {(rule["CidrIp"], rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) for rule in rules} == {
        ("10.200.0.0/16", "tcp", 443, 443)
    }


def _routes_come_once_the_gateway_is_attached(template: Template) -> bool:
    tables = at(template, "Resources/RoutePropagation/Properties/RouteTableIds")
    after = at(template, "Resources/RoutePropagation/DependsOn")
    return bool(tables == [{"Ref": "OnPremisesRouteTable"}] and after == "GatewayAttachment")


REQUIREMENTS = [
    is_set(
        "the endpoint is reached over a VPN, which a gateway endpoint is not",
        f"{ENDPOINT}/VpcEndpointType",
        "Interface",
    ),
    is_set("no private name is asked for, which DynamoDB has not", f"{ENDPOINT}/PrivateDnsEnabled", False),
    Requirement(
        "the endpoint lets in HTTPS from the blocks of the settings",
        _https_from_on_premises_alone,
        ((f"{GROUP}/SecurityGroupIngress/0/CidrIp", "0.0.0.0/0"), (f"{GROUP}/SecurityGroupIngress/0/ToPort", 65535)),
    ),
    is_set("nothing leaves by the endpoint's group", f"{GROUP}/SecurityGroupEgress/0/CidrIp", "127.0.0.1/32"),
    Requirement(
        "both tunnels take strong cryptography alone",
        _every_tunnel_is_strong,
        (
            (f"{TUNNEL}/IKEVersions/0/Value", "ikev1"),
            (f"{TUNNEL}/Phase2DHGroupNumbers/0/Value", 2),
            (f"{CONNECTION}/VpnTunnelOptionsSpecifications", []),
        ),
    ),
    Requirement(
        "both tunnels write logs",
        _every_tunnel_is_logged,
        (
            (f"{TUNNEL}/LogOptions/CloudwatchLogOptions/LogEnabled", False),
            (f"{TUNNEL}/LogOptions/CloudwatchLogOptions/BgpLogEnabled", False),
        ),
    ),
    is_set(
        "the tunnels' keys are where no description shows them", f"{CONNECTION}/PreSharedKeyStorage", "SecretsManager"
    ),
    is_set("the tunnels are told of by BGP, which fails over", f"{CONNECTION}/StaticRoutesOnly", False),
    Requirement(
        "the subnets learn the way on premises from the gateway that is attached",
        _routes_come_once_the_gateway_is_attached,
        (
            ("Resources/RoutePropagation/Properties/RouteTableIds", []),
            ("Resources/RoutePropagation/DependsOn", "Other"),
        ),
    ),
    *(
        is_set(f"{sentence}", f"Resources/{alarm}/Properties/{name}", value)
        for alarm, sentence, statistic, comparison, threshold in (
            ("TunnelDownAlarm", "an alarm rings when a tunnel is down", "Minimum", "LessThanThreshold", 1),
            ("LinkDownAlarm", "another rings when both are", "Maximum", "LessThanOrEqualToThreshold", 0),
        )
        for name, value in (("Statistic", statistic), ("ComparisonOperator", comparison), ("Threshold", threshold))
    ),
    retained("the tunnels' logs outlive the stack", "TunnelLogGroup"),
]


@pytest.fixture(scope="module")
def onprem() -> Template:
    return stack("onprem", SETTINGS)


test_the_stack_holds, test_the_stack_breaks = holds_and_breaks(REQUIREMENTS, "onprem")


def test_the_interface_endpoint_has_the_policy_that_is_proved_of_the_gateway_endpoint(onprem: Template) -> None:
    gateway = at(stack("network", SETTINGS), "Resources/DynamoDbEndpoint/Properties/PolicyDocument")
    assert at(onprem, f"{ENDPOINT}/PolicyDocument") == gateway


def test_its_subnets_are_in_the_vpc_and_no_other_stack_s(onprem: Template) -> None:
    assert isinstance(SETTINGS.network, NewVpc)
    own = [subnet["CidrBlock"] for subnet in of_type(onprem, "AWS::EC2::Subnet").values()]
    others = [subnet["CidrBlock"] for subnet in of_type(stack("network", SETTINGS), "AWS::EC2::Subnet").values()]
    blocks = [ipaddress.IPv4Network(block) for block in (*own, *others)]
    assert len(own) == SETTINGS.network.zones
    assert all(block.subnet_of(ipaddress.IPv4Network(SETTINGS.network.cidr)) for block in blocks)
    assert not any(one.overlaps(other) for one in blocks for other in blocks if one is not other)


def test_no_route_leads_from_the_function_s_subnets_on_premises(onprem: Template) -> None:
    propagated = at(onprem, "Resources/RoutePropagation/Properties/RouteTableIds")
    associated = of_type(onprem, "AWS::EC2::SubnetRouteTableAssociation").values()
    assert {one["SubnetId"]["Ref"] for one in associated} == of_type(onprem, "AWS::EC2::Subnet").keys()
    assert [one["RouteTableId"] for one in associated] == propagated * len(associated)


def test_in_a_vpc_that_exists_endpoint_and_routes_are_in_what_the_settings_name() -> None:
    network = example("existing-vpc").network
    template = stack("onprem", replace(SETTINGS, network=network))
    found = {name: [*value] if isinstance(value, tuple) else value for name, value in vars(network).items()}
    assert at(template, f"{ENDPOINT}/SubnetIds") == found["subnet_ids"]
    assert at(template, "Resources/RoutePropagation/Properties/RouteTableIds") == found["route_table_ids"]
    assert at(template, "Resources/GatewayAttachment/Properties/VpcId") == found["vpc_id"]
    assert not of_type(template, "AWS::EC2::Subnet")


def linked_by(link: Any) -> Settings:
    assert SETTINGS.on_premises is not None
    return replace(SETTINGS, on_premises=OnPremises(SETTINGS.on_premises.blocks, link))


@pytest.mark.parametrize(
    ("link", "types"),
    [
        (
            DirectConnect(),
            {"AWS::EC2::VPNGateway", "AWS::EC2::VPCGatewayAttachment", "AWS::EC2::VPNGatewayRoutePropagation"},
        ),
        (None, set()),
    ],
)
def test_a_link_that_is_no_vpn_has_no_tunnel_and_no_device(link: Any, types: set[str]) -> None:
    template = stack("onprem", linked_by(link))
    assert {resource["Type"] for resource in template["Resources"].values()} & LINK == types
    assert ("GatewayId" in template["Outputs"]) == bool(types)
    assert not of_type(template, "AWS::CloudWatch::Alarm")


def test_without_its_section_the_stack_is_refused_in_one_line() -> None:
    with pytest.raises(TemplateError, match=r"^the stack onprem needs an \[onprem\] section in the settings$"):
        stack("onprem", example())
