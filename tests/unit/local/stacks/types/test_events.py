"""AWS::Events::Rule: rules match and tell as declared, and a change shows."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tableguard.cloudformation.resource_type import Context, Properties, ResourceHandle
from tableguard.errors import EmbeddedError
from tableguard.local.stacks.tracked_properties import TrackedProperties
from tableguard.local.stacks.types import ALL
from tableguard.local.trail.trails import Delays
from tableguard.local.watch.clock import Clock
from tableguard.local.watch.watch import Watch
from tests.cases.resources import ACCOUNT, REGION, TAGS, Case, ResourceTypeTests, context, differences, make

__all__ = ["context"]  # the fixture

RULE = "AWS::Events::Rule"
NAME = "cruddur-table-destruction"
ARN = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{NAME}"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:cruddur-alerts"
PATTERN = {
    "source": [{"prefix": "aws."}],
    "detail-type": ["AWS API Call via CloudTrail"],
    "detail": {
        "$or": [
            {"eventSource": ["dynamodb.amazonaws.com"], "eventName": ["DeleteTable", {"prefix": "DeleteBackup"}]},
            {"eventSource": ["kms.amazonaws.com"], "eventName": ["ScheduleKeyDeletion"]},
        ]
    },
}
ALERT = {
    "Id": "alerts",
    "Arn": TOPIC,
    "InputTransformer": {
        "InputPathsMap": {"call": "$.detail.eventName", "who": "$.detail.userIdentity.arn"},
        "InputTemplate": '"A table was deleted: <who> called <call>."',
    },
    "RetryPolicy": {"MaximumRetryAttempts": "5", "MaximumEventAgeInSeconds": 3600},
    "DeadLetterConfig": {"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:cruddur-dead-letters"},
}


def rule(_: Context) -> Properties:
    return {
        "Name": NAME,
        "Description": "A table was deleted",
        "State": "ENABLED",
        "EventPattern": PATTERN,
        "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/cruddur-events",
        "Targets": [ALERT],
        "Tags": TAGS,
    }


def schedule(_: Context) -> Properties:
    return {"Name": NAME, "ScheduleExpression": "rate(1 day)"}


def put_rule(reported: str, value: Any, declared: Callable[[Context], Properties] = rule) -> Case:
    def change(context: Context, handle: ResourceHandle) -> None:
        kept = context.client("events").describe_rule(Name=NAME)
        words = ("Description", "EventPattern", "RoleArn", "ScheduleExpression", "State")
        kept = {word: kept[word] for word in words if word in kept}
        context.client("events").put_rule(Name=NAME, **{**kept, reported: value})

    return Case(f"other {reported}", RULE, declared, change, reported)


def events(operation: str, **parameters: Any) -> Callable[[Context, ResourceHandle], None]:
    def change(context: Context, handle: ResourceHandle) -> None:
        getattr(context.client("events"), operation)(**parameters)

    return change


def put_target(**changed: Any) -> Callable[[Context, ResourceHandle], None]:
    retry = {"MaximumRetryAttempts": 5, "MaximumEventAgeInSeconds": 3600}
    return events("put_targets", Rule=NAME, Targets=[{**ALERT, "RetryPolicy": retry, **changed}])


SILENT = {**PATTERN, "detail": {"eventSource": ["dynamodb.amazonaws.com"], "eventName": ["DeleteTable"]}}
OTHER_TEXT = {"InputPathsMap": {}, "InputTemplate": '"nothing"'}


class TestEvents(ResourceTypeTests):
    cases = (
        put_rule("EventPattern", json.dumps(SILENT)),
        put_rule("EventPattern", json.dumps({**PATTERN, "region": ["eu-central-1"]})),
        put_rule("Description", "other"),
        put_rule("RoleArn", f"arn:aws:iam::{ACCOUNT}:role/other"),
        put_rule("ScheduleExpression", "rate(2 days)", schedule),
        Case("disabled", RULE, rule, events("disable_rule", Name=NAME), "State"),
        Case("target removed", RULE, rule, events("remove_targets", Rule=NAME, Ids=["alerts"]), "Targets"),
        Case("other target", RULE, rule, put_target(Arn=f"{TOPIC}-other"), "Targets"),
        Case("one more target", RULE, rule, put_target(Id="more"), "Targets"),
        Case("other text", RULE, rule, put_target(InputTransformer=OTHER_TEXT), "Targets"),
        Case("no retries", RULE, rule, put_target(RetryPolicy={"MaximumRetryAttempts": 0}), "Targets"),
        Case("no dead letters", RULE, rule, put_target(DeadLetterConfig={}), "Targets"),
        Case("tag removed", RULE, rule, events("untag_resource", ResourceARN=ARN, TagKeys=["ManagedBy"]), "Tags"),
        Case(
            "tag changed",
            RULE,
            rule,
            events("tag_resource", ResourceARN=ARN, Tags=[{"Key": "ManagedBy", "Value": "hand"}]),
            "Tags",
        ),
    )


def test_ref_of_a_rule_is_its_name_and_getatt_gives_the_arn(context: Context) -> None:
    handle = make(RULE, rule(context))
    assert (handle.physical_id, handle.attributes) == (NAME, {"Arn": ARN})


def test_a_rule_without_a_name_gets_the_generated_one(context: Context) -> None:
    handle = make(RULE, {"ScheduleExpression": "rate(1 day)"})
    assert ALL[RULE].read(context, handle)["Name"] == "stack-Resource-1A2B3C"


def test_an_update_takes_away_what_the_template_no_longer_says(context: Context) -> None:
    handle, update = make(RULE, rule(context)), ALL[RULE].update
    assert update is not None
    less = TrackedProperties(schedule(context))
    read = ALL[RULE].read(context, update(context, handle, less))
    assert read == {**schedule(context), "State": "ENABLED", "Targets": [], "Tags": []}
    assert set(rule(context)) - {"Name"} <= less.names_read


def test_a_rule_keeps_its_name(context: Context) -> None:
    declared, update = rule(context), ALL[RULE].update
    handle = make(RULE, declared)
    assert update is not None
    with pytest.raises(EmbeddedError, match="AWS::Events::Rule Name: cannot change in place"):
        update(context, handle, {**declared, "Name": "other"})


def test_the_text_of_an_alert_reaches_the_queue_that_a_rule_names(context: Context) -> None:
    queue = context.client("sqs").create_queue(QueueName="alerts")["QueueUrl"]
    target = {**ALERT, "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:alerts"}
    make(RULE, {**rule(context), "Targets": [target]})
    call = {"eventSource": "dynamodb.amazonaws.com", "eventName": "DeleteTable", "userIdentity": {"arn": "arn:x"}}
    event = {"source": "aws.dynamodb", "detail-type": "AWS API Call via CloudTrail", "detail": call}
    Watch(Clock(), Delays()).alerts.event(ACCOUNT, REGION, event)
    (message,) = context.client("sqs").receive_message(QueueUrl=queue)["Messages"]
    assert json.loads(message["Body"]) == "A table was deleted: arn:x called DeleteTable."


def test_a_rule_whose_target_is_refused_is_not_left_behind(context: Context) -> None:
    with pytest.raises(ClientError, match="not in correct format"):
        make(RULE, {**rule(context), "Targets": [{**ALERT, "Arn": "alerts"}]})
    assert context.client("events").list_rules()["Rules"] == []


def test_a_pattern_may_be_given_as_text(context: Context) -> None:
    declared = {**rule(context), "EventPattern": json.dumps(PATTERN)}
    assert differences(RULE, declared, context, make(RULE, declared)) == []
