"""AWS::DAX types: a cluster and its groups are deployed as declared, and a change shows."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tableguard.cloudformation.resource_type import Context, Properties, ResourceHandle
from tableguard.local.stacks.types import ALL
from tests.cases.resources import Case, ResourceTypeTests, context, differences, make

__all__ = ["context"]  # the fixture

CLUSTER = "AWS::DAX::Cluster"
PARAMETERS = "AWS::DAX::ParameterGroup"
SUBNETS = "AWS::DAX::SubnetGroup"
ROLE = "arn:aws:iam::123456789012:role/cruddur-dax"


def subnets(context: Context) -> Properties:
    return {"SubnetGroupName": "cruddur-cache", "Description": "private", "SubnetIds": ["subnet-1", "subnet-2"]}


def parameters(context: Context) -> Properties:
    values = {"query-ttl-millis": "5000", "record-ttl-millis": "6000"}
    return {"ParameterGroupName": "cruddur-cache", "Description": "times", "ParameterNameValues": values}


def cluster(context: Context, **more: Any) -> Properties:
    make(SUBNETS, subnets(context))
    make(PARAMETERS, parameters(context))
    return {
        "ClusterName": "cruddur",
        "Description": "lists",
        "NodeType": "dax.r5.large",
        "ReplicationFactor": 3,
        "IAMRoleARN": ROLE,
        "SSESpecification": {"SSEEnabled": True},
        "ClusterEndpointEncryptionType": "TLS",
        "SubnetGroupName": "cruddur-cache",
        "ParameterGroupName": "cruddur-cache",
        "SecurityGroupIds": ["sg-1"],
        "Tags": {"Application": "cruddur"},
        **more,
    }


def update(**changes: Any) -> Any:
    def change(context: Context, handle: ResourceHandle) -> None:
        context.client("dax").update_cluster(ClusterName=handle.physical_id, **changes)

    return change


def scale(context: Context, handle: ResourceHandle) -> None:
    context.client("dax").decrease_replication_factor(ClusterName=handle.physical_id, NewReplicationFactor=1)


def retag(context: Context, handle: ResourceHandle) -> None:
    tags = [{"Key": "Application", "Value": "other"}]
    context.client("dax").tag_resource(ResourceName=handle.attributes["Arn"], Tags=tags)


def lengthen(context: Context, handle: ResourceHandle) -> None:
    values = [{"ParameterName": "query-ttl-millis", "ParameterValue": "3600000"}]
    context.client("dax").update_parameter_group(ParameterGroupName=handle.physical_id, ParameterNameValues=values)


def move(context: Context, handle: ResourceHandle) -> None:
    context.client("dax").update_subnet_group(SubnetGroupName=handle.physical_id, SubnetIds=["subnet-public"])


class TestDax(ResourceTypeTests):
    cases = (
        Case("security group", CLUSTER, cluster, update(SecurityGroupIds=["sg-open"]), "SecurityGroupIds"),
        Case("parameters", CLUSTER, cluster, update(ParameterGroupName="default.dax1.0"), "ParameterGroupName"),
        Case("nodes", CLUSTER, cluster, scale, "ReplicationFactor"),
        Case("tags", CLUSTER, cluster, retag, "Tags.Application"),
        Case("time to live", PARAMETERS, parameters, lengthen, "ParameterNameValues.query-ttl-millis"),
        Case("subnets", SUBNETS, subnets, move, "SubnetIds"),
    )


def test_ref_and_getatt_of_a_cluster(context: Context) -> None:
    handle = make(CLUSTER, cluster(context))
    assert handle.physical_id == "cruddur"
    assert handle.attributes["Arn"] == "arn:aws:dax:eu-central-1:123456789012:cache/cruddur"
    assert handle.attributes["ClusterDiscoveryEndpointURL"].startswith("daxs://cruddur.")
    assert handle.attributes["ClusterDiscoveryEndpoint"].endswith(":9111")


def test_a_cluster_without_tls_has_the_other_scheme_and_port(context: Context) -> None:
    handle = make(CLUSTER, cluster(context, ClusterEndpointEncryptionType="NONE"))
    assert handle.attributes["ClusterDiscoveryEndpointURL"].startswith("dax://")
    assert handle.attributes["ClusterDiscoveryEndpoint"].endswith(":8111")


@pytest.mark.parametrize("nodes", [1, 5])
def test_nodes_are_added_and_taken_away(context: Context, nodes: int) -> None:
    declared = cluster(context)
    handle, change = make(CLUSTER, declared), ALL[CLUSTER].update
    assert change is not None
    wanted = {**declared, "ReplicationFactor": nodes, "Tags": {"ManagedBy": "tableguard"}}
    assert differences(CLUSTER, wanted, context, change(context, handle, wanted)) == []


def test_what_was_made_of_a_parameter_group_goes_if_its_values_are_refused(context: Context) -> None:
    with pytest.raises(ClientError, match="InvalidParameterValueException"):
        make(PARAMETERS, {**parameters(context), "ParameterNameValues": {"ttl": "1"}})
    with pytest.raises(ClientError, match="ParameterGroupNotFoundFault"):
        context.client("dax").describe_parameter_groups(ParameterGroupNames=["cruddur-cache"])
