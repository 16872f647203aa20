"""What stands in a deployment's way: what the templates tell decides, and only what they do not tell stays open."""

import json
import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tableguard.aws.cloudformation_handlers import Handlers, handlers
from tableguard.errors import PolicyError, SettingsError
from tableguard.findings.formats import write
from tableguard.policy.evaluate import Request, decide
from tableguard.policy.matching import VARIABLE
from tableguard.policy.principals import principal
from tableguard.policy.shorthand import Shorthand
from tableguard.prove.foreign.documents import ForeignDocument
from tableguard.prove.preflight.answer import Answers, Denial
from tableguard.prove.preflight.call import ModelledCall, calls
from tableguard.prove.preflight.obstacles import Preflight, preflight
from tableguard.prove.preflight.report import PreflightReport
from tableguard.prove.preflight.template import Plan, PlannedResource, templates
from tableguard.settings import example
from tests.worlds.policies import document

SETTINGS = example()
REGION, ACCOUNT = SETTINGS.home_region, SETTINGS.account_id
TRUST = {
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]
}
BOUNDARY = {"Fn::ImportValue": SETTINGS.export("BoundaryArn")}
# resources that the shipped stacks leave to the administrator, or do not have
OTHERS: dict[str, Any] = {
    "Role": {
        "Type": "AWS::IAM::Role",
        "Properties": {"RoleName": "other", "AssumeRolePolicyDocument": TRUST, "PermissionsBoundary": BOUNDARY},
    },
    "FreeRole": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}},
    "Policy": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": {}}},
    "Function": {"Type": "AWS::Lambda::Function", "Properties": {"Role": {"Fn::GetAtt": ["Role", "Arn"]}}},
    "Unnamed": {"Type": "AWS::Lambda::Function", "Properties": {"Role": {"Ref": "RoleOfParameter"}}},
    "Tagged": {
        "Type": "AWS::SQS::Queue",
        "Properties": {"QueueName": "q", "Tags": [{"Key": "Made", "Value": {"Fn::GetAtt": ["Function", "Version"]}}]},
    },
}
PLAN = Plan(SETTINGS, {**templates(SETTINGS), "others": {"Resources": OTHERS}})


def scp(action: str, condition: Mapping[str, Any] | None = None, resource: str = "*") -> dict[str, Any]:
    found = {"Sid": "Denial", "Effect": "Deny", "Action": action, "Resource": resource}
    return {**found, "Condition": condition} if condition else found


def resource_at(place: str) -> PlannedResource:
    stack, _, name = place.partition("/")
    return PLAN.resources[stack][name]


def known_of(resource: PlannedResource) -> Handlers:
    found = handlers(resource.resource_type)
    assert found is not None
    return found


def stopped(place: str, statement: Mapping[str, Any]) -> list[Denial | None]:
    """What an SCP says to each call of its action for a resource, stack/name."""
    resource = resource_at(place)
    known = known_of(resource)
    assert statement["Action"] in known.all
    answers = Answers(SETTINGS, Shorthand(SETTINGS).estate, (document(statement, name="scp.json"),))
    return [answers.denial_of(each) for each in calls(str(statement["Action"]), resource, known, PLAN)]


def worst(found: list[Denial | None]) -> str:
    words = [each.blocked for each in found if each is not None]
    return min(words, default="never")


def tag(name: str, value: str, operator: str = "StringNotEquals") -> dict[str, Any]:
    return {operator: {f"aws:RequestTag/{name}": value}}


def test_a_deployment_whose_tag_an_scp_refuses_is_stopped(capsys: pytest.CaptureFixture[str]) -> None:
    found = under(scp("lambda:CreateFunction", tag("Application", "other")))
    assert PreflightReport(found, SETTINGS).exit_code == 1
    assert "lambda:CreateFunction stopped: denied by scp policy scp.json" in PreflightReport(found, SETTINGS).text()
    assert json.loads(write(PreflightReport(found, SETTINGS), "json"))["obstacles"][0]["example"]["context"] == {
        "aws:PrincipalOrgID": SETTINGS.organization_id,
        "aws:RequestedRegion": REGION,
        "aws:SecureTransport": "true",
        "aws:RequestTag/application": SETTINGS.name,
    }


def test_a_deployment_that_has_the_tag_that_an_scp_demands_is_not_mentioned() -> None:
    found = under(scp("lambda:CreateFunction", tag("Application", SETTINGS.name)))
    assert PreflightReport(found, SETTINGS).exit_code == 0
    assert "CreateFunction" not in PreflightReport(found, SETTINGS).text()


@pytest.mark.parametrize("stack", ["access", "guardrails"])
def test_a_stack_that_another_than_the_deployer_deploys_is_refused(stack: str) -> None:
    with pytest.raises(SettingsError, match=f"stack {stack}: not deployed by the deployer"):
        preflight(SETTINGS, [stack])


def under(statement: Mapping[str, Any]) -> Preflight:
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    return preflight(SETTINGS, ["stream"], [ForeignDocument("scp.json", "scp", policy)])


FUNCTION = "stream/Function"
MAKE = "lambda:CreateFunction"
OWN = f"arn:aws:lambda:*:*:function:{SETTINGS.function_name}"
ALL_TAGS = ["Application", "Environment", "ManagedBy"]
SYSTEM = "aws:cloudformation:*"


CASES: list[tuple[str, dict[str, Any], str]] = [
    # tags of the template, and those that it lacks
    (FUNCTION, scp(MAKE, {"Null": {"aws:RequestTag/CostCentre": "true"}}), "always"),
    (FUNCTION, scp(MAKE, {"Null": {"aws:RequestTag/Environment": "true"}}), "never"),
    (FUNCTION, scp(MAKE, {"Null": {"aws:RequestTag/environment": "true"}}), "never"),
    (FUNCTION, scp(MAKE, tag("CostCentre", "1")), "always"),
    (FUNCTION, scp(MAKE, tag("CostCentre", "1", "StringNotEqualsIfExists")), "always"),
    (FUNCTION, scp(MAKE, tag("CostCentre", "1", "StringEquals")), "never"),
    (FUNCTION, scp(MAKE, {"ForAllValues:StringNotEquals": {"aws:TagKeys": "CostCentre"}}), "always"),
    (FUNCTION, scp(MAKE, {"ForAllValues:StringNotEquals": {"aws:TagKeys": "Environment"}}), "never"),
    # whether CloudFormation's own tags are among a request's is not documented; some types never have them
    (FUNCTION, scp(MAKE, {"ForAnyValue:StringNotEquals": {"aws:TagKeys": ALL_TAGS}}), "sometimes"),
    (FUNCTION, scp(MAKE, {"ForAnyValue:StringNotLike": {"aws:TagKeys": [*ALL_TAGS, SYSTEM]}}), "never"),
    ("table/TableKey", scp("kms:CreateKey", {"ForAnyValue:StringNotEquals": {"aws:TagKeys": ALL_TAGS}}), "never"),
    ("table/TableKey", scp("kms:CreateKey", {"ForAnyValue:StringNotEquals": {"aws:TagKeys": "x"}}), "always"),
    # types that take no tags, and the tagging itself
    ("others/Policy", scp("iam:CreatePolicy", tag("Application", SETTINGS.name)), "always"),
    ("others/Role", scp("iam:CreateRole", tag("Application", SETTINGS.name)), "never"),
    (FUNCTION, scp("lambda:TagResource", tag("Application", SETTINGS.name)), "never"),
    (FUNCTION, scp("lambda:TagResource", tag("Application", "other")), "always"),
    (FUNCTION, scp("lambda:UntagResource", {"ForAnyValue:StringEquals": {"aws:TagKeys": "x"}}), "sometimes"),
    ("others/Tagged", scp("sqs:CreateQueue", tag("Made", "x")), "sometimes"),
    # EC2 asks about what a call names, too, and that may be without the request's tags
    ("network/Vpc", scp("ec2:CreateVpc", tag("Application", SETTINGS.name)), "never"),
    ("network/Vpc", scp("ec2:CreateVpc", tag("Application", "other")), "always"),
    ("network/DynamoDbEndpoint", scp("ec2:CreateVpcEndpoint", tag("Application", SETTINGS.name)), "sometimes"),
    ("network/DynamoDbEndpoint", scp("ec2:CreateVpcEndpoint", tag("Application", "other")), "always"),
    # names
    (FUNCTION, scp(MAKE, resource=OWN), "always"),
    (FUNCTION, scp(MAKE, resource=f"{OWN}-other"), "never"),
    ("others/Unnamed", scp(MAKE, resource=OWN), "sometimes"),
    ("stream/FailuresBucket", scp("s3:CreateBucket", resource=f"arn:aws:s3:::*-{ACCOUNT}-{REGION}"), "always"),
    ("stream/FailuresBucket", scp("s3:CreateBucket", resource=f"arn:aws:s3:::*-{REGION}-{ACCOUNT}"), "never"),
    ("table/TableKeyAlias", scp("kms:CreateAlias", resource="arn:aws:kms:*:*:key/*"), "always"),
    ("table/TableKeyAlias", scp("kms:CreateAlias", resource="arn:aws:kms:*:*:alias/x"), "never"),
    # properties
    (FUNCTION, scp(MAKE, {"Null": {"lambda:VpcIds": "true"}}), "never"),
    ("others/Function", scp(MAKE, {"Null": {"lambda:VpcIds": "true"}}), "always"),
    (FUNCTION, scp(MAKE, {"StringNotEquals": {"lambda:VpcIds": "vpc-1"}}), "sometimes"),
    (FUNCTION, scp(MAKE, {"Null": {"lambda:VpcIds": "false"}}), "always"),
    ("table/TableKey", scp("kms:CreateKey", {"StringEquals": {"kms:KeySpec": "SYMMETRIC_DEFAULT"}}), "always"),
    ("table/TableKey", scp("kms:CreateKey", {"StringEquals": {"kms:KeySpec": "RSA_2048"}}), "never"),
    ("table/TableKey", scp("kms:CreateKey", {"Bool": {"kms:BypassPolicyLockoutSafetyCheck": "true"}}), "never"),
    (
        "network/DynamoDbEndpoint",
        scp("ec2:CreateVpcEndpoint", {"StringLike": {"ec2:VpceServiceName": "com.amazonaws.*.dynamodb"}}),
        "always",
    ),
    (
        "network/DynamoDbEndpoint",
        scp("ec2:CreateVpcEndpoint", {"StringLike": {"ec2:VpceServiceName": "com.amazonaws.*.s3"}}),
        "never",
    ),
    (
        "stream/Mapping",
        scp("lambda:CreateEventSourceMapping", {"ArnLike": {"lambda:FunctionArn": OWN}}),
        "always",
    ),
    (
        "stream/Mapping",
        scp("lambda:CreateEventSourceMapping", {"ArnNotLike": {"lambda:FunctionArn": OWN}}),
        "never",
    ),
    (
        "others/Role",
        scp("iam:CreateRole", {"StringNotLike": {"iam:PermissionsBoundary": f"*/{SETTINGS.name}-boundary"}}),
        "never",
    ),
    ("others/Role", scp("iam:CreateRole", {"StringNotLike": {"iam:PermissionsBoundary": "*/x"}}), "always"),
    ("others/FreeRole", scp("iam:CreateRole", {"Null": {"iam:PermissionsBoundary": "true"}}), "always"),
    # passing a role
    ("others/Function", scp("iam:PassRole", resource="arn:aws:iam::*:role/other"), "always"),
    ("others/Function", scp("iam:PassRole", resource="arn:aws:iam::*:role/another"), "never"),
    ("others/Unnamed", scp("iam:PassRole", resource="arn:aws:iam::*:role/other"), "sometimes"),
    (
        "others/Function",
        scp("iam:PassRole", {"StringNotEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}),
        "never",
    ),
    (
        "others/Function",
        scp("iam:PassRole", {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}),
        "always",
    ),
    ("audit/AlertTopic", scp("iam:PassRole"), "never"),
    # keys that the action does not have, and those of every request
    (FUNCTION, scp(MAKE, {"StringEquals": {"iam:PassedToService": "x"}}), "never"),
    (FUNCTION, scp(MAKE, {"StringNotEquals": {"iam:PassedToService": "x"}}), "always"),
    (FUNCTION, scp(MAKE, {"StringEquals": {"ec2:Region": REGION}}), "never"),
    ("network/Vpc", scp("ec2:CreateVpc", {"StringEquals": {"ec2:Region": REGION}}), "always"),
    (FUNCTION, scp(MAKE, {"Bool": {"aws:ViaAWSService": "false"}}), "never"),
    (FUNCTION, scp(MAKE, {"StringEquals": {"aws:PrincipalOrgID": SETTINGS.organization_id}}), "always"),
    (FUNCTION, scp(MAKE, {"StringNotEquals": {"aws:RequestedRegion": REGION}}), "never"),
    ("others/Role", scp("iam:CreateRole", {"StringNotEquals": {"aws:RequestedRegion": REGION}}), "always"),
    ("others/Role", scp("iam:CreateRole", {"StringNotEquals": {"aws:RequestedRegion": "us-east-1"}}), "never"),
    # what the templates do not tell
    (FUNCTION, scp(MAKE, {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}), "sometimes"),
    (FUNCTION, scp(MAKE, {"StringNotEquals": {"aws:PrincipalTag/team": "x"}}), "sometimes"),
    (FUNCTION, scp(MAKE, {"StringNotEquals": {"aws:ResourceTag/Application": SETTINGS.name}}), "sometimes"),
    (FUNCTION, scp(MAKE, {"StringEquals": {"aws:RequestTag/Application": "${aws:SourceVpc}"}}), "sometimes"),
    (FUNCTION, scp(MAKE, {"StringEquals": {"aws:RequestTag/CostCentre": "${aws:SourceVpc}"}}), "never"),
    (FUNCTION, scp(MAKE, {"StringNotEquals": {"aws:SourceVpc": "${aws:RequestTag/Application}"}}), "sometimes"),
    (FUNCTION, scp(MAKE, {"StringEquals": {"aws:PrincipalAccount": "${aws:ResourceAccount}"}}), "always"),
]


@pytest.mark.parametrize(
    ("place", "statement", "blocked"),
    CASES,
    ids=lambda value: value if isinstance(value, str) else json.dumps(value.get("Condition", value["Resource"])),
)
def test_what_is_known_of_a_call_decides_and_the_rest_stays_open(
    place: str, statement: Mapping[str, Any], blocked: str
) -> None:
    assert worst(stopped(place, statement)) == blocked


def test_the_evaluator_says_the_same_of_requests_whose_open_keys_have_any_values() -> None:
    chance = random.Random(1)  # noqa: S311  # the same examples in every run
    asked = 0
    for place, statement, _ in CASES:
        resource, answers = (
            resource_at(place),
            Answers(SETTINGS, Shorthand(SETTINGS).estate, (document(statement, name="scp.json"),)),
        )
        for alternatives in calls(statement["Action"], resource, known_of(resource), PLAN):
            found = answers.denial_of(alternatives)
            requests = [filled_in(each, statement, chance) for each in alternatives for _ in range(10)]
            allowed = {decide(answers.world, each).allowed for each in requests}
            asked += len(requests)
            assert found is not None or allowed == {True}, (place, statement)
            assert found is None or found.blocked == "sometimes" or allowed == {False}, (place, statement)
    assert asked > 500


def filled_in(call: ModelledCall, statement: Mapping[str, Any], chance: random.Random) -> Request:
    """A request of a call in which what is not known of it is made up."""
    caller = principal(SETTINGS.exempt_roles[0])
    lines = [line for each in statement.get("Condition", {}).values() for line in each.items()]
    compared = [values if isinstance(values, list) else [values] for _, values in lines]
    texts = ["other", SETTINGS.name, *(text for values in compared for text in values)]
    context: dict[str, tuple[str, ...]] = {"aws:principalorgid": (SETTINGS.organization_id,)}
    keys = {"aws:sourcevpc", *(key.lower() for key, _ in lines), *(key.lower() for key in VARIABLE.findall(str(texts)))}
    for key in sorted(keys - caller.context().keys() - context.keys() - {"aws:resourceaccount"}):
        given = call.values_of(key)
        made_up = ("203.0.113.9",) if key == "aws:sourceip" else (chance.choice(texts),)
        present = key in call.present or chance.random() < 0.7
        found = given if given is not None else made_up if present else ()
        context |= {key: found} if found else {}
    name = chance.choice(["other", SETTINGS.function_name])
    return Request(caller, call.action, chance.choice(call.resources).replace("*", name), ACCOUNT, context)


def test_an_action_known_from_botocore_alone_may_have_any_key_of_its_service() -> None:
    keys = "dynamodb:leadingkeys", "aws:requesttag/team"
    loading = ModelledCall("dynamodb:StartBulkPutItems", ("*",), {}, tags=None)
    assert [loading.values_of(key) for key in keys] == [None, None]
    assert [replace(loading, action="dynamodb:UpdateTable").values_of(key) for key in keys] == [(), ()]


def test_an_example_of_what_depends_on_the_request_has_what_it_depends_on() -> None:
    found = under(scp(MAKE, {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}, **tag("Application", "other")}))
    (obstacle,) = found.obstacles
    assert obstacle.example.context["aws:requesttag/application"] == SETTINGS.name
    assert "stopped in some cases" in PreflightReport(found, SETTINGS).text()
    assert PreflightReport(found, SETTINGS).exit_code == 0


def test_a_condition_that_aws_leaves_undefined_is_refused_with_the_action() -> None:
    with pytest.raises(PolicyError, match=r"lambda:CreateFunction: StringEquals on aws:tagkeys: .* 3 values"):
        stopped(FUNCTION, scp(MAKE, {"StringEquals": {"aws:TagKeys": "Application"}}))


def test_a_resource_is_made_by_another_call_than_the_one_that_tags_it() -> None:
    found = handlers("AWS::EC2::VPC")
    assert found is not None
    assert found.certain == {"ec2:CreateVpc"}
    assert "ec2:CreateTags" in found.tagging.actions
