"""Event selectors record the events that CloudTrail's pages say: each operator and field, with a twin that fails."""

from typing import Any

import pytest

from tableguard.aws.cloudtrail.delivery.selectors import FIELDS, OPERATORS, EventSelectors
from tests.worlds.trails import ACCOUNT, REGION, event, item_event

_TABLES = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/"
_FULL = {
    **item_event(),
    "readOnly": True,
    "errorCode": "AccessDenied",
    "vpcEndpointId": "vpce-1",
    "sessionCredentialFromConsole": "true",
}
_VALUES = {
    "eventCategory": "Data",
    "readOnly": "true",
    "eventName": "PutItem",
    "eventSource": "dynamodb.amazonaws.com",
    "eventType": "AwsApiCall",
    "resources.type": "AWS::DynamoDB::Table",
    "resources.ARN": f"{_TABLES}messages",
    "userIdentity.arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/someone/me",
    "sessionCredentialFromConsole": "true",
    "vpcEndpointId": "vpce-1",
    "errorCode": "AccessDenied",
}


def _advanced(*fields: dict[str, Any]) -> EventSelectors:
    return EventSelectors(advanced=({"FieldSelectors": list(fields)},))


def _field(name: str, **operators: list[str]) -> dict[str, Any]:
    return {"Field": name, **operators}


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("operator", OPERATORS)
def test_each_operator_compares_each_field(field: str, operator: str) -> None:
    value = _VALUES[field]
    operand = (
        value[: len(value) // 2] if "Starts" in operator else value[len(value) // 2 :] if "Ends" in operator else value
    )
    excludes = operator.startswith("Not")
    assert _advanced(_field(field, **{operator: [operand]})).record(_FULL) is not excludes
    assert _advanced(_field(field, **{operator: [f"{operand}x"]})).record(_FULL) is excludes


def test_every_field_must_be_accepted_and_any_value_will_do() -> None:
    both = _field("eventName", Equals=["GetItem", "PutItem"])
    assert _advanced(both, _field("eventCategory", Equals=["Data"])).record(_FULL)
    assert not _advanced(both, _field("eventCategory", Equals=["Management"])).record(_FULL)
    assert not _advanced(_field("eventName", Equals=["GetItem"])).record(_FULL)


def test_any_selector_will_do() -> None:
    selectors = tuple({"FieldSelectors": [_field("eventName", Equals=[name])]} for name in ("GetItem", "PutItem"))
    assert EventSelectors(advanced=selectors).record(_FULL)
    assert not EventSelectors(advanced=selectors[:1]).record(_FULL)


@pytest.mark.parametrize(
    ("name", "recorded"), [("GetItem", True), ("GetRow", False), ("BatchGetItem", True), ("Put", False)]
)
def test_selecting_operators_of_a_field_are_alternatives_and_excluding_ones_are_not(name: str, recorded: bool) -> None:
    field = _field("eventName", StartsWith=["Get"], EndsWith=["Item"], NotEndsWith=["Row"])
    assert _advanced(field).record({**_FULL, "eventName": name}) is recorded


def test_what_an_event_lacks_is_excluded_by_no_value() -> None:
    management = event()
    assert _advanced(_field("errorCode", NotEquals=["AccessDenied"])).record(management)
    assert not _advanced(_field("errorCode", Equals=["AccessDenied"])).record(management)


def test_one_resource_must_be_of_the_type_and_have_the_arn() -> None:
    stream = {"type": "AWS::DynamoDB::Stream", "ARN": f"{_TABLES}messages/stream/1"}
    table = {"type": "AWS::DynamoDB::Table", "ARN": f"{_TABLES}others"}
    selectors = _advanced(
        _field("resources.type", Equals=["AWS::DynamoDB::Table"]),
        _field("resources.ARN", StartsWith=[f"{_TABLES}messages"]),
    )
    assert not selectors.record({**_FULL, "resources": [stream, table]})
    assert selectors.record({**_FULL, "resources": [stream, {**table, "ARN": f"{_TABLES}messages"}]})


def test_without_selectors_management_events_are_recorded_and_no_others() -> None:
    assert EventSelectors().record(event())
    assert EventSelectors().record(event("DescribeTable", readOnly=True))
    assert not EventSelectors().record(item_event())
    assert not EventSelectors().record(event(eventCategory="NetworkActivity"))


@pytest.mark.parametrize(("kind", "recorded"), [("All", [1, 1]), ("ReadOnly", [1, 0]), ("WriteOnly", [0, 1])])
def test_a_classic_selector_takes_events_that_read_or_write(kind: str, recorded: list[int]) -> None:
    selectors = EventSelectors(({"ReadWriteType": kind, "IncludeManagementEvents": True},))
    assert [selectors.record(event(readOnly=only)) for only in (True, False)] == [bool(one) for one in recorded]


@pytest.mark.parametrize(("kind", "recorded"), [("All", True), ("ReadOnly", False), ("WriteOnly", True)])
def test_an_event_that_does_not_say_whether_it_reads_is_taken_for_one_that_writes(kind: str, recorded: bool) -> None:
    silent = {name: value for name, value in event().items() if name != "readOnly"}
    assert EventSelectors(({"ReadWriteType": kind},)).record(silent) is recorded


def test_a_classic_selector_takes_no_network_activity_event() -> None:
    refused = {name: value for name, value in event(eventCategory="NetworkActivity").items() if name != "readOnly"}
    for kind in ("All", "ReadOnly", "WriteOnly"):
        assert not EventSelectors(({"ReadWriteType": kind, "IncludeManagementEvents": True},)).record(refused)


def test_a_classic_selector_leaves_out_management_events_or_those_of_a_source() -> None:
    assert not EventSelectors(({"IncludeManagementEvents": False},)).record(event())
    excluding = EventSelectors(({"ExcludeManagementEventSources": ["kms.amazonaws.com"]},))
    assert excluding.record(event())
    assert not excluding.record(event(eventSource="kms.amazonaws.com"))


@pytest.mark.parametrize(
    ("kind", "value", "arn", "recorded"),
    [
        ("AWS::DynamoDB::Table", "arn:aws:dynamodb", f"{_TABLES}messages", True),
        ("AWS::DynamoDB::Table", f"{_TABLES}messages", f"{_TABLES}messages", True),
        ("AWS::DynamoDB::Table", f"{_TABLES}messages", f"{_TABLES}messages-2", False),
        ("AWS::Lambda::Function", "arn:aws:lambda", "arn:aws:lambda:eu-central-1:111122223333:function:a", True),
        ("AWS::Lambda::Function", "arn:aws:dynamodb", "arn:aws:lambda:eu-central-1:111122223333:function:a", False),
        ("AWS::S3::Object", "arn:aws:s3:::bucket/", "arn:aws:s3:::bucket/key", True),
        ("AWS::S3::Object", "arn:aws:s3:::bucket/", "arn:aws:s3:::bucket-2/key", False),
        ("AWS::S3::Object", "arn:aws:s3", "arn:aws:s3:::bucket/key", True),
    ],
)
def test_a_classic_selector_names_resources_or_a_whole_service(kind: str, value: str, arn: str, recorded: bool) -> None:
    selectors = EventSelectors(({"DataResources": [{"Type": kind, "Values": [value]}]},))
    assert selectors.record({**_FULL, "resources": [{"type": kind, "ARN": arn}]}) is recorded
    assert not selectors.record({**_FULL, "resources": [{"type": "AWS::KMS::Key", "ARN": arn}]})
