"""CloudFormation's intrinsic functions, as AWS's pages describe them."""

from collections.abc import Mapping
from typing import Any

import pytest

from tableguard.cloudformation.functions import NO_VALUE, evaluate, holds, references
from tableguard.cloudformation.resource_type import ResourceHandle
from tableguard.cloudformation.scope import StackScope
from tableguard.cloudformation.template import Template
from tableguard.errors import EmbeddedError

MADE = {"Table": ResourceHandle("messages", {"Arn": "arn:table", "Stream.Arn": "arn:stream"})}
VALUES: Mapping[str, Any] = {
    "AWS::Region": "eu-central-1",
    "AWS::NotificationARNs": [],
    "Name": "cruddur",
    "Items": ["a", "b"],
    "Number": 3,
}
TEMPLATE = Template(
    {
        "Mappings": {"Zones": {"eu-central-1": {"count": "3", "names": ["a", "b"]}}},
        "Conditions": {
            "Yes": {"Fn::Equals": [{"Ref": "Name"}, "cruddur"]},
            "No": {"Fn::Not": [{"Condition": "Yes"}]},
            "Circle": {"Fn::Not": [{"Condition": "Circle"}]},
            "Odd": {"Fn::Odd": []},
        },
    }
)


@pytest.fixture
def scope() -> StackScope:
    exports = {"cruddur-TableArn": "arn:imported"}
    return StackScope(TEMPLATE, VALUES, MADE.get, exports.get, lambda region: [f"{region}a", f"{region}b"])


@pytest.mark.parametrize(
    ("node", "value"),
    [
        ("plain", "plain"),
        (1, 1),
        (True, True),
        ({"Ref": "Name", "beside": 1}, {"Ref": "Name", "beside": 1}),
        ({"Condition": {"StringEquals": {"a": "b"}}}, {"Condition": {"StringEquals": {"a": "b"}}}),
        ({"Ref": "Name"}, "cruddur"),
        ({"Ref": "Items"}, ["a", "b"]),
        ({"Ref": "Table"}, "messages"),
        ({"Ref": "AWS::Region"}, "eu-central-1"),
        ({"Fn::GetAtt": ["Table", "Arn"]}, "arn:table"),
        ({"Fn::GetAtt": "Table.Arn"}, "arn:table"),
        ({"Fn::GetAtt": "Table.Stream.Arn"}, "arn:stream"),
        ({"Fn::GetAtt": ["Table", "Stream.Arn"]}, "arn:stream"),
        ({"Fn::Sub": "${Name}/${Table}/${Table.Arn}/${AWS::Region}"}, "cruddur/messages/arn:table/eu-central-1"),
        ({"Fn::Sub": "${Table.Stream.Arn} ${!Literal} $5 ${Number}"}, "arn:stream ${Literal} $5 3"),
        ({"Fn::Sub": ["${x}-${Name}", {"x": {"Ref": "Table"}}]}, "messages-cruddur"),
        ({"Fn::Sub": ["${Name}", {"Name": "other"}]}, "other"),
        ({"Fn::Sub": "${!cognito-identity.amazonaws.com:sub}"}, "${cognito-identity.amazonaws.com:sub}"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Name"}, 1, True]]}, "a-cruddur-1-true"),
        ({"Fn::Join": [",", {"Ref": "Items"}]}, "a,b"),
        ({"Fn::Split": [":", {"Fn::GetAtt": "Table.Arn"}]}, ["arn", "table"]),
        ({"Fn::Select": ["1", {"Ref": "Items"}]}, "b"),
        ({"Fn::Select": [0, {"Fn::GetAZs": ""}]}, "eu-central-1a"),
        ({"Fn::GetAZs": {"Ref": "AWS::Region"}}, ["eu-central-1a", "eu-central-1b"]),
        ({"Fn::FindInMap": ["Zones", {"Ref": "AWS::Region"}, "count"]}, "3"),
        ({"Fn::FindInMap": ["Zones", "eu-central-1", "names"]}, ["a", "b"]),
        ({"Fn::If": ["Yes", "then", {"Fn::Odd": "is not carried out"}]}, "then"),
        ({"Fn::If": ["No", "then", "otherwise"]}, "otherwise"),
        ({"a": {"Ref": "AWS::NoValue"}, "b": [1, {"Ref": "AWS::NoValue"}, 2]}, {"b": [1, 2]}),
        ({"Fn::ImportValue": {"Fn::Sub": "${Name}-TableArn"}}, "arn:imported"),
        ({"Fn::Base64": "é"}, "w6k="),
        ({"Fn::Cidr": ["10.0.0.0/22", 2, 8]}, ["10.0.0.0/24", "10.0.1.0/24"]),
        ({"Fn::Cidr": ["2001:db8::/56", "1", "64"]}, ["2001:db8::/64"]),
    ],
)
def test_a_part_of_a_template_has_its_value(scope: StackScope, node: Any, value: Any) -> None:
    assert evaluate(node, scope) == value


@pytest.mark.parametrize(
    ("node", "because"),
    [
        ({"Ref": "Nothing"}, r"Unresolved resource dependencies \[Nothing\]"),
        ({"Fn::GetAtt": ["Nothing", "Arn"]}, r"Unresolved resource dependencies \[Nothing\]"),
        ({"Fn::GetAtt": "Table.Odd"}, "resource Table does not support attribute type Odd in Fn::GetAtt"),
        ({"Fn::GetAtt": 3}, "every Fn::GetAtt object requires two non-empty parameters"),
        ({"Fn::GetAtt": ["Table"]}, "every Fn::GetAtt object requires two non-empty parameters"),
        ({"Fn::Sub": 3}, "Fn::Sub intrinsic functions don't specify expected arguments"),
        ({"Fn::Sub": ["a"]}, "Fn::Sub intrinsic functions don't specify expected arguments"),
        ({"Fn::Sub": "${Nothing}"}, r"Unresolved resource dependencies \[Nothing\]"),
        ({"Fn::Sub": "${Items}"}, "text is wanted here"),
        ({"Fn::Join": ["", [{"a": 1}]]}, "text is wanted here"),
        ({"Fn::Select": [2, ["a", "b"]]}, "cannot select nonexistent value at index 2"),
        ({"Fn::Select": [-1, ["a", "b"]]}, "cannot select nonexistent value at index -1"),
        ({"Fn::FindInMap": ["Zones", "eu-west-1", "count"]}, "Unable to get mapping for Zones::eu-west-1::count"),
        ({"Fn::If": ["Nothing", 1, 2]}, "unresolved condition dependency Nothing"),
        ({"Fn::If": ["Circle", 1, 2]}, "condition Circle depends on itself"),
        ({"Fn::If": ["Odd", 1, 2]}, "not a condition"),
        ({"Fn::ImportValue": "nothing"}, r"No export named nothing found\."),
        ({"Fn::Cidr": ["10.0.0.0/24", 5, 6]}, "has no 5 blocks of 6 bits"),
        ({"Fn::Cidr": ["10.0.0.0/24", 1, 16]}, "has no 1 blocks of 16 bits"),
        ({"Fn::Odd": []}, "Fn::Odd is no function"),
        ({"Fn::Equals": ["a", "a"]}, "Fn::Equals is no function"),
        ({"Fn::Sub": "a", "Fn::Join": []}, "Fn::Sub, Fn::Join is no function, or has something beside it"),
        ("{{resolve:ssm:/name}}", "dynamic references are not modelled"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(scope: StackScope, node: Any, because: str) -> None:
    with pytest.raises(EmbeddedError, match=because):
        evaluate({"deep": [node]}, scope)


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ({"Fn::Equals": ["3", {"Ref": "Number"}]}, True),
        ({"Fn::Equals": ["true", True]}, True),
        ({"Fn::Equals": ["a", "A"]}, False),
        ({"Fn::And": [{"Condition": "Yes"}, {"Condition": "No"}]}, False),
        ({"Fn::Or": [{"Condition": "Yes"}, {"Condition": "No"}]}, True),
    ],
)
def test_a_condition_holds_or_not(scope: StackScope, node: Any, expected: bool) -> None:
    assert holds(node, scope) == expected


def test_what_is_imported_is_remembered(scope: StackScope) -> None:
    evaluate([{"Fn::ImportValue": "cruddur-TableArn"}], scope)
    assert scope.imports == {"cruddur-TableArn"}


def test_no_value_by_itself_is_none(scope: StackScope) -> None:
    assert evaluate({"Ref": "AWS::NoValue"}, scope) is NO_VALUE


def test_the_names_that_a_part_refers_to_are_found_wherever_they_are() -> None:
    node = {
        "a": [{"Ref": "A"}, {"Fn::GetAtt": "B.Arn"}, {"Fn::GetAtt": ["C", "Arn"]}],
        "b": {"Fn::Sub": "${D} ${E.Arn} ${!F}"},
        "c": {"Fn::Sub": ["${G} ${x}", {"x": {"Ref": "H"}}]},
        "d": {"Fn::If": ["Yes", {"Ref": "I"}, {"Fn::Join": ["", [{"Ref": "J"}]]}]},
        "e": {"Fn::And": [{"Fn::Not": [{"Fn::Equals": [{"Ref": "K"}, "x"]}]}, {"Condition": "L"}]},
    }
    assert sorted(references(node)) == list("ABCDEGHIJK")
