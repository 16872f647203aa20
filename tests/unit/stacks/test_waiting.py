"""Waiting for a stack: a question that fails once does not end it, and what ends it says what goes on."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError
from botocore.stub import Stubber

from tableguard.errors import DeployError
from tableguard.stacks import waiting
from tableguard.stacks.change_set import PollInterval
from tests.worlds.fake_cloudformation import STACK, FakeCloudFormation


def test_what_is_under_way_is_waited_for() -> None:
    pauses: list[float] = []
    client = FakeCloudFormation(["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE"])
    assert waiting.settled(client, "stack", PollInterval(7, 9), sleep=pauses.append) == "UPDATE_COMPLETE"
    assert pauses == [7, 7]


def test_what_never_ends_is_said_with_what_to_do() -> None:
    pauses: list[float] = []
    with pytest.raises(DeployError, match=r"stack stack: still DELETE_IN_PROGRESS after 5 minutes; run the same"):
        waiting.settled(FakeCloudFormation(["DELETE_IN_PROGRESS"]), "stack", PollInterval(60, 5), sleep=pauses.append)
    assert len(pauses) == 5


@pytest.fixture
def stubbed() -> Iterator[tuple[Any, Stubber]]:
    client = boto3.client("cloudformation", "eu-central-1", aws_access_key_id="a", aws_secret_access_key=STACK)
    with Stubber(client) as stubber:
        yield client, stubber


def answer(status: str) -> dict[str, Any]:
    stack = {"StackName": "stack", "StackId": STACK, "CreationTime": "2026-01-01T00:00:00Z", "StackStatus": status}
    return {"Stacks": [stack]}


def waited(client: Any) -> str:
    return waiting.settled(client, "stack", PollInterval(1, 50), sleep=lambda _: None)


@pytest.mark.parametrize(
    ("code", "http"), [("Throttling", 400), ("ServiceUnavailable", 503), ("RequestLimitExceeded", 503), ("Odd", 500)]
)
def test_a_busy_aws_is_asked_again(stubbed: tuple[Any, Stubber], code: str, http: int) -> None:
    client, stubber = stubbed
    stubber.add_response("describe_stacks", answer("UPDATE_IN_PROGRESS"))
    for _ in range(waiting.PATIENCE):
        stubber.add_client_error("describe_stacks", code, "Rate exceeded", http)
    stubber.add_response("describe_stacks", answer("UPDATE_COMPLETE"))
    assert waited(client) == "UPDATE_COMPLETE"
    stubber.assert_no_pending_responses()


def test_aws_that_stays_busy_ends_the_wait_and_says_what_goes_on(stubbed: tuple[Any, Stubber]) -> None:
    client, stubber = stubbed
    for _ in range(waiting.PATIENCE + 1):
        stubber.add_client_error("describe_stacks", "Throttling", "Rate exceeded")
    with pytest.raises(DeployError, match=r"stack stack: .*Rate exceeded; what CloudFormation began goes on there"):
        waited(client)
    stubber.assert_no_pending_responses()


@pytest.mark.parametrize("code", ["ExpiredToken", "AccessDenied", "ValidationError"])
def test_what_does_not_pass_ends_the_wait_at_once(stubbed: tuple[Any, Stubber], code: str) -> None:
    """Credentials that ended are named, and what was begun goes on without them."""
    client, stubber = stubbed
    stubber.add_response("describe_stacks", answer("UPDATE_IN_PROGRESS"))
    stubber.add_client_error("describe_stacks", code, "no")
    with pytest.raises(DeployError, match=rf"{code}.*; what CloudFormation began goes on there. Run the same command"):
        waited(client)


@pytest.mark.parametrize(
    ("error", "passing"),
    [
        (EndpointConnectionError(endpoint_url="u"), True),
        (ConnectTimeoutError(endpoint_url="u"), True),
        (ReadTimeoutError(endpoint_url="u"), True),
        (ClientError({"Error": {"Code": "Throttling", "Message": ""}}, "X"), True),
        (ClientError({"Error": {"Code": "ExpiredToken", "Message": ""}}, "X"), False),
        (KeyError("x"), False),
    ],
)
def test_what_passes_is_told_from_what_does_not(error: Exception, passing: bool) -> None:
    assert waiting.passes(error) is passing


def test_events_that_cannot_be_read_for_a_moment_do_not_end_the_wait() -> None:
    failing = [ReadTimeoutError(endpoint_url="u")]

    def watch() -> None:
        if failing:
            raise failing.pop()

    client = FakeCloudFormation(["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"])
    assert waiting.settled(client, "stack", PollInterval(0, 9), watch) == "UPDATE_COMPLETE"
