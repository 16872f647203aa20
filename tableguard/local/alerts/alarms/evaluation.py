"""The state of a metric alarm by the datapoints of its evaluation range, and how CloudWatch words the reason.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

State = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]
Missing = Literal["missing", "ignore", "breaching", "notBreaching"]

# the range has more datapoints than are evaluated: two in the examples of AWS's page
LOOKED_BACK = 2
_COMPARISONS: Mapping[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}
COMPARISONS = frozenset(_COMPARISONS)


@dataclass(frozen=True)
class AlarmCondition:
    """When an alarm is in ALARM: `datapoints` of the last `periods` breach the threshold."""

    comparison: str
    threshold: float
    periods: int = 1
    datapoints: int = 1
    missing: Missing = "missing"

    def breaches(self, value: float) -> bool:
        """Tell whether a value breaches the threshold."""
        return _COMPARISONS[self.comparison][0](value, self.threshold)


@dataclass(frozen=True)
class Datapoint:
    """The value of a period, which begins at a time."""

    start: datetime
    value: float


@dataclass(frozen=True)
class Judgement:
    """The state of an alarm, the datapoints that decided, newest first, and how many others were missing."""

    state: State
    datapoints: tuple[Datapoint, ...]
    absent: int


def verdict(condition: AlarmCondition, newest_first: Sequence[Datapoint | None], current: State) -> Judgement:
    """Return the state by the datapoints of the evaluation range; None stands for one that is missing.

    Missing ones count as few times as possible: the newest that are there decide, as many as are evaluated.
    """
    there = tuple(point for point in newest_first if point is not None)[: condition.periods]
    absent = condition.periods - len(there)
    return Judgement(_state(condition, newest_first, there, current), there, absent)


def _state(
    condition: AlarmCondition, newest_first: Sequence[Datapoint | None], there: tuple[Datapoint, ...], current: State
) -> State:
    breaching = sum(condition.breaches(point.value) for point in there)
    absent = condition.periods - len(there)
    if condition.missing == "breaching":
        breaching += absent
    if breaching >= condition.datapoints:
        return "ALARM"
    if not absent or condition.missing in ("breaching", "notBreaching") or breaching < len(there):
        return "OK"
    # all that is there breaches, and is too little
    if condition.missing == "ignore":
        return current
    if not there:
        return "INSUFFICIENT_DATA"
    return "ALARM" if _oldest_age(newest_first) >= condition.datapoints else current


def _oldest_age(newest_first: Sequence[Datapoint | None]) -> int:
    """Return how many periods ago the oldest datapoint was, counted from one.

    An alarm does not wait for more if the oldest that breaches is as old as the datapoints to alarm are many.
    """
    return max(age for age, point in enumerate(newest_first, start=1) if point is not None)


def reason(condition: AlarmCondition, judged: Judgement) -> str:
    """Return CloudWatch's words for why an alarm is in the state that it enters."""
    if judged.state == "INSUFFICIENT_DATA":
        return f"Insufficient Data: {_points(condition.periods)} {_were(condition.periods)} unknown."
    if not judged.datapoints:
        silence = f"no datapoints were received for {_periods(judged.absent)}"
        return f"Threshold Crossed: {silence} and {_treated(condition, judged)}."
    breaching = judged.state == "ALARM"
    deciding = [point for point in judged.datapoints if condition.breaches(point.value) == breaching]
    values = ", ".join(f"{point.value} ({point.start:%d/%m/%y %H:%M:%S})" for point in deciding)
    threshold = f"{_COMPARISONS[condition.comparison][1]} the threshold ({condition.threshold})"
    what = (
        f"{len(deciding)} out of the last {condition.periods} datapoints [{values}] {_were(len(deciding))}"
        f"{'' if breaching else ' not'} {threshold}"
    )
    least = condition.datapoints if breaching else condition.periods - condition.datapoints + 1
    transition = "OK -> ALARM" if breaching else "ALARM -> OK"
    filled = f" and {_treated(condition, judged)}" if judged.absent and condition.missing in _TREATED else ""
    return f"Threshold Crossed: {what}{filled} (minimum {_points(least)} for {transition} transition)."


_TREATED: Mapping[str, str] = {"breaching": "Breaching", "notBreaching": "NonBreaching"}


def _treated(condition: AlarmCondition, judged: Judgement) -> str:
    treated = _TREATED.get(condition.missing, "Missing")
    what = f"{judged.absent} missing {_points(judged.absent, number=False)} {_were(judged.absent)}"
    return f"{what} treated as [{treated}]"


def _points(number_of: int, *, number: bool = True) -> str:
    word = "datapoint" if number_of == 1 else "datapoints"
    return f"{number_of} {word}" if number else word


def _periods(number_of: int) -> str:
    return f"{number_of} {'period' if number_of == 1 else 'periods'}"


def _were(number_of: int) -> str:
    return "was" if number_of == 1 else "were"
