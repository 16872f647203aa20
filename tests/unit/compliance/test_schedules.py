"""How often a backup plan runs is read from its schedule, and a schedule that is not understood is said."""

import re

import pytest

from tableguard.compliance import managed
from tableguard.compliance.evaluator import Inventory, Parameters
from tableguard.errors import ComplianceError
from tests.cases.config_rules import NOW, PLAN, item

IDENTIFIER = "BACKUP_PLAN_MIN_FREQUENCY_AND_MIN_RETENTION_CHECK"


def compliance(schedule: str, value: str, unit: str) -> str:
    plan = item(PLAN, "plan", {"BackupPlan": {"BackupPlanRule": [{"ScheduleExpression": schedule}]}})
    wanted = {"requiredFrequencyValue": value, "requiredFrequencyUnit": unit, "requiredRetentionDays": "35"}
    judge = managed.evaluators()[IDENTIFIER].judge
    return judge(plan, Parameters("rule", wanted), Inventory((plan,), NOW)).compliance


@pytest.mark.parametrize(
    ("schedule", "value", "unit", "complies"),
    [
        ("cron(0 3 * * ? *)", "1", "days", True),
        ("cron(0 3 * * ? *)", "23", "hours", False),
        ("cron(0 3,15 * * ? *)", "12", "hours", True),
        ("cron(0 3,16 * * ? *)", "12", "hours", False),
        ("cron(0 0/6 * * ? *)", "6", "hours", True),
        ("cron(0 0/8 * * ? *)", "6", "hours", False),
        ("cron(0 * * * ? *)", "1", "hours", True),
        ("cron(0 3 ? * MON *)", "1", "days", False),
        ("cron(0 3 1 1 ? *)", "31", "days", False),
        ("cron(0 5/12 * * ? *)", "12", "hours", True),
        ("cron(0 20/12 * * ? *)", "12", "hours", False),
        ("cron(0 0/5 * * ? *)", "5", "hours", True),
    ],
)
def test_the_longest_time_between_two_backups_decides(schedule: str, value: str, unit: str, complies: bool) -> None:
    assert (compliance(schedule, value, unit) == "COMPLIANT") is complies


@pytest.mark.parametrize("schedule", ["rate(1 day)", "cron(0 1-5 * * ? *)", "cron(0 3/0 * * ? *)", "cron(0 3 * * ?)"])
def test_a_schedule_that_is_not_read_is_said(schedule: str) -> None:
    with pytest.raises(ComplianceError, match=rf"backup plan plan: schedule '{re.escape(schedule)}' is not read"):
        compliance(schedule, "1", "days")
