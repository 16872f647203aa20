"""The network: private subnets whose only way out is the DynamoDB gateway endpoint and its policy."""

import ipaddress
from dataclasses import dataclass

from troposphere import GetAtt, GetAZs, Join, Parameter, Ref, Select, Sub, Template, ec2

from tableguard.settings import ExistingVpc, NewVpc, Settings
from templates import parts


@dataclass(frozen=True)
class _Place:
    """Where the function runs, as references or literal ids."""

    vpc_id: parts.Value
    subnet_ids: list[parts.Value]
    route_table_ids: list[parts.Value]


def template(settings: Settings) -> Template:
    """Private subnets, the gateway endpoint with its policy, and the function's security group."""
    template = parts.new_template(settings, "private network whose only way out is the DynamoDB gateway endpoint")
    place = _place(template, settings)
    endpoint = template.add_resource(
        ec2.VPCEndpoint(
            "DynamoDbEndpoint",
            VpcEndpointType="Gateway",
            ServiceName=Sub("com.amazonaws.${AWS::Region}.dynamodb"),
            VpcId=place.vpc_id,
            RouteTableIds=place.route_table_ids,
            PolicyDocument=parts.policy_document(settings, "endpoint", "messages_table_only"),
            Tags=parts.tags(settings, Name=f"{settings.name}-dynamodb"),
        )
    )
    # No interface endpoints: the function calls DynamoDB only. Its logs, traces and failed batches leave through the
    # Lambda service, and the poller of the stream is not in the VPC.
    group = _security_group(template, settings, place)
    parts.export(template, settings, "SubnetIds", Join(",", place.subnet_ids), "Private subnets, joined by commas")
    parts.export(
        template, settings, "FunctionSecurityGroupId", GetAtt(group, "GroupId"), "Security group of the function"
    )
    parts.export(template, settings, "EndpointId", Ref(endpoint), "DynamoDB gateway endpoint")
    parts.export(template, settings, "VpcId", place.vpc_id, "VPC of the endpoint and the function")
    return template


def _place(template: Template, settings: Settings) -> _Place:
    if isinstance(settings.network, ExistingVpc):
        # Its subnets, flow logs and default security group belong to whoever made it.
        found = settings.network
        return _Place(found.vpc_id, [*found.subnet_ids], [*found.route_table_ids])
    return _new_vpc(template, settings, settings.network)


def _new_vpc(template: Template, settings: Settings, network: NewVpc) -> _Place:
    # No internet gateway and no NAT. The VPC's default security group cannot be emptied by CloudFormation (it can add
    # rules there, never remove those a VPC is born with); nothing here uses it, and AWS Config watches it.
    vpc = template.add_resource(
        ec2.VPC(
            "Vpc",
            CidrBlock=network.cidr,
            EnableDnsSupport=True,  # a gateway endpoint is found by DNS name
            EnableDnsHostnames=True,
            Tags=parts.tags(settings, Name=f"{settings.name}-vpc"),
        )
    )
    routes = template.add_resource(
        ec2.RouteTable("PrivateRouteTable", VpcId=Ref(vpc), Tags=parts.tags(settings, Name=f"{settings.name}-private"))
    )
    subnets = [_subnet(template, settings, zone, str(block)) for zone, block in enumerate(_blocks(network))]
    _flow_logs(template, settings)
    return _Place(Ref(vpc), [Ref(subnet) for subnet in subnets], [Ref(routes)])


def _blocks(network: NewVpc) -> list[ipaddress.IPv4Network]:
    """One block a zone: a sixteenth of the VPC each, so that a cache or an on-premises link finds room later."""
    sixteenths = ipaddress.IPv4Network(network.cidr).subnets(prefixlen_diff=4)
    return [next(sixteenths) for _ in range(network.zones)]


def _subnet(template: Template, settings: Settings, zone: int, block: str) -> ec2.Subnet:
    subnet = template.add_resource(
        ec2.Subnet(
            f"PrivateSubnet{zone + 1}",
            VpcId=Ref("Vpc"),
            CidrBlock=block,
            # letters differ between accounts: not every account has a zone "a"
            AvailabilityZone=Select(zone, GetAZs("")),
            MapPublicIpOnLaunch=False,
            Tags=parts.tags(settings, Name=f"{settings.name}-private-{zone + 1}"),
        )
    )
    template.add_resource(
        ec2.SubnetRouteTableAssociation(
            f"PrivateRoute{zone + 1}", SubnetId=Ref(subnet), RouteTableId=Ref("PrivateRouteTable")
        )
    )
    return subnet


def _security_group(template: Template, settings: Settings, place: _Place) -> ec2.SecurityGroup:
    # The prefix list is AWS's own; its id is fixed in each region but no intrinsic function tells it, and a wrong
    # one in a table of ours would open or close the wrong door. `tableguard deploy` asks EC2 for it.
    prefix_list = template.add_parameter(
        Parameter(
            "DynamoDbPrefixListId",
            Type="String",
            AllowedPattern="^pl-[0-9a-f]{8,17}$",
            ConstraintDescription="a prefix list id, pl-...",
            Description=(
                "Id of the AWS-managed prefix list com.amazonaws.REGION.dynamodb "
                "(aws ec2 describe-managed-prefix-lists); tableguard deploy looks it up"
            ),
        )
    )
    return template.add_resource(
        ec2.SecurityGroup(
            "FunctionSecurityGroup",
            GroupDescription=f"{settings.function_name}: out to DynamoDB, nothing in",
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
            Tags=parts.tags(settings, Name=settings.function_name),
        )
    )


def _flow_logs(template: Template, settings: Settings) -> None:
    name = f"/{settings.name}/flow"
    group = parts.log_group(template, settings, "FlowLogGroup", name, parts.imported(settings, "LogKeyArn"))
    template.add_resource(
        ec2.FlowLog(
            "FlowLog",
            ResourceId=Ref("Vpc"),
            ResourceType="VPC",
            TrafficType="ALL",
            LogDestinationType="cloud-watch-logs",
            LogGroupName=Ref(group),
            DeliverLogsPermissionArn=parts.imported(settings, "FlowLogRoleArn"),
            MaxAggregationInterval=60,
            Tags=parts.tags(settings),
        )
    )
