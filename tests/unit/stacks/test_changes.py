"""The changes of a change set: each property with both values, and what becomes of the data."""

import json
from typing import Any

import pytest

from tableguard.stacks.changes import PropertyChange, read
from tests.worlds.fake_cloudformation import change


def detail(name: str, recreation: str = "Never", cause: str = "", **target: Any) -> dict[str, Any]:
    of_cause = {"CausingEntity": cause} if cause else {}
    return {"Target": {"Attribute": "Properties", "Name": name, "RequiresRecreation": recreation, **target}, **of_cause}


def contexts(before: dict[str, Any], after: dict[str, Any], **attributes: Any) -> dict[str, str]:
    return {
        "BeforeContext": json.dumps({"Properties": before}),
        "AfterContext": json.dumps({"Properties": after, **attributes}),
    }


def test_each_place_has_both_values_and_says_whether_it_replaces_and_what_it_follows_from() -> None:
    before = {"Name": "a", "Policy": {"Statement": [{"Sid": "S", "Effect": "Allow"}]}, "Old": 1, "Same": "x"}
    after = {"Name": "b", "Policy": {"Statement": [{"Sid": "S", "Effect": "Deny"}]}, "New": [1], "Same": "x"}
    details = [
        detail("Name", "Always"),
        detail("Policy", cause="Text"),
        detail("Policy", cause="A.Arn"),
        detail("Old"),
        detail("New"),
        detail("Same", "Conditionally", "B.Arn"),
    ]
    assert read(change(Details=details, **contexts(before, after))).values == (
        PropertyChange("Name", "a", "b", "always"),
        PropertyChange("Policy/Statement/S/Effect", "Allow", "Deny", causes=("Text", "A.Arn")),
        PropertyChange("Old", 1, None),
        PropertyChange("New", None, [1]),
        PropertyChange("Same", "x", "x", "conditional", ("B.Arn",)),
    )


def test_a_list_that_is_only_in_another_order_is_one_place() -> None:
    one, two = {"Key": "a"}, {"Key": "b"}
    (value,) = read(change(Details=[detail("Tags")], **contexts({"Tags": [one, two]}, {"Tags": [two, one]}))).values
    assert (value.before, value.after) == ([one, two], [two, one])


def test_what_only_making_the_resources_tells_is_said_in_words() -> None:
    after = {"Queues": ["{{changeSet:KNOWN_AFTER_APPLY}}"]}
    (value,) = read(change(Details=[detail("Queues")], **contexts({"Queues": ["a"]}, after))).values
    assert value.after == ["known once it is made"]


def test_an_attribute_of_the_declaration_is_a_place_too() -> None:
    details = [{"Target": {"Attribute": "DeletionPolicy"}}]
    (value,) = read(change(Details=details, **contexts({}, {}, DeletionPolicy="Retain"))).values
    assert value == PropertyChange("DeletionPolicy", None, "Retain")


def test_without_the_contexts_the_details_are_asked_and_what_is_cut_short_is_said() -> None:
    details = [
        detail("Delay", BeforeValue="1", AfterValue="2"),
        detail("Tags", BeforeValue='[{"Key": "a", "Value": "1"}]', AfterValue='[{"Key": "a", "Value": "2"}]'),
        detail("Code", BeforeValue="(Truncated-Signature):1", AfterValue="(Truncated-Signature):2"),
        detail("Added", BeforeValue="null", AfterValue="x"),
        detail("Untold"),
    ]
    cut = "too long for CloudFormation to tell"
    assert read(change(Details=details)).values == (
        PropertyChange("Delay", "1", "2"),
        PropertyChange("Tags/a/Value", "1", "2"),
        PropertyChange("Code", cut, cut),
        PropertyChange("Added", None, "x"),
        PropertyChange("Untold", None, None),
    )


@pytest.mark.parametrize("action", ["Add", "Remove", "Import"])
def test_what_is_made_or_goes_has_no_values_of_before_and_after(action: str) -> None:
    assert read(change(action, Details=[detail("Name")], **contexts({}, {"Name": "a"}))).values == ()


@pytest.mark.parametrize(
    ("described", "loses", "grave"),
    [
        (change("Remove", kind="AWS::DynamoDB::Table", PolicyAction="Delete"), True, True),
        (change("Remove", kind="AWS::DynamoDB::Table", PolicyAction="Retain"), False, False),
        (change("Remove", kind="AWS::SNS::Topic", PolicyAction="Delete"), False, False),
        (change("Add", kind="AWS::DynamoDB::Table"), False, False),
        (change(kind="AWS::DynamoDB::Table", Replacement="False"), False, False),
        (change(kind="AWS::DynamoDB::Table", Replacement="True", PolicyAction="ReplaceAndDelete"), True, True),
        (change(kind="AWS::DynamoDB::Table", Replacement="True", PolicyAction="ReplaceAndRetain"), True, True),
        (change(kind="AWS::DynamoDB::Table", Replacement="Conditional"), True, True),
        (change(kind="AWS::SNS::Topic", Replacement="True"), False, True),
        (change(kind="AWS::SNS::Topic", Replacement="Conditional"), False, True),
        (
            change(
                kind="AWS::SNS::Topic", Replacement="Conditional", Details=[{**detail("A"), "Evaluation": "Dynamic"}]
            ),
            False,
            False,
        ),
        (
            change(
                kind="AWS::S3::Bucket", Replacement="Conditional", Details=[{**detail("A"), "Evaluation": "Dynamic"}]
            ),
            True,
            True,
        ),
    ],
)
def test_what_is_replaced_or_loses_data_is_grave(described: dict[str, Any], loses: bool, grave: bool) -> None:
    one = read(described)
    assert (one.loses_data, one.is_grave) == (loses, grave)
