"""The oversight stack: a trail of the management account that cannot be looked away from, and alerts on guardrails."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tableguard.cloudformation.limits import TEMPLATE_BODY_BYTES
from tableguard.detect import catalogue
from tableguard.reading import cloudformation_yaml
from tableguard.settings import example
from tableguard.stacks.registry import find_stack
from tableguard.stacks.render import render
from tests.worlds.requirements import (
    Requirement,
    Template,
    at,
    holds_and_breaks,
    is_set,
    of_type,
    retained,
    stack,
    statement,
)
from tests.worlds.settings_files import EXAMPLES

SETTINGS = example()
TRAIL = "Resources/Trail/Properties"
BUCKET = "Resources/OversightBucket/Properties"
BUCKET_POLICY = "Resources/OversightBucketPolicy/Properties/PolicyDocument"
ROLE_POLICY = "Resources/TrailRolePolicy/Properties/PolicyDocument"
TRAIL_ARN = {"Fn::Sub": "arn:aws:cloudtrail:${AWS::Region}:${AWS::AccountId}:trail/cruddur-oversight"}


def _selected(template: Template) -> list[dict[str, tuple[str, list[Any]]]]:
    return [
        {
            field["Field"]: next((operator, values) for operator, values in field.items() if operator != "Field")
            for field in selector["FieldSelectors"]
        }
        for selector in at(template, f"{TRAIL}/AdvancedEventSelectors")
    ]


def _sees_every_change(template: Template) -> bool:
    changes = {"eventCategory": ("Equals", ["Management"]), "readOnly": ("Equals", ["false"])}
    return changes in _selected(template)


def _sees_reads_among_which_is_the_taking_of_a_role(template: Template) -> bool:
    reads = {
        "eventCategory": ("Equals", ["Management"]),
        "readOnly": ("Equals", ["true"]),
        "eventSource": ("NotEquals", ["kms.amazonaws.com"]),
    }
    return reads in _selected(template)


def _sees_who_touches_its_files_and_not_what_it_writes(template: Template) -> bool:
    files = {
        "eventCategory": ("Equals", ["Data"]),
        "resources.type": ("Equals", ["AWS::S3::Object"]),
        "resources.ARN": ("StartsWith", [{"Fn::Sub": "${OversightBucket.Arn}/"}]),
        "eventName": ("NotEquals", ["PutObject"]),
    }
    return files in _selected(template)


def _only_the_trail_writes(template: Template) -> bool:
    allowed = [one for one in at(template, f"{BUCKET_POLICY}/Statement") if one["Effect"] == "Allow"]
    return len(allowed) == 2 and all(
        one["Principal"] == {"Service": "cloudtrail.amazonaws.com"}
        and one["Condition"]["StringEquals"].get("aws:SourceArn") == TRAIL_ARN
        for one in allowed
    )


def _every_detection_of_the_stack_has_an_alarm_and_no_other(template: Template) -> bool:
    watched = {one.title for one in catalogue.load_all(SETTINGS.policy_values(), stack="oversight")}
    filters = of_type(template, "AWS::Logs::MetricFilter").values()
    emitted = {one["MetricName"] for each in filters for one in each["MetricTransformations"]}
    alarms = {alarm["MetricName"] for alarm in of_type(template, "AWS::CloudWatch::Alarm").values()}
    return emitted == watched and watched <= alarms and not any("TableDestruction" in one for one in alarms)


def _every_alarm_tells_the_topic(template: Template) -> bool:
    alarms = of_type(template, "AWS::CloudWatch::Alarm").values()
    return all(alarm["AlarmActions"] == [{"Ref": "AlertTopic"}] and alarm["ActionsEnabled"] for alarm in alarms)


def _the_key_serves_log_group_and_trail_of_this_stack_alone(template: Template) -> bool:
    policy = at(template, "Resources/OversightKey/Properties/KeyPolicy")
    groups = statement(policy, "LogGroupsOfTheWorkload")["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
    encrypts = statement(policy, "TrailEncrypts")["Condition"]["StringEquals"].get("aws:SourceArn")
    logs = "arn:aws:logs:${AWS::Region}:${AWS::AccountId}:log-group:"
    return bool(groups == [{"Fn::Sub": f"{logs}/cruddur/oversight"}] and encrypts == TRAIL_ARN)


REQUIREMENTS = [
    is_set("the trail is on", f"{TRAIL}/IsLogging", True),
    is_set("the trail brings home what us-east-1 records", f"{TRAIL}/IsMultiRegionTrail", True),
    is_set("the trail sees global services", f"{TRAIL}/IncludeGlobalServiceEvents", True),
    is_set("changed log files can be told", f"{TRAIL}/EnableLogFileValidation", True),
    is_set("the trail is encrypted under our key", f"{TRAIL}/KMSKeyId", {"Fn::GetAtt": ["OversightKey", "Arn"]}),
    is_set("the trail feeds the log group", f"{TRAIL}/CloudWatchLogsLogGroupArn", {"Fn::GetAtt": ["TrailLogs", "Arn"]}),
    is_set("the trail waits for its bucket's policy", "Resources/Trail/DependsOn", ["OversightBucketPolicy"]),
    Requirement(
        "the trail sees every change",
        _sees_every_change,
        ((f"{TRAIL}/AdvancedEventSelectors/0/FieldSelectors/1/Equals", ["true"]),),
    ),
    Requirement(
        "the trail sees who takes a role, which is a read",
        _sees_reads_among_which_is_the_taking_of_a_role,
        ((f"{TRAIL}/AdvancedEventSelectors/1/FieldSelectors/2/NotEquals", ["sts.amazonaws.com"]),),
    ),
    Requirement(
        "the trail sees who touches its files",
        _sees_who_touches_its_files_and_not_what_it_writes,
        ((f"{TRAIL}/AdvancedEventSelectors/2/FieldSelectors/3/NotEquals", ["DeleteObject"]),),
    ),
    is_set(
        "log files are locked for 400 days",
        f"{BUCKET}/ObjectLockConfiguration",
        {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 400}}},
    ),
    is_set("log files go when the settings say", f"{BUCKET}/LifecycleConfiguration/Rules/0/ExpirationInDays", 2555),
    Requirement(
        "only this trail writes to the bucket",
        _only_the_trail_writes,
        ((f"{BUCKET_POLICY}/Statement/3/Condition", {"StringEquals": {}}),),
    ),
    is_set(
        "the role writes to this log group alone, into the stream of any region",
        f"{ROLE_POLICY}/Statement/0/Resource/Fn::Sub",
        "arn:aws:logs:${AWS::Region}:${AWS::AccountId}:log-group:/cruddur/oversight:"
        "log-stream:${AWS::AccountId}_CloudTrail_*",
    ),
    Requirement(
        "the key serves this stack alone",
        _the_key_serves_log_group_and_trail_of_this_stack_alone,
        (
            ("Resources/OversightKey/Properties/KeyPolicy/Statement/1/Condition", {"StringEquals": {}}),
            ("Resources/OversightKey/Properties/KeyPolicy/Statement/1/Condition/StringEquals/aws:SourceArn", "*"),
        ),
    ),
    Requirement(
        "every detection of the stack has an alarm",
        _every_detection_of_the_stack_has_an_alarm_and_no_other,
        (("Resources/GuardrailDetachedAlarm/Properties/MetricName", "TableDestruction"),),
    ),
    Requirement(
        "every alarm tells the topic",
        _every_alarm_tells_the_topic,
        (("Resources/GuardrailDetachedAlarm/Properties/AlarmActions", []),),
    ),
    retained(
        "the evidence outlives its stack, with the role that writes it",
        "AlertTopic",
        "OversightKey",
        "Trail",
        "TrailRole",
        "TrailRolePolicy",
        "OversightBucket",
        "TrailLogs",
    ),
]


@pytest.fixture(scope="module")
def template() -> Template:
    return stack("oversight")


test_the_stack_holds, test_a_spoilt_stack_does_not_hold = holds_and_breaks(REQUIREMENTS, "template")


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("stack_name", ["oversight", "guardrails"])
def test_a_stack_of_the_management_account_needs_no_bucket_of_the_workloads(name: str, stack_name: str) -> None:
    """A larger template is uploaded to the artifact bucket, to which management may not write."""
    longest = replace(example(name), name="a" * 20)
    document = cloudformation_yaml.load(render(longest, (find_stack(stack_name),))[stack_name])
    assert len(json.dumps(document, separators=(",", ":"))) <= TEMPLATE_BODY_BYTES


def test_the_stack_lies_in_the_management_account_and_no_other_but_the_guardrails() -> None:
    accounts = {name: find_stack(name).account(SETTINGS) for name in ("oversight", "guardrails", "audit")}
    assert accounts == {
        **dict.fromkeys(("oversight", "guardrails"), SETTINGS.management_account_id),
        "audit": SETTINGS.account_id,
    }
