"""Detections: both channels see the event and not its twin, and what the SCPs deny is watched."""

import json
from dataclasses import replace
from typing import Any

import pytest
from moto.events.models import EventPattern

from tableguard.detect.detection import EVENT_PATTERN_CHARACTERS, Detection
from tableguard.errors import TemplateError
from tableguard.policy import documents
from tableguard.settings import example
from templates.detections import detections
from tests.worlds.metric_filters import matches

SETTINGS = example()
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
OPERATOR = SETTINGS.role_arn("operator")
BATCHES, TRAIL = (f"cruddur-{purpose}-111122223333-eu-central-1" for purpose in ("failures", "trail"))
ROOT = {"type": "Root", "arn": "arn:aws:iam::111122223333:root"}
REFUSED = "User is not authorized to perform this with an explicit deny in a service control policy"
OFF = {"pointInTimeRecoverySpecification": {"pointInTimeRecoveryEnabled": False}}
ON = {"pointInTimeRecoverySpecification": {"pointInTimeRecoveryEnabled": True}}


def _batch(name: str, role: str, bucket: str = BATCHES) -> dict[str, Any]:
    return _call("s3", name, {"bucketName": bucket}, eventCategory="Data", userIdentity=_by(role))


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
    ("BackupsChanged", _call("backup", "CreateBackupPlan"), _call("backup", "GetBackupPlan")),
    (
        "TableSteered",
        _call("autoscaling", "RegisterScalableTarget", {"serviceNamespace": "dynamodb"}),
        _call("autoscaling", "RegisterScalableTarget", {"serviceNamespace": "ecs"}),
    ),
    ("TableSteered", _call("dynamodb", "UpdateContributorInsights"), _call("dynamodb", "DescribeContributorInsights")),
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
    (
        "OperatorTaken",
        _call("sts", "AssumeRole", {"roleArn": OPERATOR}),
        _call("sts", "AssumeRole", {"roleArn": DEPLOYER}),
    ),
    ("BatchTaken", _batch("GetObject", DEPLOYER), _batch("GetObject", OPERATOR)),
    ("BatchTaken", _batch("DeleteObjects", DEPLOYER), _batch("PutObject", DEPLOYER)),
    ("BatchTaken", _batch("GetObject", DEPLOYER), _batch("GetObject", DEPLOYER, TRAIL)),
    ("StrangerOnTable", _data("GetItem", DEPLOYER), _data("GetItem", APPLICATION)),
    ("StrangerOnTable", _data("BatchGetItem", DEPLOYER), _data("BatchGetItem", OPERATOR)),
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
    "application-autoscaling:Delete*": "autoscaling:DeleteScalingPolicy",
    "application-autoscaling:Deregister*": "autoscaling:DeregisterScalableTarget",
    "application-autoscaling:Put*": "autoscaling:PutScalingPolicy",
    "application-autoscaling:Register*": "autoscaling:RegisterScalableTarget",
    "cloudwatch:DeleteAlarms": "monitoring:DeleteAlarms",
    "cloudwatch:DisableAlarmActions": "monitoring:DisableAlarmActions",
    "cloudwatch:PutAlarmMuteRule": "monitoring:PutAlarmMuteRule",
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
        "cloudformation:ExecuteStackRefactor",
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
        "bucketName": BATCHES if name.startswith("GetObject") else TRAIL,
        "policyArn": "arn:aws:iam::111122223333:policy/cruddur-boundary",
        "policyName": "cruddur-boundary",
        "resourceArn": "arn:aws:dynamodb:eu-central-1:111122223333:table/cruddur-messages",
        "roleName": "cruddur-application",
        "serviceNamespace": "dynamodb",
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
