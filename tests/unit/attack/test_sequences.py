"""The attempts of sequences are what reach shows: no more, no less, each by who begins."""

from dataclasses import replace

import pytest

from tableguard.attack import sequences
from tableguard.attack.ledger import Ledger
from tableguard.attack.outcome import AttemptOutcome
from tableguard.errors import PolicyError
from tableguard.policy.evaluate import Request
from tableguard.policy.principals import principal
from tableguard.settings import example

ATTEMPTS = {attempt.id: attempt for attempt in sequences.shown(example())}
READS = ("application", "break-glass", "deployer", "function", "member-services", "operator", "signed-in")
GOALS = {
    "break-glass": (
        "deployer",
        "reader",
        "items-deleted",
        "table-destroyed",
        "table-copied",
        "trail-stopped",
        "trail-narrowed",
    ),
    "deployer": ("reader", "trail-narrowed"),
}


def test_each_sequence_that_has_calls_is_an_attempt_and_nothing_else_is() -> None:
    assert ATTEMPTS.keys() == {
        *(f"reach-{by}-message-read" for by in READS),
        *(f"reach-{by}-{goal}" for by, goals in GOALS.items() for goal in goals),
    }


def test_a_goal_that_needs_no_step_left_out_is_reached_without_it() -> None:
    # a new client of the user pool is as short a way, and the embedded AWS has no action of it
    (step,) = ATTEMPTS["reach-break-glass-reader"].steps
    assert step.operation == "UpdateIdentityPool"
    assert not any(name.startswith("reach-administrator-") for name in ATTEMPTS)  # over a container's commands alone


def test_a_step_is_made_as_whom_the_attacker_has_become() -> None:
    code, read = ATTEMPTS["reach-deployer-message-read"].steps
    assert (code.operation, code.who) == ("UpdateFunctionCode", "")
    assert (read.operation, read.who) == ("BatchGetItem", "function")


def test_a_member_reads_what_is_the_member_s() -> None:
    (read,) = ATTEMPTS["reach-signed-in-message-read"].steps
    assert read.parameters["Key"]["pk"] == {"S": "GRP#<member>"}
    (read,) = ATTEMPTS["reach-operator-message-read"].steps
    assert read.parameters["ExpressionAttributeValues"] == {":pk": {"S": "MSG#"}}


def test_what_hinders_a_call_is_removed_before_it() -> None:
    operations = {name: [step.operation for step in attempt.steps] for name, attempt in ATTEMPTS.items()}
    assert operations["reach-break-glass-table-destroyed"] == ["UpdateTable", "DeleteTable"]
    assert operations["reach-break-glass-deployer"] == [
        "UpdateAssumeRolePolicy",
        "DeleteFunction",
        "CreateFunction",
        "AddPermission",
    ]


def test_no_claim_covers_it_and_the_promise_that_leaves_it_open_is_the_reason() -> None:
    attempt = ATTEMPTS["reach-deployer-trail-narrowed"]
    assert not attempt.claimed
    assert attempt.uncovered.endswith(": nobody but its takers becomes the deployer or narrows the trail")


def test_a_call_without_parameters_is_refused() -> None:
    request = Request(principal("arn:aws:iam::111122223333:role/Admin"), "cloudtrail:StopLogging", "*", "111122223333")
    with pytest.raises(PolicyError, match="cloudtrail:StopLogging: a sequence calls it"):
        sequences.parameters("cloudtrail:StopLogging", request)
    assert sequences.parameters("cloudtrail:DeleteTrail", replace(request, resource="arn:x:trail/a")) == {"Name": "a"}


def test_an_unseen_sequence_is_found_at_its_goal() -> None:
    unseen = AttemptOutcome(replace(ATTEMPTS["reach-operator-message-read"], unseen=""))
    (finding,) = Ledger((unseen,)).findings
    assert finding.file.endswith("policies/together.toml")
    assert finding.line
