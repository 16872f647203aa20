"""A template is read as CloudFormation reads it, and refused in its words."""

from typing import Any

import pytest

from tableguard.cloudformation.parameters import parameter_values
from tableguard.cloudformation.template import Template, read, required_capability, unknown_types
from tableguard.errors import EmbeddedError

YAML = """
AWSTemplateFormatVersion: 2010-09-09
Description: short forms
Parameters:
  Name: {Type: String}
Conditions:
  IsA: !Equals [!Ref Name, a]
  IsOther: !Not [!Condition IsA]
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Sub
        - ${x}-${AWS::Region}
        - x: !GetAtt Topic.TopicName
      Policy: {Version: 2012-10-17}
  Topic:
    Type: AWS::SNS::Topic
"""


def test_short_forms_are_what_they_stand_for_and_dates_stay_text() -> None:
    template = read(YAML)
    assert template.document["AWSTemplateFormatVersion"] == "2010-09-09"
    assert template.conditions["IsOther"] == {"Fn::Not": [{"Condition": "IsA"}]}
    assert template.resources["Queue"]["Properties"] == {
        "QueueName": {"Fn::Sub": ["${x}-${AWS::Region}", {"x": {"Fn::GetAtt": "Topic.TopicName"}}]},
        "Policy": {"Version": "2012-10-17"},
    }
    assert template.order == ("Topic", "Queue")
    assert template.description == "short forms"


def _with(**sections: Any) -> Template:
    return Template({"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}, **sections})


@pytest.mark.parametrize(
    ("text", "because"),
    [
        ("{", "not well-formed"),
        ("[]", "unsupported structure"),
        ("Resources: {}", "At least one Resources member must be defined"),
        ("{Resources: {A: {Type: T}}, Rules: {}}", r"Invalid template property or properties \[Rules\]"),
        ("{Resources: {A-B: {Type: T}}}", "Resource name A-B is non alphanumeric"),
        ("{1: {}, Resources: {A: {Type: T}}}", "1 is no text"),
        ("{Resources: [A]}", "Resources must be an object"),
        ("{Resources: {1: {Type: T}}}", "Resources must be an object, each of its members with a name"),
        ("{Resources: {A: }}", r"\[/Resources/A\] Any Resources member must be an object"),
        ("{Resources: {A: T}}", r"\[/Resources/A\] Any Resources member must be an object"),
        ("{Resources: {A: {Type: T}}, Outputs: {O: }}", r"\[/Outputs/O\] Any Outputs member must be an object"),
        ("{Resources: {A: {Type: T}}, Parameters: [P]}", "Parameters must be an object"),
        ("{Resources: {A: {Type: T, Condition: [C]}}}", r"Unresolved condition \['C'\] of A"),
        ("{Resources: {A: {}}}", r"\[/Resources/A\] Every Resources object must contain a Type member"),
        ("{Resources: {A: {Type: T, CreationPolicy: {}}}}", "Invalid template resource property 'CreationPolicy' of A"),
        ("{Resources: {A: {Type: T, DeletionPolicy: Keep}}}", "Unrecognized DeletionPolicy Keep for resource A"),
        ("{Resources: {A: {Type: T, UpdateReplacePolicy: [a]}}}", "Unrecognized UpdateReplacePolicy"),
        ("{Resources: {A: {Type: T, Condition: C}}}", "Unresolved condition C of A"),
        ("{Resources: {A: {Type: T, DependsOn: B}}}", r"Unresolved resource dependencies \[B\] of A in the Resources"),
        ("{Resources: {A: {Type: T}}, Outputs: {O: {Value: !Ref B}}}", r"\[B\] of output O in the Outputs block"),
        (
            "{Resources: {A: {Type: T}}, Conditions: {C: !Equals [!Ref A, b]}}",
            r"Unresolved dependencies \[A\] of condition C",
        ),
        (
            "{Resources: {A: {Type: T, DependsOn: B}, B: {Type: T, Properties: {a: !Ref A}}, C: {Type: T}}}",
            r"Circular dependency between resources: \[A, B\]",
        ),
    ],
)
def test_what_is_no_template_is_refused_with_the_reason(text: str, because: str) -> None:
    with pytest.raises(EmbeddedError, match=because):
        read(text)


@pytest.mark.parametrize(("url", "most"), [(False, 51_200), (True, 1_000_000)])
def test_a_template_has_a_largest_size(url: bool, most: int) -> None:
    text = "{Resources: {A: {Type: T}}} #"
    assert read(text + "x" * (most - len(text)), url).resources
    with pytest.raises(EmbeddedError, match=f"less than or equal to {most}"):
        read(text + "x" * (most - len(text) + 1), url)


@pytest.mark.parametrize(
    ("section", "most", "entry"), [("Resources", 500, "{Type: T}"), ("Parameters", 200, "{}"), ("Outputs", 200, "{}")]
)
def test_a_section_has_a_most_entries(section: str, most: int, entry: str) -> None:
    def text(count: int) -> str:
        entries = ", ".join(f"N{n}: {entry}" for n in range(count))
        return f"{{{section}: {{{entries}}}{'' if section == 'Resources' else ', Resources: {A: {Type: T}}'}}}"

    assert read(text(most))
    with pytest.raises(EmbeddedError, match=f"Number of {section.lower()}, {most + 1}, is greater than maximum"):
        read(text(most + 1))


@pytest.mark.parametrize(
    ("type_name", "properties", "capability"),
    [
        ("AWS::SQS::Queue", {"QueueName": "q"}, None),
        ("AWS::IAM::Role", {}, "CAPABILITY_IAM"),
        ("AWS::IAM::Role", {"RoleName": "r"}, "CAPABILITY_NAMED_IAM"),
        ("AWS::IAM::ManagedPolicy", {"ManagedPolicyName": "p"}, "CAPABILITY_NAMED_IAM"),
        ("AWS::IAM::Policy", {"PolicyName": "p"}, "CAPABILITY_IAM"),
    ],
)
def test_what_is_done_to_iam_must_be_acknowledged(
    type_name: str, properties: dict[str, str], capability: str | None
) -> None:
    assert (
        required_capability(Template({"Resources": {"A": {"Type": type_name, "Properties": properties}}})) == capability
    )


def test_types_that_nothing_can_make_are_named() -> None:
    template = Template({"Resources": {name: {"Type": name} for name in ("Odd", "Known", "Also")}})
    assert unknown_types(template, {"Known": None}) == ["Also", "Odd"]


@pytest.mark.parametrize(
    ("declared", "given", "value"),
    [
        ({"Type": "String", "Default": "d"}, None, "d"),
        ({"Type": "String", "Default": 5}, None, "5"),
        ({"Type": "String", "Default": "d"}, "g", "g"),
        ({"Type": "Number"}, "2.5", "2.5"),
        ({"Type": "CommaDelimitedList", "Default": "a, b"}, None, ["a", "b"]),
        ({"Type": "List<AWS::EC2::Subnet::Id>"}, "a,b", ["a", "b"]),
        ({"Type": "AWS::EC2::VPC::Id"}, "vpc-1", "vpc-1"),
        ({"Type": "CommaDelimitedList", "AllowedValues": ["a", "b"]}, "b,a", ["b", "a"]),
    ],
)
def test_a_parameter_has_its_value(declared: dict[str, Any], given: str | None, value: Any) -> None:
    template = _with(Parameters={"P": declared})
    assert parameter_values(template, {} if given is None else {"P": given}) == {"P": value}


@pytest.mark.parametrize(
    ("declared", "given", "because"),
    [
        ({"Type": "String"}, {}, r"Parameters: \[P\] must have values"),
        ({"Type": "String"}, {"P": "a", "Q": "b"}, r"Parameters: \[Q\] do not exist in the template"),
        ({"Type": "String", "AllowedValues": ["a"]}, {"P": "b"}, "Parameter 'P' must satisfy AllowedValues"),
        ({"Type": "String", "AllowedPattern": "a+"}, {"P": "ab"}, "Parameter 'P' must satisfy AllowedPattern"),
        ({"Type": "String", "AllowedPattern": "a", "ConstraintDescription": "must be a"}, {"P": "b"}, "'P' must be a$"),
        ({"Type": "CommaDelimitedList", "AllowedValues": ["a"]}, {"P": "a,b"}, "must satisfy AllowedValues"),
        ({"Type": "Number", "MaxValue": "3"}, {"P": "4"}, "must satisfy MaxValue 3"),
        ({"Type": "Number"}, {"P": "four"}, "must be a number"),
        ({"Type": "AWS::SSM::Parameter::Value<String>"}, {"P": "/p"}, "is not modelled"),
    ],
)
def test_a_parameter_that_breaks_its_rules_is_refused(
    declared: dict[str, Any], given: dict[str, str], because: str
) -> None:
    with pytest.raises(EmbeddedError, match=because):
        parameter_values(_with(Parameters={"P": declared}), given)
