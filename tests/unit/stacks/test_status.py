"""The status of a stack, and why an operation on it failed: this one, and none before it."""

import pytest

from tableguard.errors import DeployError
from tableguard.stacks import status
from tableguard.stacks.change_set import PollInterval
from tests.worlds.fake_cloudformation import FakeCloudFormation, event

EARLIER = [event("Backup", "UPDATE_FAILED", "of last month", "earlier")]
NOW = [event("Key", "UPDATE_FAILED", "of today"), event("Table", "UPDATE_FAILED", "a consequence")]


@pytest.mark.parametrize(
    ("events", "reasons"),
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
    events: list[dict[str, str]], reasons: str
) -> None:
    assert status.reasons(FakeCloudFormation(["UPDATE_FAILED"], events=events), "stack", "now") == reasons


def test_what_is_under_way_is_waited_for() -> None:
    pauses: list[float] = []
    client = FakeCloudFormation(["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE"])
    assert status.settled(client, "stack", PollInterval(7, 9), pauses.append) == "UPDATE_COMPLETE"
    assert pauses == [7, 7]


def test_what_never_ends_is_said_with_what_to_do() -> None:
    pauses: list[float] = []
    with pytest.raises(DeployError, match=r"stack stack: still DELETE_IN_PROGRESS after 5 minutes; run the same"):
        status.settled(FakeCloudFormation(["DELETE_IN_PROGRESS"]), "stack", PollInterval(60, 5), pauses.append)
    assert len(pauses) == 5


@pytest.mark.parametrize(
    ("answer", "expected"), [("", ""), ("REVIEW_IN_PROGRESS", ""), ("CREATE_FAILED", "CREATE_FAILED")]
)
def test_a_stack_that_only_ever_had_a_change_set_counts_as_absent(answer: str, expected: str) -> None:
    assert status.status_of(FakeCloudFormation([answer]), "stack") == expected


@pytest.mark.parametrize("dead_end", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED"])
def test_who_deletes_what_no_update_takes_further_is_named_with_the_command(dead_end: str) -> None:
    with pytest.raises(DeployError, match=rf"is {dead_end}, .* by break-glass: aws cloudformation delete-stack"):
        status.check_deployable("stack", dead_end, "break-glass")


@pytest.mark.parametrize(
    "going_on", ["", "CREATE_FAILED", "UPDATE_FAILED", "UPDATE_ROLLBACK_FAILED", "CREATE_COMPLETE"]
)
def test_what_can_be_taken_further_is_not_refused(going_on: str) -> None:
    status.check_deployable("stack", going_on, "break-glass")
