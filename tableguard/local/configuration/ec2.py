"""AWS::EC2::VPC, VPCEndpoint, FlowLog, SecurityGroup and Subnet."""

from collections.abc import Iterator
from typing import Any

from tableguard.compliance.item import ConfigurationItem
from tableguard.local.configuration.reader import ResourceReader, recorded, tag_map
from tableguard.partitions import of_region

VPC, ENDPOINT, FLOW_LOG = "AWS::EC2::VPC", "AWS::EC2::VPCEndpoint", "AWS::EC2::FlowLog"
SECURITY_GROUP, SUBNET = "AWS::EC2::SecurityGroup", "AWS::EC2::Subnet"

# type -> operation, its answer, the id's name there, and the word of ARNs
_TYPES = {
    VPC: ("describe_vpcs", "Vpcs", "VpcId", "vpc"),
    ENDPOINT: ("describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId", "vpc-endpoint"),
    FLOW_LOG: ("describe_flow_logs", "FlowLogs", "FlowLogId", "vpc-flow-log"),
    SECURITY_GROUP: ("describe_security_groups", "SecurityGroups", "GroupId", "security-group"),
    SUBNET: ("describe_subnets", "Subnets", "SubnetId", "subnet"),
}


def items(reader: ResourceReader) -> Iterator[ConfigurationItem]:
    """Read the network's resources."""
    for kind, (operation, answer, identity, word) in _TYPES.items():
        for resource in reader.pages("ec2", operation, answer):
            # EC2 lists an endpoint for a while after its deletion; AWS Config has no verdict on what is deleted
            if kind == ENDPOINT and resource["State"].lower() == "deleted":
                continue
            yield _item(reader, kind, resource, resource[identity], word)


def _item(reader: ResourceReader, kind: str, resource: dict[str, Any], identity: str, word: str) -> ConfigurationItem:
    # an endpoint's policy is not recorded, and a state is a structure there:
    # https://github.com/awslabs/aws-config-resource-schema, AWS::EC2::VPCEndpoint
    state = {"state": {"value": resource["State"]}} if "State" in resource else {}
    left_out = ("PolicyDocument", "State", "Tags")
    return reader.item(
        kind,
        identity,
        f"arn:{of_region(reader.region)}:ec2:{reader.region}:{reader.account_id}:{word}/{identity}",
        {**recorded({name: value for name, value in resource.items() if name not in left_out}), **state},
        resource_name=resource.get("GroupName", identity),
        tags=tag_map(resource.get("Tags", ())),
        relationships=((VPC, resource["VpcId"]),) if kind != VPC and "VpcId" in resource else (),
    )
