"""LookupEvents of the embedded AWS answers with what was called, as clients read it."""

import json
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from tableguard.local.landing_zone import LandingZone
from tests.worlds import edge


@pytest.fixture(scope="module")
def zone() -> Iterator[LandingZone]:
    with edge.running() as prepared:
        yield prepared


def test_the_history_has_management_events_newest_first_page_by_page(zone: LandingZone) -> None:
    administrator = zone.session("administrator")
    dynamodb, cloudtrail = administrator.client("dynamodb"), administrator.client("cloudtrail")
    for number in range(3):
        dynamodb.tag_resource(
            ResourceArn=f"arn:aws:dynamodb:{edge.REGION}:{edge.ACCOUNT}:table/{edge.TABLE}",
            Tags=[{"Key": f"k{number}", "Value": "v"}],
        )
        dynamodb.put_item(TableName=edge.TABLE, Item=edge.KEY)
    name = {"AttributeKey": "EventName", "AttributeValue": "TagResource"}
    pages = cloudtrail.get_paginator("lookup_events").paginate(
        LookupAttributes=[name], PaginationConfig={"PageSize": 2}
    )
    events = [event for answer in pages for event in answer["Events"]]
    tags = [json.loads(event["CloudTrailEvent"])["requestParameters"]["tags"][0]["key"] for event in events]
    assert tags == ["k2", "k1", "k0"]
    assert {event["Username"] for event in events} == {"tableguard"}
    written = {"AttributeKey": "EventName", "AttributeValue": "PutItem"}
    assert cloudtrail.lookup_events(LookupAttributes=[written])["Events"] == []  # data events are not in it


def test_an_unknown_token_is_refused(zone: LandingZone) -> None:
    cloudtrail = zone.session("administrator").client("cloudtrail")
    with pytest.raises(ClientError, match="InvalidNextTokenException"):
        cloudtrail.lookup_events(NextToken="absent")
