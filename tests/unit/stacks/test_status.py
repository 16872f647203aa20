"""The status of a stack: what can be done next, and who mends what cannot."""

import pytest

from tableguard.errors import DeployError
from tableguard.stacks import status
from tests.worlds.fake_cloudformation import FakeCloudFormation


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
