"""Names of properties are judged by the schema of their resource type, at every depth."""

from typing import Any

import pytest

from tableguard.aws.resource_properties import refusals

TABLE: dict[str, Any] = {
    "TableName": "t",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "Tags": [{"Key": "a", "Value": "b"}],
}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, []),
        ({"Bogus": 1}, ["#: extraneous key [Bogus] is not permitted"]),
        ({"tableName": "t"}, ["#: extraneous key [tableName] is not permitted"]),
        ({"TimeToLiveSpecification": {"Enabled": True, "AttributeName": "at"}}, []),
        (
            {"TimeToLiveSpecification": {"AttributeName": "at"}},
            ["#/TimeToLiveSpecification: required key [Enabled] not found"],
        ),
        (
            {"SSESpecification": {"SSEEnabled": True, "Odd": 1}},
            ["#/SSESpecification: extraneous key [Odd] is not permitted"],
        ),
        (
            {"Tags": [{"Key": "a", "Value": "b"}, {"Key": "a", "value": "b"}]},
            ["#/Tags/1: extraneous key [value] is not permitted", "#/Tags/1: required key [Value] not found"],
        ),
        ({"ResourcePolicy": {"PolicyDocument": {"Anything": "goes"}}}, []),
        ({"TableName": 5}, []),  # values are their service's matter
    ],
)
def test_unknown_and_missing_names_are_said_in_cloudformations_words(change: dict[str, Any], said: list[str]) -> None:
    assert list(refusals("AWS::DynamoDB::Table", {**TABLE, **change})) == said


def test_a_required_property_is_missed() -> None:
    assert list(refusals("AWS::DynamoDB::Table", {})) == ["#: required key [KeySchema] not found"]


def test_of_a_type_without_a_schema_nothing_is_said() -> None:
    assert list(refusals("Custom::Thing", {"Bogus": 1})) == []
