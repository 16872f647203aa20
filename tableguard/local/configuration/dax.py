"""AWS::DAX::Cluster, in CloudFormation's words."""

from collections.abc import Iterator

from tableguard.compliance.item import ConfigurationItem
from tableguard.local.configuration.reader import ResourceReader

CLUSTER = "AWS::DAX::Cluster"


def items(reader: ResourceReader) -> Iterator[ConfigurationItem]:
    """Read every cluster."""
    client = reader.client("dax")
    for cluster in reader.pages("dax", "describe_clusters", "Clusters"):
        tags = client.list_tags(ResourceName=cluster["ClusterArn"])["Tags"]
        yield reader.item(
            CLUSTER,
            cluster["ClusterName"],
            cluster["ClusterArn"],
            {
                "ClusterEndpointEncryptionType": cluster["ClusterEndpointEncryptionType"],
                "ClusterName": cluster["ClusterName"],
                "IAMRoleARN": cluster["IamRoleArn"],
                "NodeType": cluster["NodeType"],
                "ReplicationFactor": cluster["TotalNodes"],
                "SSESpecification": {"SSEEnabled": cluster["SSEDescription"]["Status"] == "ENABLED"},
                "SubnetGroupName": cluster["SubnetGroup"],
            },
            resource_name=cluster["ClusterName"],
            tags={tag["Key"]: tag["Value"] for tag in tags},
        )
