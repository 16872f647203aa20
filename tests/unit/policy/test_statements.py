"""Policy JSON as statements: what is taken in, and what is refused because AWS would, or would read it otherwise."""

from typing import Any

import pytest

from tableguard.errors import PolicyError
from tableguard.policy.statements import policy
from tests.worlds.policies import OTHER_TABLE, TABLE, document

VERSION = {"Version": "2012-10-17"}
GOOD: dict[str, Any] = {"Sid": "Good", "Effect": "Deny", "Action": "dynamodb:*", "Resource": "*"}


@pytest.mark.parametrize(
    ("statement", "action", "covered"),
    [
        ({"Action": ["dynamodb:Query", "dax:*"]}, "dynamodb:query", True),
        ({"Action": ["dynamodb:Query", "dax:*"]}, "dynamodb:Scan", False),
        ({"NotAction": ["dynamodb:Query", "dax:*"]}, "dynamodb:Scan", True),
        ({"NotAction": ["dynamodb:Query", "dax:*"]}, "DAX:Scan", False),
    ],
)
def test_not_action_takes_in_every_other_action(statement: dict[str, Any], action: str, covered: bool) -> None:
    assert document(statement).statements[0].covers_action(action) is covered


@pytest.mark.parametrize(
    ("statement", "resource", "covered"),
    [
        ({"Resource": [TABLE, OTHER_TABLE]}, OTHER_TABLE, True),
        ({"Resource": [TABLE]}, OTHER_TABLE, False),
        # neither of two: the resource must be outside both
        ({"NotResource": [TABLE, OTHER_TABLE]}, TABLE, False),
        ({"NotResource": [TABLE, OTHER_TABLE]}, OTHER_TABLE, False),
        ({"NotResource": [TABLE, OTHER_TABLE]}, f"{TABLE}s", True),
        # an action without a resource is outside every ARN
        ({"NotResource": [TABLE]}, "*", True),
        ({"Resource": [TABLE]}, "*", False),
        ({"Resource": "arn:aws:dynamodb:*:*:table/${aws:PrincipalTag/table}"}, TABLE, True),
        ({"Resource": "arn:aws:dynamodb:*:*:table/${aws:PrincipalTag/table}"}, OTHER_TABLE, False),
        ({"Resource": "arn:aws:dynamodb:*:*:table/${aws:PrincipalTag/none}"}, TABLE, False),
        ({"NotResource": "arn:aws:dynamodb:*:*:table/${aws:PrincipalTag/table}"}, OTHER_TABLE, True),
    ],
)
def test_not_resource_takes_in_every_other_resource(statement: dict[str, Any], resource: str, covered: bool) -> None:
    context = {"aws:principaltag/table": ("messages",)}
    assert document(statement).statements[0].covers_resource(resource, context) is covered


def test_a_value_of_not_resource_whose_variable_has_no_value_leaves_nothing_out() -> None:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-no-value
    excepted = ["arn:aws:dynamodb:*:*:table/${aws:PrincipalTag/table}", OTHER_TABLE]
    statement = document({"NotResource": excepted}).statements[0]
    assert statement.covers_resource(TABLE, {})
    assert not statement.covers_resource(TABLE, {"aws:principaltag/table": (TABLE.rpartition("/")[2],)})
    assert not statement.covers_resource(OTHER_TABLE, {})


@pytest.mark.parametrize(
    ("malformed", "right"),
    [
        ("${aws:PrincipalTag/team", "${aws:PrincipalTag/team}"),
        ("${}", "${$}{}"),
        ("x${${aws:username}}", "x${aws:username}"),
        ("${aws:PrincipalTag/team, none}", "${aws:PrincipalTag/team, 'none'}"),
        ("${aws:PrincipalTag/team,'none}", "${aws:PrincipalTag/team,'none'}"),
        ("${*}${", "${*}$"),
    ],
)
def test_what_begins_as_a_variable_and_is_none_is_refused(malformed: str, right: str) -> None:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html
    def compared(value: str) -> dict[str, Any]:
        return {"Condition": {"StringEquals": {"aws:ResourceTag/team": ["a", value]}}}

    for element in (compared(malformed), {"Resource": f"arn:aws:dynamodb:*:*:table/{malformed}"}):
        with pytest.raises(PolicyError, match=r"statement 1.*: .\$\{.* begins no variable; accepted: \$\{key\} or"):
            document(element)
    for element in (compared(right), {"Resource": f"arn:aws:dynamodb:*:*:table/{right}"}):
        assert document(element).statements


def test_one_statement_needs_no_list() -> None:
    assert policy("one", {**VERSION, "Statement": GOOD}).statements == policy("one", {"Statement": [GOOD]}).statements


def test_variables_need_the_version_that_knows_them() -> None:
    statement = {**GOOD, "Resource": "arn:aws:dynamodb:*:*:table/${aws:username}"}
    assert policy("new", {**VERSION, "Statement": statement}).statements
    for version in ({}, {"Version": "2008-10-17"}):
        with pytest.raises(PolicyError, match="plain text"):
            policy("old", {**version, "Statement": statement})


def test_a_document_that_is_sound_is_accepted() -> None:
    assert policy("good", {**VERSION, "Statement": [GOOD]}).statements[0].sid == "Good"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"Efect": "Deny"}, "unknown element 'Efect'"),
        ({"Effect": "deny"}, "Effect is 'deny'"),
        ({"Action": []}, "Action must be"),
        ({"Action": {}}, "Action must be"),
        ({"Action": None}, "Action must be"),
        ({"Action": "DeleteTable"}, "'DeleteTable' is not an action"),
        ({"Action": "dynamodb:Delete Table"}, "is not an action"),
        ({"Action": "dynamodb:Delete:Table"}, "is not an action"),
        ({"NotAction": "dynamodb:*"}, "both Action and NotAction"),
        ({"NotResource": "*"}, "both Resource and NotResource"),
        ({"Resource": "table/messages"}, "six components"),
        ({"Resource": "arn:aws:dynamodb:*"}, "six components"),
        ({"Resource": "arn:aws:dynamodb:${aws:RequestedRegion}:1:table/x"}, "before the last component"),
        ({"Condition": []}, "Condition must be"),
        ({"Condition": {"StringEquals": "x"}}, "'StringEquals' must be"),
        ({"Condition": {"StringEquals": {"aws:username": []}}}, "aws:username must be"),
        ({"Condition": {"StringNotEqual": {"aws:username": "x"}}}, "unknown condition operator"),
        ({"Condition": {"StringEquals": {"aws:username": "x", "aws:UserName": "y"}}}, "written twice"),
        ({"Condition": {"stringequals": {"a:b": "x"}, "StringEquals": {"a:b": "y"}}}, "written twice"),
        ({"NotPrincipal": "*"}, "NotPrincipal"),
        ({"Principal": {}}, "Principal must be"),
        ({"Principal": ["*"]}, "Principal must be"),
        ({"Principal": {"Group": "x"}}, "Principal 'Group'"),
        ({"Principal": {"CanonicalUser": "79a59d"}}, "Principal 'CanonicalUser'"),
        ({"Principal": {"AWS": "arn:aws:iam::111122223333:role/*"}}, "a wildcard cannot be part of a name"),
        ({"Principal": {"AWS": "arn:aws:iam::111122223333:group/x"}}, "names no principal"),
        ({"Principal": {"Service": "*"}}, "names no principal"),
    ],
)
def test_a_broken_statement_is_refused_with_its_place(change: dict[str, Any], problem: str) -> None:
    with pytest.raises(PolicyError) as refused:
        policy("scp/x.json", {**VERSION, "Statement": [GOOD, {**GOOD, **change}]})
    assert str(refused.value).startswith("scp/x.json: statement 2 (Good): ")
    assert problem in str(refused.value)


@pytest.mark.parametrize("body", [{}, {"Statement": []}, {"Statement": "x"}, {"Statement": [GOOD], "Statements": []}])
def test_a_document_without_statements_or_with_other_elements_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(PolicyError, match=r"^scp/x\.json: "):
        policy("scp/x.json", {**VERSION, **body})
