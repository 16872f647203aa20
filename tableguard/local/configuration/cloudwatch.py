"""AWS::CloudWatch::Alarm."""

from collections.abc import Iterator

from tableguard.compliance.item import ConfigurationItem
from tableguard.local.configuration.reader import ResourceReader, recorded, tag_map

ALARM = "AWS::CloudWatch::Alarm"


def items(reader: ResourceReader) -> Iterator[ConfigurationItem]:
    """Read every metric alarm: AWS Config records no composite one under this type."""
    client = reader.client("cloudwatch")
    for alarm in reader.pages("cloudwatch", "describe_alarms", "MetricAlarms"):
        tags = tag_map(client.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"])
        yield reader.item(ALARM, alarm["AlarmName"], alarm["AlarmArn"], recorded(alarm), tags=tags)
