"""The audit stack: a trail that cannot be looked away from, and an alert for whoever tries."""

from typing import Any

import pytest

from tableguard.detect import catalogue
from tableguard.settings import example
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

SETTINGS = example()
TRAIL = "Resources/Trail/Properties"
BUCKET = "Resources/TrailBucket/Properties"
BUCKET_POLICY = "Resources/TrailBucketPolicy/Properties/PolicyDocument/Statement"
TOPIC = "Resources/AlertTopic/Properties"
TRAIL_ARN = {"Fn::Sub": "arn:aws:cloudtrail:${AWS::Region}:${AWS::AccountId}:trail/cruddur-trail"}
TABLE_ARN = "arn:aws:dynamodb:${AWS::Region}:${AWS::AccountId}:table/cruddur-messages"


def _selected(template: Template) -> list[dict[str, list[Any]]]:
    """Each selector as field -> values, whatever the operator."""
    return [
        {
            field["Field"]: next(values for operator, values in field.items() if operator != "Field")
            for field in selector["FieldSelectors"]
        }
        for selector in at(template, f"{TRAIL}/AdvancedEventSelectors")
    ]


def _sees_all_management_events(template: Template) -> bool:
    return {"eventCategory": ["Management"]} in _selected(template)


def _sees_items_and_stream_records(template: Template) -> bool:
    seen = [
        (each["resources.type"], each["resources.ARN"])
        for each in _selected(template)
        if set(each) == {"eventCategory", "resources.type", "resources.ARN"} and each["eventCategory"] == ["Data"]
    ]
    return (["AWS::DynamoDB::Table"], [{"Fn::Sub": TABLE_ARN}]) in seen and (
        ["AWS::DynamoDB::Stream"],
        [{"Fn::Sub": f"{TABLE_ARN}/stream/"}],
    ) in seen


def _sees_refusals_of_the_endpoint(template: Template) -> bool:
    return {
        "eventCategory": ["NetworkActivity"],
        "eventSource": ["dynamodb.amazonaws.com"],
        "errorCode": ["VpceAccessDenied"],
    } in _selected(template)


def _sees_metric_data(template: Template) -> bool:
    return {
        "eventCategory": ["Data"],
        "resources.type": ["AWS::CloudWatch::Metric"],
        "eventName": ["PutMetricData"],
    } in _selected(template)


def _only_the_trail_writes(template: Template) -> bool:
    document = {"Statement": at(template, BUCKET_POLICY)}
    writes = statement(document, "TrailWrites")
    allowed = [one for one in document["Statement"] if one["Effect"] == "Allow"]
    return (
        all(one["Principal"] == {"Service": "cloudtrail.amazonaws.com"} for one in allowed)
        and all(one["Condition"]["StringEquals"].get("aws:SourceArn") == TRAIL_ARN for one in allowed)
        and writes["Resource"] == {"Fn::Sub": "${TrailBucket.Arn}/AWSLogs/${AWS::AccountId}/*"}
        and len(allowed) == 2
    )


def _refuses_plaintext(template: Template, path: str) -> bool:
    document = at(template, path)
    return any(
        one["Effect"] == "Deny"
        and one["Principal"] == "*"
        and one.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
        for one in document["Statement"]
    )


def _key_statement(template: Template, key: str, sid: str) -> dict[str, Any]:
    return statement(at(template, f"Resources/{key}/Properties/KeyPolicy"), sid)


def _event_rules_can_use_the_topics_key(template: Template) -> bool:
    """With a source condition SNS would refuse EventBridge, and nobody would be told."""
    condition = _key_statement(template, "AuditKey", "EventRulesPublish")["Condition"]["StringEquals"]
    return set(condition) == {"kms:EncryptionContext:aws:sns:topicArn"}


def _event_rules_can_publish(template: Template) -> bool:
    return "Condition" not in statement(
        at(template, "Resources/AlertTopicPolicy/Properties/PolicyDocument"), "EventRules"
    )


def _alarms_publish_for_this_account_only(template: Template) -> bool:
    condition = statement(at(template, "Resources/AlertTopicPolicy/Properties/PolicyDocument"), "Alarms")["Condition"]
    return bool(
        condition["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
        and condition["ArnLike"]["aws:SourceArn"]["Fn::Sub"].endswith(":${AWS::AccountId}:alarm:*")
    )


def _every_alarm_watches_a_metric_that_is_emitted(template: Template) -> bool:
    emitted = {
        (transformation["MetricNamespace"], transformation["MetricName"])
        for metric_filter in of_type(template, "AWS::Logs::MetricFilter").values()
        for transformation in metric_filter["MetricTransformations"]
    }
    alarms = [one for one in of_type(template, "AWS::CloudWatch::Alarm").values() if "Dimensions" not in one]
    detections = catalogue.load_all(SETTINGS.policy_values(), stack="audit")
    return len(emitted) == len(alarms) == len(detections) and emitted == {
        (alarm["Namespace"], alarm["MetricName"]) for alarm in alarms
    }


def _everything_tells_the_topic(template: Template) -> bool:
    topic = {"Ref": "AlertTopic"}
    alarms, rules = (of_type(template, kind).values() for kind in ("AWS::CloudWatch::Alarm", "AWS::Events::Rule"))
    return all(alarm["AlarmActions"] == [topic] and alarm["ActionsEnabled"] for alarm in alarms) and all(
        [target["Arn"] for target in rule["Targets"]] == [topic] and rule["State"] == "ENABLED" for rule in rules
    )


REQUIREMENTS = [
    is_set("the trail is on", f"{TRAIL}/IsLogging", True),
    is_set("the trail sees every region", f"{TRAIL}/IsMultiRegionTrail", True),
    is_set("the trail sees global services", f"{TRAIL}/IncludeGlobalServiceEvents", True),
    is_set("changed log files can be told", f"{TRAIL}/EnableLogFileValidation", True),
    is_set("the trail is encrypted under our key", f"{TRAIL}/KMSKeyId", {"Fn::GetAtt": ["AuditKey", "Arn"]}),
    is_set("the trail feeds the log group", f"{TRAIL}/CloudWatchLogsLogGroupArn", {"Fn::GetAtt": ["TrailLogs", "Arn"]}),
    is_set("the trail waits for its bucket's policy", "Resources/Trail/DependsOn", ["TrailBucketPolicy"]),
    is_set(
        "unusual rates of calls and errors are told",
        f"{TRAIL}/InsightSelectors",
        [{"InsightType": "ApiCallRateInsight"}, {"InsightType": "ApiErrorRateInsight"}],
    ),
    Requirement(
        "the trail sees all management events",
        _sees_all_management_events,
        ((f"{TRAIL}/AdvancedEventSelectors/0/FieldSelectors/0/Equals", ["Data"]),),
    ),
    Requirement(
        "the trail sees who touches items and stream records",
        _sees_items_and_stream_records,
        (
            (f"{TRAIL}/AdvancedEventSelectors/1/FieldSelectors/2/StartsWith", ["arn:aws:dynamodb:us-east-1:1:table/x"]),
            (f"{TRAIL}/AdvancedEventSelectors/2/FieldSelectors/1/Equals", ["AWS::DynamoDB::Table"]),
        ),
    ),
    Requirement(
        "the trail sees what the VPC endpoint refuses",
        _sees_refusals_of_the_endpoint,
        ((f"{TRAIL}/AdvancedEventSelectors/6/FieldSelectors/1/Equals", ["s3.amazonaws.com"]),),
    ),
    Requirement(
        "the trail sees who writes metric data",
        _sees_metric_data,
        ((f"{TRAIL}/AdvancedEventSelectors/5/FieldSelectors/2/Equals", ["GetMetricData"]),),
    ),
    is_set(
        "log files are locked for 400 days",
        f"{BUCKET}/ObjectLockConfiguration",
        {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 400}}},
    ),
    is_set("the bucket can lock", f"{BUCKET}/ObjectLockEnabled", True),
    is_set("log files go when the settings say", f"{BUCKET}/LifecycleConfiguration/Rules/0/ExpirationInDays", 2555),
    is_set("log files keep versions", f"{BUCKET}/VersioningConfiguration", {"Status": "Enabled"}),
    is_set(
        "access to the bucket is logged elsewhere",
        f"{BUCKET}/LoggingConfiguration/DestinationBucketName",
        SETTINGS.access_log_bucket,
    ),
    Requirement(
        "only this trail writes to the bucket, and only its own account's folder",
        _only_the_trail_writes,
        (
            (f"{BUCKET_POLICY}/3/Resource", {"Fn::Sub": "${TrailBucket.Arn}/*"}),
            (f"{BUCKET_POLICY}/3/Condition", {"StringEquals": {}}),
            (f"{BUCKET_POLICY}/2/Principal", "*"),
        ),
    ),
    Requirement(
        "the bucket refuses plaintext transport",
        lambda template: _refuses_plaintext(template, BUCKET_POLICY.removesuffix("/Statement")),
        ((f"{BUCKET_POLICY}/0/Effect", "Allow"),),
    ),
    is_set("the topic is encrypted under our key", f"{TOPIC}/KmsMasterKeyId", {"Fn::GetAtt": ["AuditKey", "Arn"]}),
    is_set(
        "alerts reach the address of the settings",
        f"{TOPIC}/Subscription",
        [{"Protocol": "email", "Endpoint": "security@example.com"}],
    ),
    is_set("alerts are signed with SHA-256", f"{TOPIC}/SignatureVersion", "2"),
    Requirement(
        "the topic refuses plaintext transport",
        lambda template: _refuses_plaintext(template, "Resources/AlertTopicPolicy/Properties/PolicyDocument"),
        (("Resources/AlertTopicPolicy/Properties/PolicyDocument/Statement/0/Condition", {}),),
    ),
    Requirement(
        "alarms publish for this account only",
        _alarms_publish_for_this_account_only,
        (("Resources/AlertTopicPolicy/Properties/PolicyDocument/Statement/1/Condition/StringEquals", {}),),
    ),
    Requirement(
        "event rules can publish: EventBridge sends SNS no context to put conditions on",
        _event_rules_can_publish,
        (
            (
                "Resources/AlertTopicPolicy/Properties/PolicyDocument/Statement/2",
                {"Sid": "EventRules", "Effect": "Allow", "Condition": {"StringEquals": {"aws:SourceAccount": "1"}}},
            ),
        ),
    ),
    Requirement(
        "every alarm watches a metric that a filter emits",
        _every_alarm_watches_a_metric_that_is_emitted,
        (
            ("Resources/TableDestructionAlarm/Properties/MetricName", "Other"),
            ("Resources/RootUseAlarm/Properties/Namespace", "Other"),
        ),
    ),
    Requirement(
        "every alarm and rule tells the topic",
        _everything_tells_the_topic,
        (
            ("Resources/KeyLostAlarm/Properties/AlarmActions", []),
            ("Resources/KeyLostRule/Properties/State", "DISABLED"),
            ("Resources/TrailBlindedRule/Properties/Targets", []),
        ),
    ),
    is_set(
        "log groups are under the logs key",
        "Resources/TrailLogs/Properties/KmsKeyId",
        {"Fn::GetAtt": ["LogKey", "Arn"]},
    ),
    is_set("the trail's log group is kept", "Resources/TrailLogs/Properties/RetentionInDays", 400),
    retained(
        "the evidence outlives its stack",
        "AlertDeadLetters",
        "AlertTopic",
        "AuditKey",
        "LogKey",
        "Trail",
        "TrailBucket",
        "TrailLogs",
    ),
]


@pytest.fixture(scope="module")
def template() -> Template:
    return stack("audit")


test_the_stack_holds, test_a_spoilt_stack_does_not_hold = holds_and_breaks(REQUIREMENTS, "template")


def test_event_rules_can_use_the_key_of_the_topic(template: Template) -> None:
    assert _event_rules_can_use_the_topics_key(template)


def test_the_stack_exports_what_the_others_import(template: Template) -> None:
    exported = {output["Export"]["Name"] for output in template["Outputs"].values()}
    names = ("AlertTopicArn", "AuditKeyArn", "LogKeyArn", "TrailArn", "TrailBucketName", "TrailLogGroupName")
    assert exported == {f"cruddur-{name}" for name in names}
