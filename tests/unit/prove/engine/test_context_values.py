"""Keys have every value that requests can have: numbers and dates of every size, exactly, and by the key's own type."""

from collections.abc import Mapping
from typing import Any

import pytest

from tableguard.errors import PolicyError
from tableguard.policy.conditions import instant, number
from tableguard.policy.worlds import EVERY_REQUEST, Scope
from tableguard.prove.diff.difference import difference
from tableguard.prove.engine.prover import Proof
from tests.worlds.policies import document
from tests.worlds.proofs import ESTATE, proof, under

LIST: dict[str, Any] = {"Action": "s3:ListBucket"}


def asked(*conditions: Mapping[str, Any], of: Mapping[str, Any] | None = None) -> Proof:
    """Ask whether denials under these conditions deny every listing, or every one under the condition `of`."""
    return proof(under(*({**LIST, "Condition": each} for each in conditions)), {**LIST, "Condition": of or {}})


def around(operators: tuple[str, str], key: str, value: object) -> Proof:
    """Ask whether denials below and above a value, and of an absent key, leave no listing."""
    low, high = operators
    return asked({low: {key: value}}, {high: {key: value}}, {"Null": {key: "true"}})


NUMBERS = ["0", "7", "-7", "-0.25", "123456.4", "1000000", "1234567", "3600000", "1767225600", "1767225600000"]
NUMBERS += ["0.000000000001", "9007199254740993", "9" * 40]
DATES = ["2026-01-01", "2026-01-01T00:00:00.123456789Z", "2026-01-01T00:00:00+14:00", "1767225600", "0001-01-01"]
DATES += ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00", "1767225600000"]
NUMERIC = [("s3:max-keys", "Numeric", value) for value in NUMBERS]
DATED = [("aws:TokenIssueTime", "Date", value) for value in DATES]


@pytest.mark.parametrize(("key", "family", "value"), [*NUMERIC, *DATED])
def test_numbers_and_dates_are_told_apart_exactly(key: str, family: str, value: str) -> None:
    found = around((f"{family}LessThan", f"{family}GreaterThan"), key, value)
    assert found.verdict == "refuted"
    assert found.counterexample is not None
    read = number if family == "Numeric" else instant
    assert read(str(found.counterexample.context[key.lower()])) == read(value)
    assert around((f"{family}LessThan", f"{family}GreaterThanEquals"), key, value).verdict == "proved"


def test_between_two_neighbours_there_is_a_number() -> None:
    low, high = "0.30000000000000001", "0.30000000000000002"
    found = asked(
        {"NumericLessThanEquals": {"s3:max-keys": low}},
        {"NumericGreaterThanEquals": {"s3:max-keys": high}},
        {"Null": {"s3:max-keys": "true"}},
    )
    assert found.counterexample is not None
    assert number(low) < number(str(found.counterexample.context["s3:max-keys"])) < number(high)


@pytest.mark.parametrize("value", [*DATES, "9999999999999"])
def test_dates_at_the_ends_of_time_are_decided(value: str) -> None:
    earlier, later = {"DateLessThan": {"aws:CurrentTime": value}}, {"DateGreaterThanEquals": {"aws:CurrentTime": value}}
    assert asked(earlier, later).verdict == "proved"
    assert asked(later, earlier, of=earlier).verdict in ("proved", "not proved")  # nothing is called before all dates
    old, new = under({**LIST, "Condition": later}), under({**LIST, "Condition": {**later, **earlier}})
    assert not difference(old, new, Scope(EVERY_REQUEST, "members", ESTATE)).same


@pytest.mark.parametrize("key", ["aws:CurrentTime", "aws:EpochTime"])
def test_every_request_has_the_time(key: str) -> None:
    both = {"DateLessThan": {key: "2026-01-01"}}, {"DateGreaterThanEquals": {key: "2026-01-01"}}
    assert asked(*both).verdict == "proved"
    issued = [{operator: {"aws:TokenIssueTime": "2026-01-01"}} for line in both for operator in line]
    assert asked(*issued).verdict == "refuted"


@pytest.mark.parametrize(
    ("conditions", "verdict"),
    [
        ([{"Bool": {"aws:ViaAWSService": "true"}}, {"StringEquals": {"aws:ViaAWSService": "false"}}], "proved"),
        ([{"Bool": {"aws:ViaAWSService": "true"}}, {"StringEquals": {"aws:ViaAWSService": "no"}}], "refuted"),
        (
            [
                {"NumericLessThan": {"aws:EpochTime": "1767225600"}},
                {"DateGreaterThanEquals": {"aws:EpochTime": "2026-01-01T00:00:00Z"}},
            ],
            "proved",
        ),
        (
            [
                {"NumericLessThan": {"aws:EpochTime": "1767225600"}},
                {"DateGreaterThan": {"aws:EpochTime": "2026-01-01T00:00:00Z"}},
            ],
            "refuted",
        ),
        (
            [
                {"NumericLessThanEquals": {"aws:EpochTime": "1767225599"}},
                {"DateGreaterThanEquals": {"aws:EpochTime": "2026-01-01T00:00:00Z"}},
            ],
            "refuted",
        ),
        ([{"NumericLessThan": {"x:k": "5"}}, {"StringLike": {"x:k": "*"}}], "proved"),
        ([{"NumericLessThan": {"x:k": "5"}}, {"StringLike": {"x:k": "?"}}], "not proved"),
    ],
)
def test_a_key_compared_in_two_ways_has_the_values_of_its_type(
    conditions: list[dict[str, dict[str, str]]], verdict: str
) -> None:
    (key,) = {key for condition in conditions for line in condition.values() for key in line}
    absent = {"Null": {key: "true"}}
    assert asked(*conditions, absent).verdict == verdict


def test_a_text_that_callers_choose_need_not_be_a_number() -> None:
    tag = "aws:RequestTag/cost"
    found = around(("NumericLessThan", "NumericGreaterThanEquals"), tag, "10")
    assert found.verdict == "not proved"
    assert "'x' is not a number" in found.reason
    cheap = {"NumericLessThan": {tag: "10"}}
    assert asked(cheap, of=cheap).verdict == "proved"  # a claim about numbers is about no other text
    assert asked({"StringLike": {tag: "?"}}, of=cheap).verdict == "not proved"  # -10 is cheap, and of three characters


def test_a_number_that_json_rounds_is_refused_and_one_that_it_keeps_is_written_in_full() -> None:
    def condition(value: float) -> str:
        scp = document({"Condition": {"NumericLessThan": {"s3:max-keys": value}}})
        return scp.statements[0].conditions[0].values[0]

    assert [condition(value) for value in (123456.4, 0.00001, 1e9, 5)] == ["123456.4", "0.00001", "1000000000", "5"]
    with pytest.raises(PolicyError, match="more digits than a JSON number keeps; write it as a text"):
        condition(0.12345678901234567)


@pytest.mark.parametrize(
    ("key", "value"), [("aws:MultiFactorAuthPresent", "true"), ("s3:max-keys", "1"), ("aws:RequestTag/team", "x")]
)
def test_a_key_that_must_only_be_there_has_a_value_of_its_type(key: str, value: str) -> None:
    found = asked({"Null": {key: "true"}})
    assert found.counterexample is not None
    assert found.counterexample.context[key.lower()] == value


@pytest.mark.parametrize(("quantifier", "verdict"), [("", "not proved"), ("ForAllValues:", "proved")])
def test_two_values_that_are_not_told_apart_are_two(quantifier: str, verdict: str) -> None:
    found = asked({f"{quantifier}StringNotEquals": {"aws:TagKeys": ""}})
    assert found.verdict == verdict
    assert ("has 2 values" in found.reason) == (not quantifier)
