"""Missing datapoints count as AWS's page shows: the newest that are there decide, and fill up only what is lacking.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from tableguard.local.alerts.alarms.evaluation import AlarmCondition, Datapoint, Missing, State, reason, verdict

NOON = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
TREATMENTS: tuple[Missing, ...] = get_args(Missing)
CURRENT: State = "ALARM"  # the state before, where the page says that it stays
KEPT, UNKNOWN = "the state stays", "INSUFFICIENT_DATA"


def points(drawn: str) -> list[Datapoint | None]:
    """The datapoints of a drawing such as `0 - X`, the newest last there and first here: X breaches, 0 does not."""
    values = {"X": 1.0, "0": 0.0}
    newest_first = enumerate(reversed(drawn.split()))
    return [
        Datapoint(NOON - timedelta(minutes=age), values[mark]) if mark in values else None for age, mark in newest_first
    ]


# drawing, then the state by what missing ones are treated as: missing, ignore, breaching, notBreaching
ALL_OF_THREE = [
    ("0 - X - X", "OK", "OK", "OK", "OK"),
    ("- - - - 0", "OK", "OK", "OK", "OK"),
    ("- - - - -", UNKNOWN, KEPT, "ALARM", "OK"),
    ("0 X X - X", "ALARM", "ALARM", "ALARM", "ALARM"),
    ("- - X - -", "ALARM", KEPT, "ALARM", "OK"),
]
TWO_OF_THREE = [
    ("0 - X - X", "ALARM", "ALARM", "ALARM", "ALARM"),
    ("0 0 X 0 X", "ALARM", "ALARM", "ALARM", "ALARM"),
    ("0 - X - -", "OK", "OK", "ALARM", "OK"),
    ("- - - - 0", "OK", "OK", "ALARM", "OK"),
    ("- - - X -", "ALARM", KEPT, "ALARM", "OK"),
]


@pytest.mark.parametrize(
    ("datapoints", "drawn", "missing", "expected"),
    [
        pytest.param(datapoints, drawn, missing, state, id=f"{datapoints} of 3, {drawn}, {missing}")
        for datapoints, table in ((3, ALL_OF_THREE), (2, TWO_OF_THREE))
        for drawn, *states in table
        for missing, state in zip(TREATMENTS, states, strict=True)
    ],
)
@pytest.mark.parametrize("current", get_args(State))
def test_the_tables_of_the_page(datapoints: int, drawn: str, missing: Missing, expected: str, current: State) -> None:
    condition = AlarmCondition("GreaterThanOrEqualToThreshold", 1, 3, datapoints, missing)
    state = verdict(condition, points(drawn), current).state
    assert state == (current if expected == KEPT else expected)


@pytest.mark.parametrize(
    ("comparison", "breaching"),
    [
        ("GreaterThanOrEqualToThreshold", (False, True, True)),
        ("GreaterThanThreshold", (False, False, True)),
        ("LessThanThreshold", (True, False, False)),
        ("LessThanOrEqualToThreshold", (True, True, False)),
    ],
)
def test_each_comparison_has_its_side_of_the_threshold(comparison: str, breaching: tuple[bool, ...]) -> None:
    condition = AlarmCondition(comparison, 5)
    assert tuple(condition.breaches(value) for value in (4, 5, 6)) == breaching


@pytest.mark.parametrize(
    ("drawn", "missing", "words"),
    [
        (
            "X X",
            "missing",
            "Threshold Crossed: 2 out of the last 2 datapoints [1.0 (01/12/26 12:00:00), 1.0 (01/12/26 11:59:00)] were "
            "greater than or equal to the threshold (1.0) (minimum 2 datapoints for OK -> ALARM transition).",
        ),
        (
            "X 0",
            "missing",
            "Threshold Crossed: 1 out of the last 2 datapoints [0.0 (01/12/26 12:00:00)] was not greater than or equal "
            "to the threshold (1.0) (minimum 1 datapoint for ALARM -> OK transition).",
        ),
        (
            "- -",
            "notBreaching",
            "Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints were treated as "
            "[NonBreaching].",
        ),
        ("- -", "missing", "Insufficient Data: 2 datapoints were unknown."),
    ],
)
def test_the_reason_is_worded_as_cloudwatch_does(drawn: str, missing: Missing, words: str) -> None:
    condition = AlarmCondition("GreaterThanOrEqualToThreshold", 1.0, 2, 2, missing)
    assert reason(condition, verdict(condition, points(drawn), "OK")) == words
