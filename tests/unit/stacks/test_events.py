"""Events of a stack: each passed on once and in order, and the reasons of this operation, not of one before it."""

from typing import Any

import pytest

from tableguard.stacks.events import EventFollower, ResourceEvent, failures, reasons
from tests.worlds.fake_cloudformation import FakeCloudFormation, event

EARLIER = [event("Backup", "UPDATE_FAILED", "of last month", "earlier")]
NOW = [event("Key", "UPDATE_FAILED", "of today"), event("Table", "UPDATE_FAILED", "a consequence")]


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([*EARLIER, *NOW], "Key (A::Key): of today; then Table (A::Table): a consequence"),
        ([event("Key", "UPDATE_FAILED")], "Key (A::Key): no reason given"),
        ([*NOW[:1], event("Table", "CREATE_FAILED", "Resource creation cancelled")], "Key (A::Key): of today"),
        ([*EARLIER, event("stack", "UPDATE_ROLLBACK_IN_PROGRESS", "Export is in use")], "Export is in use"),
        ([*EARLIER, event("stack", "UPDATE_IN_PROGRESS", "User Initiated")], "no reason given"),
        ([event("stack", "UPDATE_FAILED", "resources failed: [Key]"), *NOW[:1]], "Key (A::Key): of today"),
    ],
)
def test_the_reasons_are_those_of_this_operation_first_failure_first(
    events: list[dict[str, str]], expected: str
) -> None:
    assert reasons(FakeCloudFormation(["UPDATE_FAILED"], events=events), "stack", "now") == expected


def numbered(*happened: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**one, "EventId": str(number)} for number, one in enumerate(happened)]


@pytest.mark.parametrize("token", ["now", ""])
def test_each_event_of_an_operation_is_passed_on_once_in_order(token: str) -> None:
    """Without a token it is the operation under way, which an interrupted run began."""
    happened = numbered(
        event("Old", "UPDATE_COMPLETE", operation="earlier"),
        *(event(name, "UPDATE_COMPLETE") for name in ("A", "B", "C")),
    )
    client, shown = FakeCloudFormation(["UPDATE_IN_PROGRESS"], events=happened[:3]), list[ResourceEvent]()
    watch = EventFollower(client, "stack", shown.append, token)
    watch()
    client.events.append(happened[3])
    watch()
    watch()
    assert [one.logical_id for one in shown] == ["A", "B", "C"]


def test_the_first_failure_comes_first_and_a_consequence_is_told_from_it() -> None:
    client = FakeCloudFormation(["UPDATE_FAILED"], events=NOW)
    assert failures(client, "stack", "now") == ("Key (A::Key): of today", "Table (A::Table): a consequence")
