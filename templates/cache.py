"""The cache: a DAX cluster in the private subnets, encrypted at rest and on its way, and the alarms on it."""

from typing import Any

from troposphere import GetAtt, Ref, Split, Template, cloudwatch, dax, ec2

from tableguard.errors import TemplateError
from tableguard.settings import Cache, Settings
from templates.builder import StackBuilder

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/DAXEncryptionInTransit.html: 8111 is without TLS
PORT = 9111
# No rule at all is EC2's rule for everything. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroup.html
_NOTHING = {"IpProtocol": "-1", "CidrIp": "127.0.0.1/32"}
_BUSY_PERCENT = 70


def template(settings: Settings) -> Template:
    """Build the cluster, what it is made of, the security group of its clients, and the alarms on it."""
    stack = StackBuilder(settings, "DAX cluster from which conversations and messages are listed")
    if settings.cache is None:
        raise TemplateError("stack cache: the settings have no [cache] section, and do not name it in stacks.optional")
    cluster = _cluster(stack, settings.cache)
    _alarms(stack, cluster)
    clients = GetAtt("CacheClientSecurityGroup", "GroupId")
    stack.export("CacheArn", value=GetAtt(cluster, "Arn"), description="DAX cluster")
    endpoint = GetAtt(cluster, "ClusterDiscoveryEndpointURL")
    stack.export("CacheEndpoint", value=endpoint, description="What a DAX client is given: daxs://...")
    stack.export("CacheClientSecurityGroupId", value=clients, description="Security group of whoever asks the cache")
    return stack.template


def _cluster(stack: StackBuilder, cache: Cache) -> dax.Cluster:
    subnets = stack.add(
        dax.SubnetGroup(
            "CacheSubnets",
            SubnetGroupName=stack.named("cache"),
            Description="Private subnets, without a way out",
            SubnetIds=Split(",", stack.imported("SubnetIds")),
        )
    )
    parameters = stack.add(
        dax.ParameterGroup(
            "CacheParameters",
            ParameterGroupName=stack.named("cache"),
            Description="For how long the cache may answer from memory",
            ParameterNameValues={
                "query-ttl-millis": str(cache.query_ttl_seconds * 1000),
                "record-ttl-millis": str(cache.item_ttl_seconds * 1000),
            },
        )
    )
    return stack.add(
        dax.Cluster(
            "Cache",
            # DAX takes 20 characters, as a workload's name has at most
            ClusterName=stack.settings.name,
            Description="Lists conversations and messages; writes do not pass through it",
            NodeType=cache.node_type,
            ReplicationFactor=cache.nodes,
            IAMRoleARN=stack.imported("DaxRoleArn"),
            SSESpecification=dax.SSESpecification(SSEEnabled=True),
            ClusterEndpointEncryptionType="TLS",
            SubnetGroupName=Ref(subnets),
            ParameterGroupName=Ref(parameters),
            SecurityGroupIds=[GetAtt(_security_groups(stack), "GroupId")],
            Tags=stack.tag_map(),
        )
    )


def _security_groups(stack: StackBuilder) -> ec2.SecurityGroup:
    """Add the cluster's group and that of its clients: from these to that, on one port, and nothing else."""
    rule = {"Description": "DAX over TLS", "IpProtocol": "tcp", "FromPort": PORT, "ToPort": PORT}
    # A cluster answers and asks nobody in the VPC: it reaches DynamoDB through the service's own network.
    nothing = ec2.SecurityGroupRule(Description="Nothing", **_NOTHING)
    cluster = _security_group(stack, "CacheSecurityGroup", "cache", "in from its clients, nothing out", nothing)
    to_cluster = ec2.SecurityGroupRule(DestinationSecurityGroupId=GetAtt(cluster, "GroupId"), **rule)
    clients = _security_group(stack, "CacheClientSecurityGroup", "cache-client", "out to the cache", to_cluster)
    # apart from its group, as each group names the other
    stack.add(
        ec2.SecurityGroupIngress(
            "CacheIngress",
            GroupId=GetAtt(cluster, "GroupId"),
            SourceSecurityGroupId=GetAtt(clients, "GroupId"),
            **rule,
        )
    )
    return cluster


def _security_group(
    stack: StackBuilder, title: str, name: str, purpose: str, egress: ec2.SecurityGroupRule
) -> ec2.SecurityGroup:
    return stack.add(
        ec2.SecurityGroup(
            title,
            GroupDescription=f"{stack.named(name)}: {purpose}",
            VpcId=stack.imported("VpcId"),
            SecurityGroupEgress=[egress],
            Tags=stack.tags(Name=stack.named(name)),
        )
    )


def _alarms(stack: StackBuilder, cluster: dax.Cluster) -> None:
    # CloudTrail records no call through a cluster: refused ones show as errors here, and nowhere else.
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/dax-metrics-dimensions-dax.html
    for title, name, metric, description in (
        (
            "CacheErrorsAlarm",
            "cache-errors",
            "ErrorRequestCount",
            "The cache refused a request: its caller or its words",
        ),
        (
            "CacheFaultsAlarm",
            "cache-faults",
            "FaultRequestCount",
            "The cache failed: listings go to the table meanwhile",
        ),
        (
            "CacheThrottlesAlarm",
            "cache-throttles",
            "ThrottledRequestCount",
            "A node is too busy: add nodes, or larger ones",
        ),
    ):
        _alarm(stack, cluster, title, name=name, MetricName=metric, AlarmDescription=description)
    _alarm(
        stack,
        cluster,
        "CacheBusyAlarm",
        name="cache-busy",
        MetricName="CPUUtilization",
        AlarmDescription=f"A node uses {_BUSY_PERCENT} % of its CPU for a quarter of an hour: a peak is throttled",
        Threshold=_BUSY_PERCENT,
        Period=300,
        EvaluationPeriods=3,
    )


def _alarm(stack: StackBuilder, cluster: dax.Cluster, title: str, *, name: str, **metric: Any) -> None:
    stack.alarm(
        title,
        name=name,
        topic=stack.imported("AlertTopicArn"),
        Namespace="AWS/DAX",
        Dimensions=[cloudwatch.MetricDimension(Name="ClusterId", Value=Ref(cluster))],
        **metric,
    )
