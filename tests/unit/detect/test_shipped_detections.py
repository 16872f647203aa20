"""The detections of policies/detections: each fires on its event alone, and what the SCPs deny is watched."""

import json
import re
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from tableguard.detect import catalogue, channels
from tableguard.detect.detection import STACKS, Channel, Detection, Example
from tableguard.errors import TemplateError
from tableguard.policy import documents, service_reference
from tableguard.reading.toml_table import read_toml
from tableguard.settings import Settings, example
from tests.paths import ROOT
from tests.worlds.cloudtrail import arrives, call, fires
from tests.worlds.settings_files import EXAMPLES

SETTINGS = example()
README = (catalogue.FOLDER / "README.md").read_text(encoding="utf-8")


@cache
def shipped(settings: Settings = SETTINGS) -> tuple[Detection, ...]:
    return catalogue.load_all(settings.policy_values())


CHANNELS = [
    pytest.param(detection, channel, one, id=f"{settings}: {detection.name} {number}, {channel}")
    for settings in EXAMPLES
    for detection in shipped(example(settings))
    for number, one in enumerate(detection.examples, start=1)
    for channel in detection.channels
]


@pytest.mark.parametrize(("detection", "channel", "one"), CHANNELS)
def test_a_channel_sees_the_event_and_not_its_twin(detection: Detection, channel: Channel, one: Example) -> None:
    assert fires(detection, channel, one.event)
    assert not fires(detection, channel, one.twin)


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1", "sa-east-1"])
def test_every_region_may_be_the_home(region: str) -> None:
    here = replace(SETTINGS, home_region=region, allowed_regions=(region,))
    (off_region,) = (one for one in shipped(here) if one.name == "off_region_table")
    (stated,) = off_region.examples
    assert fires(off_region, "metric filter", stated.event)
    assert not fires(off_region, "metric filter", stated.twin)


def test_an_exempt_role_of_any_name_is_watched() -> None:
    arn = "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Emergency_0123456789abcdef"
    settings = replace(SETTINGS, break_glass_roles=(arn,))
    (widened,) = (one for one in shipped(settings) if one.name == "role_widened")
    for name, watched in (("AWSReservedSSO_Emergency_0123456789abcdef", True), ("AWSReservedSSO_Audit", False)):
        assert fires(widened, "metric filter", call("iam", "PutRolePolicy", {"roleName": name})) is watched


def test_the_pages_of_the_project_count_the_detections() -> None:
    for page in ("README.md", "CHANGELOG.md"):
        counts = re.findall(r"\b(\d+) detections", (ROOT / page).read_text(encoding="utf-8"))
        assert counts == [str(len(shipped()))], page


def test_a_third_of_the_detections_at_least_is_watched_in_both_channels() -> None:
    assert 3 * sum(len(detection.channels) == 2 for detection in shipped()) >= len(shipped())


def test_a_callers_own_event_does_not_raise_an_alert() -> None:
    (key_lost,) = [detection for detection in shipped() if detection.name == "key_lost"]
    pattern, record = channels.event_pattern(key_lost), call("kms", "DisableKey")
    assert not arrives(pattern, {"source": "com.example", "detail": record})
    assert arrives(pattern, {"source": "aws.kms", "detail": record})


def test_calls_that_make_an_event_pattern_too_long_are_refused() -> None:
    (trail_blinded,) = [detection for detection in shipped() if detection.name == "trail_blinded"]
    (calls,) = trail_blinded.calls

    def of_length(characters: int) -> Detection:
        missing = characters - len(json.dumps(channels.event_pattern(trail_blinded), separators=(",", ":")))
        longer = replace(calls, names=(*calls.names, "x" * (missing - len(',""'))))
        return replace(trail_blinded, calls=(longer,))

    assert channels.event_pattern(of_length(2048))
    with pytest.raises(TemplateError, match=r"trail_blinded: its event pattern has 2049 characters, .* takes 2048"):
        channels.event_pattern(of_length(2049))


def test_settings_that_make_a_metric_filter_too_long_are_refused() -> None:
    roles = tuple(f"arn:aws:iam::111122223333:role/cruddur-break-glass-{number}" for number in range(9))

    def filters(count: int) -> list[str]:
        return [channels.metric_filter(one) for one in shipped(replace(SETTINGS, break_glass_roles=roles[:count]))]

    assert filters(3)
    with pytest.raises(TemplateError, match=r"break_glass_use: its metric filter has \d{4} characters, .* takes 1024"):
        filters(9)


def test_the_page_lists_every_detection_as_its_file_has_it() -> None:
    rows = [line for line in README.splitlines() if line.startswith("| [")]
    assert rows == [row(detection) for stack in STACKS for detection in shipped() if detection.stack == stack]


def row(detection: Detection) -> str:
    """Return the line of a detection in the table of the page; its sentence unfilled."""
    sentence = read_toml(catalogue.FOLDER / f"{detection.name}.toml")["sentence"]
    cells = (
        f"[{detection.name}]({detection.name}.toml)",
        detection.severity,
        re.sub(r"(<[a-z-]+>)", r"`\1`", sentence),
        ", ".join(detection.channels),
        ", ".join(detection.attack) or f"none: {detection.no_attack}",
    )
    return f"| {' | '.join(cells)} |"


def test_the_page_lists_every_control_that_a_detection_supports_and_no_other() -> None:
    rows = re.findall(r"^\| (\w+) \| (`.*`) \|$", README.partition("## Controls")[2], re.MULTILINE)
    assert dict(rows) == {
        detection.name: ", ".join(f"`{control}`" for control in detection.controls)
        for detection in shipped()
        if detection.controls
    }


def test_the_page_names_every_technique_that_a_detection_uses_and_no_other() -> None:
    used = {technique for detection in shipped() for technique in detection.attack}
    assert re.findall(r"^\| (T[0-9.]+) \|", README, re.MULTILINE) == sorted(used)


# Where an action that a policy denies has another name in the trail, or none.
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
OTHER_SERVICES = {"application-autoscaling": "autoscaling", "cloudwatch": "monitoring"}
OTHER_NAMES = {
    "s3:DeleteObjectVersion": "DeleteObject",
    "s3:PutAccelerateConfiguration": "PutBucketAccelerateConfiguration",
    "s3:PutAnalyticsConfiguration": "PutBucketAnalyticsConfiguration",
    "s3:PutEncryptionConfiguration": "PutBucketEncryption",
    "s3:PutIntelligentTieringConfiguration": "PutBucketIntelligentTieringConfiguration",
    "s3:PutInventoryConfiguration": "PutBucketInventoryConfiguration",
    "s3:PutLifecycleConfiguration": "PutBucketLifecycle",
    "s3:PutMetricsConfiguration": "PutBucketMetricsConfiguration",
    "s3:PutReplicationConfiguration": "PutBucketReplication",
}
PERMISSION = "a permission that other calls need, not a call"  # no record can have its name
NOT_WATCHED = {
    PERMISSION: {
        "backup:CopyFromBackupVault",
        "backup:CopyIntoBackupVault",
        "dynamodb:AssociateTableReplica",
        "dynamodb:DeleteGlobalTableWitness",
        "dynamodb:DeleteTableReplica",
        "dynamodb:InjectError",
        "dynamodb:PartiQLInsert",
        "dynamodb:PartiQLUpdate",
        "dynamodb:ReadDataForReplication",
        "dynamodb:ReplicateSettings",
        "dynamodb:WriteDataForReplication",
        "iam:PassRole",
        "s3:BypassGovernanceRetention",
        "s3:ReplicateObject",
    },
    "it needs a table in that region, and making one is watched": {
        "dynamodb:BatchWriteItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
    },
    "a data event of a cache, and no stack deploys one": {
        "dax:BatchGetItem",
        "dax:BatchWriteItem",
        "dax:ConditionCheckItem",
        "dax:DeleteItem",
        "dax:GetItem",
        "dax:PutItem",
        "dax:Query",
        "dax:Scan",
        "dax:UpdateItem",
    },
    "AWS services do it all day": {"kms:RetireGrant"},
    "a deployment: what it changes is watched": {
        "cloudformation:ContinueUpdateRollback",
        "cloudformation:ExecuteChangeSet",
        "cloudformation:ExecuteStackRefactor",
        "cloudformation:RollbackStack",
        "cloudformation:UpdateStack",
    },
    "a data event of the queue, which the trail does not record": {"sqs:DeleteMessage", "sqs:ReceiveMessage"},
    "the deployer does it with each key; a refusal is told": {"kms:CreateAlias"},
    "a data event that the mapping itself causes for every batch": {
        "lambda:InvokeAsync",
        "lambda:InvokeFunction",
        "lambda:InvokeFunctionUrl",
    },
    "it does not act on a bucket": {"s3:PutStorageLensConfiguration"},
}


def _denied_by_scps() -> list[str]:
    """Return each action that a statement of an SCP names, wildcards as what they cover today."""
    loaded = [documents.load("scp", name).document["Statement"] for name in documents.names("scp")]
    patterns = {action for statements in loaded for one in statements for action in _listed(one.get("Action", []))}
    reference = service_reference.load()
    return sorted({str(action) for pattern in patterns for action in reference.matching(pattern)})


def _listed(actions: str | list[str]) -> list[str]:
    return [actions] if isinstance(actions, str) else actions


def test_one_action_may_be_written_without_a_list() -> None:
    assert _listed("iam:CreateUser") == _listed(["iam:CreateUser"]) == ["iam:CreateUser"]


def _attempt(action: str) -> dict[str, Any]:
    """Return the record of an attempt at an action, on what is ours and outside the allowed regions."""
    service, name = action.split(":")
    service, name = OTHER_SERVICES.get(service, service), OTHER_NAMES.get(action, name)
    locks = name in ("PutObjectLegalHold", "PutObjectRetention")
    purpose = "failures" if name.startswith(("GetObject", "PutObject")) and not locks else "trail"
    parameters = {
        "bucketName": f"cruddur-{purpose}-111122223333-eu-central-1",
        "policyArn": "arn:aws:iam::111122223333:policy/cruddur-boundary",
        "policyName": "cruddur-boundary",
        "resourceArn": "arn:aws:dynamodb:eu-central-1:111122223333:table/cruddur-messages",
        "roleName": "cruddur-application",
        "alarmName": "cruddur-root-use",
        "alarmNames": ["cruddur-root-use"],
        "backupArn": "arn:aws:dynamodb:eu-central-1:111122223333:table/cruddur-messages/backup/0f6a",
        "enableTerminationProtection": False,
        "functionName": "cruddur-pattern-d",
        "logGroupIdentifier": "/cruddur/trail",
        "logGroupName": "/cruddur/trail",
        "name": "cruddur-key-lost",
        "queueUrl": "https://sqs.eu-central-1.amazonaws.com/111122223333/cruddur-dead-letters",
        "rule": "cruddur-key-lost",
        "sourceArn": "arn:aws:sqs:eu-central-1:111122223333:cruddur-dead-letters",
        "stackName": "cruddur-table",
        "subscriptionArn": "arn:aws:sns:eu-central-1:111122223333:cruddur-alerts:0f6a",
        "tableName": "cruddur-messages",
        "tagKeys": ["Application"],
        "tags": [{"tagKey": "Application"}],
        "topicArn": "arn:aws:sns:eu-central-1:111122223333:cruddur-alerts",
        "userPoolId": "eu-central-1_Example01",
        "serviceNamespace": "dynamodb",
        "roleArn": "arn:aws:iam::111122223333:role/cruddur-deployer",
        "namespace": "cruddur/trail",
        "deletionProtectionEnabled": False,
        "pointInTimeRecoverySpecification": {"pointInTimeRecoveryEnabled": False},
    }
    category = "Data" if name in ("GetRecords", "GetShardIterator") else "Management"
    return call(service, name, parameters, eventCategory=category, awsRegion="us-east-1")


@pytest.mark.parametrize("action", _denied_by_scps())
def test_what_the_scps_deny_is_watched_or_not_for_a_reason(action: str) -> None:
    watched = any(fires(detection, "metric filter", _attempt(action)) for detection in shipped())
    excused = any(action in actions for actions in NOT_WATCHED.values())
    assert watched != excused or action in NOT_WATCHED[PERMISSION]


def test_nothing_is_excused_that_the_scps_do_not_deny() -> None:
    assert {action for actions in NOT_WATCHED.values() for action in actions} <= set(_denied_by_scps())
    assert set(OTHER_NAMES) <= set(_denied_by_scps())
    assert set(OTHER_SERVICES) <= {action.partition(":")[0] for action in _denied_by_scps()}


def _refusal(service: str, **more: Any) -> dict[str, Any]:
    message = "User: arn:… is not authorized with an explicit deny in a service control policy: arn:…"
    return call(service, "AnyChange", errorCode="AccessDenied", errorMessage=message, **more)


def test_what_the_scps_deny_unless_it_is_listed_is_watched_as_a_refusal() -> None:
    (refusals,) = [detection for detection in shipped() if detection.name == "denied_by_guardrail"]
    statements = [one for name in documents.names("scp") for one in documents.load("scp", name).document["Statement"]]
    resources = [arn for one in statements if "NotAction" in one for arn in _listed(one["Resource"])]
    services = {arn.split(":")[2] for arn in resources}
    assert {"backup", "dynamodb", "events", "kms", "lambda", "sns", "sqs"} <= services
    for service in services:
        assert fires(refusals, "metric filter", _refusal(service))
        assert not fires(refusals, "metric filter", _refusal(service, readOnly=True))
