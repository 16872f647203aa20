"""The audit stack: a trail that cannot be looked away from, and an alert for whoever tries."""

import json
from dataclasses import replace
from typing import Any

import pytest
from moto.events.models import EventPattern

from tableguard.errors import TemplateError
from tableguard.iam import documents
from tableguard.settings import example
from templates.detection import EVENT_PATTERN_CHARACTERS, Detection
from templates.detections import detections
from tests.metric_filters import matches
from tests.template_requirements import (
    Requirement,
    Template,
    at,
    cases,
    is_set,
    of_type,
    retained,
    spoilt,
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
        for found in of_type(template, "AWS::Logs::MetricFilter").values()
        for transformation in found["MetricTransformations"]
    }
    alarms = of_type(template, "AWS::CloudWatch::Alarm").values()
    return len(emitted) == len(alarms) == len(detections(SETTINGS)) and emitted == {
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
        ((f"{TRAIL}/AdvancedEventSelectors/5/FieldSelectors/1/Equals", ["s3.amazonaws.com"]),),
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
        "the evidence outlives its stack", "AlertTopic", "AuditKey", "LogKey", "Trail", "TrailBucket", "TrailLogs"
    ),
]


@pytest.fixture(scope="module")
def template() -> Template:
    return stack("audit")


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=str)
def test_the_stack_holds(template: Template, requirement: Requirement) -> None:
    assert requirement.holds(template)


@pytest.mark.parametrize(("requirement", "path", "value"), cases(REQUIREMENTS))
def test_a_spoilt_stack_does_not_hold(template: Template, requirement: Requirement, path: str, value: Any) -> None:
    assert not requirement.holds(spoilt(template, path, value))


def test_event_rules_can_use_the_key_of_the_topic(template: Template) -> None:
    assert _event_rules_can_use_the_topics_key(template)


def test_the_stack_exports_what_the_others_import(template: Template) -> None:
    exported = {output["Export"]["Name"] for output in template["Outputs"].values()}
    names = ("AlertTopicArn", "LogKeyArn", "TrailArn", "TrailBucketName", "TrailLogGroupName")
    assert exported == {f"cruddur-{name}" for name in names}


DEPLOYER = "arn:aws:iam::111122223333:role/cruddur-deployer"
GLASS = "arn:aws:iam::111122223333:role/cruddur-break-glass"


def _call(service: str, name: str, parameters: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A CloudTrail record of a management call, in the shape that AWS documents."""
    return {
        "eventVersion": "1.11",
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "eventCategory": "Management",
        "eventType": "AwsApiCall",
        "awsRegion": "eu-central-1",
        "readOnly": False,
        "userIdentity": _by(DEPLOYER),
        "requestParameters": parameters,
        **more,
    }


def _by(role: str) -> dict[str, Any]:
    return {"type": "AssumedRole", "arn": f"{role}/session", "sessionContext": {"sessionIssuer": {"arn": role}}}


def _data(name: str, role: str, **more: Any) -> dict[str, Any]:
    parameters = {"tableName": "cruddur-messages"}
    return _call("dynamodb", name, parameters, **{"eventCategory": "Data", "userIdentity": _by(role), **more})


APPLICATION, FUNCTION = SETTINGS.role_arn("application"), SETTINGS.role_arn("pattern-d")
ROOT = {"type": "Root", "arn": "arn:aws:iam::111122223333:root"}
REFUSED = "User is not authorized to perform this with an explicit deny in a service control policy"
OFF = {"pointInTimeRecoverySpecification": {"pointInTimeRecoveryEnabled": False}}
ON = {"pointInTimeRecoverySpecification": {"pointInTimeRecoveryEnabled": True}}

# detection -> (an event it must see, the same event with one thing changed that it must not see)
EVENTS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("TableDestruction", _call("dynamodb", "DeleteTable"), _call("dynamodb", "DescribeTable")),
    ("TableDestruction", _call("dynamodb", "DeleteBackup"), _call("dynamodb", "CreateBackup")),
    ("TableDestruction", _call("backup", "DeleteRecoveryPoint"), _call("backup", "DescribeRecoveryPoint")),
    ("TableDestruction", _call("backup", "DeleteBackupVaultAccessPolicy"), _call("backup", "CreateBackupVault")),
    (
        "TableDisarmed",
        _call("dynamodb", "UpdateTable", {"deletionProtectionEnabled": False}),
        _call("dynamodb", "UpdateTable", {"deletionProtectionEnabled": True}),
    ),
    (
        "TableDisarmed",
        _call("dynamodb", "UpdateContinuousBackups", OFF),
        _call("dynamodb", "UpdateContinuousBackups", ON),
    ),
    ("MassExpiry", _call("dynamodb", "UpdateTimeToLive"), _call("dynamodb", "DescribeTimeToLive")),
    ("TableCopied", _call("dynamodb", "ExportTableToPointInTime"), _call("dynamodb", "DescribeExport")),
    ("TableCopied", _call("dynamodb", "RestoreTableFromBackup"), _call("dynamodb", "ListBackups")),
    ("TableOpened", _call("dynamodb", "PutResourcePolicy"), _call("logs", "PutResourcePolicy")),
    ("KeyLost", _call("kms", "ScheduleKeyDeletion"), _call("kms", "CancelKeyDeletion")),
    ("TrailBlinded", _call("cloudtrail", "StopLogging"), _call("cloudtrail", "StartLogging")),
    ("ConfigBlinded", _call("config", "StopConfigurationRecorder"), _call("config", "StartConfigurationRecorder")),
    ("AlertsSilenced", _call("monitoring", "DisableAlarmActions"), _call("monitoring", "EnableAlarmActions")),
    ("AlertsSilenced", _call("sns", "SetTopicAttributes"), _call("sns", "GetTopicAttributes")),
    ("LogsRemoved", _call("logs", "DeleteLogGroup"), _call("logs", "CreateLogGroup")),
    ("EvidenceBucketChanged", _call("s3", "PutBucketLifecycleConfiguration"), _call("s3", "PutBucketTagging")),
    ("FunctionTampered", _call("lambda", "UpdateFunctionCode20150331v2"), _call("lambda", "GetFunction20150331v2")),
    ("NetworkPathChanged", _call("ec2", "ModifyVpcEndpoint"), _call("ec2", "DescribeVpcEndpoints")),
    ("CacheChanged", _call("dax", "CreateCluster"), _call("redshift", "CreateCluster")),
    (
        "RoleWidened",
        _call("iam", "AttachRolePolicy", {"roleName": "cruddur-application"}),
        _call("iam", "AttachRolePolicy", {"roleName": "billing"}),
    ),
    (
        "TableOpened",
        _call(
            "dynamodb",
            "TagResource",
            {"resourceArn": "arn:aws:dynamodb:eu-central-1:111122223333:table/cruddur-messages"},
        ),
        _call("dynamodb", "TagResource", {"resourceArn": "arn:aws:dynamodb:eu-central-1:111122223333:table/other"}),
    ),
    (
        "EvidenceRemoved",
        _call("s3", "DeleteObjects", {"bucketName": "cruddur-trail-111122223333-eu-central-1"}, eventCategory="Data"),
        _call(
            "s3", "DeleteObjects", {"bucketName": "cruddur-failures-111122223333-eu-central-1"}, eventCategory="Data"
        ),
    ),
    ("StackRemoved", _call("cloudformation", "DeleteStack"), _call("cloudformation", "CreateStack")),
    ("IdentityPoolChanged", _call("cognito-identity", "SetIdentityPoolRoles"), _call("cognito-identity", "GetId")),
    ("GuardrailLeft", _call("organizations", "LeaveOrganization"), _call("organizations", "ListRoots")),
    (
        "OffRegionTable",
        _call("dynamodb", "CreateTable", awsRegion="us-east-1", errorCode="AccessDenied"),
        _call("dynamodb", "CreateTable"),
    ),
    (
        "DeniedByGuardrail",
        _call("cloudtrail", "StopLogging", errorCode="AccessDenied", errorMessage=REFUSED),
        _call("cloudtrail", "StopLogging", errorCode="AccessDenied", errorMessage="no identity-based policy allows it"),
    ),
    ("RootUse", _call("s3", "ListBuckets", userIdentity=ROOT), _call("s3", "ListBuckets")),
    (
        "RootUse",
        _call("s3", "ListBuckets", userIdentity=ROOT),
        _call("s3", "ListBuckets", userIdentity={**ROOT, "invokedBy": "backup.amazonaws.com"}),
    ),
    (
        "BreakGlassUse",
        _call("sts", "AssumeRole", {"roleArn": GLASS}),
        _call("sts", "AssumeRole", {"roleArn": DEPLOYER}),
    ),
    ("BreakGlassUse", _call("s3", "ListBuckets", userIdentity=_by(GLASS)), _call("s3", "ListBuckets")),
    (
        "LogEvasion",
        _call("iam", "PutRolePolicy", {"omitted": True, "reason": "requestParameters too large"}),
        _call("iam", "PutRolePolicy", {"roleName": "billing"}),
    ),
    (
        "EndpointRefusal",
        _data("GetItem", DEPLOYER, eventCategory="NetworkActivity", errorCode="VpceAccessDenied"),
        _data("GetItem", DEPLOYER, eventCategory="NetworkActivity"),
    ),
    ("StrangerOnTable", _data("GetItem", DEPLOYER), _data("GetItem", APPLICATION)),
    ("StrangerOnTable", _data("PutItem", APPLICATION, userIdentity=ROOT), _data("PutItem", FUNCTION)),
    ("StreamTapped", _data("GetRecords", APPLICATION), _data("GetRecords", FUNCTION)),
    ("NotThroughEndpoint", _data("Query", APPLICATION), _data("Query", APPLICATION, vpcEndpointId="vpce-0a")),
    ("BulkRead", _data("Scan", APPLICATION), _data("Query", APPLICATION)),
    ("BulkDelete", _data("DeleteItem", APPLICATION), _data("UpdateItem", APPLICATION)),
    ("DenialBurst", _data("Scan", APPLICATION, errorCode="AccessDenied"), _data("Scan", APPLICATION)),
]


def _detection(name: str) -> Detection:
    (found,) = [detection for detection in detections(SETTINGS) if detection.name == name]
    return found


@pytest.mark.parametrize(("name", "seen", "unseen"), EVENTS)
def test_a_metric_filter_counts_the_event_and_not_its_twin(
    name: str, seen: dict[str, Any], unseen: dict[str, Any]
) -> None:
    pattern = _detection(name).filter_pattern
    assert matches(pattern, seen)
    assert not matches(pattern, unseen)


def _arrives(detection: Detection, record: dict[str, Any]) -> bool:
    service = record["eventSource"].split(".")[0]
    event: Any = {"source": f"aws.{service}", "detail-type": "AWS API Call via CloudTrail", "detail": record}
    return bool(EventPattern.load(json.dumps(detection.event_pattern())).matches_event(event))


FAST = [event for event in EVENTS if _detection(event[0]).calls]


@pytest.mark.parametrize(("name", "seen", "unseen"), FAST)
def test_an_event_rule_sees_what_the_metric_filter_sees(
    name: str, seen: dict[str, Any], unseen: dict[str, Any]
) -> None:
    assert _arrives(_detection(name), seen)
    assert not _arrives(_detection(name), unseen)


def test_a_replica_that_is_made_or_removed_is_seen() -> None:
    for name, change in (("TableCopied", "create"), ("TableDestruction", "delete")):
        pattern = _detection(name).filter_pattern
        assert matches(
            pattern, _call("dynamodb", "UpdateTable", {"replicaUpdates": [{change: {"regionName": "us-east-1"}}]})
        )
        assert not matches(pattern, _call("dynamodb", "UpdateTable", {"replicaUpdates": []}))


def test_a_callers_own_event_does_not_raise_an_alert() -> None:
    forged: Any = {
        "source": "com.example",
        "detail-type": "AWS API Call via CloudTrail",
        "detail": _call("kms", "DisableKey"),
    }
    pattern = EventPattern.load(json.dumps(_detection("KeyLost").event_pattern()))
    assert not pattern.matches_event(forged)
    genuine: Any = {**forged, "source": "aws.kms"}
    assert pattern.matches_event(genuine)


def test_every_detection_has_an_event_that_it_was_tried_on() -> None:
    assert {name for name, _, _ in EVENTS} == {detection.name for detection in detections(SETTINGS)}


@pytest.mark.parametrize("name", ["default", "existing-vpc"])
def test_event_patterns_are_within_the_limit_of_event_bridge(name: str) -> None:
    for detection in detections(example(name)):
        assert len(json.dumps(detection.event_pattern())) <= EVENT_PATTERN_CHARACTERS


def test_settings_that_make_a_metric_filter_too_long_are_refused() -> None:
    roles = tuple(f"arn:aws:iam::111122223333:role/cruddur-break-glass-{number}" for number in range(9))
    assert detections(replace(SETTINGS, break_glass_roles=roles[:3]))
    with pytest.raises(TemplateError, match=r"BreakGlassUse: its metric filter has \d{4} characters, .* takes 1024"):
        detections(replace(SETTINGS, break_glass_roles=roles))


# Where an action that a policy denies has another name in the trail, or none.
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
OTHER_NAMES = {
    "cloudwatch:DeleteAlarms": "monitoring:DeleteAlarms",
    "cloudwatch:DisableAlarmActions": "monitoring:DisableAlarmActions",
    "cloudwatch:PutMetricAlarm": "monitoring:PutMetricAlarm",
    "cloudwatch:SetAlarmState": "monitoring:SetAlarmState",
    "s3:DeleteObjectVersion": "s3:DeleteObject",
    "s3:PutEncryptionConfiguration": "s3:PutBucketEncryption",
    "s3:PutLifecycleConfiguration": "s3:PutBucketLifecycle",
    "s3:PutReplicationConfiguration": "s3:PutBucketReplication",
}
NOT_WATCHED = {
    "a permission that other calls need, not a call": {
        "backup:CopyFromBackupVault",
        "backup:CopyIntoBackupVault",
        "dynamodb:AssociateTableReplica",
        "dynamodb:CreateGlobalTableWitness",
        "dynamodb:CreateTableReplica",
        "dynamodb:DeleteGlobalTableWitness",
        "dynamodb:DeleteTableReplica",
        "dynamodb:InjectError",
        "dynamodb:PartiQLInsert",
        "dynamodb:PartiQLUpdate",
        "dynamodb:ReadDataForReplication",
        "dynamodb:ReplicateSettings",
        "dynamodb:StartAwsBackupJob",
        "dynamodb:WriteDataForReplication",
        "iam:PassRole",
        "s3:BypassGovernanceRetention",
    },
    "it needs a table in that region, and making one is watched": {
        "dynamodb:BatchWriteItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
    },
    "AWS services do it all day": {"kms:RetireGrant"},
    "a deployment: what it changes is watched": {
        "cloudformation:ContinueUpdateRollback",
        "cloudformation:ExecuteChangeSet",
        "cloudformation:RollbackStack",
        "cloudformation:UpdateStack",
    },
    "a data event that the mapping itself causes for every batch": {"lambda:Invoke*"},
}


def _denied_by_scps() -> list[str]:
    found = [documents.load("scp", name).document["Statement"] for name in documents.names("scp")]
    return sorted({action for statements in found for one in statements for action in one["Action"]})


def _attempt(action: str) -> dict[str, Any]:
    """Somebody's attempt at an action, on what is ours and outside the allowed regions."""
    service, name = OTHER_NAMES.get(action, action).split(":")
    parameters = {
        "bucketName": "cruddur-trail-111122223333-eu-central-1",
        "policyArn": "arn:aws:iam::111122223333:policy/cruddur-boundary",
        "policyName": "cruddur-boundary",
        "resourceArn": "arn:aws:dynamodb:eu-central-1:111122223333:table/cruddur-messages",
        "roleName": "cruddur-application",
        "deletionProtectionEnabled": False,
        **OFF,
    }
    category = "Data" if name in ("GetRecords", "GetShardIterator") else "Management"
    return _call(service, name, parameters, eventCategory=category, awsRegion="us-east-1")


@pytest.mark.parametrize("action", _denied_by_scps())
def test_what_the_scps_deny_is_watched_or_not_for_a_reason(action: str) -> None:
    watched = any(matches(detection.filter_pattern, _attempt(action)) for detection in detections(SETTINGS))
    excused = any(action in actions for actions in NOT_WATCHED.values())
    assert watched != excused


def test_nothing_is_excused_that_the_scps_do_not_deny() -> None:
    assert {action for actions in NOT_WATCHED.values() for action in actions} <= set(_denied_by_scps())
    assert set(OTHER_NAMES) <= set(_denied_by_scps())
