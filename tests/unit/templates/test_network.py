"""The network stack: private subnets, and no way out of them but to DynamoDB and our own table."""

import ipaddress
from dataclasses import replace

import pytest

from tableguard.settings import NewVpc, example
from templates.builder import StackBuilder
from tests.worlds.requirements import Requirement, Template, at, holds_and_breaks, is_set, of_type, retained, stack

WAYS_OUT = {
    "AWS::EC2::InternetGateway",
    "AWS::EC2::NatGateway",
    "AWS::EC2::EgressOnlyInternetGateway",
    "AWS::EC2::Route",
    "AWS::EC2::TransitGatewayAttachment",
    "AWS::EC2::VPCPeeringConnection",
}
GROUP = "Resources/FunctionSecurityGroup/Properties"
ENDPOINT = "Resources/DynamoDbEndpoint/Properties"
ALLOWED_OUT = {
    "Description": "HTTPS to DynamoDB through the gateway endpoint",
    "IpProtocol": "tcp",
    "FromPort": 443,
    "ToPort": 443,
    "DestinationPrefixListId": {"Ref": "DynamoDbPrefixListId"},
}


def _goes_out_to_dynamodb_only(template: Template) -> bool:
    groups = of_type(template, "AWS::EC2::SecurityGroup").values()
    return all(
        group.get("SecurityGroupEgress") == [ALLOWED_OUT] and "SecurityGroupIngress" not in group for group in groups
    )


def _endpoint_serves_every_private_subnet(template: Template) -> bool:
    endpoint_tables = at(template, f"{ENDPOINT}/RouteTableIds") or []
    associations = of_type(template, "AWS::EC2::SubnetRouteTableAssociation").values()
    routed = {one["SubnetId"]["Ref"] for one in associations if one["RouteTableId"] in endpoint_tables}
    return routed == of_type(template, "AWS::EC2::Subnet").keys()


REQUIREMENTS = [
    Requirement(
        "the function's security group lets out HTTPS to DynamoDB and nothing in",
        _goes_out_to_dynamodb_only,
        (
            # without a rule EC2 allows everything out
            (f"{GROUP}/SecurityGroupEgress", []),
            (f"{GROUP}/SecurityGroupEgress/0/ToPort", 444),
            (f"{GROUP}/SecurityGroupEgress/0", {"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}),
        ),
    ),
    Requirement(
        "every private subnet reaches DynamoDB through the endpoint",
        _endpoint_serves_every_private_subnet,
        ((f"{ENDPOINT}/RouteTableIds", []), ("Resources/PrivateRoute2/Properties/RouteTableId", {"Ref": "Other"})),
    ),
    is_set(
        "the endpoint is a gateway, which costs nothing and adds no address", f"{ENDPOINT}/VpcEndpointType", "Gateway"
    ),
    is_set(
        "the endpoint is DynamoDB's in the stack's own region",
        f"{ENDPOINT}/ServiceName",
        {"Fn::Sub": "com.amazonaws.${AWS::Region}.dynamodb"},
    ),
    is_set(
        "no instance in the subnets gets a public address",
        "Resources/PrivateSubnet1/Properties/MapPublicIpOnLaunch",
        False,
    ),
    is_set("DNS works in the VPC, by which the endpoint is found", "Resources/Vpc/Properties/EnableDnsSupport", True),
    is_set("flow logs hold refused and accepted traffic", "Resources/FlowLog/Properties/TrafficType", "ALL"),
    is_set(
        "flow logs are encrypted with the key of the workload's log groups",
        "Resources/FlowLogGroup/Properties/KmsKeyId",
        {"Fn::ImportValue": "cruddur-LogKeyArn"},
    ),
    is_set("flow logs are kept as long as the settings say", "Resources/FlowLogGroup/Properties/RetentionInDays", 400),
    is_set(
        "the flow logs are written with the role that the access stack made for them",
        "Resources/FlowLog/Properties/DeliverLogsPermissionArn",
        {"Fn::ImportValue": "cruddur-FlowLogRoleArn"},
    ),
    retained("flow logs outlive the stack", "FlowLogGroup"),
]


@pytest.fixture(scope="module")
def network() -> Template:
    return stack("network")


@pytest.fixture(scope="module")
def existing() -> Template:
    return stack("network", example("existing-vpc"))


test_the_stack_holds, test_a_spoilt_stack_does_not_hold = holds_and_breaks(REQUIREMENTS, "network")


def test_nothing_leads_out_of_the_vpc(network: Template, existing: Template) -> None:
    for template in (network, existing):
        assert not WAYS_OUT & {resource["Type"] for resource in template["Resources"].values()}


def test_the_endpoint_carries_the_policy_of_the_policies_folder(network: Template) -> None:
    expected = StackBuilder(example(), "a test").policy_with_pseudo_parameters("endpoint", "messages_table_only")
    document = at(network, f"{ENDPOINT}/PolicyDocument")
    assert [one["Sid"] for one in document["Statement"]] == [one["Sid"] for one in expected["Statement"]]
    another = StackBuilder(replace(example(), table_name="another"), "a test")
    assert document != another.policy_with_pseudo_parameters("endpoint", "messages_table_only")


@pytest.mark.parametrize("zones", [2, 3])
@pytest.mark.parametrize("cidr", ["10.20.0.0/16", "192.168.4.0/22", "172.16.5.0/24"])
def test_each_zone_has_one_subnet_inside_the_vpc_and_clear_of_the_others(cidr: str, zones: int) -> None:
    template = stack("network", replace(example(), network=NewVpc(cidr, zones)))
    subnets = of_type(template, "AWS::EC2::Subnet").values()
    blocks = [ipaddress.IPv4Network(subnet["CidrBlock"]) for subnet in subnets]
    assert len(blocks) == zones
    assert all(block.subnet_of(ipaddress.IPv4Network(cidr)) for block in blocks)
    assert not any(one.overlaps(other) for one in blocks for other in blocks if one is not other)
    assert all(block.prefixlen <= 28 for block in blocks)  # the smallest subnet that EC2 makes
    assert [at(subnet, "AvailabilityZone/Fn::Select/0") for subnet in subnets] == list(range(zones))


def test_the_prefix_list_has_no_default_that_could_be_another_regions(network: Template) -> None:
    parameter = network["Parameters"]["DynamoDbPrefixListId"]
    assert "Default" not in parameter
    assert parameter["AllowedPattern"] == "^pl-[0-9a-f]{8,17}$"


def test_the_stack_exports_what_the_function_needs(network: Template) -> None:
    exports = {output["Export"]["Name"]: output["Value"] for output in network["Outputs"].values()}
    assert exports == {
        "cruddur-SubnetIds": {"Fn::Join": [",", [{"Ref": "PrivateSubnet1"}, {"Ref": "PrivateSubnet2"}]]},
        "cruddur-FunctionSecurityGroupId": {"Fn::GetAtt": ["FunctionSecurityGroup", "GroupId"]},
        "cruddur-EndpointId": {"Ref": "DynamoDbEndpoint"},
        "cruddur-VpcId": {"Ref": "Vpc"},
    }


def test_an_existing_vpc_gets_the_endpoint_and_the_security_group_and_nothing_else(existing: Template) -> None:
    assert sorted(existing["Resources"]) == ["DynamoDbEndpoint", "FunctionSecurityGroup"]
    assert at(existing, f"{ENDPOINT}/VpcId") == "vpc-0a1b2c3d4e5f60718"
    assert at(existing, f"{ENDPOINT}/RouteTableIds") == ["rtb-0a1b2c3d4e5f60713"]
    assert at(existing, f"{GROUP}/VpcId") == "vpc-0a1b2c3d4e5f60718"
    assert _goes_out_to_dynamodb_only(existing)


def test_the_function_runs_in_the_subnets_of_the_existing_vpc(existing: Template) -> None:
    subnets = ["subnet-0a1b2c3d4e5f60711", "subnet-0a1b2c3d4e5f60712"]
    assert at(existing, "Outputs/SubnetIds/Value") == {"Fn::Join": [",", subnets]}
