"""The rule of a composite alarm is an expression over the states of others; NOT binds before AND, and AND before OR."""

import pytest

from tableguard.local.alerts.alarms import rule
from tableguard.local.alerts.alarms.rule import AlarmRuleError

STATES = {"ringing": "ALARM", "quiet": "OK", "new": "INSUFFICIENT_DATA", "with space": "ALARM"}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("ALARM(ringing)", True),
        ("ALARM(quiet)", False),
        ("OK(quiet)", True),
        ("INSUFFICIENT_DATA(new)", True),
        ('ALARM("with space")', True),
        ("ALARM(absent)", False),
        ("ALARM(ringing) AND OK(quiet)", True),
        ("ALARM(ringing) AND OK(ringing)", False),
        ("ALARM(quiet) OR OK(quiet)", True),
        ("NOT ALARM(quiet)", True),
        ("NOT ALARM(quiet) AND ALARM(quiet)", False),
        ("NOT (ALARM(quiet) AND ALARM(quiet))", True),
        ("TRUE OR ALARM(quiet) AND FALSE", True),
        ("(TRUE OR ALARM(quiet)) AND FALSE", False),
        ("TRUE", True),
        ("FALSE", False),
    ],
)
def test_a_rule_holds(text: str, holds: bool) -> None:
    assert rule.parse(text).holds(STATES.get) is holds


@pytest.mark.parametrize(
    "text", ["", "ringing", "ALARM()", "ALARM(a) OK(b)", "AND", "NOT", "(TRUE", "TRUE)", "ALARM(a b)"]
)
def test_what_is_no_rule_is_refused(text: str) -> None:
    with pytest.raises(AlarmRuleError, match="AlarmRule: not understood"):
        rule.parse(text)


def test_a_rule_names_its_alarms_once() -> None:
    assert rule.parse("ALARM(b) OR ALARM(a) AND OK(b)").alarms == ("b", "a")
