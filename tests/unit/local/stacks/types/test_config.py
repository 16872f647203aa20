"""AWS::Config types: recorder, channel and rules are deployed as declared, and a change shows."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError
from moto.config import models

from tableguard.cloudformation.resource_type import Context, Properties, ResourceHandle
from tableguard.errors import EmbeddedError
from tableguard.local.moto import config as moto_config
from tableguard.local.stacks.tracked_properties import TrackedProperties
from tableguard.local.stacks.types import ALL
from tests.cases.resources import (
    ACCOUNT,
    REGION,
    Case,
    ResourceTypeTests,
    assert_needs_replacement,
    context,
    differences,
    make,
)

__all__ = ["context"]  # the fixture

RECORDER = "AWS::Config::ConfigurationRecorder"
CHANNEL = "AWS::Config::DeliveryChannel"
RULE = "AWS::Config::ConfigRule"

ROLE = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
GUARD = 'rule stream_keeps_new_image when resourceType == "AWS::DynamoDB::Table" {\n  configuration exists\n}\n'
TRIGGER = {"EventSource": "aws.config", "MessageType": "ConfigurationItemChangeNotification"}
OF_TAG = {"TagKey": "Application", "TagValue": "cruddur"}
TABLES = {"ComplianceResourceTypes": ["AWS::DynamoDB::Table"]}


@pytest.fixture(autouse=True, scope="module")
def _corrected() -> None:
    """The corrections of moto, left in place: the server of another test puts them in once for the whole process."""
    moto_config.install()


def recorder(_: Context) -> Properties:
    return {
        "Name": "cruddur",
        "RoleARN": ROLE,
        "RecordingGroup": {"AllSupported": True, "IncludeGlobalResourceTypes": "true"},
        "RecordingMode": {"RecordingFrequency": "CONTINUOUS"},
    }


def recorder_of_tables(_: Context) -> Properties:
    make(RECORDER, {"Name": "cruddur", "RoleARN": ROLE})
    make(CHANNEL, {"S3BucketName": "cruddur-config"})
    group = {"AllSupported": False, "ResourceTypes": ["AWS::DynamoDB::Table", "AWS::CloudTrail::Trail"]}
    return {"Name": "cruddur", "RoleARN": ROLE, "RecordingGroup": group, "StartedOnCreate": True}


def channel(context: Context) -> Properties:
    make(RECORDER, recorder(context))
    return {
        "Name": "cruddur",
        "S3BucketName": "cruddur-config",
        "S3KeyPrefix": "evidence",
        "S3KmsKeyArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1a2b3c",
        "SnsTopicARN": f"arn:aws:sns:{REGION}:{ACCOUNT}:cruddur-config",
        "ConfigSnapshotDeliveryProperties": {"DeliveryFrequency": "Six_Hours"},
    }


def managed_rule(context: Context) -> Properties:
    make(RECORDER, recorder(context))
    return {
        "ConfigRuleName": "cruddur-endpoint",
        "Description": "The VPC has a DynamoDB endpoint",
        "Source": {"Owner": "AWS", "SourceIdentifier": "SERVICE_VPC_ENDPOINT_ENABLED"},
        "InputParameters": {"serviceName": "dynamodb"},
        "MaximumExecutionFrequency": "TwentyFour_Hours",
        "Scope": {"ComplianceResourceTypes": ["AWS::EC2::VPC"]},
        "EvaluationModes": [{"Mode": "DETECTIVE"}],
    }


def pitr_rule(context: Context) -> Properties:
    make(RECORDER, recorder(context))
    return {
        "ConfigRuleName": "cruddur-recovery",
        "Source": {"Owner": "AWS", "SourceIdentifier": "DYNAMODB_PITR_ENABLED"},
        "EvaluationModes": [{"Mode": "DETECTIVE"}],
        "Scope": TABLES,
    }


def rule_of_a_tag(context: Context) -> Properties:
    return {**pitr_rule(context), "Scope": OF_TAG}


def guard_rule(context: Context) -> Properties:
    make(RECORDER, recorder(context))
    policy = {"PolicyRuntime": "guard-2.x.x", "EnableDebugLogDelivery": False, "PolicyText": GUARD}
    return {
        "ConfigRuleName": "cruddur-stream",
        "Scope": TABLES,
        "Source": {"Owner": "CUSTOM_POLICY", "SourceDetails": [TRIGGER], "CustomPolicyDetails": policy},
    }


Change = Callable[[Context, ResourceHandle], object]


def put_recorder(**changed: Any) -> Change:
    def change(context: Context, handle: ResourceHandle) -> None:
        (kept,) = context.client("config").describe_configuration_recorders()["ConfigurationRecorders"]
        context.client("config").put_configuration_recorder(ConfigurationRecorder={**kept, **changed})

    return change


def stop(context: Context, handle: ResourceHandle) -> None:
    context.client("config").stop_configuration_recorder(ConfigurationRecorderName=handle.physical_id)


def put_channel(**changed: Any) -> Change:
    def change(context: Context, handle: ResourceHandle) -> None:
        (kept,) = context.client("config").describe_delivery_channels()["DeliveryChannels"]
        context.client("config").put_delivery_channel(DeliveryChannel={**kept, **changed})

    return change


def put_rule(**changed: Any) -> Change:
    def change(context: Context, handle: ResourceHandle) -> None:
        config = context.client("config")
        (kept,) = config.describe_config_rules(ConfigRuleNames=[handle.physical_id])["ConfigRules"]
        for given_by_config in ("ConfigRuleArn", "ConfigRuleId", "ConfigRuleState"):
            del kept[given_by_config]
        config.put_config_rule(ConfigRule={**kept, **changed})

    return change


def put_policy(**changed: Any) -> Change:
    policy = {"PolicyRuntime": "guard-2.x.x", "PolicyText": GUARD, "EnableDebugLogDelivery": False, **changed}
    return put_rule(Source={"Owner": "CUSTOM_POLICY", "SourceDetails": [TRIGGER], "CustomPolicyDetails": policy})


FEWER = {"allSupported": False, "resourceTypes": ["AWS::DynamoDB::Table"]}
OTHER_ROLE = f"arn:aws:iam::{ACCOUNT}:role/other"
OTHER_RULE = {"Owner": "AWS", "SourceIdentifier": "DYNAMODB_TABLE_ENCRYPTION_ENABLED"}


class TestConfig(ResourceTypeTests):
    cases = (
        Case("other role", RECORDER, recorder, put_recorder(roleARN=OTHER_ROLE), "RoleARN"),
        Case(
            "fewer types",
            RECORDER,
            recorder_of_tables,
            put_recorder(recordingGroup=FEWER),
            "RecordingGroup.ResourceTypes",
        ),
        Case(
            "daily",
            RECORDER,
            recorder,
            put_recorder(recordingMode={"recordingFrequency": "DAILY"}),
            "RecordingMode.RecordingFrequency",
        ),
        Case("stopped", RECORDER, recorder_of_tables, stop, "StartedOnCreate", replaced="StartedOnCreate"),
        Case("other bucket", CHANNEL, channel, put_channel(s3BucketName="elsewhere"), "S3BucketName"),
        Case("other prefix", CHANNEL, channel, put_channel(s3KeyPrefix="other"), "S3KeyPrefix"),
        Case("other key", CHANNEL, channel, put_channel(s3KmsKeyArn="arn:aws:kms:::key/2"), "S3KmsKeyArn"),
        Case("other topic", CHANNEL, channel, put_channel(snsTopicARN="arn:aws:sns:::other"), "SnsTopicARN"),
        Case(
            "seldom",
            CHANNEL,
            channel,
            put_channel(configSnapshotDeliveryProperties={"deliveryFrequency": "TwentyFour_Hours"}),
            "ConfigSnapshotDeliveryProperties.DeliveryFrequency",
        ),
        Case(
            "other parameters",
            RULE,
            managed_rule,
            put_rule(InputParameters='{"serviceName":"s3"}'),
            "InputParameters.serviceName",
        ),
        Case(
            "seldom checked",
            RULE,
            managed_rule,
            put_rule(MaximumExecutionFrequency="One_Hour"),
            "MaximumExecutionFrequency",
        ),
        Case("said otherwise", RULE, managed_rule, put_rule(Description="other"), "Description"),
        Case("other scope", RULE, managed_rule, put_rule(Scope=TABLES), "Scope.ComplianceResourceTypes"),
        Case("proactive", RULE, pitr_rule, put_rule(EvaluationModes=[{"Mode": "PROACTIVE"}]), "EvaluationModes"),
        Case("other tag", RULE, rule_of_a_tag, put_rule(Scope={**OF_TAG, "TagKey": "Team"}), "Scope.TagKey"),
        Case("other value", RULE, rule_of_a_tag, put_rule(Scope={**OF_TAG, "TagValue": "other"}), "Scope.TagValue"),
        Case("other managed rule", RULE, pitr_rule, put_rule(Source=OTHER_RULE), "Source.SourceIdentifier"),
        Case(
            "weaker policy",
            RULE,
            guard_rule,
            put_policy(PolicyText="rule always { this exists }"),
            "Source.CustomPolicyDetails.PolicyText",
        ),
        Case(
            "policy logged",
            RULE,
            guard_rule,
            put_policy(EnableDebugLogDelivery=True),
            "Source.CustomPolicyDetails.EnableDebugLogDelivery",
        ),
        Case(
            "other runtime",
            RULE,
            guard_rule,
            put_policy(PolicyRuntime="guard-1.x.x"),
            "Source.CustomPolicyDetails.PolicyRuntime",
        ),
    )


@pytest.mark.parametrize(
    ("type_name", "declared"),
    [
        (RECORDER, lambda _: {"RoleARN": ROLE}),
        (CHANNEL, lambda context: {**channel(context), "Name": "stack-Resource-1A2B3C"}),
    ],
)
def test_without_a_name_it_gets_the_generated_one(
    type_name: str, declared: Callable[[Context], Properties], context: Context
) -> None:
    properties = {name: value for name, value in declared(context).items() if name != "Name"}
    handle = make(type_name, properties)
    assert handle.physical_id == "stack-Resource-1A2B3C"
    assert ALL[type_name].read(context, handle)["Name"] == "stack-Resource-1A2B3C"


def recording(context: Context) -> bool:
    (status,) = context.client("config").describe_configuration_recorder_status()["ConfigurationRecordersStatus"]
    return bool(status["recording"])


def test_the_recorder_records_once_it_has_a_channel(context: Context) -> None:
    make(RECORDER, recorder(context))
    before = recording(context)
    make(CHANNEL, {"S3BucketName": "cruddur-config"})
    assert (before, recording(context)) == (False, True)


def test_a_recorder_made_after_its_channel_records_at_once(context: Context) -> None:
    kept = make(RECORDER, recorder(context))
    make(CHANNEL, {"S3BucketName": "cruddur-config"})
    ALL[RECORDER].delete(context, kept)
    make(RECORDER, recorder(context))
    assert recording(context)


@pytest.mark.parametrize("switch", [False, "false"])
def test_a_recorder_that_shall_not_record_is_refused(switch: object, context: Context) -> None:
    with pytest.raises(EmbeddedError, match="StartedOnCreate: false is not modelled"):
        make(RECORDER, {**recorder(context), "StartedOnCreate": switch})
    assert context.client("config").describe_configuration_recorders()["ConfigurationRecorders"] == []


def test_a_channel_in_use_can_be_deleted(context: Context) -> None:
    handle = make(CHANNEL, channel(context))
    ALL[CHANNEL].delete(context, handle)
    assert context.client("config").describe_delivery_channels()["DeliveryChannels"] == []


@pytest.mark.parametrize("declared", [managed_rule, guard_rule])
def test_a_rule_without_a_recorder_is_refused_as_by_aws_config(
    declared: Callable[[Context], Properties], context: Context
) -> None:
    properties = declared(context)
    context.client("config").delete_configuration_recorder(ConfigurationRecorderName="cruddur")
    with pytest.raises(EmbeddedError, match=r"AWS::Config::ConfigRule Resource: .*let it depend on the recorder"):
        make(RULE, properties)


def test_ref_of_a_rule_is_its_name_and_getatt_gives_arn_and_id(context: Context) -> None:
    handle = make(RULE, managed_rule(context))
    rule_id = handle.attributes["ConfigRuleId"]
    assert handle.physical_id == "cruddur-endpoint"
    assert handle.attributes["Arn"] == f"arn:aws:config:{REGION}:{ACCOUNT}:config-rule/{rule_id}"


@pytest.mark.parametrize(
    ("type_name", "declared", "changed"),
    [
        (RECORDER, recorder_of_tables, {"Name": "other"}),
        (CHANNEL, channel, {"Name": "other"}),
        (RULE, managed_rule, {"ConfigRuleName": "other"}),
    ],
)
def test_what_cloudformation_would_replace_is_refused(
    type_name: str, declared: Callable[[Context], Properties], changed: Properties, context: Context
) -> None:
    assert_needs_replacement(type_name, declared(context), changed, context)


def test_an_updated_rule_is_another_rule_of_the_same_name(context: Context) -> None:
    properties, update = managed_rule(context), ALL[RULE].update
    handle = make(RULE, properties)
    changed = TrackedProperties({**pitr_rule(context), "ConfigRuleName": "cruddur-endpoint"})
    assert update is not None
    update(context, handle, changed)
    assert set(properties) <= changed.names_read
    assert differences(RULE, changed, context, handle) == []
    assert "InputParameters" not in ALL[RULE].read(context, handle)


@pytest.mark.parametrize(
    ("problem", "changed"),
    [
        ("The sourceIdentifier BOGUS is invalid", {"Source": {"Owner": "AWS", "SourceIdentifier": "BOGUS"}}),
        ("Unknown parameters", {"InputParameters": {"serviceNames": "dynamodb"}}),
        ("Missing required parameter", {"Source": {"Owner": "CUSTOM_POLICY", "CustomPolicyDetails": {}}}),
        ("at 'configRule.source.owner'", {"Source": {"Owner": "CUSTOM_POLICY"}}),
    ],
)
def test_a_wrong_rule_is_refused(problem: str, changed: Properties, context: Context) -> None:
    declared = {**managed_rule(context), **changed}
    with pytest.raises((ClientError, ParamValidationError), match=problem):
        make(RULE, declared)
    assert context.client("config").describe_config_rules()["ConfigRules"] == []


def test_moto_alone_cannot_keep_a_guard_rule(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "Source", moto_config.RuleSource.__base__)
    with pytest.raises(TypeError, match="custom_policy_details"):
        make(RULE, guard_rule(context))


@pytest.mark.parametrize(
    ("correction", "declared", "forgotten"),
    [
        (moto_config.RuleScope, rule_of_a_tag, ["Scope.TagKey", "Scope.TagValue"]),
        (moto_config.RuleWithModes, pitr_rule, ["EvaluationModes"]),
    ],
)
def test_moto_alone_forgets_it_of_a_rule(
    correction: type,
    declared: Callable[[Context], Properties],
    forgotten: list[str],
    context: Context,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (moto_class,) = correction.__bases__
    monkeypatch.setattr(models, moto_class.__name__, moto_class)
    properties = declared(context)
    found = differences(RULE, properties, context, make(RULE, properties))
    assert [difference.property for difference in found] == forgotten


def test_moto_alone_forgets_how_often_a_recorder_records(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    put = moto_config._put_configuration_recorder
    monkeypatch.setattr(models.ConfigBackend, "put_configuration_recorder", put)
    found = differences(RECORDER, recorder(context), context, make(RECORDER, recorder(context)))
    assert "RecordingMode" in [difference.property for difference in found]


def test_a_rule_is_detective_and_a_recorder_continuous_unless_told_otherwise(context: Context) -> None:
    rule = {name: value for name, value in pitr_rule(context).items() if name != "EvaluationModes"}
    assert ALL[RULE].read(context, make(RULE, rule))["EvaluationModes"] == [{"Mode": "DETECTIVE"}]
    bare = make(RECORDER, {"Name": "cruddur", "RoleARN": ROLE})
    assert ALL[RECORDER].read(context, bare)["RecordingMode"] == {"RecordingFrequency": "CONTINUOUS"}


def test_the_policy_of_a_guard_rule_is_told_by_its_own_operation_only(context: Context) -> None:
    config, handle = context.client("config"), make(RULE, guard_rule(context))
    (described,) = config.describe_config_rules()["ConfigRules"]
    assert "PolicyText" not in described["Source"]["CustomPolicyDetails"]
    assert config.get_custom_rule_policy(ConfigRuleName=handle.physical_id)["PolicyText"] == GUARD


def test_other_rules_have_no_policy(context: Context) -> None:
    handle = make(RULE, managed_rule(context))
    assert "PolicyText" not in context.client("config").get_custom_rule_policy(ConfigRuleName=handle.physical_id)


def test_asking_for_the_policy_of_no_rule_is_an_error(context: Context) -> None:
    with pytest.raises(ClientError, match="NoSuchConfigRule"):
        context.client("config").get_custom_rule_policy(ConfigRuleName="none")
