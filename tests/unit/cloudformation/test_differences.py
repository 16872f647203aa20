"""Where two declarations differ: the innermost place, whatever the order of what has names."""

from typing import Any

import pytest

from tableguard.cloudformation.data_holders import holds_data
from tableguard.cloudformation.differences import ABSENT, DifferingPlace, between

ONE, TWO = {"Sid": "One", "Action": "a:b"}, {"Sid": "Two", "Action": "c:d"}


@pytest.mark.parametrize(
    ("before", "after", "places"),
    [
        (1, 1, []),
        (1, 2, [("P", 1, 2)]),
        (1, ABSENT, [("P", 1, ABSENT)]),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, []),
        ({"a": {"b": 1}}, {"a": {"b": 2, "c": 3}}, [("P/a/b", 1, 2), ("P/a/c", ABSENT, 3)]),
        ([ONE, TWO], [ONE, {**TWO, "Action": "e:f"}], [("P/Two/Action", "c:d", "e:f")]),
        ([ONE, TWO], [TWO], [("P/One", ONE, ABSENT)]),
        ([ONE, TWO], [TWO, ONE], []),
        ([ONE, ONE], [ONE, TWO], [("P", [ONE, ONE], [ONE, TWO])]),
        ([1, 2], [2, 1], [("P", [1, 2], [2, 1])]),
        ([{"Key": "a", "Value": "1"}], [{"Key": "a", "Value": "2"}], [("P/a/Value", "1", "2")]),
        ([{"Key": {"Ref": "X"}}], [{"Key": "a"}], [("P", [{"Key": {"Ref": "X"}}], [{"Key": "a"}])]),
    ],
)
def test_each_innermost_place_is_told_once(before: Any, after: Any, places: list[tuple[str, Any, Any]]) -> None:
    assert list(between("P", before, after)) == [DifferingPlace(*place) for place in places]


@pytest.mark.parametrize(
    ("resource_type", "holding"),
    [("AWS::DynamoDB::Table", True), ("AWS::Logs::LogGroup", True), ("AWS::Logs::MetricFilter", False)],
)
def test_what_holds_data_is_told_from_what_only_says_something_about_it(resource_type: str, holding: bool) -> None:
    assert holds_data(resource_type) is holding
