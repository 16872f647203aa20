"""Questions to CloudFormation, which plain moto answers wrongly, with resource types that both have."""

import itertools
import json
from collections.abc import Callable
from typing import Any

from tests.worlds.moto_modes import Aws, Case, refused

_numbers = itertools.count()
QUEUE: dict[str, Any] = {"Type": "AWS::SQS::Queue"}


def _template(resources: dict[str, Any], **sections: Any) -> str:
    return json.dumps({"Resources": resources, **sections})


def _name(prefix: str = "stack") -> str:
    return f"{prefix}-{next(_numbers)}"


def _created(aws: Aws, template: str, name: str = "", **more: Any) -> dict[str, Any]:
    """Create a stack and return its description."""
    client, name = aws.client("cloudformation"), name or _name()
    client.create_stack(StackName=name, TemplateBody=template, **more)
    described: dict[str, Any] = client.describe_stacks(StackName=name)["Stacks"][0]
    return described


def _executed(aws: Aws, template: str, name: str, kind: str, **more: Any) -> dict[str, Any]:
    """Create a stack by a change set and return its description."""
    client, more = aws.client("cloudformation"), {"ChangeSetName": f"change-{next(_numbers)}", **more}
    arn = client.create_change_set(StackName=name, TemplateBody=template, ChangeSetType=kind, **more)["Id"]
    client.execute_change_set(ChangeSetName=arn)
    described: dict[str, Any] = client.describe_stacks(StackName=name)["Stacks"][0]
    return described


def _values(stack: dict[str, Any]) -> dict[str, Any]:
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def _output(aws: Aws, value: Any, **sections: Any) -> Any:
    """Return what an output of this value shows."""
    template = _template({"Queue": QUEUE}, Outputs={"Value": {"Value": value}}, **sections)
    return _values(_created(aws, template, Parameters=[]))["Value"]


def a_stack_made_by_a_change_set_has_outputs_and_exports(aws: Aws) -> Any:
    name, region = _name(), {"Ref": "AWS::Region"}
    exported = {"Value": region, "Export": {"Name": {"Fn::Sub": "${AWS::StackName}-region"}}}
    first = _executed(aws, _template({"Queue": QUEUE}, Outputs={"Region": exported}), name, "CREATE")
    outputs = {"Region": exported, "Name": {"Value": {"Ref": "AWS::URLSuffix"}}}
    second = _executed(aws, _template({"Queue": QUEUE}, Outputs=outputs), name, "UPDATE")
    exports = aws.client("cloudformation").list_exports()["Exports"]
    names = [each["Value"] for each in exports if each["Name"] == f"{name}-region"]
    importing = _template({"Queue": QUEUE}, Outputs={"Got": {"Value": {"Fn::ImportValue": f"{name}-region"}}})
    return _values(first), _values(second), names, _values(_created(aws, importing))


def an_output_shows_its_own_export(aws: Aws) -> Any:
    outputs = {
        "Exported": {"Value": "same", "Export": {"Name": "exported-value"}},
        "Kept": {"Value": "same"},
    }
    found = _created(aws, _template({"Queue": QUEUE}, Outputs=outputs))["Outputs"]
    return {output["OutputKey"]: output.get("ExportName") for output in found}


def an_unknown_type_is_refused_and_nothing_made(aws: Aws) -> Any:
    client, name = aws.client("cloudformation"), _name()
    template = _template({"Queue": QUEUE, "Odd": {"Type": "AWS::Odd::Thing"}})
    answer = refused(client.create_stack, StackName=name, TemplateBody=template)
    return (
        answer,
        refused(client.describe_stacks, StackName=name),
        aws.client("sqs").list_queues(QueueNamePrefix=name).get("QueueUrls"),
    )


def a_failed_stack_is_rolled_back_and_its_name_free_once_deleted(aws: Aws) -> Any:
    client, name = aws.client("cloudformation"), _name()
    wrong = {"Type": "AWS::IAM::ManagedPolicy", "DependsOn": "Queue", "Properties": {"PolicyDocument": "not a policy"}}
    stack = {"TemplateBody": _template({"Queue": QUEUE, "Wrong": wrong}), "Capabilities": ["CAPABILITY_IAM"]}
    refused(client.create_stack, StackName=name, **stack)
    described = client.describe_stacks(StackName=name)["Stacks"][0]
    events = client.describe_stack_events(StackName=name)["StackEvents"]
    failed = [event for event in events if event["ResourceStatus"] == "CREATE_FAILED"]
    queues = aws.client("sqs").list_queues(QueueNamePrefix=name).get("QueueUrls")
    again = refused(client.create_stack, StackName=name, **stack)
    client.delete_stack(StackName=name)
    right = refused(client.create_stack, StackName=name, TemplateBody=_template({"Queue": QUEUE}))
    why = [event.get("ResourceStatusReason") for event in events if event["ResourceStatus"] == "ROLLBACK_IN_PROGRESS"]
    told = [described["StackStatus"], why, [event["LogicalResourceId"] for event in failed]]
    return told, queues, again, right


def resources_are_described_with_their_status_and_time(aws: Aws) -> Any:
    name = _created(aws, _template({"One": QUEUE, "Two": QUEUE}))["StackName"]
    client = aws.client("cloudformation")
    found = client.describe_stack_resources(StackName=name)["StackResources"]
    (one,) = client.describe_stack_resources(StackName=name, LogicalResourceId="One")["StackResources"]
    detail = client.describe_stack_resource(StackName=name, LogicalResourceId="Two")["StackResourceDetail"]
    return [
        [(each["LogicalResourceId"], each["ResourceStatus"], name in each["PhysicalResourceId"]) for each in found],
        one["LogicalResourceId"],
        detail["LogicalResourceId"],
        {each["Timestamp"].year for each in found} == {2010},
        [event["ResourceStatus"] for event in client.describe_stack_events(StackName=name)["StackEvents"]].count(
            "CREATE_COMPLETE"
        ),
    ]


def get_azs_gives_the_zones_of_the_region(aws: Aws) -> Any:
    joined = [{"Fn::Join": [",", {"Fn::GetAZs": region}]} for region in ("", {"Ref": "AWS::Region"}, "ca-central-1")]
    return [_output(aws, value) for value in joined]


def cidr_divides_a_block(aws: Aws) -> Any:
    return _output(aws, {"Fn::Join": [",", {"Fn::Cidr": ["10.20.0.0/16", 3, "8"]}]})


def get_att_takes_a_dotted_name(aws: Aws) -> Any:
    return _output(aws, {"Fn::Select": [2, {"Fn::Split": [":", {"Fn::GetAtt": "Queue.Arn"}]}]})


def a_list_parameter_takes_its_default(aws: Aws) -> Any:
    parameter = {"Type": "CommaDelimitedList", "Default": "a, b,c"}
    return _output(aws, {"Fn::Select": ["1", {"Ref": "Items"}]}, Parameters={"Items": parameter})


def notification_arns_are_a_pseudo_parameter(aws: Aws) -> Any:
    return _output(aws, {"Fn::Join": ["", [{"Fn::Join": [",", {"Ref": "AWS::NotificationARNs"}]}, "none"]]})


def parameters_obey_their_rules(aws: Aws) -> Any:
    rules: list[tuple[dict[str, Any], tuple[str, ...]]] = [
        ({"AllowedValues": ["a", "b"]}, ("a", "c")),
        ({"AllowedPattern": "[a-z]+"}, ("abc", "abC")),
        ({"MinLength": 2, "MaxLength": "3"}, ("ab", "a", "abcd")),
        ({"Type": "Number", "MinValue": 2, "MaxValue": 3}, ("2.5", "1", "4", "x")),
    ]
    client, answers = aws.client("cloudformation"), []
    for rule, values in rules:
        template = _template({"Queue": QUEUE}, Parameters={"Value": {"Type": "String", **rule}})
        for value in values:
            given = [{"ParameterKey": "Value", "ParameterValue": value}]
            answers.append(refused(client.create_stack, StackName=_name(), TemplateBody=template, Parameters=given))
    return answers


def parameters_must_be_declared_and_given(aws: Aws) -> Any:
    client, given = aws.client("cloudformation"), [{"ParameterKey": "Odd", "ParameterValue": "1"}]
    declared = _template({"Queue": QUEUE}, Parameters={"Value": {"Type": "String"}})
    return [
        refused(client.create_stack, StackName=_name(), TemplateBody=declared),
        refused(client.create_stack, StackName=_name(), TemplateBody=_template({"Queue": QUEUE}), Parameters=given),
    ]


def templates_are_refused(aws: Aws) -> Any:
    client = aws.client("cloudformation")
    templates = [
        _template({}),
        _template({"Queue": QUEUE}, Rules={}),
        _template({"Queue": QUEUE}, Transform="AWS::Serverless-2016-10-31"),
        _template({"Queue": {**QUEUE, "Creation": {}}}),
        _template({"Queue": {**QUEUE, "Properties": {"QueueName": {"Ref": "Nothing"}}}}),
        _template({"Queue": {**QUEUE, "DependsOn": "Nothing"}}),
        _template({"A": {**QUEUE, "DependsOn": "B"}, "B": {**QUEUE, "DependsOn": "A"}}),
        _template({"Queue": {**QUEUE, "Condition": "Nothing"}}),
        _template({"Queue": {**QUEUE, "Properties": {"QueueName": {"Fn::Odd": []}}}}),
        _template({"Queue": QUEUE}, Metadata={"Large": "x" * 51_200}),
        _template({f"Queue{n}": QUEUE for n in range(501)}),
        "- not a template",
    ]
    return [refused(client.create_stack, StackName=_name(), TemplateBody=template) for template in templates]


def a_template_may_have_51200_bytes_and_more_from_s3(aws: Aws) -> Any:
    client, s3, bucket = aws.client("cloudformation"), aws.client("s3"), _name("templates.dotted")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    room = 51_200 - len(_template({"Queue": QUEUE}, Metadata={"Large": ""}))
    answers = []
    for size in (room, room + 1):
        body = _template({"Queue": QUEUE}, Metadata={"Large": "x" * size})
        answers.append(refused(client.create_stack, StackName=_name(), TemplateBody=body))
        s3.put_object(Bucket=bucket, Key="a/b.json", Body=body.encode())
        url = f"https://{bucket}.s3.eu-central-1.amazonaws.com/a/b.json"
        answers.append(refused(client.create_stack, StackName=_name(), TemplateURL=url))
    return answers


def roles_and_policies_need_a_capability(aws: Aws) -> Any:
    client, trust = aws.client("cloudformation"), {"Version": "2012-10-17", "Statement": []}
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}}
    answers = []
    for given in ([], ["CAPABILITY_IAM"], ["CAPABILITY_NAMED_IAM"]):
        named = {**role, "Properties": {**role["Properties"], "RoleName": _name("role")}}  # type: ignore[dict-item]
        for each in (role, named):
            stack = {"StackName": _name(), "TemplateBody": _template({"Role": each})}
            answers.append(refused(client.create_stack, **stack, Capabilities=given))
    return answers


def a_protected_stack_stays(aws: Aws) -> Any:
    client = aws.client("cloudformation")
    name = _created(aws, _template({"Queue": QUEUE}), EnableTerminationProtection=True)["StackName"]
    protected = (
        refused(client.delete_stack, StackName=name),
        client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"],
    )
    client.update_termination_protection(StackName=name, EnableTerminationProtection=False)
    client.delete_stack(StackName=name)
    return protected, refused(client.describe_stacks, StackName=name)


def an_export_in_use_stays_as_it_is(aws: Aws) -> Any:
    client, export = aws.client("cloudformation"), {"Name": _name("export")}

    def exporting(value: str) -> str:
        return _template({"Queue": QUEUE}, Outputs={"Value": {"Value": value, "Export": export}})

    owner = _created(aws, exporting("a"))["StackName"]
    importing = _template({"Queue": QUEUE}, Outputs={"Got": {"Value": {"Fn::ImportValue": export["Name"]}}})
    user = _created(aws, importing)["StackName"]
    answers = [
        refused(client.delete_stack, StackName=owner),
        _executed(aws, exporting("b"), owner, "UPDATE")["StackStatus"],
        refused(client.create_stack, StackName=_name(), TemplateBody=exporting("a")),
    ]
    client.delete_stack(StackName=user)
    return (
        answers,
        _executed(aws, exporting("b"), owner, "UPDATE")["StackStatus"],
        refused(client.delete_stack, StackName=owner),
    )


def a_change_set_without_changes_fails(aws: Aws) -> Any:
    client = aws.client("cloudformation")
    template = _template({"Queue": QUEUE}, Parameters={"Value": {"Type": "String"}})
    more: dict[str, Any] = {
        "Parameters": [{"ParameterKey": "Value", "ParameterValue": "1"}],
        "Tags": [{"Key": "a", "Value": "b"}],
    }
    name = _executed(aws, template, _name(), "CREATE", **more)["StackName"]
    other = {**more, "Tags": [{"Key": "a", "Value": "c"}]}
    answers = []
    for each in (more, other):
        same = client.create_change_set(
            StackName=name,
            TemplateBody=template,
            ChangeSetName=f"again-{next(_numbers)}",
            ChangeSetType="UPDATE",
            **each,
        )
        described = client.describe_change_set(ChangeSetName=same["Id"])
        answers.append(
            [
                described["Status"],
                described.get("StatusReason"),
                refused(client.execute_change_set, ChangeSetName=same["Id"]),
            ]
        )
    return answers


def change_sets_of_two_stacks_may_share_a_name(aws: Aws) -> Any:
    client, names = aws.client("cloudformation"), [_name("one"), _name("two")]
    for name in names:
        client.create_change_set(
            StackName=name,
            TemplateBody=_template({name.split("-")[0]: QUEUE}),
            ChangeSetName="same",
            ChangeSetType="CREATE",
        )
    described = [client.describe_change_set(StackName=name, ChangeSetName="same") for name in names]
    return [[change["ResourceChange"]["LogicalResourceId"] for change in each["Changes"]] for each in described]


def stacks_and_resources_are_listed_with_name_and_status(aws: Aws) -> Any:
    client, name = aws.client("cloudformation"), _name()
    first, second = ({**QUEUE, "Properties": {"VisibilityTimeout": seconds}} for seconds in (1, 2))
    _created(aws, _template({"Queue": first}), name)
    client.update_stack(StackName=name, TemplateBody=_template({"Queue": second}, Description="second"))
    stacks = [stack for stack in client.list_stacks()["StackSummaries"] if stack.get("StackName") == name]
    resources = client.list_stack_resources(StackName=name)["StackResourceSummaries"]
    return [
        [(stack["StackStatus"], stack.get("TemplateDescription")) for stack in stacks],
        [(resource["LogicalResourceId"], resource["ResourceStatus"]) for resource in resources],
    ]


def a_stack_has_a_name_that_begins_with_a_letter(aws: Aws) -> Any:
    client, body = aws.client("cloudformation"), {"TemplateBody": _template({"Queue": QUEUE})}
    change = {**body, "ChangeSetName": "one", "ChangeSetType": "CREATE"}
    names = [_name("a-b"), _name("1"), _name("a_b"), "a" * 129]
    return [
        [refused(client.create_stack, StackName=name, **body) for name in names],
        [refused(client.create_change_set, StackName=f"{name}c", **change) for name in names],
    ]


def a_template_is_valid_whatever_its_properties(aws: Aws) -> Any:
    client = aws.client("cloudformation")
    role = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "a", "Nope": 1}}
    shown = {"Type": "String", "Default": "d", "Description": "what it says"}
    valid = client.validate_template(
        TemplateBody=_template({"Role": role}, Parameters={"P": shown}, Description="all"),
    )
    bad = [
        {"A": {"Type": "AWS::No::Such"}},
        {"A": {**QUEUE, "DependsOn": "B"}},
        {"A": {**QUEUE, "DeletionPolicy": "No"}},
    ]
    return [
        [valid.get(key) for key in ("Description", "Capabilities", "Parameters")],
        [refused(client.validate_template, TemplateBody=_template(resources)) for resources in bad],
    ]


UNCHANGED_REASON = (
    "The submitted information didn't contain changes. Submit different information to create a change set."
)
FAILED_REASON = "The following resource(s) failed to create: [Wrong]. Rollback requested by user."
REFUSED = "ValidationError"
OUTPUTS = {"Region": "eu-central-1"}

CORRECTED: dict[str, Case] = {
    case.ask.__name__: case
    for case in (
        Case(
            a_stack_made_by_a_change_set_has_outputs_and_exports,
            [OUTPUTS, {**OUTPUTS, "Name": "amazonaws.com"}, ["eu-central-1"], {"Got": "eu-central-1"}],
        ),
        Case(an_output_shows_its_own_export, {"Exported": "exported-value", "Kept": None}),
        Case(an_unknown_type_is_refused_and_nothing_made, [REFUSED, REFUSED, None]),
        Case(
            a_failed_stack_is_rolled_back_and_its_name_free_once_deleted,
            [["ROLLBACK_COMPLETE", [FAILED_REASON], ["Wrong"]], None, "AlreadyExistsException", "accepted"],
        ),
        Case(
            resources_are_described_with_their_status_and_time,
            [[["One", "CREATE_COMPLETE", True], ["Two", "CREATE_COMPLETE", True]], "One", "Two", False, 3],
        ),
        Case(
            get_azs_gives_the_zones_of_the_region,
            [*["eu-central-1a,eu-central-1b,eu-central-1c"] * 2, "ca-central-1a,ca-central-1b,ca-central-1d"],
        ),
        Case(cidr_divides_a_block, "10.20.0.0/24,10.20.1.0/24,10.20.2.0/24"),
        Case(get_att_takes_a_dotted_name, "sqs"),
        Case(a_list_parameter_takes_its_default, "b"),
        Case(notification_arns_are_a_pseudo_parameter, "none"),
        Case(
            parameters_obey_their_rules,
            ["accepted", REFUSED, "accepted", REFUSED, "accepted", REFUSED, REFUSED, "accepted", *[REFUSED] * 3],
        ),
        Case(parameters_must_be_declared_and_given, [REFUSED, REFUSED]),
        Case(templates_are_refused, [REFUSED] * 12),
        Case(a_template_may_have_51200_bytes_and_more_from_s3, ["accepted", "accepted", REFUSED, "accepted"]),
        Case(
            roles_and_policies_need_a_capability,
            [
                *["InsufficientCapabilitiesException"] * 2,
                "accepted",
                "InsufficientCapabilitiesException",
                *["accepted"] * 2,
            ],
        ),
        Case(a_protected_stack_stays, [[REFUSED, "CREATE_COMPLETE"], REFUSED]),
        Case(
            an_export_in_use_stays_as_it_is,
            [[REFUSED, "UPDATE_ROLLBACK_COMPLETE", "accepted"], "UPDATE_COMPLETE", "accepted"],
        ),
        Case(
            a_change_set_without_changes_fails,
            [["FAILED", UNCHANGED_REASON, "InvalidChangeSetStatus"], ["CREATE_COMPLETE", None, "accepted"]],
        ),
        Case(
            stacks_and_resources_are_listed_with_name_and_status,
            [[["UPDATE_COMPLETE", "second"]], [["Queue", "UPDATE_COMPLETE"]]],
        ),
        Case(a_stack_has_a_name_that_begins_with_a_letter, [["accepted", *[REFUSED] * 3]] * 2),
        Case(
            a_template_is_valid_whatever_its_properties,
            [
                [
                    "all",
                    ["CAPABILITY_NAMED_IAM"],
                    [{"ParameterKey": "P", "DefaultValue": "d", "NoEcho": False, "Description": "what it says"}],
                ],
                [REFUSED] * 3,
            ],
        ),
        Case(change_sets_of_two_stacks_may_share_a_name, [["one"], ["two"]]),
    )
}
QUESTIONS: dict[str, Callable[[Aws], Any]] = {name: case.ask for name, case in CORRECTED.items()}
