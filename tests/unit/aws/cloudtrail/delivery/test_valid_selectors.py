"""Selectors that CloudTrail refuses are refused, each beside one that differs in one field and is accepted."""

from typing import Any

import pytest

from tableguard.aws.cloudtrail.delivery.valid_selectors import SelectorError, check

_OF_TABLES = {"Field": "resources.type", "Equals": ["AWS::DynamoDB::Table"]}
_OF_SOURCE = {"Field": "eventSource", "Equals": ["dynamodb.amazonaws.com"]}


def _advanced(category: str, *fields: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"FieldSelectors": [{"Field": "eventCategory", "Equals": [category]}, *fields]}]


def _names(count: int) -> list[dict[str, Any]]:
    return _advanced("Data", _OF_TABLES, {"Field": "eventName", "Equals": [f"Get{n}" for n in range(count - 2)]})


def _tables(count: int) -> list[dict[str, Any]]:
    values = [f"arn:aws:dynamodb:eu-central-1:111122223333:table/{n}" for n in range(count)]
    return [{"DataResources": [{"Type": "AWS::DynamoDB::Table", "Values": values}]}]


_ADVANCED = [
    (_advanced("Data", _OF_TABLES), _advanced("Data"), "resources.type"),
    (_advanced("Management"), _advanced("Insight"), "eventCategory"),
    (
        _advanced("NetworkActivity", _OF_SOURCE),
        _advanced("NetworkActivity"),
        "names eventSource",
    ),
    (_advanced("Management", _OF_SOURCE), _advanced("Management", _OF_TABLES), "no field of Management"),
    (_advanced("Management", _OF_SOURCE), _advanced("Management", _OF_SOURCE, _OF_SOURCE), "named once"),
    (
        _advanced("Data", {**_OF_TABLES}),
        _advanced("Data", {"Field": "resources.type", "StartsWith": ["AWS::DynamoDB"]}),
        "Equals only",
    ),
    (
        _advanced("Data", _OF_TABLES),
        _advanced("Data", {"Field": "resources.type", "Equals": ["AWS::DynamoDB::Table", "AWS::S3::Object"]}),
        "one value",
    ),
    (
        _advanced("Management", {"Field": "readOnly", "Equals": ["false"]}),
        _advanced("Management", {"Field": "readOnly", "Equals": ["False"]}),
        "readOnly is one of",
    ),
    (
        _advanced("NetworkActivity", _OF_SOURCE, {"Field": "errorCode", "Equals": ["VpceAccessDenied"]}),
        _advanced("NetworkActivity", _OF_SOURCE, {"Field": "errorCode", "Equals": ["AccessDenied"]}),
        "errorCode is one of",
    ),
    (
        _advanced("Data", _OF_TABLES, {"Field": "eventName", "StartsWith": ["Get"]}),
        _advanced("Data", _OF_TABLES, {"Field": "eventName", "StartsWith": []}),
        "no operator",
    ),
    (_names(500), _names(501), "500 values"),
]
_CLASSIC = [
    ([{"ReadWriteType": "ReadOnly"}], [{"ReadWriteType": "read-only"}], "ReadWriteType"),
    ([{}] * 5, [{}] * 6, "5 event selectors"),
    (_tables(250), _tables(251), "250 data resources"),
    (
        [{"DataResources": [{"Type": "AWS::S3::Object", "Values": []}]}],
        [{"DataResources": [{"Type": "AWS::S3::Bucket", "Values": []}]}],
        "Data resources",
    ),
    (
        [{"ExcludeManagementEventSources": ["kms.amazonaws.com"]}],
        [{"ExcludeManagementEventSources": ["iam.amazonaws.com"]}],
        "ExcludeManagementEventSources",
    ),
]


@pytest.mark.parametrize(("accepted", "refused", "why"), _ADVANCED)
def test_advanced_selectors_are_as_cloudtrail_takes_them(accepted: Any, refused: Any, why: str) -> None:
    check((), accepted)
    with pytest.raises(SelectorError, match=why) as raised:
        check((), refused)
    assert raised.value.code == "InvalidEventSelectorsException"


@pytest.mark.parametrize(("accepted", "refused", "why"), _CLASSIC)
def test_classic_selectors_are_as_cloudtrail_takes_them(accepted: Any, refused: Any, why: str) -> None:
    check(accepted, ())
    with pytest.raises(SelectorError, match=why):
        check(refused, ())


def test_a_trail_has_selectors_of_one_sort() -> None:
    with pytest.raises(SelectorError, match="either"):
        check([{}], _advanced("Management"))
    with pytest.raises(SelectorError, match="either"):
        check((), ())
