"""AWS::CloudTrail::Trail."""

from collections.abc import Iterator
from typing import Any

from tableguard.compliance.item import ConfigurationItem
from tableguard.local.configuration.reader import ResourceReader, recorded, tag_map, unless

TRAIL = "AWS::CloudTrail::Trail"


def items(reader: ResourceReader) -> Iterator[ConfigurationItem]:
    """Read the trails that are at work in the region, those of other regions that cover it too."""
    for trail in reader.client("cloudtrail").describe_trails()["trailList"]:
        yield _trail(reader, trail)


def _trail(reader: ResourceReader, trail: dict[str, Any]) -> ConfigurationItem:
    client, arn = reader.client("cloudtrail"), trail["TrailARN"]
    selectors = client.get_event_selectors(TrailName=arn)
    insights = unless(
        "InsightNotEnabledException", lambda: client.get_insight_selectors(TrailName=arn).get("InsightSelectors"), ()
    )
    events, advanced = selectors.get("EventSelectors", []), selectors.get("AdvancedEventSelectors", [])
    tags = client.list_tags(ResourceIdList=[arn])["ResourceTagList"][0]["TagsList"]
    return reader.item(
        TRAIL,
        trail["Name"],
        arn,
        {
            **recorded(trail),
            # of the selectors themselves, since DescribeTrails of the embedded AWS does not tell advanced ones
            "hasCustomEventSelectors": bool(events or advanced),
            "hasInsightSelectors": bool(insights),
        },
        region=trail["HomeRegion"],
        tags=tag_map(tags),
        # no part of AWS Config's item: the periodic rules ask CloudTrail
        supplementary={
            "AdvancedEventSelectors": recorded(advanced),
            "EventSelectors": recorded(events),
            "Status": recorded(client.get_trail_status(Name=arn)),
        },
    )
