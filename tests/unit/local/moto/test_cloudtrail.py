"""CloudTrail answers as AWS does: selectors replace each other, the status tells deliveries, and trails are checked."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from tests.worlds import trails
from tests.worlds.trails import BEGUN, SmallAws, event, small_aws

_ADVANCED = [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}]
_CLASSIC = [{"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True}]


@pytest.fixture
def small() -> Iterator[SmallAws]:
    with small_aws() as running:
        yield running


def test_a_trail_has_the_selectors_of_cloudtrail_until_others_are_put(small: SmallAws) -> None:
    cloudtrail = small.client("cloudtrail")
    answer = cloudtrail.get_event_selectors(TrailName=trails.TRAIL)
    assert (answer["EventSelectors"][0]["ReadWriteType"], answer["AdvancedEventSelectors"]) == ("All", [])
    assert cloudtrail.get_trail(Name=trails.TRAIL)["Trail"]["HasCustomEventSelectors"] is False


def test_selectors_of_one_sort_replace_those_of_the_other(small: SmallAws) -> None:
    cloudtrail = small.client("cloudtrail")
    cloudtrail.put_event_selectors(TrailName=trails.TRAIL, AdvancedEventSelectors=_ADVANCED)
    cloudtrail.put_event_selectors(TrailName=trails.TRAIL, EventSelectors=_CLASSIC)
    answer = cloudtrail.get_event_selectors(TrailName=trails.TRAIL)
    assert (answer["EventSelectors"], answer["AdvancedEventSelectors"]) == (_CLASSIC, [])
    assert cloudtrail.get_trail(Name=trails.TRAIL)["Trail"]["HasCustomEventSelectors"] is True
    cloudtrail.put_event_selectors(TrailName=trails.TRAIL, AdvancedEventSelectors=_ADVANCED)
    answer = cloudtrail.get_event_selectors(TrailName=trails.TRAIL)
    assert (answer["EventSelectors"], answer["AdvancedEventSelectors"]) == ([], _ADVANCED)


def test_selectors_that_cloudtrail_refuses_change_nothing(small: SmallAws) -> None:
    cloudtrail = small.client("cloudtrail")
    cloudtrail.put_event_selectors(TrailName=trails.TRAIL, AdvancedEventSelectors=_ADVANCED)
    wrong = [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Insight"]}]}]
    with pytest.raises(ClientError, match="InvalidEventSelectorsException"):
        cloudtrail.put_event_selectors(TrailName=trails.TRAIL, AdvancedEventSelectors=wrong)
    assert cloudtrail.get_event_selectors(TrailName=trails.TRAIL)["AdvancedEventSelectors"] == _ADVANCED


def test_the_status_tells_the_times_of_logging_and_delivery(small: SmallAws) -> None:
    small.happens(event())
    small.watch.run(300)
    small.client("cloudtrail").stop_logging(Name=trails.TRAIL)
    status = small.status()
    later = BEGUN + timedelta(seconds=300)
    assert {name: status[name] for name in ("IsLogging", "StartLoggingTime", "StopLoggingTime")} == {
        "IsLogging": False,
        "StartLoggingTime": BEGUN - timedelta(seconds=0.999),
        "StopLoggingTime": later,
    }
    assert status["LatestDeliveryTime"] == status["LatestCloudWatchLogsDeliveryTime"] == later
    assert status["LatestDeliveryAttemptSucceeded"] == "2026-03-01T12:05:00Z"


def test_the_status_tells_of_no_delivery_before_the_first(small: SmallAws) -> None:
    small.watch.run(300)
    status = small.status()
    assert status["IsLogging"]
    assert not {"LatestDeliveryTime", "LatestCloudWatchLogsDeliveryTime", "StopLoggingTime"} & status.keys()
