"""AWS::Logs::LogGroup, of which AWS Config's rules are periodic."""

from collections.abc import Iterator

from tableguard.compliance.item import ConfigurationItem
from tableguard.local.configuration.reader import ResourceReader, recorded

LOG_GROUP = "AWS::Logs::LogGroup"


def items(reader: ResourceReader) -> Iterator[ConfigurationItem]:
    """Read every log group."""
    client = reader.client("logs")
    for group in reader.pages("logs", "describe_log_groups", "logGroups"):
        arn = group["arn"].removesuffix(":*")
        tags = client.list_tags_for_resource(resourceArn=arn)["tags"]
        yield reader.item(LOG_GROUP, group["logGroupName"], arn, recorded(group), tags=tags)
