"""AWS::Cognito::IdentityPool, in CloudFormation's words."""

from collections.abc import Iterator

from tableguard.compliance.item import ConfigurationItem
from tableguard.local.configuration.reader import ResourceReader
from tableguard.partitions import of_region

IDENTITY_POOL = "AWS::Cognito::IdentityPool"


def items(reader: ResourceReader) -> Iterator[ConfigurationItem]:
    """Read every identity pool."""
    client = reader.client("cognito-identity")
    for listed in reader.pages("cognito-identity", "list_identity_pools", "IdentityPools", MaxResults=60):
        pool = client.describe_identity_pool(IdentityPoolId=listed["IdentityPoolId"])
        identity = pool["IdentityPoolId"]
        yield reader.item(
            IDENTITY_POOL,
            identity,
            f"arn:{of_region(reader.region)}:cognito-identity:{reader.region}:{reader.account_id}:identitypool/{identity}",
            {name: value for name, value in pool.items() if name not in ("ResponseMetadata", "IdentityPoolTags")},
            resource_name=pool["IdentityPoolName"],
            tags=pool.get("IdentityPoolTags", {}),
        )
