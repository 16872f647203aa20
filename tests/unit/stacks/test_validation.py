"""Pre-deployment validation: what blocks is the error, what warns is told, and a question that failed says so."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from tableguard.errors import DeployError
from tableguard.stacks.change_set import PollInterval, created
from tableguard.stacks.events import Validation, validations
from tests.worlds.fake_cloudformation import STACK, TEMPLATE, FakeCloudFormation, change

ARN = "arn:aws:cloudformation:eu-central-1:111122223333:changeSet/c/1"


def finding(mode: str = "WARN", status: str = "FAILED", **more: Any) -> dict[str, Any]:
    return {
        "EventType": "VALIDATION_ERROR",
        "ValidationFailureMode": mode,
        "ValidationName": "CONFIG_RECORDER_CONFLICT",
        "ValidationStatus": status,
        "ValidationStatusReason": "there is one",
        **more,
    }


@pytest.fixture
def stubbed() -> Iterator[tuple[Any, Stubber]]:
    client = boto3.client("cloudformation", "eu-central-1", aws_access_key_id="a", aws_secret_access_key=STACK)
    with Stubber(client) as stubber:
        yield client, stubber


def test_what_blocks_comes_first_and_other_events_are_none(stubbed: tuple[Any, Stubber]) -> None:
    client, stubber = stubbed
    named = {"LogicalResourceId": "Recorder", "ResourceType": "A::B", "ValidationPath": "/Resources/Recorder"}
    events = [finding(**named), {"EventType": "STACK_EVENT"}, finding("FAIL"), finding("FAIL", "SKIPPED")]
    stubber.add_response("describe_events", {"OperationEvents": events}, {"ChangeSetName": ARN})
    findings = validations(client, ARN)
    assert [one.blocks for one in findings] == [True, False, False]
    assert str(findings[1]) == ("Recorder (A::B): there is one [CONFIG_RECORDER_CONFLICT, at /Resources/Recorder]")
    assert findings[2].reason == "not checked: there is one"


@pytest.mark.parametrize("code", ["AccessDenied", "InvalidAction"])
def test_a_question_that_failed_is_a_finding_of_its_own(stubbed: tuple[Any, Stubber], code: str) -> None:
    """A role of an older version may not ask, and a partition may not answer yet: the deployment goes on."""
    client, stubber = stubbed
    stubber.add_client_error("describe_events", code, "no")
    (one,) = validations(client, ARN)
    assert code in one.reason
    assert not one.blocks


def test_warnings_come_with_the_change_set() -> None:
    client = FakeCloudFormation(["CREATE_COMPLETE"], [change()], validation=[finding()])
    with created(client, "stack", TEMPLATE, PollInterval(0, 1)) as change_set:
        assert change_set.warnings == (Validation("the whole stack", "CONFIG_RECORDER_CONFLICT", "there is one"),)


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (
            "The following hook(s)/validation failed: [AWS::EarlyValidation::X]",
            "there is one [CONFIG_RECORDER_CONFLICT",
        ),
        ("Transform failed", "Transform failed; nothing was changed"),
    ],
)
def test_what_blocks_is_named_by_resource_and_not_by_aws_s_hook(
    stubbed: tuple[Any, Stubber], reason: str, words: str
) -> None:
    client, stubber = stubbed
    stubber.add_response("create_change_set", {"Id": ARN, "StackId": STACK})
    described = {"Status": "FAILED", "StatusReason": reason, "ChangeSetId": ARN, "ExecutionStatus": "UNAVAILABLE"}
    stubber.add_response("describe_change_set", described)
    if "validation failed" in reason:
        stubber.add_response("describe_events", {"OperationEvents": [finding("FAIL")]})
    stubber.add_response("delete_change_set", {}, {"ChangeSetName": ARN})
    with pytest.raises(DeployError) as refusal, created(client, "stack", TEMPLATE, PollInterval(0, 2)):
        pass
    assert words in str(refusal.value)
    stubber.assert_no_pending_responses()
