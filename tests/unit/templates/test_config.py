"""The config stack: everything is recorded, and the estate is held to rules that AWS Config takes and can break."""

import copy
from dataclasses import replace
from typing import Any

import pytest

from tableguard.aws.managed_config_rules import catalogue
from tableguard.check.rules import config_rules
from tableguard.cloudformation.template_files import TemplateFile
from tableguard.compliance.managed import evaluators
from tableguard.paths import TEMPLATES
from tableguard.settings import Settings, example
from templates.sections.config_rules import guard_rules, managed_rules
from tests.engines.cfn_guard import EACH, Judge
from tests.worlds.requirements import Requirement, Template, at, holds_and_breaks, is_set, of_type, retained, stack
from tests.worlds.settings_files import EXAMPLES

SETTINGS = example()
LINKED_ROLE = "aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
RECORDER = "Resources/ConfigurationRecorder/Properties"
CHANNEL = "Resources/DeliveryChannel/Properties"
STATEMENTS = "Resources/ConfigBucketPolicy/Properties/PolicyDocument/Statement"
TARGET = "Resources/RuleBroken/Properties"


def _only_config_of_this_account_delivers(template: Template) -> bool:
    allowed = [one for one in at(template, STATEMENTS) if one["Effect"] == "Allow"]
    return len(allowed) == 2 and all(
        one["Principal"] == {"Service": "config.amazonaws.com"}
        and one["Condition"]["StringEquals"].get("aws:SourceAccount") == {"Ref": "AWS::AccountId"}
        for one in allowed
    )


def _rules_wait_for_recorder_and_channel(template: Template) -> bool:
    return all(
        resource.get("DependsOn") == ["ConfigurationRecorder", "DeliveryChannel"]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Config::ConfigRule"
    )


def _recorder_and_channel_do_not_wait_for_each_other(template: Template) -> bool:
    waits = {
        name: template["Resources"][name].get("DependsOn", []) for name in ("ConfigurationRecorder", "DeliveryChannel")
    }
    return waits == {"ConfigurationRecorder": [], "DeliveryChannel": ["ConfigBucketPolicy"]}


def _aws_config_takes_every_rule(template: Template) -> bool:
    return not config_rules.check(
        [TemplateFile("config.yaml", TEMPLATES / "rendered/config.yaml", template)], SETTINGS.home_region
    ).findings


def _periodic_rules_run_every_six_hours(template: Template) -> bool:
    return all(
        (rule.get("MaximumExecutionFrequency") == "Six_Hours")
        is catalogue()[rule["Source"]["SourceIdentifier"]].periodic
        for rule in of_type(template, "AWS::Config::ConfigRule").values()
        if rule["Source"]["Owner"] == "AWS"
    )


def _the_function_must_run_as_deployed(template: Template) -> bool:
    function = stack("stream")["Resources"]["Function"]["Properties"]
    return bool(
        at(template, "Resources/LambdaFunctionSettingsCheck/Properties/InputParameters")
        == {
            "runtime": function["Runtime"],
            "timeout": str(function["Timeout"]),
            "memorySize": str(function["MemorySize"]),
        }
    )


REQUIREMENTS = [
    is_set("all types are recorded", f"{RECORDER}/RecordingGroup/AllSupported", True),
    is_set("global types are recorded", f"{RECORDER}/RecordingGroup/IncludeGlobalResourceTypes", True),
    is_set("it records from the start", f"{RECORDER}/StartedOnCreate", True),
    is_set("changes are recorded as they happen", f"{RECORDER}/RecordingMode", {"RecordingFrequency": "CONTINUOUS"}),
    is_set(
        "the recorder takes the service-linked role",
        f"{RECORDER}/RoleARN",
        {"Fn::Sub": f"arn:aws:iam::${{AWS::AccountId}}:role/{LINKED_ROLE}"},
    ),
    is_set("what is delivered is encrypted", f"{CHANNEL}/S3KmsKeyArn", {"Fn::GetAtt": ["ConfigKey", "Arn"]}),
    is_set(
        "snapshots are as frequent as periodic rules",
        f"{CHANNEL}/ConfigSnapshotDeliveryProperties/DeliveryFrequency",
        "Six_Hours",
    ),
    Requirement(
        "the recorder and its channel do not wait for each other",
        _recorder_and_channel_do_not_wait_for_each_other,
        (("Resources/DeliveryChannel/DependsOn", ["ConfigurationRecorder"]),),
    ),
    Requirement(
        "only AWS Config, for this account, delivers to the bucket",
        _only_config_of_this_account_delivers,
        ((f"{STATEMENTS}/2/Condition/StringEquals", {}), (f"{STATEMENTS}/3/Principal", "*")),
    ),
    Requirement(
        "the bucket has no object lock, to which AWS Config would not deliver",
        lambda template: (
            not at(template, "Resources/ConfigBucket/Properties").keys()
            & {"ObjectLockEnabled", "ObjectLockConfiguration"}
        ),
        (("Resources/ConfigBucket/Properties", {"ObjectLockEnabled": True}),),
    ),
    Requirement(
        "rules are made once something records",
        _rules_wait_for_recorder_and_channel,
        (("Resources/DynamodbPitrEnabled/DependsOn", ["ConfigurationRecorder"]),),
    ),
    Requirement(
        "AWS Config takes every rule",
        _aws_config_takes_every_rule,
        (
            ("Resources/DynamodbPitrEnabled/Properties/Source/SourceIdentifier", "DYNAMODB_PITR_ENABLE"),
            ("Resources/VpcFlowLogsEnabled/Properties/InputParameters", {"kind": "ALL"}),
            ("Resources/TableStays/Properties/Source/CustomPolicyDetails/PolicyRuntime", "guard-3.x.x"),
        ),
    ),
    Requirement(
        "periodic rules, and only they, have a frequency",
        _periodic_rules_run_every_six_hours,
        (("Resources/VpcFlowLogsEnabled/Properties/MaximumExecutionFrequency", "TwentyFour_Hours"),),
    ),
    Requirement(
        "the function must run as the stream stack deploys it",
        _the_function_must_run_as_deployed,
        (("Resources/LambdaFunctionSettingsCheck/Properties/InputParameters/timeout", "3"),),
    ),
    is_set(
        "the table is held to its own key",
        "Resources/DynamodbTableEncryptedKms/Properties/InputParameters",
        {"kmsKeyArns": {"Fn::ImportValue": "cruddur-TableKeyArn"}},
    ),
    is_set(
        "a broken rule is told, and a mended one is not",
        f"{TARGET}/EventPattern/detail",
        {
            "configRuleName": [{"prefix": "cruddur-"}],
            "newEvaluationResult": {"complianceType": ["NON_COMPLIANT"]},
        },
    ),
    is_set("alerts reach the topic", f"{TARGET}/Targets/0/Arn", {"Fn::ImportValue": "cruddur-AlertTopicArn"}),
    retained("what was recorded outlives the stack", "ConfigBucket", "ConfigKey", "ConfigurationRecorder"),
]


@pytest.fixture(scope="module")
def template() -> Template:
    return stack("config")


test_the_stack_holds, test_a_spoilt_stack_does_not_hold = holds_and_breaks(REQUIREMENTS, "template")


def _in(region: str) -> Settings:
    return replace(SETTINGS, home_region=region, allowed_regions=(region,))


def test_a_rule_that_the_home_region_does_not_offer_is_left_out_and_named() -> None:
    spain = stack("config", _in("eu-south-2"))
    assert "IamNoInlinePolicyCheck" not in spain["Resources"]
    assert "IAM_NO_INLINE_POLICY_CHECK" in spain["Outputs"]["RulesLeftOut"]["Value"]
    assert not config_rules.check(
        [TemplateFile("config.yaml", TEMPLATES / "rendered/config.yaml", spain)], "eu-south-2"
    ).findings


def test_a_region_that_offers_every_rule_has_them_all(template: Template) -> None:
    assert "RulesLeftOut" not in template.get("Outputs", {})
    rules = of_type(template, "AWS::Config::ConfigRule").values()
    assert len(rules) == len(managed_rules(SETTINGS)) + len(guard_rules(SETTINGS))


def test_provisioned_capacity_must_follow_demand_and_on_demand_capacity_need_not() -> None:
    identifiers = [{rule.identifier for rule in managed_rules(example(name))} for name in ("default", "existing-vpc")]
    assert ["DYNAMODB_AUTOSCALING_ENABLED" in found for found in identifiers] == [False, True]


def test_no_rule_is_named_twice(template: Template) -> None:
    names = [rule["ConfigRuleName"] for rule in of_type(template, "AWS::Config::ConfigRule").values()]
    assert len(names) == len(set(names))
    assert all(name.startswith("cruddur-") and len(name) <= 128 for name in names)


@pytest.mark.parametrize("name", EXAMPLES)
def test_descriptions_are_within_the_limit_of_aws_config(name: str) -> None:
    rules = of_type(stack("config", example(name)), "AWS::Config::ConfigRule").values()
    assert all(0 < len(rule["Description"]) <= 256 for rule in rules)


AUDIT_KEY = "arn:aws:kms:eu-central-1:111122223333:key/0a1b2c3d"
TABLE: dict[str, Any] = {
    "resourceType": "AWS::DynamoDB::Table",
    "awsRegion": "eu-central-1",
    "configuration": {
        "tableName": "cruddur-messages",
        "streamSpecification": {"streamEnabled": True, "streamViewType": "NEW_IMAGE"},
    },
}
ENDPOINT: dict[str, Any] = {
    "resourceType": "AWS::EC2::VPCEndpoint",
    "awsRegion": "eu-central-1",
    "configuration": {
        "serviceName": "com.amazonaws.eu-central-1.dynamodb",
        "vpcEndpointType": "Gateway",
        "state": {"value": "available"},
        "routeTableIds": ["rtb-0a1b2c3d"],
    },
}
TRAIL: dict[str, Any] = {
    "resourceType": "AWS::CloudTrail::Trail",
    "awsRegion": "eu-central-1",
    "configuration": {
        "name": "cruddur-trail",
        "isMultiRegionTrail": True,
        "includeGlobalServiceEvents": True,
        "logFileValidationEnabled": True,
        "s3BucketName": "cruddur-trail-111122223333-eu-central-1",
        "kmsKeyId": AUDIT_KEY,
        "cloudWatchLogsLogGroupArn": "arn:aws:logs:eu-central-1:111122223333:log-group:/cruddur/trail:*",
        "hasCustomEventSelectors": True,
        "hasInsightSelectors": True,
    },
}
FUNCTION: dict[str, Any] = {
    "resourceType": "AWS::Lambda::Function",
    "resourceName": "cruddur-pattern-d",
    "awsRegion": "eu-central-1",
    "configuration": {},
    "tags": {"Application": "cruddur", "Environment": "production"},
}
SUBNET: dict[str, Any] = {
    "resourceType": "AWS::EC2::Subnet",
    "resourceName": None,
    "awsRegion": "eu-central-1",
    "configuration": {},
    "tags": {"Application": "cruddur", "aws:cloudformation:stack-name": "cruddur-network"},
}
GONE = object()


def _item(item: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A configuration item with one value changed, added or gone."""
    changed = copy.deepcopy(item)
    *parents, last = path.split(".")
    node = changed
    for step in parents:
        node = node[step]
    if value is GONE:
        del node[last]
    else:
        node[last] = value
    return changed


# rule, configuration item, what the rule must say of it
ITEMS: list[tuple[str, dict[str, Any], str]] = [
    ("table-stays", TABLE, "PASS"),
    ("table-stays", _item(TABLE, "awsRegion", "us-east-1"), "FAIL"),
    ("table-stays", _item(TABLE, "configuration.replicas", [{"regionName": "eu-central-1"}]), "PASS"),
    ("table-stays", _item(TABLE, "configuration.replicas", [{"regionName": "us-east-1"}]), "FAIL"),
    ("table-stays", _item(TABLE, "configuration.replicas", []), "PASS"),
    ("table-stays", _item(TABLE, "configuration.replicas", None), "PASS"),
    ("table-stays", _item(TABLE, "configuration.replicas", ""), "PASS"),
    ("table-stays", _item(TABLE, "configuration.replicas", "[us-east-1]"), "FAIL"),
    ("table-stays", _item(TABLE, "configuration.replicas", {"us-east-1": {}}), "FAIL"),
    *(
        ("table-stays", _item(TABLE, "configuration.replicas", [{"regionName": "eu-central-1"}, replica]), "FAIL")
        for replica in ({}, {"regionName": None}, {"regionName": ""})
    ),
    *(("table-stays", _item(TABLE, "awsRegion", region), "FAIL") for region in (None, "", GONE)),
    *(
        ("table-streams", _item(TABLE, f"configuration.streamSpecification.{name}", value), "FAIL")
        for name in ("streamEnabled", "streamViewType")
        for value in (None, "", GONE, "false", "NEW_AND_OLD_IMAGES")
    ),
    *(
        ("endpoint-serves", _item(ENDPOINT, path, value), "FAIL")
        for path in ("configuration.state.value", "configuration.routeTableIds")
        for value in (None, "", GONE)
    ),
    ("endpoint-serves", _item(ENDPOINT, "configuration.state", None), "FAIL"),
    ("table-stays", TRAIL, "SKIP"),
    ("table-streams", TABLE, "PASS"),
    ("table-streams", _item(TABLE, "configuration.streamSpecification.streamViewType", "KEYS_ONLY"), "FAIL"),
    ("table-streams", _item(TABLE, "configuration.streamSpecification", GONE), "FAIL"),
    ("table-streams", _item(TABLE, "configuration.tableName", "other"), "SKIP"),
    ("endpoint-serves", ENDPOINT, "PASS"),
    ("endpoint-serves", _item(ENDPOINT, "configuration.routeTableIds", []), "FAIL"),
    ("endpoint-serves", _item(ENDPOINT, "configuration.state.value", "deleting"), "FAIL"),
    ("endpoint-serves", _item(ENDPOINT, "configuration.vpcEndpointType", "Interface"), "SKIP"),
    ("trail-is-whole", TRAIL, "PASS"),
    *(
        ("trail-is-whole", _item(TRAIL, f"configuration.{name}", False), "FAIL")
        for name, value in TRAIL["configuration"].items()
        if value is True
    ),
    *(
        ("trail-is-whole", _item(TRAIL, f"configuration.{name}", value), "FAIL")
        for name in ("kmsKeyId", "cloudWatchLogsLogGroupArn", "s3BucketName")
        for value in (GONE, None, "", "other", TRAIL["configuration"][name].replace("1", "9"))
    ),
    ("trail-is-whole", _item(TRAIL, "configuration.name", "other"), "SKIP"),
    ("tags-stay", FUNCTION, "PASS"),
    *(("tags-stay", _item(FUNCTION, "tags.Application", value), "FAIL") for value in (None, "", GONE, "other")),
    ("tags-stay", _item(FUNCTION, "tags", {}), "FAIL"),
    ("tags-stay", _item(_item(FUNCTION, "resourceName", "other-function"), "tags", {}), "SKIP"),
    ("tags-stay", SUBNET, "PASS"),
    ("tags-stay", _item(SUBNET, "tags.Application", GONE), "FAIL"),
    ("tags-stay", _item(SUBNET, "tags", {"aws:cloudformation:stack-name": "other-network"}), "SKIP"),
]


def _as_deployed(name: str) -> str:
    """Return the text of a Guard rule with the values that CloudFormation fills in."""
    (text,) = [rule.text for rule in guard_rules(SETTINGS) if rule.name == name]
    return text.replace("${AuditKeyArn}", AUDIT_KEY).replace("${AWS::AccountId}", "111122223333")


@pytest.mark.parametrize("judge", EACH)
@pytest.mark.parametrize(("name", "item", "verdict"), ITEMS)
def test_a_guard_rule_says_of_an_item_what_it_must(name: str, item: dict[str, Any], verdict: str, judge: Judge) -> None:
    assert judge(_as_deployed(name), item) == verdict


def test_cloudformation_fills_in_every_variable_of_a_guard_rule(template: Template) -> None:
    assert not any("$" in _as_deployed(rule.name) for rule in guard_rules(SETTINGS))
    text, variables = at(template, "Resources/TrailIsWhole/Properties/Source/CustomPolicyDetails/PolicyText/Fn::Sub")
    assert "${AuditKeyArn}" in text
    assert variables == {"AuditKeyArn": {"Fn::ImportValue": "cruddur-AuditKeyArn"}}
    assert at(stack("audit"), "Outputs/AuditKeyArn/Export/Name") == "cruddur-AuditKeyArn"


def test_every_guard_rule_has_items_that_it_passes_and_fails() -> None:
    tried = {(name, verdict) for name, _, verdict in ITEMS}
    assert {(rule.name, verdict) for rule in guard_rules(SETTINGS) for verdict in ("PASS", "FAIL", "SKIP")} == tried


def test_what_a_rule_knows_by_its_tag_breaks_another_rule_once_it_lost_the_tag() -> None:
    own = [rule.identifier for rule in managed_rules(SETTINGS) if rule.reach == "own"]
    looked_at = {kind for identifier in own for kind in evaluators()[identifier].resource_types}
    (tags_stay,) = [rule for rule in guard_rules(SETTINGS) if rule.name == "tags-stay"]
    assert set(tags_stay.resource_types) == looked_at
