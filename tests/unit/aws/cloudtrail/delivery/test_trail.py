"""A trail records events of its account and regions, and an event goes to the bus in EventBridge's envelope."""

from dataclasses import replace

import pytest

from tableguard.aws.cloudtrail.delivery.trail import Trail, bus_event
from tests.worlds.trails import ACCOUNT, OTHER_REGION, REGION, event

TRAIL = Trail(ACCOUNT, REGION, "example", "evidence")


def test_a_trail_records_events_of_its_account_and_region() -> None:
    assert TRAIL.records(event())
    assert not TRAIL.records(event(recipientAccountId="444455556666"))
    assert not TRAIL.records(event(awsRegion=OTHER_REGION))


def test_a_trail_of_all_regions_records_those_of_every_region() -> None:
    assert replace(TRAIL, multi_region=True).records(event(awsRegion=OTHER_REGION))


def test_a_trail_of_one_region_has_global_services_if_it_includes_them() -> None:
    signing = event("CreateRole", eventSource="iam.amazonaws.com", awsRegion="us-east-1")
    here = replace(TRAIL, home_region="us-east-1")
    assert here.records(signing)
    assert not replace(here, global_services=False).records(signing)
    assert replace(here, global_services=False).records({**signing, "eventSource": "kms.amazonaws.com"})
    assert not TRAIL.records(signing)


@pytest.mark.parametrize(
    ("fields", "detail_type"),
    [
        ({}, "AWS API Call via CloudTrail"),
        ({"eventCategory": "Data"}, "AWS API Call via CloudTrail"),
        ({"eventType": "AwsServiceEvent"}, "AWS Service Event via CloudTrail"),
        ({"eventType": "AwsConsoleSignIn"}, "AWS Console Sign In via CloudTrail"),
        (
            {"eventCategory": "NetworkActivity", "eventType": "AwsVpceEvent"},
            "AWS Network Activity Event via CloudTrail",
        ),
    ],
)
def test_the_detail_type_follows_the_kind_of_event(fields: dict[str, str], detail_type: str) -> None:
    assert bus_event(event(**fields), "1")["detail-type"] == detail_type
