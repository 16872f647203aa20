"""DAX of the embedded AWS refuses as AWS does, and keeps what moto forgets of a cluster."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tableguard.local import server
from tableguard.local.clients.factory import Clients

WANTED = {
    "ClusterName": "cache",
    "NodeType": "dax.r5.large",
    "ReplicationFactor": 2,
    "IamRoleArn": "arn:aws:iam::111122223333:role/dax",
}
VALUES = [{"ParameterName": "record-ttl-millis", "ParameterValue": "1000"}]


@pytest.fixture
def dax() -> Iterator[Any]:
    with server.start() as running:
        client = Clients(running.endpoint)("dax", "111122223333", "eu-central-1")
        client.create_subnet_group(SubnetGroupName="subnets", SubnetIds=["subnet-1"])
        client.create_parameter_group(ParameterGroupName="times")
        client.create_cluster(**WANTED, SubnetGroupName="subnets", ParameterGroupName="times")
        yield client


@pytest.mark.parametrize(
    ("operation", "parameters", "code"),
    [
        ("create_cluster", WANTED, "ClusterAlreadyExistsFault"),
        ("create_cluster", {**WANTED, "ClusterName": "other", "ReplicationFactor": 12}, "NodeQuotaForClusterExceeded"),
        ("create_cluster", {**WANTED, "ClusterName": "other", "SubnetGroupName": "none"}, "SubnetGroupNotFound"),
        ("create_cluster", {**WANTED, "ClusterName": "other", "ParameterGroupName": "none"}, "ParameterGroupNotFound"),
        ("create_cluster", {**WANTED, "ClusterName": "two--hyphens"}, "InvalidParameterValue"),
        ("update_cluster", {"ClusterName": "none"}, "ClusterNotFoundFault"),
        ("update_cluster", {"ClusterName": "cache", "ParameterGroupName": "none"}, "ParameterGroupNotFound"),
        ("delete_cluster", {"ClusterName": "none"}, "ClusterNotFoundFault"),
        ("reboot_node", {"ClusterName": "cache", "NodeId": "none"}, "NodeNotFound"),
        ("create_subnet_group", {"SubnetGroupName": "subnets", "SubnetIds": ["subnet-1"]}, "SubnetGroupAlreadyExists"),
        ("create_parameter_group", {"ParameterGroupName": "times"}, "ParameterGroupAlreadyExists"),
        ("delete_subnet_group", {"SubnetGroupName": "subnets"}, "SubnetGroupInUseFault"),
        ("delete_parameter_group", {"ParameterGroupName": "times"}, "InvalidParameterGroupState"),
        (
            "update_parameter_group",
            {"ParameterGroupName": "times", "ParameterNameValues": [{**VALUES[0], "ParameterValue": "-1"}]},
            "InvalidParameterValue",
        ),
    ],
)
def test_a_refusal_has_the_code_of_aws(dax: Any, operation: str, parameters: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError, match=code):
        getattr(dax, operation)(**parameters)


def test_the_same_calls_are_answered_where_they_may_be(dax: Any) -> None:
    dax.create_cluster(**{**WANTED, "ClusterName": "other", "ReplicationFactor": 11})
    dax.update_cluster(ClusterName="cache", Description="new", NotificationTopicArn="arn:aws:sns:eu-central-1:1:a")
    (cluster,) = dax.describe_clusters(ClusterNames=["cache"])["Clusters"]
    assert (cluster["Description"], cluster["Status"], cluster["ActiveNodes"]) == ("new", "available", 2)
    assert cluster["NotificationConfiguration"]["TopicArn"].endswith(":a")
    dax.reboot_node(ClusterName="cache", NodeId=cluster["Nodes"][0]["NodeId"])
    dax.delete_cluster(ClusterName="cache")
    dax.delete_subnet_group(SubnetGroupName="subnets")
    dax.delete_parameter_group(ParameterGroupName="times")
    assert [one["ClusterName"] for one in dax.describe_clusters()["Clusters"]] == ["other"]


def test_a_group_keeps_times_in_place_of_the_usual_ones(dax: Any) -> None:
    def times() -> dict[str, str]:
        told = dax.describe_parameters(ParameterGroupName="times")["Parameters"]
        return {one["ParameterName"]: one["ParameterValue"] for one in told}

    assert times() == {"query-ttl-millis": "300000", "record-ttl-millis": "300000"}
    dax.update_parameter_group(ParameterGroupName="times", ParameterNameValues=VALUES)
    assert times() == {"query-ttl-millis": "300000", "record-ttl-millis": "1000"}
