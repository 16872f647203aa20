"""A day of normal work on a running estate raises the alerts that the page of detections lists, and no others."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from tableguard.detect import catalogue
from tableguard.local import estate
from tableguard.local.clients.factory import Clients
from tableguard.local.landing_zone import LandingZone
from tableguard.store.messages import MessageTable
from tests.worlds import normal_day
from tests.worlds.estate import SETTINGS, TABLE
from tests.worlds.normal_day import NormalDay

pytestmark = pytest.mark.slow
README = (catalogue.FOLDER / "README.md").read_text(encoding="utf-8")
# in this order, each after the one before
WORK: dict[str, Callable[[NormalDay], None]] = {
    "a deployment that changes nothing": normal_day.deploys_again,
    "a deployment of a longer retention of logs": normal_day.keeps_logs_longer,
    "a deployment of a longer retention of backups": normal_day.keeps_backups_longer,
    "a deployment of the function's code": normal_day.deploys_a_function,
    "people who list and read": normal_day.lists_and_reads,
    "the operator verifies and reconciles all rows": normal_day.verifies_and_reconciles,
    "an invocation of the function fails": normal_day.fails_once,
    "the function gives a batch up": normal_day.gives_a_batch_up,
    "the operator redrives it": normal_day.redrives,
    "member services make an account, export and erase its person": normal_day.serves_members,
    "an audit of everything": normal_day.audits,
    "administrators look around": normal_day.looks_around,
    "an administrator works on tables, topics, queues, logs, alarms, buckets and stacks of his own": (
        normal_day.works_elsewhere
    ),
    "an administrator gives a key of his own another policy": normal_day.changes_own_key,
    "an administrator opens a security group of another VPC": normal_day.opens_own_security_group,
}
TRACE = "a day's messages"


@pytest.fixture(scope="module")
def day() -> Iterator[NormalDay]:
    """The estate of the default example, a while after its deployment."""
    with estate.running(SETTINGS, 0, lambda step: None) as running:
        zone = LandingZone(SETTINGS, running.endpoint, Clients(running.endpoint))
        table = MessageTable(running.roles["application"].client("dynamodb"), TABLE, clock=lambda: datetime.now(UTC))
        beginning = NormalDay(running, zone, table)
        beginning.begin()
        yield beginning


def _listed() -> list[tuple[str, str, str]]:
    """Return the table of the page: the alerts of each piece of work, and the number of mails."""
    lines = README.partition("### As rehearsed")[2].partition("\n## ")[0].splitlines()
    work, *rows = (line.strip("| ").split(" | ") for line in lines if line.startswith("| "))
    assert work == ["Work", "Alerts", "Mails"]
    return [(name, alerts, mails) for name, alerts, mails in rows]


def test_normal_work_raises_the_alerts_that_the_page_lists_and_no_others(day: NormalDay, tmp_path: Path) -> None:
    works: dict[str, Callable[[NormalDay], None]] = {
        TRACE: partial(normal_day.replays_a_trace, folder=tmp_path),
        **WORK,
    }
    raised = {name: day.alerts_of(partial(work, day)) for name, work in works.items()}
    assert [
        (name, ", ".join(sorted(alerts)) or "none", str(alerts.total())) for name, alerts in raised.items()
    ] == _listed()
