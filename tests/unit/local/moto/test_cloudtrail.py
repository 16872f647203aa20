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


@pytest.mark.parametrize("name", ["{id}", "{arn}", "alias/evidence", "arn:aws:kms:{region}:{account}:alias/evidence"])
def test_a_trail_s_key_may_be_named_in_four_ways_and_is_shown_by_its_arn(small: SmallAws, name: str) -> None:
    arn = encryption_key(small)
    named = name.format(id=arn.rpartition("/")[2], arn=arn, region=trails.REGION, account=trails.ACCOUNT)
    small.client("cloudtrail").update_trail(Name=trails.TRAIL, KmsKeyId=named)
    assert small.client("cloudtrail").get_trail(Name=trails.TRAIL)["Trail"]["KmsKeyId"] == arn
    small.happens(event())
    small.watch.run(300)
    assert "LatestDeliveryError" not in small.status()
    (key,) = [key for key in small.objects() if "/CloudTrail/" in key]
    assert small.client("s3").head_object(Bucket=trails.BUCKET, Key=key)["SSEKMSKeyId"] == arn


@pytest.mark.parametrize("name", ["alias/absent", "1234abcd-12ab-34cd-56ef-1234567890ab"])
def test_a_trail_s_key_that_is_not_there_is_refused(small: SmallAws, name: str) -> None:
    encryption_key(small)
    with pytest.raises(ClientError, match="KmsKeyNotFoundException"):
        small.client("cloudtrail").update_trail(Name=trails.TRAIL, KmsKeyId=name)
    assert "KmsKeyId" not in small.client("cloudtrail").get_trail(Name=trails.TRAIL)["Trail"]


def encryption_key(small: SmallAws) -> str:
    """Make a key that CloudTrail may use, with an alias; its ARN."""
    kms = small.client("kms")
    allowed = trails.allowing("cloudtrail", "kms:GenerateDataKey*", "kms:DescribeKey")
    key = kms.create_key(Policy=trails.document(allowed))["KeyMetadata"]
    kms.create_alias(AliasName="alias/evidence", TargetKeyId=key["KeyId"])
    return str(key["Arn"])
