"""On premises: the interface endpoint by which the table is reached from there, and the link that leads to it."""

import ipaddress
import json
from dataclasses import dataclass
from typing import Any

from troposphere import GetAtt, GetAZs, Join, Ref, Select, Split, Sub, Template, cloudwatch, ec2, logs

from tableguard.errors import TemplateError
from tableguard.settings import ExistingVpc, NewVpc, OnPremises, Settings, Vpn
from tableguard.settings.model import AMAZON_SIDE_ASN
from templates import parts
from templates.builder import StackBuilder

_LOG_GROUP = "vpn"
# https://docs.aws.amazon.com/vpn/latest/s2svpn/VPNTunnels.html: of what a tunnel may use, what CNSA 1.0 allows
_DH_GROUPS = (20, 21)
_ENCRYPTION, _INTEGRITY = ("AES256", "AES256-GCM-16"), ("SHA2-384", "SHA2-512")
# https://docs.aws.amazon.com/vpn/latest/s2svpn/monitoring-cloudwatch-vpn.html: by connection, 1 says that each tunnel
# is up, and 0 that none is. CloudFormation knows no tunnel's address, by which each would have a metric of its own.
_OF_EACH_TUNNEL = {"Statistic": "Minimum", "ComparisonOperator": "LessThanThreshold", "Threshold": 1}
_OF_THE_LINK = {"Statistic": "Maximum", "ComparisonOperator": "LessThanOrEqualToThreshold", "Threshold": 0}


@dataclass(frozen=True)
class _EndpointPlace:
    """Where the endpoint is, and the route tables that learn the way back."""

    vpc_id: parts.Value
    subnet_ids: list[parts.Value]
    route_table_ids: list[parts.Value]


def template(settings: Settings) -> Template:
    """Build the interface endpoint, its security group and, unless there is one, the link."""
    stack = StackBuilder(settings, "DynamoDB interface endpoint for networks on premises, and the link to them")
    on_premises = settings.on_premises
    if on_premises is None:
        raise TemplateError("the stack onprem needs an [onprem] section in the settings")
    place = _place(stack)
    _endpoint(stack, place, on_premises)
    if on_premises.link is not None:
        gateway = _gateway(stack, place)
        # A Direct Connect gateway is of whoever has the connection: often of another account, which accepts a proposal.
        # https://docs.aws.amazon.com/directconnect/latest/UserGuide/multi-account-associate-vgw.html
        stack.output("GatewayId", value=Ref(gateway), description="What a Direct Connect gateway is associated with")
        if isinstance(on_premises.link, Vpn):
            _vpn(stack, gateway, on_premises.link)
    return stack.template


def _place(stack: StackBuilder) -> _EndpointPlace:
    network = stack.settings.network
    if isinstance(network, ExistingVpc):
        return _EndpointPlace(network.vpc_id, [*network.subnet_ids], [*network.route_table_ids])
    # Subnets of their own: the function's have no route that leads on premises, and so nobody there reaches them.
    vpc = stack.imported("VpcId")
    routes = stack.add(
        ec2.RouteTable("OnPremisesRouteTable", VpcId=vpc, Tags=stack.tags(Name=stack.named("on-premises")))
    )
    subnets = [_subnet(stack, vpc, zone, block) for zone, block in enumerate(_blocks(network))]
    return _EndpointPlace(vpc, [Ref(subnet) for subnet in subnets], [Ref(routes)])


def _blocks(network: NewVpc) -> list[str]:
    """Return one block a zone, the last ones of the VPC: its own stack takes the first."""
    sixteenths = list(ipaddress.IPv4Network(network.cidr).subnets(prefixlen_diff=4))
    return [str(block) for block in reversed(sixteenths[-network.zones :])]


def _subnet(stack: StackBuilder, vpc: parts.Value, zone: int, block: str) -> ec2.Subnet:
    subnet = stack.add(
        ec2.Subnet(
            f"OnPremisesSubnet{zone + 1}",
            VpcId=vpc,
            CidrBlock=block,
            AvailabilityZone=Select(zone, GetAZs("")),
            MapPublicIpOnLaunch=False,
            Tags=stack.tags(Name=stack.named(f"on-premises-{zone + 1}")),
        )
    )
    stack.add(
        ec2.SubnetRouteTableAssociation(
            f"OnPremisesRoute{zone + 1}", SubnetId=Ref(subnet), RouteTableId=Ref("OnPremisesRouteTable")
        )
    )
    return subnet


def _endpoint(stack: StackBuilder, place: _EndpointPlace, on_premises: OnPremises) -> None:
    endpoint = stack.add(
        ec2.VPCEndpoint(
            "DynamoDbInterfaceEndpoint",
            VpcEndpointType="Interface",
            ServiceName=Sub("com.amazonaws.${AWS::Region}.dynamodb"),
            VpcId=place.vpc_id,
            SubnetIds=place.subnet_ids,
            SecurityGroupIds=[GetAtt(_security_group(stack, place, on_premises), "GroupId")],
            # the gateway endpoint's own document: what is proved of it is proved of this endpoint
            PolicyDocument=stack.policy_with_pseudo_parameters("endpoint", "messages_table_only"),
            # DynamoDB has no private name, and so nothing for an inbound Resolver endpoint to answer: clients use the
            # endpoint's own name, which public DNS resolves to its private addresses. AWS warns of private zones.
            # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/privatelink-interface-endpoints.html
            PrivateDnsEnabled=False,
            Tags=stack.tags(Name=stack.named("dynamodb-on-premises")),
        )
    )
    # the first entry is the Regional name, ZONE:NAME
    name = Select(1, Split(":", Select(0, GetAtt(endpoint, "DnsEntries"))))
    stack.output(
        "EndpointUrl",
        value=Join("", ["https://", name]),
        description="What clients on premises take as DynamoDB's endpoint URL",
    )


def _security_group(stack: StackBuilder, place: _EndpointPlace, on_premises: OnPremises) -> ec2.SecurityGroup:
    def rule(block: str) -> ec2.SecurityGroupRule:
        return ec2.SecurityGroupRule(
            Description="HTTPS from on premises", IpProtocol="tcp", FromPort=443, ToPort=443, CidrIp=block
        )

    return stack.add(
        ec2.SecurityGroup(
            "EndpointSecurityGroup",
            GroupDescription=f"{stack.settings.name}: HTTPS from on premises to DynamoDB, nothing out",
            VpcId=place.vpc_id,
            SecurityGroupIngress=[rule(block) for block in on_premises.blocks],
            # answers leave all the same; without any rule EC2 lets everything out
            SecurityGroupEgress=[
                ec2.SecurityGroupRule(Description="Nothing goes out", IpProtocol="-1", CidrIp="127.0.0.1/32")
            ],
            Tags=stack.tags(Name=stack.named("on-premises")),
        )
    )


def _gateway(stack: StackBuilder, place: _EndpointPlace) -> ec2.VPNGateway:
    """Add the VPC's end of the link, from which its route tables learn the way on premises."""
    gateway = stack.add(
        ec2.VPNGateway(
            "Gateway", Type="ipsec.1", AmazonSideAsn=AMAZON_SIDE_ASN, Tags=stack.tags(Name=stack.named("on-premises"))
        )
    )
    attachment = stack.add(ec2.VPCGatewayAttachment("GatewayAttachment", VpcId=place.vpc_id, VpnGatewayId=Ref(gateway)))
    stack.add(
        ec2.VPNGatewayRoutePropagation(
            "RoutePropagation",
            RouteTableIds=place.route_table_ids,
            VpnGatewayId=Ref(gateway),
            DependsOn=attachment.title,  # a gateway that is attached to nothing propagates nothing
        )
    )
    return gateway


def _vpn(stack: StackBuilder, gateway: ec2.VPNGateway, link: Vpn) -> None:
    device = stack.add(
        ec2.CustomerGateway(
            "Device",
            Type="ipsec.1",
            IpAddress=link.device_address,
            BgpAsn=link.asn,
            Tags=stack.tags(Name=stack.named("on-premises")),
        )
    )
    tunnel = _tunnel(_tunnel_logs(stack))
    connection = stack.add(
        ec2.VPNConnection(
            "Connection",
            Type="ipsec.1",
            CustomerGatewayId=Ref(device),
            VpnGatewayId=Ref(gateway),
            StaticRoutesOnly=False,  # BGP tells both sides when a tunnel is gone
            # otherwise whoever may describe the connection reads the tunnels' keys
            # https://docs.aws.amazon.com/vpn/latest/s2svpn/enhanced-security.html
            PreSharedKeyStorage="SecretsManager",
            VpnTunnelOptionsSpecifications=[tunnel, tunnel],
            DependsOn=["GatewayAttachment", "TunnelLogDelivery"],
            Tags=stack.tags(Name=stack.named("on-premises")),
        )
    )
    _tunnel_alarms(stack, connection)


def _tunnel_logs(stack: StackBuilder) -> logs.LogGroup:
    """Add the log group of both tunnels, and let the service that delivers logs write to it."""
    name = f"/{stack.settings.name}/{_LOG_GROUP}"
    group = stack.log_group("TunnelLogGroup", name=name, key_arn=stack.imported("LogKeyArn"))
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-CWL.html
    document = parts.document(
        {
            "Sid": "AWSLogDeliveryWrite1",
            "Effect": "Allow",
            "Principal": {"Service": "delivery.logs.amazonaws.com"},
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": f"arn:aws:logs:${{AWS::Region}}:${{AWS::AccountId}}:log-group:{name}:log-stream:*",
            "Condition": {
                "StringEquals": {"aws:SourceAccount": "${AWS::AccountId}"},
                "ArnLike": {"aws:SourceArn": "arn:aws:logs:${AWS::Region}:${AWS::AccountId}:*"},
            },
        }
    )
    stack.add(
        logs.ResourcePolicy(
            "TunnelLogDelivery", PolicyName=stack.named("vpn-logs"), PolicyDocument=Sub(json.dumps(document))
        )
    )
    return group


def _tunnel(group: logs.LogGroup) -> ec2.VpnTunnelOptionsSpecification:
    """Return a tunnel that neither side can talk into weaker cryptography."""
    groups, ciphers, digests = (_values(names) for names in (_DH_GROUPS, _ENCRYPTION, _INTEGRITY))
    # "ARN:*" is what GetAtt returns, and the ARN what EC2 takes
    arn = Sub(f"arn:aws:logs:${{AWS::Region}}:${{AWS::AccountId}}:log-group:${{{group.title}}}")
    log = ec2.CloudwatchLogOptionsSpecification(
        LogEnabled=True, LogGroupArn=arn, LogOutputFormat="json", BgpLogEnabled=True, BgpLogGroupArn=arn
    )
    return ec2.VpnTunnelOptionsSpecification(
        IKEVersions=[ec2.IKEVersionsRequestListValue(Value="ikev2")],
        Phase1DHGroupNumbers=[ec2.Phase1DHGroupNumbersRequestListValue(**value) for value in groups],
        Phase2DHGroupNumbers=[ec2.Phase2DHGroupNumbersRequestListValue(**value) for value in groups],
        Phase1EncryptionAlgorithms=[ec2.Phase1EncryptionAlgorithmsRequestListValue(**value) for value in ciphers],
        Phase2EncryptionAlgorithms=[ec2.Phase2EncryptionAlgorithmsRequestListValue(**value) for value in ciphers],
        Phase1IntegrityAlgorithms=[ec2.Phase1IntegrityAlgorithmsRequestListValue(**value) for value in digests],
        Phase2IntegrityAlgorithms=[ec2.Phase2IntegrityAlgorithmsRequestListValue(**value) for value in digests],
        DPDTimeoutAction="restart",  # a peer that fell silent is called again
        EnableTunnelLifecycleControl=True,  # AWS replaces no tunnel without notice
        LogOptions=ec2.VpnTunnelLogOptionsSpecification(CloudwatchLogOptions=log),
    )


def _values(names: tuple[Any, ...]) -> list[dict[str, Any]]:
    return [{"Value": name} for name in names]


def _tunnel_alarms(stack: StackBuilder, connection: ec2.VPNConnection) -> None:
    for name, meaning, rule in (
        ("tunnel", "a tunnel of the VPN is down, and the link hangs on the other", _OF_EACH_TUNNEL),
        ("link", "no tunnel of the VPN is up, and nobody on premises reaches the table", _OF_THE_LINK),
    ):
        stack.alarm(
            f"{name.capitalize()}DownAlarm",
            name=f"vpn-{name}-down",
            topic=stack.imported("AlertTopicArn"),
            AlarmDescription=f"{stack.settings.name}: {meaning}",
            Namespace="AWS/VPN",
            MetricName="TunnelState",
            Dimensions=[cloudwatch.MetricDimension(Name="VpnId", Value=Ref(connection))],
            Period=300,
            TreatMissingData="breaching",  # a connection that is gone says nothing any more
            **rule,
        )
