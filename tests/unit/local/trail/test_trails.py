"""A trail delivers what it records: to the event bus within seconds, and to its log group as its role may."""

from collections.abc import Iterator
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Any

import pytest

from tableguard.local.trail.trails import Delays, Trails
from tests.worlds import trails
from tests.worlds.trails import ACCOUNT, GROUP, OTHER_REGION, REGION, ROLE, SmallAws, event, item_event, small_aws

NOW = datetime(2026, 1, 1, tzinfo=UTC)
_STREAM = f"{ACCOUNT}_CloudTrail_{REGION}"
_ITEMS = {
    "FieldSelectors": [
        {"Field": "eventCategory", "Equals": ["Data"]},
        {"Field": "resources.type", "Equals": ["AWS::DynamoDB::Table"]},
    ]
}


@pytest.fixture
def small() -> Iterator[SmallAws]:
    with small_aws() as running:
        yield running


@pytest.fixture
def multi_region() -> Iterator[SmallAws]:
    with small_aws(IsMultiRegionTrail=True) as running:
        yield running


def _names(small: SmallAws) -> list[str]:
    return [heard["detail"]["eventName"] for _, heard in small.heard.events]


@pytest.mark.parametrize(("seconds", "names"), [(299, []), (300, ["CreateTable"])])
def test_a_record_is_in_the_log_group_after_five_minutes(small: SmallAws, seconds: int, names: list[str]) -> None:
    small.happens(event())
    small.watch.run(seconds)
    assert [line["eventName"] for line in small.log_lines()] == names


@pytest.mark.parametrize(("seconds", "names"), [(4, []), (5, ["CreateTable"])])
def test_an_event_is_on_the_bus_after_some_seconds(small: SmallAws, seconds: int, names: list[str]) -> None:
    small.happens(event())
    small.watch.run(seconds, step=1)
    assert _names(small) == names


def test_an_event_has_the_envelope_of_event_bridge(small: SmallAws) -> None:
    record = event()
    small.happens(record)
    small.watch.run(5)
    ((region, heard),) = small.heard.events
    assert (region, heard["detail"]) == (REGION, record)
    assert {name: heard[name] for name in heard if name not in ("detail", "id")} == {
        "version": "0",
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.dynamodb",
        "account": ACCOUNT,
        "time": "2026-03-01T12:00:00Z",
        "region": REGION,
        "resources": [],
    }


def test_no_event_is_on_the_bus_of_a_region_without_a_trail(small: SmallAws) -> None:
    small.happens(event(awsRegion=OTHER_REGION))
    small.watch.run(300)
    assert _names(small) == []


def test_a_trail_of_all_regions_writes_the_events_of_each_into_the_stream_of_its_own(multi_region: SmallAws) -> None:
    multi_region.happens(event(awsRegion=OTHER_REGION))
    multi_region.watch.run(300)
    assert [region for region, _ in multi_region.heard.events] == [OTHER_REGION]
    assert [line["awsRegion"] for line in multi_region.log_lines(_STREAM)] == [OTHER_REGION]


@pytest.mark.parametrize(("selectors", "names"), [((), []), ((_ITEMS,), ["PutItem"])])
def test_data_events_are_delivered_where_a_trail_selects_them(
    small: SmallAws, selectors: tuple[dict[str, Any], ...], names: list[str]
) -> None:
    if selectors:
        small.client("cloudtrail").put_event_selectors(TrailName=trails.TRAIL, AdvancedEventSelectors=list(selectors))
    small.happens(item_event())
    small.watch.run(300)
    assert _names(small) == names
    assert [line["eventName"] for line in small.log_lines()] == names


def test_management_events_reach_the_bus_also_where_the_trail_selects_none(small: SmallAws) -> None:
    small.client("cloudtrail").put_event_selectors(TrailName=trails.TRAIL, AdvancedEventSelectors=[_ITEMS])
    small.happens(event())
    small.watch.run(300)
    assert (_names(small), small.log_lines()) == (["CreateTable"], [])


def test_a_stopped_trail_delivers_what_happened_before_and_nothing_else(small: SmallAws) -> None:
    small.happens(event("Before"))
    small.watch.clock.advance(1)
    small.client("cloudtrail").stop_logging(Name=trails.TRAIL)
    small.watch.clock.advance(1)
    small.happens(event("After"))
    small.watch.run(300)
    assert [line["eventName"] for line in small.log_lines()] == ["Before"]
    small.client("cloudtrail").start_logging(Name=trails.TRAIL)
    small.happens(event("Again"))
    small.watch.run(300)
    assert [line["eventName"] for line in small.log_lines()] == ["Before", "Again"]


def test_a_trail_records_the_call_that_stops_it_and_no_other(small: SmallAws) -> None:
    cloudtrail = small.caller("cloudtrail")
    cloudtrail.describe_trails()
    cloudtrail.stop_logging(Name=trails.TRAIL)
    cloudtrail.list_trails()
    small.watch.run(300)
    assert [line["eventName"] for line in small.log_lines()] == ["DescribeTrails", "StopLogging"]
    assert _names(small) == ["DescribeTrails", "StopLogging"]


def test_a_trail_records_the_call_that_deletes_it(small: SmallAws) -> None:
    small.caller("cloudtrail").delete_trail(Name=trails.TRAIL)
    small.watch.run(300)
    assert [line["eventName"] for line in small.log_lines()] == ["DeleteTrail"]


def _delete_group(small: SmallAws) -> None:
    small.client("logs").delete_log_group(logGroupName=GROUP)


def _take_rights(small: SmallAws) -> None:
    small.client("iam").delete_role_policy(RoleName=ROLE, PolicyName="writes")


def _distrust(small: SmallAws) -> None:
    trust = trails.document({**trails.TRUST, "Principal": {"Service": "ec2.amazonaws.com"}})
    small.client("iam").update_assume_role_policy(RoleName=ROLE, PolicyDocument=trust)


def _delete_role(small: SmallAws) -> None:
    _take_rights(small)
    small.client("iam").delete_role(RoleName=ROLE)


@pytest.mark.parametrize(
    ("harm", "error"),
    [
        (_delete_group, "ResourceNotFoundException"),
        (_take_rights, "AccessDeniedException"),
        (_distrust, "AccessDeniedException"),
        (_delete_role, "AccessDeniedException"),
    ],
)
def test_a_log_group_that_the_role_may_not_write_gets_nothing(small: SmallAws, harm: Any, error: str) -> None:
    harm(small)
    small.happens(event())
    small.watch.run(300)
    assert small.log_lines() == []
    assert _names(small) == ["CreateTable"]
    assert small.watch.trails.status(trails.TRAIL_ARN).log_group.error == error


def test_an_aws_that_is_emptied_delivers_nothing_more(small: SmallAws) -> None:
    small.happens(event())
    small.watch.reset()
    small.watch.run(300)
    assert (_names(small), small.log_lines()) == ([], [])


def test_of_two_changes_at_once_the_later_one_lasts() -> None:
    """The first thread is held while it reads the trails; the second has then to wait, and reads its own change."""
    state, reading, changed = ["before"], Event(), Event()

    def logging() -> Any:
        seen = tuple(state)
        if not reading.is_set():
            reading.set()
            changed.wait(0.2)
        return seen

    tried = Trails(Delays(), logging, [])
    tried.digests.begin = lambda trails, now: None  # type: ignore[method-assign]  # the trails are words
    first = Thread(target=tried.changed, args=(NOW,))
    first.start()
    reading.wait()
    state[:] = ["after"]
    tried.changed(NOW)
    changed.set()
    first.join()
    last: tuple[Any, ...] = tried._at(NOW)
    assert last == ("after",)
