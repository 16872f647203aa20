"""Every condition operator, and what a missing or multivalued key makes of it."""

import pytest

from tableguard.errors import PolicyError
from tableguard.policy.conditions import OPERATORS, parsed
from tests.worlds.policies import denied, request, under_condition

ARN = "arn:aws:iam::111122223333:role/app"

# operator, the policy's values, a value that matches, one that does not
COMPARISONS = [
    ("StringEquals", ["eu-west-1"], "eu-west-1", "EU-WEST-1"),
    ("StringEquals", ["eu-*"], "eu-*", "eu-west-1"),  # no wildcards
    ("StringEquals", ["a${*}"], "a*", "ab"),
    ("StringEquals", ["a", "b"], "b", "c"),
    ("StringEqualsIgnoreCase", ["EU-WEST-1"], "eu-west-1", "eu-west-2"),
    ("StringLike", ["eu-*"], "eu-west-1", "us-east-1"),
    ("StringLike", ["eu-????-1"], "eu-west-1", "eu-north-1"),
    ("StringLike", ["a${?}"], "a?", "ab"),
    ("StringLike", ["EU-*"], "EU-x", "eu-x"),
    ("NumericEquals", ["10"], "10.0", "11"),
    ("NumericLessThan", ["10"], "9.5", "10"),
    ("NumericLessThanEquals", ["10"], "10", "10.1"),
    ("NumericGreaterThan", ["-1"], "0", "-1"),
    ("NumericGreaterThanEquals", ["3600"], "3600", "900"),
    ("DateEquals", ["2026-01-02T00:00:00Z"], "1767312000", "1767312001"),
    ("DateEquals", ["2026-01-02T01:00:00+01:00"], "2026-01-02T00:00:00Z", "2026-01-02T01:00:00Z"),
    ("DateLessThan", ["2026-01-02"], "2026-01-01T23:59:59Z", "2026-01-02T00:00:00Z"),
    ("DateLessThanEquals", ["2026-01-02"], "2026-01-02T00:00:00Z", "2026-01-02T00:00:01Z"),
    ("DateGreaterThan", ["2026-01-02"], "2026-01-02T00:00:01Z", "2026-01-02T00:00:00Z"),
    ("DateGreaterThanEquals", ["2026-01-02"], "2026-01-02T00:00:00Z", "2026-01-01T23:59:59Z"),
    ("Bool", ["true"], "TRUE", "false"),
    ("BinaryEquals", ["QmluYXJ5"], "QmluYXJ5", "qmluYXJ5"),
    ("IpAddress", ["10.0.0.0/8"], "10.9.8.7", "11.0.0.1"),
    ("IpAddress", ["203.0.113.7"], "203.0.113.7", "203.0.113.8"),
    ("IpAddress", ["2001:db8::/32"], "2001:db8::1", "2001:db9::1"),
    ("IpAddress", ["10.0.0.0/8"], "10.0.0.1", "::ffff:a00:1"),
    ("ArnLike", ["arn:aws:iam::*:role/app"], ARN, "arn:aws:iam::111122223333:role/App"),
    ("ArnEquals", ["arn:aws:iam::*:role/app"], ARN, "arn:aws:iam::111122223333:role/apps"),
    ("ArnLike", ["arn:aws:iam::*:*"], ARN, "arn:aws:sts::111122223333:assumed-role/app/x"),
]
NEGATIONS = {
    "StringEquals": "StringNotEquals",
    "StringEqualsIgnoreCase": "StringNotEqualsIgnoreCase",
    "StringLike": "StringNotLike",
    "NumericEquals": "NumericNotEquals",
    "DateEquals": "DateNotEquals",
    "IpAddress": "NotIpAddress",
    "ArnLike": "ArnNotLike",
    "ArnEquals": "ArnNotEquals",
}
POSITIVE = sorted({operator for operator, *_ in COMPARISONS})


def holds(operator: str, values: list[str], *found: str) -> bool:
    context = {"aws:key": found} if found else {}
    return parsed(operator, "AWS:Key", tuple(values)).holds(context)


@pytest.mark.parametrize(("operator", "values", "matching", "other"), COMPARISONS)
def test_an_operator_compares_as_the_manual_says(operator: str, values: list[str], matching: str, other: str) -> None:
    assert holds(operator, values, matching)
    assert not holds(operator, values, other)


@pytest.mark.parametrize(("operator", "values", "matching", "other"), COMPARISONS)
def test_a_negation_is_the_opposite(operator: str, values: list[str], matching: str, other: str) -> None:
    if operator in NEGATIONS:
        assert not holds(NEGATIONS[operator], values, matching)
        assert holds(NEGATIONS[operator], values, other)


def test_the_tables_name_every_operator() -> None:
    assert {*POSITIVE, *NEGATIONS.values()} == set(OPERATORS)


def test_a_negation_with_several_values_means_none_of_them() -> None:
    assert holds("StringNotEquals", ["a", "b"], "c")
    assert not holds("StringNotEquals", ["a", "b"], "b")


@pytest.mark.parametrize("operator", POSITIVE)
def test_without_the_key_a_positive_operator_is_false_unless_it_says_if_exists(operator: str) -> None:
    values = next(values for name, values, *_ in COMPARISONS if name == operator)
    assert not holds(operator, values)
    assert holds(f"{operator}IfExists", values)
    assert holds(f"ForAllValues:{operator}", values)
    assert not holds(f"ForAnyValue:{operator}", values)


@pytest.mark.parametrize(("positive", "operator"), NEGATIONS.items())
def test_without_the_key_a_negation_is_true_unless_it_says_for_any_value(positive: str, operator: str) -> None:
    values = next(values for name, values, *_ in COMPARISONS if name == positive)
    assert holds(operator, values)
    assert holds(f"{operator}IfExists", values)
    assert holds(f"ForAllValues:{operator}", values)
    assert not holds(f"ForAnyValue:{operator}", values)


@pytest.mark.parametrize(
    ("value", "found", "true"),
    [("true", (), True), ("true", ("x",), False), ("false", (), False), ("false", ("x",), True), ("TRUE", (), True)],
)
def test_null_asks_whether_the_key_is_absent(value: str, found: tuple[str, ...], true: bool) -> None:
    assert holds("Null", [value], *found) is true


def test_a_key_with_no_values_counts_as_absent() -> None:
    assert parsed("Null", "aws:TagKeys", ("true",)).holds({"aws:tagkeys": ()})
    assert parsed("ForAllValues:StringEquals", "aws:TagKeys", ("a",)).holds({"aws:tagkeys": ()})
    assert not parsed("ForAnyValue:StringEquals", "aws:TagKeys", ("a",)).holds({"aws:tagkeys": ()})


@pytest.mark.parametrize(
    ("operator", "found", "true"),
    [
        ("ForAllValues:StringEquals", ("pk", "sk"), True),
        ("ForAllValues:StringEquals", ("pk", "secret"), False),
        ("ForAnyValue:StringEquals", ("pk", "secret"), True),
        ("ForAnyValue:StringEquals", ("secret",), False),
        ("ForAllValues:StringNotEquals", ("secret", "other"), True),
        ("ForAllValues:StringNotEquals", ("pk", "secret"), False),
        ("ForAnyValue:StringNotEquals", ("pk", "secret"), True),
        ("ForAnyValue:StringNotEquals", ("pk", "sk"), False),
        ("forallvalues:stringequals", ("pk",), True),
    ],
)
def test_set_operators_ask_all_or_any_of_the_values(operator: str, found: tuple[str, ...], true: bool) -> None:
    assert holds(operator, ["pk", "sk"], *found) is true


@pytest.mark.parametrize("operator", ["StringEquals", "StringNotEquals", "StringLikeIfExists"])
def test_a_plain_operator_on_several_values_has_no_meaning(operator: str) -> None:
    with pytest.raises(PolicyError, match="2 values"):
        holds(operator, ["pk"], "pk", "sk")
    assert holds(operator, ["pk"], "pk") is (operator != "StringNotEquals")


def test_any_value_if_exists_without_the_key_has_no_meaning() -> None:
    with pytest.raises(PolicyError, match="AWS does not say"):
        holds("ForAnyValue:StringEqualsIfExists", ["pk"])
    assert holds("ForAnyValue:StringEqualsIfExists", ["pk"], "pk")


@pytest.mark.parametrize("operator", ["StringEquals", "StringLike", "StringEqualsIgnoreCase"])
def test_nothing_is_equal_to_a_variable_without_value_and_so_its_negation_holds(operator: str) -> None:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-no-value
    values = ["${aws:PrincipalTag/team}", "all"]
    assert holds(operator, values, "all")
    assert not holds(operator, values, "")
    assert holds(NEGATIONS[operator], values, "team")
    assert not holds(NEGATIONS[operator], values, "all")


def test_a_negation_whose_variable_has_a_value_asks_for_another() -> None:
    # the page's example: access is denied where the caller has no tag, and where it has another than the object
    line = parsed("StringNotEquals", "s3:ExistingObjectTag/Team", ("${aws:PrincipalTag/Team}",))
    of_object = {"s3:existingobjecttag/team": ("a",)}
    assert line.holds(of_object)
    assert line.holds({**of_object, "aws:principaltag/team": ("b",)})
    assert not line.holds({**of_object, "aws:principaltag/team": ("a",)})


def test_of_several_values_each_is_unlike_a_variable_without_value() -> None:
    assert holds("ForAllValues:StringNotEquals", ["${aws:PrincipalTag/team}", "c"], "a", "b")
    assert not holds("ForAllValues:StringNotEquals", ["${aws:PrincipalTag/team}", "b"], "a", "b")
    assert holds("ForAnyValue:StringNotEquals", ["${aws:PrincipalTag/team}", "b"], "a", "b")
    assert not holds("ForAnyValue:StringEquals", ["${aws:PrincipalTag/team}"], "a", "b")


def test_the_wildcards_in_a_variables_value_are_characters() -> None:
    line = parsed("StringLike", "aws:key", ("${aws:PrincipalTag/team}*",))
    assert line.holds({"aws:key": ("a*b",), "aws:principaltag/team": ("a*",)})
    assert not line.holds({"aws:key": ("axb",), "aws:principaltag/team": ("a*",)})


@pytest.mark.parametrize(
    ("operator", "value"),
    [
        ("StringNotEqual", "x"),
        ("ForSomeValues:StringEquals", "x"),
        ("NullIfExists", "true"),
        ("ForAnyValue:Null", "true"),
        ("Null", "yes"),
        ("Bool", "1"),
        ("NumericEquals", "ten"),
        ("NumericEquals", "nan"),
        ("NumericEquals", "1_000"),
        ("DateLessThan", "2026"),
        ("DateLessThan", "2026-13-01"),
        ("DateLessThan", "2026-01-02T00:00:00"),
        ("IpAddress", "10.0.0"),
        ("ArnLike", "*"),
        ("ArnEquals", "role/app"),
        ("ArnNotLike", "arn:aws:iam::${aws:PrincipalAccount}:role/x"),
    ],
)
def test_an_operator_or_value_that_aws_cannot_read_is_refused(operator: str, value: str) -> None:
    with pytest.raises(PolicyError):
        parsed(operator, "aws:key", (value,))


def test_a_request_value_that_cannot_be_compared_is_an_error_and_no_answer() -> None:
    with pytest.raises(PolicyError, match="IpAddress on aws:key: 'nowhere' is not an address"):
        holds("IpAddress", ["10.0.0.0/8"], "nowhere")


# Six answers that a well-known solver gets wrong, as denials of an SCP; each with a request that the denial lets by.
@pytest.mark.parametrize(
    ("operator", "key", "values", "stopped", "passes"),
    [
        ("StringNotEquals", "aws:RequestedRegion", "eu-west-1", None, "eu-west-1"),
        ("Null", "aws:SourceVpce", "true", None, "vpce-1"),
        ("StringEqualsIgnoreCase", "aws:RequestedRegion", "EU-WEST-1", "eu-west-1", "eu-west-2"),
        ("ForAnyValue:StringEquals", "aws:TagKeys", ["a"], ("a", "b"), ("b",)),
        ("ForAllValues:StringEquals", "aws:TagKeys", ["a"], ("a",), ("a", "b")),
        ("ArnLike", "aws:SourceArn", ["arn:aws:s3:::b*"], "arn:aws:s3:::bb", "arn:aws:s3:::cb"),
        # without the key, any value of none is no value
        ("ForAnyValue:StringNotEquals", "aws:RequestedRegion", "eu-west-1", "us-east-1", None),
        # the same with and without IfExists
        ("StringNotEqualsIfExists", "aws:RequestedRegion", "eu-west-1", None, "eu-west-1"),
        ("StringNotEqualsIfExists", "aws:RequestedRegion", "eu-west-1", "us-east-1", "eu-west-1"),
        ("StringNotLike", "AWS:requestedREGION", "eu-*", "us-east-1", "eu-west-1"),
    ],
)
def test_a_denial_under_a_condition(
    operator: str,
    key: str,
    values: str | list[str],
    stopped: str | tuple[str, ...] | None,
    passes: str | tuple[str, ...] | None,
) -> None:
    world = under_condition(operator, key, values)
    assert denied(world, request(context={} if stopped is None else {key: stopped}))
    assert not denied(world, request(context={} if passes is None else {key: passes}))
