"""What all stacks have in common: tags, names, exports, what outlives them, and how permissions are written."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from tableguard.cloudformation.functions import references
from tableguard.policy.matching import action_test, wildcard
from tableguard.reading import cloudformation_yaml
from tableguard.settings import Settings, example
from tableguard.stacks.registry import enabled_stacks, find_stack
from tableguard.stacks.render import render
from tests.worlds.requirements import REMOVED, Template, of_type, spoilt
from tests.worlds.settings_files import EXAMPLES

OF_EXAMPLES = [(settings, stack.name) for settings in EXAMPLES for stack in enabled_stacks(example(settings))]
STATEFUL = {
    "AWS::Backup::BackupVault",
    "AWS::CloudTrail::Trail",
    "AWS::Cognito::UserPool",
    "AWS::DynamoDB::Table",
    "AWS::KMS::Key",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
}
# types without which another resource would stand unprotected, or unknown to the policies that protect it
PROTECTING = {
    "AWS::Cognito::UserPoolRiskConfigurationAttachment": "UserPoolId",
    "AWS::KMS::Alias": "TargetKeyId",
    "AWS::S3::BucketPolicy": "Bucket",
    "AWS::SNS::TopicPolicy": "Topics",
    "AWS::SQS::QueuePolicy": "Queues",
}
# types that watch or use what is kept, and protect nothing
USING = {
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::Backup::BackupPlan",
    "AWS::Backup::BackupSelection",
    "AWS::CloudWatch::Alarm",
    "AWS::Cognito::UserPoolClient",
    "AWS::Config::ConfigRule",
    "AWS::EC2::FlowLog",
    "AWS::EC2::VPNConnection",
    "AWS::Events::Rule",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Function",
    "AWS::Logs::MetricFilter",
}
Stacks = dict[str, Template]


def _stacks(settings: Settings) -> Stacks:
    return {name: cloudformation_yaml.load(text) for name, text in render(settings).items()}


@cache
def _of_example(name: str) -> Stacks:
    return _stacks(example(name))


@pytest.fixture(scope="module", params=EXAMPLES)
def stacks(request: pytest.FixtureRequest) -> Stacks:
    return _of_example(request.param)


def _nodes(node: Any) -> Iterator[Any]:
    yield node
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for one in inner:
        yield from _nodes(one)


def _untagged(template: Template) -> list[str]:
    """Logical ids of resources that could be tagged and lack our tags."""
    return [name for name, resource in template["Resources"].items() if not _is_tagged(resource)]


def _is_tagged(resource: dict[str, Any]) -> bool:
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", resource["Type"]).schema
    tagging = schema.get("tagging", {})
    if not tagging.get("taggable"):
        return True
    found = resource["Properties"].get(tagging.get("tagProperty", "/properties/Tags").rpartition("/")[2], [])
    pairs = found if isinstance(found, dict) else {one["Key"]: one["Value"] for one in found}
    return {"Application", "Environment", "ManagedBy"} <= pairs.keys()


@pytest.mark.parametrize(("settings", "name"), OF_EXAMPLES)
def test_everything_that_takes_tags_has_them(settings: str, name: str) -> None:
    assert _untagged(_of_example(settings)[name]) == []


def test_a_resource_without_tags_is_noticed(stacks: Stacks) -> None:
    table = stacks["table"]
    assert _untagged(spoilt(table, "Resources/Messages/Properties/Tags", REMOVED)) == ["Messages"]
    assert _untagged(spoilt(table, "Resources/BackupPlan/Properties/BackupPlanTags", {})) == ["BackupPlan"]


@pytest.mark.parametrize(("settings", "name"), OF_EXAMPLES)
def test_whatever_holds_data_or_evidence_outlives_its_stack(settings: str, name: str) -> None:
    kept = {
        logical_id: (resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy"))
        for logical_id, resource in _of_example(settings)[name]["Resources"].items()
        if resource["Type"] in STATEFUL
    }
    assert kept == dict.fromkeys(kept, ("Retain", "Retain"))


def _unprotected(template: Template) -> list[str]:
    """Logical ids that go with the stack, and that something kept depends on or is protected by."""
    resources = template["Resources"]
    gone = {name for name, resource in resources.items() if resource.get("DeletionPolicy") != "Retain"}
    needed = {name for kept in resources.keys() - gone for name in references(resources[kept]["Properties"])}
    protecting = {
        name
        for name in gone
        if (of := PROTECTING.get(resources[name]["Type"]))
        and set(references(resources[name]["Properties"][of])) & (resources.keys() - gone)
    }
    return sorted(gone & (needed | protecting))


@pytest.mark.parametrize(("settings", "name"), OF_EXAMPLES)
def test_what_is_kept_stays_protected(settings: str, name: str) -> None:
    template = _of_example(settings)[name]
    assert _unprotected(template) == []
    kept = {one for one, resource in template["Resources"].items() if resource.get("DeletionPolicy") == "Retain"}
    around = {
        resource["Type"]
        for one, resource in template["Resources"].items()
        if one not in kept and kept & set(references(resource["Properties"]))
    }
    assert around <= USING, "a type that refers to what is kept: does it protect it?"


@pytest.mark.parametrize(
    ("name", "spoilt_policy", "unprotected"),
    [
        ("table", "TableKeyAlias", ["TableKeyAlias"]),
        ("audit", "TrailBucketPolicy", ["TrailBucketPolicy"]),
        ("audit", "AlertTopicPolicy", ["AlertTopicPolicy"]),
        ("stream", "DeadLettersPolicy", ["DeadLettersPolicy"]),
        ("access", "BreakGlassRolePolicy", ["BreakGlassRolePolicy"]),
    ],
)
def test_a_protection_that_would_go_with_its_stack_is_noticed(
    stacks: Stacks, name: str, spoilt_policy: str, unprotected: list[str]
) -> None:
    without = spoilt(stacks[name], f"Resources/{spoilt_policy}/DeletionPolicy", "Delete")
    assert _unprotected(without) == unprotected


@pytest.mark.parametrize("environment", ["production", "staging", "development"])
def test_guardrails_go_with_their_stack_in_development_alone(environment: str) -> None:
    template = _stacks(replace(example(), environment=environment))["guardrails"]
    policies = {resource.get("DeletionPolicy", "Delete") for resource in template["Resources"].values()}
    assert policies == {"Delete" if environment == "development" else "Retain"}


@pytest.mark.parametrize(("settings", "name"), OF_EXAMPLES)
def test_permissions_are_managed_policies_that_iam_keeps_versions_of(settings: str, name: str) -> None:
    assert not of_type(_of_example(settings)[name], "AWS::IAM::Policy")
    assert not of_type(_of_example(settings)[name], "AWS::IAM::RolePolicy")
    assert not [role for role in of_type(_of_example(settings)[name], "AWS::IAM::Role").values() if "Policies" in role]


def _written_out(node: Any) -> Any:
    """A document as IAM gets it; where only a deployment knows the value, one as long as the longest ARN of ours."""
    if isinstance(node, list):
        return [_written_out(one) for one in node]
    if not isinstance(node, dict):
        return node
    if "Fn::Sub" in node:
        return node["Fn::Sub"].replace("${AWS::AccountId}", "1" * 12).replace("${AWS::Region}", "ap-southeast-1")
    if node.keys() & {"Ref", "Fn::GetAtt", "Fn::ImportValue"}:
        return "x" * 100
    return {key: _written_out(value) for key, value in node.items()}


def _characters(policy: dict[str, Any]) -> int:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: white space is not counted
    return len("".join(json.dumps(_written_out(policy["PolicyDocument"])).split()))


@pytest.mark.parametrize(("settings", "name"), OF_EXAMPLES)
def test_every_managed_policy_is_small_enough_for_iam(settings: str, name: str) -> None:
    policies = of_type(_of_example(settings)[name], "AWS::IAM::ManagedPolicy")
    assert {key: size for key, size in ((key, _characters(one)) for key, one in policies.items()) if size > 6144} == {}


def test_a_managed_policy_that_is_too_large_is_noticed(stacks: Stacks) -> None:
    policy = of_type(stacks["access"], "AWS::IAM::ManagedPolicy")["BackupRolePolicy"]
    (first, *_) = policy["PolicyDocument"]["Statement"]
    assert _characters({"PolicyDocument": {"Statement": [first] * 40}}) > 6144 > _characters(policy)


def _beyond_boundary(boundary: Template, template: Template) -> set[tuple[str, str, str]]:
    """(policy, action, resource) of everything that a bounded role's policies allow and the boundary does not."""
    (limit,) = [
        one for one in of_type(boundary, "AWS::IAM::ManagedPolicy").values() if "boundary" in one["ManagedPolicyName"]
    ]
    bounded = [role for role in of_type(template, "AWS::IAM::Role").values() if "PermissionsBoundary" in role]
    attached = {policy["Ref"] for role in bounded for policy in role["ManagedPolicyArns"]}
    return {
        (name, action, resource)
        for name, policy in of_type(template, "AWS::IAM::ManagedPolicy").items()
        if name in attached
        for action, resource in _allowed(policy)
        if not any(_covers(*most, action, resource) for most in _allowed(limit))
    }


def _allowed(policy: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for statement in _written_out(policy["PolicyDocument"])["Statement"]:
        if statement["Effect"] == "Allow":
            yield from itertools.product(_listed(statement["Action"]), _listed(statement["Resource"]))


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _covers(most_action: str, most_resource: str, action: str, resource: str) -> bool:
    known = not resource.startswith("xx")  # a key of the stack: only a deployment knows its ARN
    covered = bool(action_test((most_action,))(action.lower()))
    return covered and (not known or bool(wildcard(most_resource)(resource)))


@pytest.mark.parametrize(("settings", "name"), OF_EXAMPLES)
def test_the_boundary_leaves_every_role_what_its_policies_allow(settings: str, name: str) -> None:
    assert _beyond_boundary(_of_example(settings)["access"], _of_example(settings)[name]) == set()


def test_a_boundary_that_is_too_narrow_for_a_role_is_noticed(stacks: Stacks) -> None:
    narrow = spoilt(stacks["access"], "Resources/Boundary/Properties/PolicyDocument/Statement/0", REMOVED)
    missing = {action for _, action, _ in _beyond_boundary(narrow, stacks["access"])}
    assert "dynamodb:StartAwsBackupJob" in missing


@pytest.mark.parametrize(("settings", "name"), OF_EXAMPLES)
def test_every_output_and_parameter_is_described(settings: str, name: str) -> None:
    template = _of_example(settings)[name]
    described = [*template.get("Outputs", {}).values(), *template.get("Parameters", {}).values()]
    assert all(one["Description"] for one in described)
    assert template["Description"]


def test_every_export_carries_the_name_of_the_workload() -> None:
    for name, template in _stacks(replace(example(), name="talk")).items():
        exports = {key: one["Export"]["Name"] for key, one in template.get("Outputs", {}).items() if "Export" in one}
        assert exports == {key: f"talk-{key}" for key in exports}, name


def test_every_import_is_the_export_of_a_stack_deployed_before(stacks: Stacks) -> None:
    exported: set[str] = set()
    for name, template in stacks.items():
        imported = {n["Fn::ImportValue"] for n in _nodes(template) if isinstance(n, dict) and "Fn::ImportValue" in n}
        assert imported <= exported, name
        exported |= {one["Export"]["Name"] for one in template.get("Outputs", {}).values() if "Export" in one}


def test_every_reference_leads_to_something_in_the_same_stack(stacks: Stacks) -> None:
    for name, template in stacks.items():
        there = {*template["Resources"], *template.get("Parameters", {})}
        referred = {node["Ref"] for node in _nodes(template) if isinstance(node, dict) and "Ref" in node}
        got = {node["Fn::GetAtt"][0] for node in _nodes(template) if isinstance(node, dict) and "Fn::GetAtt" in node}
        assert {one for one in referred | got if not one.startswith("AWS::")} <= there, name


NAMED = {
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::KMS::Alias": "AliasName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::S3::Bucket": "BucketName",
}


@pytest.mark.parametrize("resource_type", NAMED)
def test_no_two_resources_claim_the_same_name(stacks: Stacks, resource_type: str) -> None:
    claimed = [
        (find_stack(name).account(example()), json.dumps(one[NAMED[resource_type]]))
        for name, template in stacks.items()
        for one in of_type(template, resource_type).values()
    ]
    assert len(claimed) == len(set(claimed)) > 0
