"""A change set says of every property that our templates set what the schema of its type says: replaced, or not.

The schemas are read where cfn-lint keeps them; what the product says is compared with them. Every type creates nothing
here: what is asked for is CloudFormation's judgement alone.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from tableguard import settings
from tableguard.aws.cloudformation_handlers import Handlers, handlers
from tableguard.cloudformation.resource_type import Context, Properties, ResourceHandle
from tableguard.local import server
from tableguard.local.stacks.changes import recreation
from tableguard.local.stacks.types import ALL
from tableguard.reading import cloudformation_yaml
from tableguard.settings import Settings
from tableguard.stacks.registry import enabled_stacks
from tests.paths import ROOT
from tests.worlds.moto_modes import REGION, Aws

pytestmark = pytest.mark.slow
LEVELS = {"Always": "True", "Conditionally": "Conditional", "Never": "False"}  # of a property -> of its resource
VALUES = {"CodeKey": "code.zip", "DynamoDbPrefixListId": "pl-12345678"}  # of parameters without a default
Place = tuple[str, str]  # a resource type and one of its properties


def expected(place: Place) -> str:
    """What the schema says of a change of this property."""
    type_name, name = place
    schema: Mapping[str, Any] = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, type_name).schema
    pointer = f"/properties/{name}"
    if "update" not in schema["handlers"] or pointer in schema.get("createOnlyProperties", ()):
        return "Always"
    return "Conditionally" if pointer in schema.get("conditionalCreateOnlyProperties", ()) else "Never"


def changed(value: Any) -> Any:
    """Another value of the same shape; of what a function returns nothing is known, so another text."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, list):
        return [changed(value[0]), *value[1:]] if value else [1]
    if isinstance(value, dict):
        first = next(iter(value), "")
        return "changed" if first == "Ref" or first.startswith("Fn::") else {**value, first: changed(value.get(first))}
    return value + 1 if isinstance(value, int) else f"{value}x"


def turns(resources: Mapping[str, Any]) -> Iterator[Mapping[str, str]]:
    """For each resource one of its properties, until every property of every resource had its turn."""
    names = {logical_id: list(one.get("Properties", {})) for logical_id, one in resources.items()}
    for turn in range(max(map(len, names.values()))):
        yield {logical_id: own[turn] for logical_id, own in names.items() if turn < len(own)}


class AnyAttribute(dict[str, str]):
    """Attributes of a resource of which nothing is known: each has a text."""

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> str:
        return f"arn:aws:service:{REGION}:111122223333:{name}"


def nothing_made(context: Context, properties: Properties) -> ResourceHandle:
    properties.items()  # which reads all of them
    return ResourceHandle(context.generated_name, AnyAttribute())


@dataclass(frozen=True)
class Stack:
    """A stack of the product, as CloudFormation takes it to be deployed."""

    aws: Aws
    name: str
    template: Mapping[str, Any]

    @property
    def client(self) -> Any:
        return self.aws.client("cloudformation")

    def submit(self, operation: str, template: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        """Submit a template of any length."""
        self.aws.client("s3").put_object(Bucket="templates", Key="body", Body=json.dumps(template).encode())
        url = f"https://templates.s3.{REGION}.amazonaws.com/body"
        needed = [name for name, one in template.get("Parameters", {}).items() if "Default" not in one]
        submitted = {
            "StackName": self.name,
            "TemplateURL": url,
            "Parameters": [{"ParameterKey": name, "ParameterValue": VALUES[name]} for name in needed],
            "Capabilities": ["CAPABILITY_NAMED_IAM"],
        }
        answer: dict[str, Any] = getattr(self.client, operation)(**submitted, **more)
        return answer

    def changes(self, names: Mapping[str, str]) -> Mapping[str, dict[str, Any]]:
        """The changes that another value of one property of each resource would make."""
        template = json.loads(json.dumps(self.template))
        for logical_id, name in names.items():
            properties = template["Resources"][logical_id]["Properties"]
            properties[name] = changed(properties[name])
        arn = self.submit("create_change_set", template, ChangeSetName="compared")["Id"]
        pages = self.client.get_paginator("describe_change_set").paginate(ChangeSetName=arn)
        described = [change["ResourceChange"] for page in pages for change in page["Changes"]]
        self.client.delete_change_set(ChangeSetName=arn)
        return {change["LogicalResourceId"]: change for change in described}

    def differences(self) -> Iterator[tuple[Place, str, str]]:
        """Where the change set differs from the schema: the property, and what it says of that and of its resource."""
        for names in turns(self.template["Resources"]):
            changes = self.changes(names)
            for logical_id, name in names.items():
                change = changes[logical_id]
                place = (change["ResourceType"], name)
                levels = [(one["Target"].get("Name"), one["Target"]["RequiresRecreation"]) for one in change["Details"]]
                own = {level for target, level in levels if target == name}
                strongest = next(whole for level, whole in LEVELS.items() if level in {level for _, level in levels})
                if own != {expected(place)} or change["Replacement"] != strongest:
                    yield place, ",".join(own), change["Replacement"]


def places(template: Mapping[str, Any]) -> set[Place]:
    """Every property that a template sets."""
    return {(one["Type"], name) for one in template["Resources"].values() for name in one.get("Properties", {})}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    for name, resource_type in ALL.items():
        monkeypatch.setitem(ALL, name, replace(resource_type, create=nothing_made, delete=lambda *_: None))
    with server.start() as running:
        aws = Aws(running.endpoint)
        aws.client("s3").create_bucket(Bucket="templates", CreateBucketConfiguration={"LocationConstraint": REGION})
        yield aws


def deployed(aws: Aws, chosen: Settings) -> Iterator[Stack]:
    """Every stack of these settings, in order of deployment, as JSON knows it."""
    for module in enabled_stacks(chosen):
        stack = Stack(aws, chosen.stack_name(module.name), json.loads(json.dumps(module.document(chosen))))
        stack.submit("create_stack", stack.template)
        described = stack.client.describe_stacks(StackName=stack.name)["Stacks"][0]
        assert described["StackStatus"] == "CREATE_COMPLETE", stack.client.describe_stack_events(StackName=stack.name)
        yield stack


@pytest.mark.parametrize(("example", "types"), [("default", 35), ("existing-vpc", 32)])
def test_every_property_of_the_templates_is_replaced_as_its_schema_says(aws: Aws, example: str, types: int) -> None:
    compared = set[Place]()
    for stack in deployed(aws, settings.example(example)):
        differences = list(stack.differences())
        assert not differences, differences
        compared |= places(stack.template)
    assert len({type_name for type_name, _ in compared}) == types
    if example == "default":
        rendered = (ROOT / "templates" / "rendered").glob("*.yaml")
        assert compared == set().union(*(places(cloudformation_yaml.load(one.read_text())) for one in rendered))


@pytest.mark.parametrize(
    ("type_name", "wrong"),
    [
        ("AWS::DynamoDB::Table", {"create_only": frozenset[str]()}),
        ("AWS::DynamoDB::Table", {"conditionally_create_only": frozenset({"SSESpecification"})}),
        ("AWS::KMS::Key", {"create_only": frozenset({"EnableKeyRotation"})}),
        ("AWS::KMS::Alias", {"updates": False}),
    ],
)
def test_one_wrong_entry_is_seen(
    aws: Aws, type_name: str, wrong: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def faulty(name: str) -> Handlers | None:
        registered = handlers(name)
        return replace(registered, **wrong) if registered and name == type_name else registered

    table = next(stack for stack in deployed(aws, settings.example()) if stack.name.endswith("-table"))
    monkeypatch.setattr(recreation, "handlers", faulty)
    assert {place[0] for place, _, _ in table.differences()} == {type_name}


TABLE = "AWS::DynamoDB::Table"
ENDPOINT = "AWS::EC2::VPCEndpoint"


def defined(**types: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()]


@pytest.mark.parametrize(
    ("type_name", "name", "before", "now", "level"),
    [
        (TABLE, "AttributeDefinitions", defined(pk="S"), defined(pk="S", sk="S"), "Never"),
        (TABLE, "AttributeDefinitions", defined(pk="S"), defined(pk="N"), "Conditionally"),
        (TABLE, "StreamSpecification", {"StreamViewType": "NEW_IMAGE"}, {"StreamViewType": "KEYS_ONLY"}, "Never"),
        (TABLE, "StreamSpecification", {"StreamViewType": "NEW_IMAGE"}, None, "Never"),
        (TABLE, "TableName", "a", None, "Always"),
        (ENDPOINT, "DnsOptions", {"DnsRecordIpType": "ipv4"}, {"DnsRecordIpType": "ipv6"}, "Never"),
        (ENDPOINT, "DnsOptions", None, {"PrivateDnsPreference": "ALL_DOMAINS"}, "Always"),
        ("AWS::EC2::SecurityGroupIngress", "Description", "a", "b", "Never"),
        ("AWS::Lambda::Permission", "Action", "a", "b", "Always"),
    ],
)
def test_what_a_change_of_one_value_requires(type_name: str, name: str, before: Any, now: Any, level: str) -> None:
    assert recreation.recreation(ALL[type_name], name, before, now) == level
