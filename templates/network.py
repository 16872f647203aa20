"""The network: private subnets whose only way out is the DynamoDB gateway endpoint and its policy."""

import ipaddress
from dataclasses import dataclass

from troposphere import GetAtt, GetAZs, Join, Ref, Select, Sub, Template, ec2

from tableguard.settings import ExistingVpc, NewVpc, Settings
from templates import parts
from templates.builder import StackBuilder


@dataclass(frozen=True)
class _Place:
    """VPC, subnets and route tables of the function, as references or literal ids."""

    vpc_id: parts.Value
    subnet_ids: list[parts.Value]
    route_table_ids: list[parts.Value]


def template(settings: Settings) -> Template:
    """Build private subnets, the gateway endpoint with its policy, and the function's security group."""
    stack = StackBuilder(settings, "private network whose only way out is the DynamoDB gateway endpoint")
    place = _place(stack, settings.network)
    endpoint = stack.add(
        ec2.VPCEndpoint(
            "DynamoDbEndpoint",
            VpcEndpointType="Gateway",
            ServiceName=Sub("com.amazonaws.${AWS::Region}.dynamodb"),
            VpcId=place.vpc_id,
            RouteTableIds=place.route_table_ids,
            PolicyDocument=stack.policy_with_pseudo_parameters("endpoint", "messages_table_only"),
            Tags=stack.tags(Name=stack.named("dynamodb")),
        )
    )
    # No interface endpoints: the function calls DynamoDB only. Its logs, traces and failed batches leave through the
    # Lambda service, and the poller of the stream is not in the VPC.
    group = GetAtt(_security_group(stack, place), "GroupId")
    subnets = Join(",", place.subnet_ids)
    stack.export("SubnetIds", value=subnets, description="Private subnets, joined by commas")
    stack.export("FunctionSecurityGroupId", value=group, description="Security group of the function")
    stack.export("EndpointId", value=Ref(endpoint), description="DynamoDB gateway endpoint")
    stack.export("VpcId", value=place.vpc_id, description="VPC of the endpoint and the function")
    return stack.template


def _place(stack: StackBuilder, network: NewVpc | ExistingVpc) -> _Place:
    if isinstance(network, ExistingVpc):
        # Its subnets, flow logs and default security group belong to whoever made it.
        return _Place(network.vpc_id, [*network.subnet_ids], [*network.route_table_ids])
    return _new_vpc(stack, network)


def _new_vpc(stack: StackBuilder, network: NewVpc) -> _Place:
    # No internet gateway and no NAT. The VPC's default security group cannot be emptied by CloudFormation (it can add
    # rules there, never remove those a VPC is born with): `tableguard deploy` closes it, and AWS Config watches it.
    vpc = stack.add(
        ec2.VPC(
            "Vpc",
            CidrBlock=network.cidr,
            EnableDnsSupport=True,  # a gateway endpoint is found by DNS name
            EnableDnsHostnames=True,
            Tags=stack.tags(Name=stack.named("vpc")),
        )
    )
    routes = stack.add(
        ec2.RouteTable("PrivateRouteTable", VpcId=Ref(vpc), Tags=stack.tags(Name=stack.named("private")))
    )
    subnets = [_subnet(stack, zone, str(block)) for zone, block in enumerate(_blocks(network))]
    _flow_logs(stack)
    return _Place(Ref(vpc), [Ref(subnet) for subnet in subnets], [Ref(routes)])


def _blocks(network: NewVpc) -> list[ipaddress.IPv4Network]:
    """Return one block a zone: a sixteenth of the VPC each, so that other stacks find room; onprem takes the last."""
    sixteenths = ipaddress.IPv4Network(network.cidr).subnets(prefixlen_diff=4)
    return [next(sixteenths) for _ in range(network.zones)]


def _subnet(stack: StackBuilder, zone: int, block: str) -> ec2.Subnet:
    subnet = stack.add(
        ec2.Subnet(
            f"PrivateSubnet{zone + 1}",
            VpcId=Ref("Vpc"),
            CidrBlock=block,
            # letters differ between accounts: not every account has a zone "a"
            AvailabilityZone=Select(zone, GetAZs("")),
            MapPublicIpOnLaunch=False,
            Tags=stack.tags(Name=stack.named(f"private-{zone + 1}")),
        )
    )
    stack.add(
        ec2.SubnetRouteTableAssociation(
            f"PrivateRoute{zone + 1}", SubnetId=Ref(subnet), RouteTableId=Ref("PrivateRouteTable")
        )
    )
    return subnet


def _security_group(stack: StackBuilder, place: _Place) -> ec2.SecurityGroup:
    # The prefix list is AWS's own; its id is fixed in each region but no intrinsic function tells it, and a wrong
    # one in a table of ours would open or close the wrong door. `tableguard deploy` asks EC2 for it.
    prefix_list = stack.parameter(
        "DynamoDbPrefixListId",
        Type="String",
        AllowedPattern="^pl-[0-9a-f]{8,17}$",
        ConstraintDescription="a prefix list id, pl-...",
        Description=(
            "Id of the AWS-managed prefix list com.amazonaws.REGION.dynamodb "
            "(aws ec2 describe-managed-prefix-lists); tableguard deploy looks it up"
        ),
    )
    return stack.add(
        ec2.SecurityGroup(
            "FunctionSecurityGroup",
            GroupDescription=f"{stack.settings.function_name}: out to DynamoDB, nothing in",
            VpcId=place.vpc_id,
            SecurityGroupEgress=[
                ec2.SecurityGroupRule(
                    Description="HTTPS to DynamoDB through the gateway endpoint",
                    IpProtocol="tcp",
                    FromPort=443,
                    ToPort=443,
                    DestinationPrefixListId=Ref(prefix_list),
                )
            ],
            Tags=stack.tags(Name=stack.settings.function_name),
        )
    )


def _flow_logs(stack: StackBuilder) -> None:
    name = f"/{stack.settings.name}/flow"
    group = stack.log_group("FlowLogGroup", name=name, key_arn=stack.imported("LogKeyArn"))
    stack.add(
        ec2.FlowLog(
            "FlowLog",
            ResourceId=Ref("Vpc"),
            ResourceType="VPC",
            TrafficType="ALL",
            LogDestinationType="cloud-watch-logs",
            LogGroupName=Ref(group),
            DeliverLogsPermissionArn=stack.imported("FlowLogRoleArn"),
            MaxAggregationInterval=60,
            Tags=stack.tags(),
        )
    )
