"""AWS::EC2 types: the network is deployed as declared, and a change shows."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tableguard.cloudformation.equality import PropertyDifference
from tableguard.cloudformation.resource_type import Context, Properties, ResourceHandle
from tableguard.errors import EmbeddedError
from tableguard.local.stacks.types import ALL
from tests.cases.resources import TAGS, Case, ResourceTypeTests, context, differences, make

__all__ = ["context"]  # the fixture

VPC = "AWS::EC2::VPC"
SUBNET = "AWS::EC2::Subnet"
ROUTES = "AWS::EC2::RouteTable"
ASSOCIATION = "AWS::EC2::SubnetRouteTableAssociation"
ENDPOINT = "AWS::EC2::VPCEndpoint"
GROUP = "AWS::EC2::SecurityGroup"
EGRESS = "AWS::EC2::SecurityGroupEgress"
INGRESS = "AWS::EC2::SecurityGroupIngress"
FLOW_LOG = "AWS::EC2::FlowLog"
ONE_TABLE = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": ["dynamodb:PutItem"], "Resource": "t"}],
}


def vpc(context: Context) -> Properties:
    return {
        "CidrBlock": "10.20.0.0/16",
        "EnableDnsSupport": True,
        "EnableDnsHostnames": "true",
        "Tags": TAGS,
    }


def new_vpc(context: Context) -> str:
    return make(VPC, vpc(context)).physical_id


def subnet(context: Context) -> Properties:
    return {
        "VpcId": new_vpc(context),
        "CidrBlock": "10.20.0.0/20",
        "AvailabilityZone": "eu-central-1a",
        "MapPublicIpOnLaunch": False,
        "Tags": TAGS,
    }


def routes(context: Context) -> Properties:
    return {"VpcId": new_vpc(context), "Tags": TAGS}


def association(context: Context) -> Properties:
    place = subnet(context)
    table = make(ROUTES, {"VpcId": place["VpcId"]}).physical_id
    return {"SubnetId": make(SUBNET, place).physical_id, "RouteTableId": table}


def endpoint(context: Context) -> Properties:
    network = new_vpc(context)
    return {
        "VpcEndpointType": "Gateway",
        "ServiceName": "com.amazonaws.eu-central-1.dynamodb",
        "VpcId": network,
        "RouteTableIds": [make(ROUTES, {"VpcId": network}).physical_id for _ in range(2)],
        "PolicyDocument": ONE_TABLE,
        "Tags": TAGS,
    }


def prefix_list(context: Context) -> str:
    lists = context.client("ec2").describe_managed_prefix_lists()["PrefixLists"]
    return next(str(found["PrefixListId"]) for found in lists if found["PrefixListName"].endswith(".dynamodb"))


def to_dynamodb(context: Context) -> Properties:
    return {
        "Description": "HTTPS to DynamoDB",
        "IpProtocol": "tcp",
        "FromPort": 443,
        "ToPort": "443",
        "DestinationPrefixListId": prefix_list(context),
    }


def group(context: Context) -> Properties:
    return {
        "GroupName": "function",
        "GroupDescription": "out to DynamoDB, nothing in",
        "VpcId": new_vpc(context),
        "SecurityGroupEgress": [
            to_dynamodb(context),
            {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "10.0.0.0/8", "Description": "inside"},
            {"IpProtocol": "-1", "CidrIpv6": "fd00::/8"},
        ],
        "SecurityGroupIngress": [],
        "Tags": TAGS,
    }


def group_open_inside(context: Context) -> Properties:
    other = make(GROUP, {"GroupDescription": "other", "VpcId": new_vpc(context)}, "other").physical_id
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "SourceSecurityGroupId": other}
    return {**group(context), "SecurityGroupIngress": [rule]}


def egress(context: Context) -> Properties:
    closed = {"GroupDescription": "g", "VpcId": new_vpc(context), "SecurityGroupEgress": []}
    return {"GroupId": make(GROUP, closed).physical_id, **to_dynamodb(context)}


def ingress(context: Context) -> Properties:
    handle = make(GROUP, {"GroupDescription": "g", "VpcId": new_vpc(context)}).physical_id
    return {"GroupId": handle, "IpProtocol": "udp", "FromPort": 53, "ToPort": 53, "SourceSecurityGroupId": handle}


def flow_log(context: Context) -> Properties:
    make("AWS::Logs::LogGroup", {"LogGroupName": "/cruddur/flow"})
    return {
        "ResourceId": new_vpc(context),
        "ResourceType": "VPC",
        "TrafficType": "ALL",
        "LogDestinationType": "cloud-watch-logs",
        "LogGroupName": "/cruddur/flow",
        "DeliverLogsPermissionArn": "arn:aws:iam::123456789012:role/cruddur-flow",
        "MaxAggregationInterval": "60",
        "Tags": TAGS,
    }


def set_vpc(name: str) -> Callable[[Context, ResourceHandle], object]:
    return lambda context, handle: context.client("ec2").modify_vpc_attribute(
        VpcId=handle.physical_id, **{name: {"Value": False}}
    )


def make_public(context: Context, handle: ResourceHandle) -> None:
    context.client("ec2").modify_subnet_attribute(SubnetId=handle.physical_id, MapPublicIpOnLaunch={"Value": True})


def retag(context: Context, handle: ResourceHandle) -> None:
    tags = [{"Key": "ManagedBy", "Value": "hand"}, {"Key": "New", "Value": "1"}]
    context.client("ec2").create_tags(Resources=[handle.physical_id], Tags=tags)


def modify_endpoint(**arguments: Any) -> Callable[[Context, ResourceHandle], object]:
    return lambda context, handle: context.client("ec2").modify_vpc_endpoint(
        VpcEndpointId=handle.physical_id, **arguments
    )


def drop_a_route_table(context: Context, handle: ResourceHandle) -> None:
    found = context.client("ec2").describe_vpc_endpoints(VpcEndpointIds=[handle.physical_id])["VpcEndpoints"][0]
    modify_endpoint(RemoveRouteTableIds=found["RouteTableIds"][:1])(context, handle)


def authorize(direction: str, **peer: Any) -> Callable[[Context, ResourceHandle], object]:
    permission = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, **peer}
    return lambda context, handle: getattr(context.client("ec2"), f"authorize_security_group_{direction}")(
        GroupId=handle.physical_id, IpPermissions=[permission]
    )


def close_dynamodb(context: Context, handle: ResourceHandle) -> None:
    permission = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    lists = [{"PrefixListId": prefix_list(context)}]
    context.client("ec2").revoke_security_group_egress(
        GroupId=handle.physical_id, IpPermissions=[{**permission, "PrefixListIds": lists}]
    )


EVERYWHERE = [{"CidrIp": "0.0.0.0/0"}]
ANY_TABLE = json.dumps(ONE_TABLE).replace('"t"', '"*"')


class TestEc2(ResourceTypeTests):
    cases = (
        Case("no DNS", VPC, vpc, set_vpc("EnableDnsSupport"), "EnableDnsSupport"),
        Case("no host names", VPC, vpc, set_vpc("EnableDnsHostnames"), "EnableDnsHostnames"),
        Case("VPC tags", VPC, vpc, retag, "Tags"),
        Case("public subnet", SUBNET, subnet, make_public, "MapPublicIpOnLaunch"),
        Case("route table tags", ROUTES, routes, retag, "Tags"),
        Case("any table", ENDPOINT, endpoint, modify_endpoint(PolicyDocument=ANY_TABLE), "PolicyDocument"),
        Case("a route table less", ENDPOINT, endpoint, drop_a_route_table, "RouteTableIds"),
        Case("endpoint tags", ENDPOINT, endpoint, retag, "Tags"),
        Case("out to anywhere", GROUP, group, authorize("egress", IpRanges=EVERYWHERE), "SecurityGroupEgress"),
        Case("not to DynamoDB", GROUP, group, close_dynamodb, "SecurityGroupEgress"),
        Case("in from anywhere", GROUP, group, authorize("ingress", IpRanges=EVERYWHERE), "SecurityGroupIngress"),
        Case("group", GROUP, group_open_inside, authorize("ingress", IpRanges=EVERYWHERE), "SecurityGroupIngress"),
        Case("group tags", GROUP, group, retag, "Tags"),
        Case("flow log tags", FLOW_LOG, flow_log, retag, "Tags"),
    )


@pytest.mark.parametrize(("type_name", "declared"), [(EGRESS, egress), (INGRESS, ingress), (ASSOCIATION, association)])
def test_what_is_replaced_only_is_deployed_as_declared_until_removed(
    type_name: str, declared: Callable[[Context], Properties], context: Context
) -> None:
    properties = declared(context)
    handle = ALL[type_name].create(context, properties)
    assert differences(type_name, properties, context, handle) == []
    ALL[type_name].delete(context, handle)
    with pytest.raises((EmbeddedError, ClientError)):
        ALL[type_name].read(context, handle)


def test_a_subnet_with_another_route_table_is_reported(context: Context) -> None:
    declared = association(context)
    handle = make(ASSOCIATION, declared)
    other = make(ROUTES, {"VpcId": new_vpc(context)}).physical_id
    moved = context.client("ec2").replace_route_table_association(AssociationId=handle.physical_id, RouteTableId=other)[
        "NewAssociationId"
    ]
    found = differences(ASSOCIATION, declared, context, ResourceHandle(moved))
    assert found == [PropertyDifference("RouteTableId", declared["RouteTableId"], other)]


def test_a_group_that_says_what_may_go_out_lets_nothing_else_out(context: Context) -> None:
    handle = make(GROUP, group(context))
    out = ALL[GROUP].read(context, handle)["SecurityGroupEgress"]
    assert {"0.0.0.0/0", "::/0"}.isdisjoint({rule.get("CidrIp", rule.get("CidrIpv6")) for rule in out})


def test_a_group_that_does_not_say_lets_everything_out(context: Context) -> None:
    handle = make(GROUP, {"GroupDescription": "g", "VpcId": new_vpc(context)})
    assert ALL[GROUP].read(context, handle)["SecurityGroupEgress"] == [{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}]


def test_ref_and_getatt_of_the_network(context: Context) -> None:
    network = make(VPC, vpc(context))
    assert network.attributes["VpcId"] == network.physical_id
    assert network.attributes["DefaultSecurityGroup"].startswith("sg-")
    assert network.attributes["DefaultNetworkAcl"].startswith("acl-")
    guard = make(GROUP, group(context))
    assert guard.attributes["GroupId"] == guard.physical_id


@pytest.mark.parametrize(
    ("type_name", "declared", "change"),
    [
        (VPC, vpc, {"CidrBlock": "10.30.0.0/16"}),
        (SUBNET, subnet, {"AvailabilityZone": "eu-central-1b"}),
        (GROUP, group, {"GroupDescription": "other"}),
        (ENDPOINT, endpoint, {"ServiceName": "com.amazonaws.eu-central-1.s3"}),
        (FLOW_LOG, flow_log, {"TrafficType": "REJECT"}),
    ],
)
def test_an_update_that_needs_a_new_resource_is_refused(
    type_name: str, declared: Callable[[Context], Properties], change: Properties, context: Context
) -> None:
    properties = declared(context)
    handle, update = make(type_name, properties), ALL[type_name].update
    assert update is not None
    assert update(context, handle, properties) == handle
    with pytest.raises(EmbeddedError, match=f"{next(iter(change))}: cannot change in place"):
        update(context, handle, {**properties, **change})


def test_moto_still_loses_the_description_of_a_rule_to_a_prefix_list(context: Context) -> None:
    handle = make(GROUP, group(context))
    out = ALL[GROUP].read(context, handle)["SecurityGroupEgress"]
    assert [rule.get("Description") for rule in out if "DestinationPrefixListId" in rule] == [None]
