"""A table through its life, by the calls of `aws cloudformation deploy` and boto3's waiters, on both engines."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError

from tableguard.local import server
from tests.engines import dynamodb_local
from tests.engines.choice import BOTH, DYNAMODB_LOCAL, MOTO
from tests.worlds.moto_modes import Aws

pytestmark = pytest.mark.slow
POLL = {"Delay": 1, "MaxAttempts": 3}
UNITS = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
NO_CHANGES = "The submitted information didn't contain changes"


def attributes(*names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "AttributeType": "S"} for name in names]


def key(*names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(names, ("HASH", "RANGE"), strict=False)]


def index(name: str, **more: Any) -> dict[str, Any]:
    return {"IndexName": f"by-{name}", "KeySchema": key("pk", name), "Projection": {"ProjectionType": "ALL"}, **more}


def table(*indexed: str, units: Any = None, view: str | None = "NEW_IMAGE", **more: Any) -> dict[str, Any]:
    """A table with an index by each of these attributes; with units it is provisioned."""
    capacity = {"ProvisionedThroughput": units} if units else {}
    stream = {"StreamSpecification": {"StreamViewType": view}} if view else {}
    return {
        "AttributeDefinitions": attributes("pk", "sk", *indexed),
        "KeySchema": key("pk", "sk"),
        "BillingMode": "PROVISIONED" if units else "PAY_PER_REQUEST",
        **({"GlobalSecondaryIndexes": [index(name, **capacity) for name in indexed]} if indexed else {}),
        **capacity,
        **stream,
        **more,
    }


@dataclass(frozen=True)
class Deploy:
    """`aws cloudformation deploy`, as the AWS CLI asks for it."""

    client: Any
    name: str
    times: Iterator[int] = field(default_factory=itertools.count)

    def __call__(self, properties: dict[str, Any], *, execute: bool = True) -> str:
        """Deploy a table, and return the stack's status, or why there is nothing to deploy."""
        outputs = (
            {"Stream": {"Value": {"Fn::GetAtt": "Table.StreamArn"}}} if "StreamSpecification" in properties else {}
        )
        resources = {"Table": {"Type": "AWS::DynamoDB::Table", "Properties": properties}}
        creating = self.status() in ("", "REVIEW_IN_PROGRESS")
        change_set = self.client.create_change_set(
            ChangeSetName=f"awscli-cloudformation-package-deploy-{next(self.times)}",
            StackName=self.name,
            TemplateBody=json.dumps({"Resources": resources, "Outputs": outputs}),
            ChangeSetType="CREATE" if creating else "UPDATE",
            Parameters=[],
            Capabilities=["CAPABILITY_IAM"],
            Description="Created by AWS CLI at 2026-12-01T00:00:00 UTC",
        )
        try:
            waiter = self.client.get_waiter("change_set_create_complete")
            waiter.wait(ChangeSetName=change_set["Id"], StackName=self.name, WaiterConfig=POLL)
        except WaiterError as error:
            return str(error.last_response["StatusReason"])
        if execute:
            self.client.execute_change_set(ChangeSetName=change_set["Id"], StackName=self.name, DisableRollback=False)
            self.wait(f"stack_{'create' if creating else 'update'}_complete")
        return self.status()

    def wait(self, name: str) -> None:
        """Wait as the CLI does; a stack that was rolled back ends the waiting."""
        try:
            self.client.get_waiter(name).wait(StackName=self.name, WaiterConfig=POLL)
        except WaiterError as error:
            if "terminal failure state" not in str(error):
                raise

    def status(self) -> str:
        """The stack's status; empty if there is none."""
        try:
            return str(self.client.describe_stacks(StackName=self.name)["Stacks"][0]["StackStatus"])
        except ClientError as error:
            if f"Stack with id {self.name} does not exist" in str(error):
                return ""
            raise

    def reason(self) -> str:
        """Why a resource failed last."""
        events = self.client.describe_stack_events(StackName=self.name)["StackEvents"]
        return next(
            (str(event["ResourceStatusReason"]) for event in events if "_FAILED" in event["ResourceStatus"]), ""
        )


@dataclass(frozen=True)
class Life:
    """A stack with one table, and what its service says of that."""

    deploy: Deploy
    dynamodb: Any

    @property
    def described(self) -> dict[str, Any]:
        (resource,) = self.deploy.client.describe_stack_resources(StackName=self.deploy.name)["StackResources"]
        described: dict[str, Any] = self.dynamodb.describe_table(TableName=resource["PhysicalResourceId"])["Table"]
        return described

    @property
    def stream(self) -> str:
        (stack,) = self.deploy.client.describe_stacks(StackName=self.deploy.name)["Stacks"]
        return str({one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}["Stream"])

    def indexes(self) -> set[str]:
        return {one["IndexName"].removeprefix("by-") for one in self.described.get("GlobalSecondaryIndexes", [])}


names = (f"life-{number}" for number in itertools.count())


@pytest.fixture(scope="module", params=BOTH)
def aws(request: pytest.FixtureRequest) -> Iterator[Aws]:
    tables = dynamodb_local.engine() if request.param == DYNAMODB_LOCAL else None
    with server.start(tables=tables) as running:
        yield Aws(running.endpoint, request.param if tables else MOTO)


@pytest.fixture
def life(aws: Aws) -> Iterator[Life]:
    deploy = Deploy(aws.client("cloudformation"), next(names))
    yield Life(deploy, aws.client("dynamodb"))
    deploy.client.delete_stack(StackName=deploy.name)
    deploy.client.get_waiter("stack_delete_complete").wait(StackName=deploy.name, WaiterConfig=POLL)


def test_a_stack_is_created_changed_and_found_unchanged(life: Life) -> None:
    assert life.deploy(table("at"), execute=False) == "REVIEW_IN_PROGRESS"
    assert life.deploy(table("at")) == "CREATE_COMPLETE"
    assert life.deploy(table("at")).startswith(NO_CHANGES)
    tagged = table("at", Tags=[{"Key": "team", "Value": "messages"}])
    assert life.deploy(tagged, execute=False) == "CREATE_COMPLETE"
    assert life.deploy(tagged) == "UPDATE_COMPLETE"
    tags = life.dynamodb.list_tags_of_resource(ResourceArn=life.described["TableArn"])["Tags"]
    assert tags == [{"Key": "team", "Value": "messages"}]
    assert life.deploy(table("at")) == "UPDATE_COMPLETE"
    assert life.dynamodb.list_tags_of_resource(ResourceArn=life.described["TableArn"])["Tags"] == []


@pytest.mark.parametrize(
    ("wanted", "there"), [(("a", "b"), {"a", "b"}), (("a", "b", "c"), {"a"}), (("b",), {"a"}), ((), set())]
)
def test_one_index_a_change(life: Life, wanted: tuple[str, ...], there: set[str]) -> None:
    life.deploy(table("a"))
    refused = there != set(wanted)
    assert life.deploy(table(*wanted)) == ("UPDATE_ROLLBACK_COMPLETE" if refused else "UPDATE_COMPLETE")
    assert life.indexes() == there
    if refused:
        assert "Cannot perform more than one GSI creation or deletion in a single update" in life.deploy.reason()
    defined = {one["AttributeName"] for one in life.described["AttributeDefinitions"]}
    assert defined == {"pk", "sk", *there}


def test_capacity_changes_both_ways_and_what_else_changes_leaves_it(life: Life) -> None:
    life.deploy(table("at"))
    tags: dict[str, Any] = {"Tags": [{"Key": "team", "Value": "messages"}]}
    for wanted in (
        table("at", units=UNITS),
        table("at", units=UNITS, **tags),
        table("at", units={**UNITS, "ReadCapacityUnits": 6}, **tags),
        table("at", **tags),
        table("at"),
    ):
        assert life.deploy(wanted) == "UPDATE_COMPLETE", life.deploy.reason()
        (by_time,) = life.described["GlobalSecondaryIndexes"]
        units = wanted.get("ProvisionedThroughput", {})
        for place in (life.described, by_time):
            assert {name: place["ProvisionedThroughput"][name] for name in units} == units


def test_the_stream_goes_and_comes_and_another_view_is_another_stream(life: Life) -> None:
    life.deploy(table())
    first = life.stream
    assert life.deploy(table(view="KEYS_ONLY")) == "UPDATE_COMPLETE"
    assert life.stream != first
    assert life.described["StreamSpecification"]["StreamViewType"] == "KEYS_ONLY"
    assert life.deploy(table(view=None)) == "UPDATE_COMPLETE"
    assert not life.described.get("StreamSpecification", {}).get("StreamEnabled")
    assert life.deploy(table()) == "UPDATE_COMPLETE"
    assert life.stream == life.described["LatestStreamArn"]


def test_expiry_goes_and_comes(life: Life) -> None:
    expiry: dict[str, Any] = {"TimeToLiveSpecification": {"AttributeName": "at", "Enabled": True}}
    states: tuple[tuple[dict[str, Any], str], ...] = ((expiry, "ENABLED"), ({}, "DISABLED"), (expiry, "ENABLED"))
    for wanted, status in states:
        life.deploy(table(**wanted))
        name = life.described["TableName"]
        assert (
            life.dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]["TimeToLiveStatus"] == status
        )
