"""AWS::DynamoDB::Table."""

from collections.abc import Iterator
from typing import Any

from tableguard.compliance.item import ConfigurationItem
from tableguard.local.configuration.reader import ResourceReader, recorded, tag_map

TABLE = "AWS::DynamoDB::Table"


def items(reader: ResourceReader) -> Iterator[ConfigurationItem]:
    """Read every table."""
    for name in reader.pages("dynamodb", "list_tables", "TableNames"):
        yield _table(reader, name)


def _table(reader: ResourceReader, name: str) -> ConfigurationItem:
    client = reader.client("dynamodb")
    table = client.describe_table(TableName=name)["Table"]
    backups = client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    # deletionProtectionEnabled is not in the public schema, and the managed rule judges it: it is there
    return reader.item(
        TABLE,
        name,
        table["TableArn"],
        recorded(table),
        tags=tag_map(client.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]),
        supplementary={
            "ContinuousBackupsDescription": recorded(backups),
            # no part of AWS Config's item: the periodic rules ask Application Auto Scaling
            "ScalableTargets": recorded(_scaling(reader, "describe_scalable_targets", "ScalableTargets", name)),
            "ScalingPolicies": recorded(_scaling(reader, "describe_scaling_policies", "ScalingPolicies", name)),
        },
    )


def _scaling(reader: ResourceReader, operation: str, answer: str, table: str) -> list[Any]:
    described = reader.pages("application-autoscaling", operation, answer, ServiceNamespace="dynamodb")
    whole = f"table/{table}"  # and its indexes
    return [one for one in described if one["ResourceId"] == whole or one["ResourceId"].startswith(f"{whole}/")]
