"""The event history as LookupEvents shows it: which events, in which order and pages, and what it refuses.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
"""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tableguard.aws.cloudtrail.history import Lookup, RefusedLookupError, page
from tableguard.aws.cloudtrail.record import Recorded

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
ALL = Lookup("111122223333", "eu-central-1", NOW)
USER = {"type": "IAMUser", "userName": "Alice", "accessKeyId": "AKIA1"}
SESSION = {"type": "AssumedRole", "principalId": "AROA1:me", "accessKeyId": "ASIA1"}


def _recorded(number: int, name: str, **fields: Any) -> Recorded:
    """Return the record of an event so many hours ago."""
    time = NOW - timedelta(hours=number)
    record = {
        "eventID": str(number),
        "eventName": name,
        "eventSource": "dynamodb.amazonaws.com",
        "eventTime": f"{time:%Y-%m-%dT%H:%M:%SZ}",
        "readOnly": name.startswith("Describe"),
        "requestParameters": {"tableName": f"table-{number}"},
        "userIdentity": USER,
        **fields,
    }
    return Recorded(time, "111122223333", "eu-central-1", record)


HISTORY = (
    _recorded(1, "DescribeTable"),
    _recorded(2, "DeleteTable", userIdentity=SESSION),
    _recorded(3, "CreateTable"),
)


def _ids(lookup: Lookup) -> list[str]:
    return [event["EventId"] for event in page(lookup, HISTORY)[0]]


def test_an_event_has_its_names_and_its_record() -> None:
    (event,), _ = page(ALL, HISTORY[1:2])
    assert json.loads(event.pop("CloudTrailEvent")) == HISTORY[1].record
    assert event == {
        "EventId": "2",
        "EventName": "DeleteTable",
        "ReadOnly": "false",
        "AccessKeyId": "ASIA1",
        "EventTime": (NOW - timedelta(hours=2)).timestamp(),
        "EventSource": "dynamodb.amazonaws.com",
        "Username": "me",
        "Resources": [{"ResourceType": "AWS::DynamoDB::Table", "ResourceName": "table-2"}],
    }


@pytest.mark.parametrize(
    ("key", "value", "ids"),
    [
        ("EventId", "3", ["3"]),
        ("EventName", "DeleteTable", ["2"]),
        ("EventSource", "dynamodb.amazonaws.com", ["1", "2", "3"]),
        ("EventSource", "kms.amazonaws.com", []),
        ("ReadOnly", "true", ["1"]),
        ("Username", "Alice", ["1", "3"]),
        ("Username", "me", ["2"]),
        ("AccessKeyId", "ASIA1", ["2"]),
        ("ResourceName", "table-3", ["3"]),
        ("ResourceType", "AWS::DynamoDB::Table", ["1", "2", "3"]),
        ("ResourceType", "AWS::KMS::Key", []),
    ],
)
def test_an_attribute_chooses_events(key: str, value: str, ids: list[str]) -> None:
    assert _ids(replace(ALL, attributes=[{"AttributeKey": key, "AttributeValue": value}])) == ids


def test_a_range_of_time_chooses_events() -> None:
    assert _ids(replace(ALL, start=NOW - timedelta(hours=2))) == ["1", "2"]
    assert _ids(replace(ALL, end=NOW - timedelta(hours=2))) == ["2", "3"]


def test_events_are_kept_for_ninety_days() -> None:
    assert _ids(replace(ALL, now=NOW + timedelta(days=90, hours=-2))) == ["1", "2"]


def test_another_account_or_region_has_events_of_its_own() -> None:
    assert _ids(replace(ALL, account="444455556666")) == []
    assert _ids(replace(ALL, region="us-east-1")) == []


def test_a_token_leads_to_the_next_page_whatever_has_happened_since() -> None:
    first, token = page(replace(ALL, most=2), HISTORY)
    newer = _recorded(0, "UpdateTable")
    second, end = page(replace(ALL, most=2, after=token), (newer, *HISTORY))
    assert [event["EventId"] for event in (*first, *second)] == ["1", "2", "3"]
    assert end == ""


def test_there_are_no_insights() -> None:
    assert _ids(replace(ALL, category="insight")) == []


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"most": 51}, "InvalidMaxResultsException"),
        ({"most": 0}, "InvalidMaxResultsException"),
        ({"after": "9"}, "InvalidNextTokenException"),
        ({"start": NOW, "end": NOW - timedelta(hours=1)}, "InvalidTimeRangeException"),
        ({"attributes": [{"AttributeKey": "Colour", "AttributeValue": "x"}]}, "InvalidLookupAttributesException"),
        (
            {"attributes": [{"AttributeKey": "EventId", "AttributeValue": "1"}] * 2},
            "InvalidLookupAttributesException",
        ),
    ],
)
def test_a_lookup_that_cannot_be_made_is_refused(changed: dict[str, Any], code: str) -> None:
    with pytest.raises(RefusedLookupError) as refused:
        page(replace(ALL, **changed), HISTORY)
    assert refused.value.code == code
