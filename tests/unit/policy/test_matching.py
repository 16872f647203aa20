"""How policy texts match request texts."""

import pytest

from tableguard.errors import PolicyError
from tableguard.policy.matching import action_test, arn_matches, arn_pattern, resource_test, substituted, wildcard

TABLE = "arn:aws:dynamodb:eu-west-1:111122223333:table/messages"


@pytest.mark.parametrize(
    ("pattern", "action", "covered"),
    [
        ("dynamodb:DeleteTable", "dynamodb:DeleteTable", True),
        ("dynamodb:DeleteTable", "dynamodb:DeleteTableReplica", False),
        ("DynamoDB:deletetable", "dynamodb:DeleteTable", True),
        ("DynamoDB:deletetables", "dynamodb:DeleteTable", False),
        ("dynamodb:Delete*", "dynamodb:DeleteBackup", True),
        ("dynamodb:Delete*", "dynamodb:UndeleteBackup", False),
        ("dynamodb:?uery", "dynamodb:Query", True),
        ("dynamodb:?uery", "dynamodb:uery", False),
        ("dynamodb:*Table", "dynamodb:UpdateTable", True),
        ("dynamodb:*Table", "dynamodb:ListTables", False),
        ("*", "kms:DisableKey", True),
        ("dax:*", "dynamodb:Query", False),
    ],
)
def test_actions_match_whole_names_whatever_their_case(pattern: str, action: str, covered: bool) -> None:
    assert bool(action_test((pattern,))(action.lower())) is covered
    assert bool(action_test(("s3:Get*", pattern))(action.lower())) is covered


@pytest.mark.parametrize(
    ("pattern", "resource", "covered"),
    [
        ("*", TABLE, True),
        ("*", "*", True),
        (TABLE, TABLE, True),
        (TABLE, f"{TABLE}/index/conversations", False),
        (f"{TABLE}/index/*", f"{TABLE}/index/conversations", True),
        (f"{TABLE}*", f"{TABLE}/index/conversations", True),
        ("arn:aws:dynamodb:*:*:table/messages", TABLE, True),
        ("arn:aws:dynamodb:*:*:table/Messages", TABLE, False),
        ("arn:aws:dynamodb:eu-*:111122223333:table/m*", TABLE, True),
        ("arn:aws:dynamodb:us-*:111122223333:table/m*", TABLE, False),
        ("arn:*:dynamodb:*:111122223333:table/message?", TABLE, True),
        ("arn:*:dynamodb:*:111122223333:table/messages?", TABLE, False),
        ("arn:aws:dynamodb:*:*:*", "*", False),
        # a wildcard stays within its component
        ("arn:aws:dynamodb:*:table/messages", TABLE, False),
        ("arn:aws:dynamodb:*:*", TABLE, False),
        ("arn:aws:dynamodb:*:table/messages:*", f"{TABLE}:x", False),
        ("arn:aws:dynamodb:?u-west-1:*:table/messages", TABLE, True),
        # the last component may hold colons
        ("arn:aws:logs:*:*:log-group:/x:*", "arn:aws:logs:eu-west-1:111122223333:log-group:/x:log-stream:y", True),
        ("arn:aws:logs:*:*:log-group:/x", "arn:aws:logs:eu-west-1:111122223333:log-group:/x:log-stream:y", False),
        # an escaped wildcard is a character
        ("arn:aws:s3:::bucket/${*}", "arn:aws:s3:::bucket/*", True),
        ("arn:aws:s3:::bucket/${*}", "arn:aws:s3:::bucket/key", False),
        ("arn:aws:s3:::bucket/a.c", "arn:aws:s3:::bucket/abc", False),
    ],
)
def test_resources_match_component_by_component(pattern: str, resource: str, covered: bool) -> None:
    assert bool(resource_test((pattern,))(resource)) is covered
    assert bool(resource_test(("arn:aws:s3:::other/*", pattern))(resource)) is covered


def test_something_that_is_no_arn_matches_no_pattern() -> None:
    assert not arn_matches("arn:*:*:*:*:*", "table/messages")
    assert arn_matches("arn:*:*:*:*:*", TABLE)


def test_a_wildcard_takes_in_line_ends() -> None:
    assert wildcard("a*c")("a\nc")
    assert not wildcard("a*c")("a\nb")


CONTEXT = {"aws:principaltag/team": ("m*",), "aws:tagkeys": ("a", "b"), "aws:username": ("mina",)}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("plain", "plain"),
        ("home/${aws:username}/x", "home/mina/x"),
        ("home/${AWS:UserName}/x", "home/mina/x"),
        ("${aws:PrincipalTag/team}", "m${*}"),  # a wildcard in a value is a character
        ("${aws:PrincipalTag/none}", None),
        ("${aws:PrincipalTag/none, 'all'}", "all"),
        ("${aws:username, 'all'}", "mina"),
        ("${aws:PrincipalTag/none, '*'}", "${*}"),
        ("${*}${?}${$}", "${*}${?}${$}"),
    ],
)
def test_variables_take_their_value_from_the_request(text: str, filled: str | None) -> None:
    assert substituted(text, CONTEXT) == filled


def test_a_variable_of_several_values_has_no_meaning() -> None:
    with pytest.raises(PolicyError, match="a variable takes one only"):
        substituted("${aws:TagKeys}", CONTEXT)
    assert substituted("${aws:TagKeys}", {"aws:tagkeys": ("a",)}) == "a"


@pytest.mark.parametrize(
    "pattern", ["arn:aws:dynamodb:*", "arn:aws:dynamodb:*table/x", "arn:aws:dynamodb:${aws:RequestedRegion}:1:table/x"]
)
def test_patterns_without_a_certain_meaning_are_refused(pattern: str) -> None:
    with pytest.raises(PolicyError, match="component"):
        arn_pattern(pattern)


def test_a_variable_in_the_last_component_is_accepted() -> None:
    pattern = "arn:aws:dynamodb:*:*:table/${aws:PrincipalTag/team}"
    assert arn_pattern(pattern) == pattern
