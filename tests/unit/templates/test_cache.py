"""The cache stack: encrypted at rest and on its way, in private subnets, reached by its clients alone."""

from dataclasses import replace

import pytest

from tableguard.errors import TemplateError
from tableguard.settings import example
from tableguard.stacks.registry import find_stack
from tests.worlds.requirements import Requirement, Template, at, holds_and_breaks, is_set, of_type, stack

SETTINGS = example("complete")
CLUSTER = "Resources/Cache/Properties"
TLS = {"Description": "DAX over TLS", "IpProtocol": "tcp", "FromPort": 9111, "ToPort": 9111}


def _of_clients_alone(template: Template) -> bool:
    """One rule in, from the clients' group; one out of it, to the cluster's; and nothing out of the cluster's."""
    groups = of_type(template, "AWS::EC2::SecurityGroup")
    (ingress,) = of_type(template, "AWS::EC2::SecurityGroupIngress").values()
    to_cluster = {"DestinationSecurityGroupId": {"Fn::GetAtt": ["CacheSecurityGroup", "GroupId"]}}
    return (
        not any("SecurityGroupIngress" in group for group in groups.values())
        and ingress["GroupId"] == to_cluster["DestinationSecurityGroupId"]
        and ingress["SourceSecurityGroupId"] == {"Fn::GetAtt": ["CacheClientSecurityGroup", "GroupId"]}
        and TLS.items() <= ingress.items()
        and groups["CacheClientSecurityGroup"]["SecurityGroupEgress"] == [{**TLS, **to_cluster}]
        and [rule.get("CidrIp") for rule in groups["CacheSecurityGroup"]["SecurityGroupEgress"]] == ["127.0.0.1/32"]
    )


REQUIREMENTS = [
    is_set("the cache is encrypted at rest", f"{CLUSTER}/SSESpecification/SSEEnabled", True),
    is_set("the cache speaks TLS alone", f"{CLUSTER}/ClusterEndpointEncryptionType", "TLS"),
    is_set(
        "the cache has the role that only reads", f"{CLUSTER}/IAMRoleARN", {"Fn::ImportValue": "courier-DaxRoleArn"}
    ),
    is_set("the cache has as many nodes as the settings say", f"{CLUSTER}/ReplicationFactor", 3),
    is_set("the cluster has the workload's name, by which policies know it", f"{CLUSTER}/ClusterName", "courier"),
    is_set(
        "the nodes are in the private subnets",
        "Resources/CacheSubnets/Properties/SubnetIds",
        {"Fn::Split": [",", {"Fn::ImportValue": "courier-SubnetIds"}]},
    ),
    is_set("and in no others", f"{CLUSTER}/SubnetGroupName", {"Ref": "CacheSubnets"}),
    is_set("the cache forgets as the settings say", f"{CLUSTER}/ParameterGroupName", {"Ref": "CacheParameters"}),
    is_set(
        "listings are as old as the settings say, at most",
        "Resources/CacheParameters/Properties/ParameterNameValues/query-ttl-millis",
        "5000",
    ),
    is_set("items too", "Resources/CacheParameters/Properties/ParameterNameValues/record-ttl-millis", "5000"),
    Requirement(
        "the cache answers its clients on one port, and asks nobody",
        _of_clients_alone,
        (
            ("Resources/CacheIngress/Properties/SourceSecurityGroupId", {"Ref": "Other"}),
            ("Resources/CacheIngress/Properties/FromPort", 8111),
            ("Resources/CacheSecurityGroup/Properties/SecurityGroupEgress", []),
            ("Resources/CacheClientSecurityGroup/Properties/SecurityGroupEgress/0/ToPort", 65535),
        ),
    ),
]


@pytest.fixture(scope="module")
def cache() -> Template:
    return stack("cache", SETTINGS)


test_the_cache_is_as_it_must_be, test_a_spoilt_cache_is_noticed = holds_and_breaks(REQUIREMENTS, "cache")


def test_each_alarm_is_about_the_cluster_and_tells_the_topic() -> None:
    alarms = of_type(stack("cache", SETTINGS), "AWS::CloudWatch::Alarm")
    assert {alarm["MetricName"] for alarm in alarms.values()} == {
        "CPUUtilization",
        "ErrorRequestCount",
        "FaultRequestCount",
        "ThrottledRequestCount",
    }
    for alarm in alarms.values():
        assert (alarm["Namespace"], alarm["Dimensions"]) == (
            "AWS/DAX",
            [{"Name": "ClusterId", "Value": {"Ref": "Cache"}}],
        )
        assert alarm["AlarmActions"] == [{"Fn::ImportValue": "courier-AlertTopicArn"}]


def test_times_and_nodes_follow_the_settings() -> None:
    cache = SETTINGS.cache
    assert cache is not None
    other = stack("cache", replace(SETTINGS, cache=replace(cache, nodes=5, query_ttl_seconds=60)))
    assert at(other, f"{CLUSTER}/ReplicationFactor") == 5
    times = at(other, "Resources/CacheParameters/Properties/ParameterNameValues")
    assert times == {"query-ttl-millis": "60000", "record-ttl-millis": "5000"}


def test_without_its_section_there_is_no_such_stack() -> None:
    with pytest.raises(TemplateError, match=r"^stack cache: the settings have no \[cache\] section"):
        find_stack("cache").template(example())
    assert find_stack("cache").template(SETTINGS).resources


def test_the_role_of_the_cache_is_made_where_there_is_one_and_nowhere_else() -> None:
    names = [
        {role["RoleName"] for role in of_type(stack("access", settings), "AWS::IAM::Role").values()}
        for settings in (SETTINGS, example())
    ]
    assert ("courier-dax" in names[0], "cruddur-dax" in names[1]) == (True, False)
