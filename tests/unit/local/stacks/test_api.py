"""The embedded CloudFormation makes what a template says, or says why not and leaves nothing behind."""

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tableguard.cloudformation.resource_type import Context, ResourceHandle
from tableguard.local import server
from tableguard.local.clients.factory import make_client
from tableguard.local.stacks.api import deployed
from tableguard.local.stacks.types import ALL
from tests.cases import cloudformation
from tests.cases.cloudformation import CORRECTED
from tests.worlds import moto_modes
from tests.worlds.fake_types import FIXED, THING, World, thing, world
from tests.worlds.moto_modes import REGION, Aws

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    with server.start() as running:
        yield Aws(running.endpoint)


@pytest.fixture
def nothing_else(aws: Aws) -> None:
    """No stacks of other tests."""
    client = aws.client("cloudformation")
    for stack in client.describe_stacks()["Stacks"]:
        client.update_termination_protection(StackName=stack["StackName"], EnableTerminationProtection=False)
    while stacks := {stack["StackName"]: stack["StackStatus"] for stack in client.describe_stacks()["Stacks"]}:
        for name in stacks:
            with suppress(ClientError):  # of an export that another one uses
                client.delete_stack(StackName=name)
        left = {stack["StackName"]: stack["StackStatus"] for stack in client.describe_stacks()["Stacks"]}
        assert len(left) < len(stacks), left  # else the next round would delete none either


@pytest.mark.parametrize("name", CORRECTED)
def test_as_aws_answers(aws: Aws, name: str) -> None:
    assert moto_modes.answered(aws, CORRECTED[name].ask) == CORRECTED[name].answer


@pytest.mark.parametrize("name", CORRECTED)
def test_plain_moto_answers_otherwise(name: str) -> None:
    assert moto_modes.of_plain_moto(cloudformation.__name__)[name] != CORRECTED[name].answer


@dataclass(frozen=True)
class Stacks:
    """CloudFormation, and the world in which its stacks are made."""

    client: Any
    world: World
    name: str

    def deploy(
        self, resources: dict[str, Any], *, kind: str = "CREATE", keep: bool = False, **sections: Any
    ) -> dict[str, Any]:
        """The stack after a change set with these resources; `keep` disables rollback."""
        self.client.execute_change_set(
            ChangeSetName=self.change_set(resources, kind, **sections)["Id"],
            DisableRollback=keep,
            ClientRequestToken=f"token-{len(self.world.diary)}",
        )
        return self.stack()

    def change_set(self, resources: dict[str, Any], kind: str = "UPDATE", **sections: Any) -> dict[str, Any]:
        """A change set with these resources."""
        body = json.dumps({"Resources": resources, **sections})
        answer: dict[str, Any] = self.client.create_change_set(
            StackName=self.name, ChangeSetName="changes", ChangeSetType=kind, TemplateBody=body
        )
        return answer

    def changes(self, resources: dict[str, Any], **sections: Any) -> list[dict[str, Any]]:
        """The changes that an update to these resources would make; the set is deleted again."""
        arn = self.change_set(resources, **sections)["Id"]
        answer = self.client.describe_change_set(ChangeSetName=arn)
        self.client.delete_change_set(ChangeSetName=arn)
        return [change["ResourceChange"] for change in answer["Changes"]]

    def update(self, resources: dict[str, Any], *, keep: bool = False, **sections: Any) -> dict[str, Any]:
        """The stack after a change set that changes it."""
        return self.deploy(resources, kind="UPDATE", keep=keep, **sections)

    def updated_directly(self, resources: dict[str, Any]) -> dict[str, Any]:
        """The stack after an update without a change set."""
        self.client.update_stack(StackName=self.name, TemplateBody=json.dumps({"Resources": resources}))
        return self.stack()

    def stack(self) -> dict[str, Any]:
        """The stack as it is."""
        described: dict[str, Any] = self.client.describe_stacks(StackName=self.name)["Stacks"][0]
        return described

    def failures(self) -> dict[str, str]:
        """Why resources failed, by logical id."""
        events = self.client.describe_stack_events(StackName=self.name)["StackEvents"]
        failed = [e for e in events if "_FAILED" in e["ResourceStatus"] and e["LogicalResourceId"] != self.name]
        return {e["LogicalResourceId"]: e["ResourceStatusReason"] for e in failed}

    def events(self, logical_id: str = "") -> list[dict[str, Any]]:
        """The events of a resource, or of the stack, the first first."""
        events = self.client.describe_stack_events(StackName=self.name)["StackEvents"]
        return [e for e in reversed(events) if e["LogicalResourceId"] == (logical_id or self.name)]

    def statuses(self, logical_id: str = "") -> list[str]:
        """The statuses that a resource, or the stack, has had."""
        return [event["ResourceStatus"] for event in self.events(logical_id)]

    def reasons(self, status: str) -> list[str | None]:
        """Why the stack had a status, each time."""
        return [event.get("ResourceStatusReason") for event in self.events() if event["ResourceStatus"] == status]


@pytest.fixture
def stacks(aws: Aws, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Stacks]:
    with world(monkeypatch) as here:
        name = "s" + hashlib.sha256(request.node.name.encode()).hexdigest()[:12]
        stacks = Stacks(aws.client("cloudformation"), here, name)
        yield stacks
        here.stubborn.clear()
        stacks.client.delete_stack(StackName=name)


def test_resources_are_made_after_those_they_need_and_removed_before_them(stacks: Stacks) -> None:
    resources = {
        "A": thing("a", Value={"Fn::Sub": "${B.Arn}"}),
        "B": thing("b", Value={"Ref": "C"}),
        "C": thing("c", Value={"Fn::Sub": ["${x}-${AWS::Region}", {"x": {"Fn::GetAtt": ["D", "Deep.Value"]}}]}),
        "D": thing("d", DependsOn="E", Value="deep"),
        "E": thing("e"),
    }
    stacks.deploy(resources)
    stacks.client.delete_stack(StackName=stacks.name)
    assert stacks.world.diary == [*(f"create {n}" for n in "edcba"), *(f"delete {n}" for n in "abcde")]


def test_a_resource_gets_the_values_of_those_it_names(stacks: Stacks) -> None:
    named = {"Fn::Join": ["|", [{"Ref": "A"}, {"Fn::GetAtt": "A.Arn"}, {"Fn::GetAtt": ["A", "Deep.Value"]}]]}
    stacks.deploy({"A": thing("a", Value="deep"), "B": thing("b", Value=named)})
    assert stacks.world.things["b"]["Value"] == "a|arn:eu-central-1:a|deep"


def test_a_resource_without_a_name_gets_one_of_stack_and_logical_id(stacks: Stacks) -> None:
    stacks.deploy({"Nameless": thing()})
    (name,) = stacks.world.things
    assert re.fullmatch(rf"{stacks.name}-Nameless-[A-Z0-9]{{12}}", name)


def test_an_unknown_attribute_fails_the_stack(stacks: Stacks) -> None:
    stack = stacks.deploy({"A": thing("a"), "B": thing("b", Value={"Fn::GetAtt": ["A", "Odd"]})})
    assert (stack["StackStatus"], stacks.world.things) == ("ROLLBACK_COMPLETE", {})
    assert "resource A does not support attribute type Odd" in stacks.failures()["B"]


def test_a_failed_resource_takes_everything_back_last_made_first(stacks: Stacks) -> None:
    resources = {"A": thing("a"), "B": thing("b"), "C": thing("c", Fails=True, DependsOn=["A", "B"]), "D": thing("d")}
    stack = stacks.deploy({**resources, "D": thing("d", DependsOn="C")})
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "StackStatusReason" not in stack
    assert stacks.reasons("ROLLBACK_IN_PROGRESS") == [
        "The following resource(s) failed to create: [C]. Rollback requested by user."
    ]
    assert stacks.failures() == {"C": "told to fail"}
    assert stacks.world.diary == ["create a", "create b", "create c", "delete b", "delete a"]


def test_a_stack_that_cannot_be_taken_back_says_so(stacks: Stacks) -> None:
    stacks.world.stubborn.add("a")
    stack = stacks.deploy({"A": thing("a"), "B": thing("b", Fails=True, DependsOn="A")})
    assert stack["StackStatus"] == "ROLLBACK_FAILED"
    assert stacks.failures() == {"A": "a does not go", "B": "told to fail"}


def test_a_failed_stack_can_only_be_deleted(stacks: Stacks) -> None:
    stacks.deploy({"A": thing("a", Fails=True)})
    with pytest.raises(ClientError, match="is in ROLLBACK_COMPLETE state and can not be updated"):
        stacks.update({"A": thing("a")})
    with pytest.raises(ClientError, match="already exists"):
        stacks.deploy({"A": thing("a")})
    stacks.client.delete_stack(StackName=stacks.name)
    assert stacks.deploy({"A": thing("a")})["StackStatus"] == "CREATE_COMPLETE"


@pytest.mark.parametrize(("policy", "kept"), [("Retain", True), ("RetainExceptOnCreate", False), ("Delete", False)])
def test_what_is_taken_back_depends_on_the_deletion_policy(stacks: Stacks, policy: str, kept: bool) -> None:
    stacks.deploy({"A": thing("a", DeletionPolicy=policy), "B": thing("b", Fails=True, DependsOn="A")})
    assert ("a" in stacks.world.things) == kept


@pytest.mark.parametrize(("policy", "kept"), [("Retain", True), ("RetainExceptOnCreate", True), ("Delete", False)])
def test_what_outlives_a_stack_depends_on_the_deletion_policy(stacks: Stacks, policy: str, kept: bool) -> None:
    stacks.deploy({"A": thing("a", DeletionPolicy=policy)})
    stacks.client.delete_stack(StackName=stacks.name)
    assert ("a" in stacks.world.things) == kept


def test_a_resource_that_does_not_go_keeps_the_stack(stacks: Stacks) -> None:
    stacks.deploy({"A": thing("a"), "B": thing("b", Value={"Ref": "A"})})
    stacks.world.stubborn.add("a")
    stacks.client.delete_stack(StackName=stacks.name)
    stack = stacks.stack()
    assert (stack["StackStatus"], stack["StackStatusReason"]) == (
        "DELETE_FAILED",
        "The following resource(s) failed to delete: [A].",
    )
    assert list(stacks.world.things) == ["a"]


def test_a_resource_that_is_gone_does_not_keep_the_stack(stacks: Stacks) -> None:
    stacks.deploy({"A": thing("a")})
    stacks.world.things.clear()
    stacks.client.delete_stack(StackName=stacks.name)
    with pytest.raises(ClientError, match="does not exist"):
        stacks.stack()


def test_a_property_that_nobody_reads_fails_the_stack_and_is_named(stacks: Stacks) -> None:
    stack = stacks.deploy({"A": thing("a", Odd=1)})
    assert (stack["StackStatus"], stacks.world.things) == ("ROLLBACK_COMPLETE", {})
    assert stacks.failures()["A"].startswith("Test::World::Thing: the embedded AWS has no use for Odd")


def test_a_property_that_is_known_not_to_be_modelled_is_accepted(stacks: Stacks) -> None:
    assert stacks.deploy({"A": thing("a", Ignored=1)})["StackStatus"] == "CREATE_COMPLETE"


def test_a_property_that_is_missing_fails_the_stack_and_is_named(
    stacks: Stacks, monkeypatch: pytest.MonkeyPatch
) -> None:
    needy = replace(ALL[THING], create=lambda context, properties: ResourceHandle(properties["Needed"]))
    monkeypatch.setitem(ALL, THING, needy)
    stacks.deploy({"A": thing("a")})
    assert stacks.failures()["A"] == "Properties validation failed: required key [Needed] not found"


@pytest.mark.usefixtures("nothing_else")
def test_what_is_deployed_is_known_with_every_value_resolved(stacks: Stacks) -> None:
    sections: dict[str, Any] = {"Parameters": {"Text": {"Type": "String", "Default": "x"}}}
    stacks.deploy({"A": thing("a"), "B": thing("b", Value={"Fn::Sub": "${A}-${Text}"})}, **sections)
    found = [(each.logical_id, each.type, each.handle.physical_id, each.properties) for each in deployed()]
    assert found == [("A", THING, "a", {"Name": "a"}), ("B", THING, "b", {"Name": "b", "Value": "a-x"})]
    assert {(each.stack, each.account, each.region) for each in deployed()} == {
        (stacks.name, "123456789012", "eu-central-1")
    }


def test_an_update_changes_what_differs_and_what_depends_on_it(stacks: Stacks) -> None:
    def of(value: str) -> dict[str, Any]:
        named = {"Fn::GetAtt": ["A", "Deep.Value"]}
        return {"A": thing("a", Value=value), "B": thing("b", Value=named), "C": thing("c", Value="same")}

    stacks.deploy(of("1"))
    stacks.world.diary.clear()
    assert stacks.update(of("2"))["StackStatus"] == "UPDATE_COMPLETE"
    assert stacks.world.diary == ["update a", "update b"]
    assert stacks.world.things["b"]["Value"] == "2"


def test_an_update_makes_first_and_removes_last(stacks: Stacks) -> None:
    stacks.deploy({"A": thing("a"), "B": thing("b")})
    stacks.world.diary.clear()
    stacks.update({"B": thing("b", Value={"Ref": "C"}), "C": thing("c")})
    assert stacks.world.diary == ["create c", "update b", "delete a"]
    stacks.world.diary.clear()
    stacks.client.delete_stack(StackName=stacks.name)
    assert stacks.world.diary == ["delete b", "delete c"]


def test_what_an_update_cannot_remove_is_left_to_itself(stacks: Stacks) -> None:
    stacks.deploy({"A": thing("a"), "B": thing("b")})
    stacks.world.stubborn.add("b")
    stack = stacks.update({"A": thing("a")})
    assert (stack["StackStatus"], stack["StackStatusReason"]) == (
        "UPDATE_COMPLETE",
        "The following resource(s) failed to delete: [B].",
    )
    found = stacks.client.describe_stack_resources(StackName=stacks.name)["StackResources"]
    assert [each["LogicalResourceId"] for each in found] == ["A"]
    assert list(stacks.world.things) == ["a", "b"]


def test_a_failed_update_makes_the_stack_what_it_was(stacks: Stacks) -> None:
    stacks.deploy({"A": thing("a", Value="1"), "B": thing("b")}, Outputs={"Out": {"Value": "1"}})
    before = dict(stacks.world.things)
    wrong = {"A": thing("a", Value="2"), "C": thing("c"), "D": thing("d", Fails=True, DependsOn=["A", "C"])}
    stack = stacks.update(wrong, Outputs={"Out": {"Value": "2"}})
    assert (stack["StackStatus"], stack["Outputs"][0]["OutputValue"]) == ("UPDATE_ROLLBACK_COMPLETE", "1")
    assert stacks.world.things == before
    assert stacks.failures() == {"D": "told to fail"}
    assert stacks.update({"A": thing("a", Value="2")})["StackStatus"] == "UPDATE_COMPLETE"


def test_a_change_that_needs_a_replacement_is_refused_and_named(stacks: Stacks) -> None:
    stacks.deploy({"A": thing("a", FIXED, Value="1")})
    stack = stacks.update({"A": thing("a", FIXED, Value="2")})
    assert (stack["StackStatus"], stacks.world.things["a"]["Value"]) == ("UPDATE_ROLLBACK_COMPLETE", "1")
    assert stacks.failures()["A"].startswith(
        "Test::World::Fixed: Value changed, for which CloudFormation would replace"
    )


def test_a_changed_property_that_the_update_does_not_read_is_refused_and_named(stacks: Stacks) -> None:
    stacks.deploy({"A": thing("a")})
    stacks.update({"A": thing("a", Asks=True)})
    assert "has no use for Asks" in stacks.failures()["A"]


def test_a_resource_keeps_its_type(stacks: Stacks) -> None:
    stacks.deploy({"A": thing("a"), "B": thing("b")})
    now = {"A": thing("a", FIXED), "B": thing("b", Value="1")}
    for ask in (stacks.change_set, stacks.updated_directly):
        with pytest.raises(ClientError, match=r"modifies resource type of the following resources: \[A\]"):
            ask(now)
    assert stacks.stack()["StackStatus"] == "CREATE_COMPLETE"


def test_a_change_set_lists_what_it_will_do(stacks: Stacks) -> None:
    sections: dict[str, Any] = {"Parameters": {"Text": {"Type": "String", "Default": "x"}}}
    stacks.deploy({"A": thing("a"), "B": thing("b"), "C": thing("c", FIXED, Value={"Ref": "Text"})}, **sections)
    now = {"B": thing("b", Value="1"), "C": thing("c", FIXED, Value={"Ref": "Text"}), "D": thing("d"), "E": thing("e")}
    body = json.dumps({"Resources": now, **sections})
    answer = stacks.client.create_change_set(
        StackName=stacks.name,
        ChangeSetName="changes",
        TemplateBody=body,
        Parameters=[{"ParameterKey": "Text", "ParameterValue": "y"}],
    )
    changes = [
        each["ResourceChange"] for each in stacks.client.describe_change_set(ChangeSetName=answer["Id"])["Changes"]
    ]
    assert [(c["Action"], c["LogicalResourceId"], c.get("Replacement")) for c in changes] == [
        ("Modify", "B", "False"),
        ("Modify", "C", "True"),
        ("Add", "D", None),
        ("Add", "E", None),
        ("Remove", "A", None),
    ]
    assert stacks.world.things["b"] == {"Name": "b"}


FAILING = {"A": thing("a"), "B": thing("b", Fails=True, DependsOn="A"), "C": thing("c", DependsOn="B"), "D": thing("d")}
MENDED = {**FAILING, "B": thing("b", DependsOn="A")}


def test_without_rollback_what_succeeded_stays_and_the_next_update_takes_it_further(stacks: Stacks) -> None:
    stack = stacks.deploy(FAILING, keep=True)
    assert (stack["StackStatus"], sorted(stacks.world.things)) == ("CREATE_FAILED", ["a", "d"])
    assert stacks.failures() == {"B": "told to fail"}
    assert [(each["Action"], each["LogicalResourceId"]) for each in stacks.changes(MENDED)] == [
        ("Add", "B"),
        ("Add", "C"),
    ]
    assert stacks.update(MENDED, keep=True)["StackStatus"] == "UPDATE_COMPLETE"
    assert stacks.world.diary[-2:] == ["create b", "create c"]


def test_a_failed_stack_is_taken_further_with_the_same_template_and_without_rollback_only(stacks: Stacks) -> None:
    stacks.deploy(FAILING, keep=True)
    with pytest.raises(ClientError, match=r"non-terminal \[CREATE_FAILED\] state.* use the disable-rollback"):
        stacks.update(FAILING)
    stacks.client.delete_change_set(ChangeSetName="changes", StackName=stacks.name)
    assert stacks.update(FAILING, keep=True)["StackStatus"] == "CREATE_FAILED"


def test_a_failed_update_without_rollback_keeps_what_was_changed_and_can_be_taken_back(stacks: Stacks) -> None:
    stacks.deploy({"A": thing("a", Value="1"), "B": thing("b", DependsOn="A")})
    changed = {"A": thing("a", Value="2"), "B": thing("b", Fails=True, DependsOn="A"), "C": thing("c")}
    assert stacks.update(changed, keep=True)["StackStatus"] == "UPDATE_FAILED"
    assert (stacks.world.things["a"]["Value"], "c" in stacks.world.things) == ("2", True)
    stacks.client.rollback_stack(StackName=stacks.name)
    assert stacks.stack()["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert (stacks.world.things["a"]["Value"], "c" in stacks.world.things) == ("1", False)
    assert stacks.changes({"A": thing("a", Value="1"), "B": thing("b", DependsOn="A")}) == []


def test_a_stack_to_which_nothing_is_to_be_done_on_failure_cannot_be_taken_further(stacks: Stacks) -> None:
    body = json.dumps({"Resources": FAILING})
    arguments = {"ChangeSetName": "changes", "ChangeSetType": "CREATE", "TemplateBody": body}
    arn = stacks.client.create_change_set(StackName=stacks.name, OnStackFailure="DO_NOTHING", **arguments)["Id"]
    with pytest.raises(ClientError, match="DisableRollback cannot be specified"):
        stacks.client.execute_change_set(ChangeSetName=arn, DisableRollback=True)
    stacks.client.execute_change_set(ChangeSetName=arn)
    assert stacks.stack()["StackStatus"] == "CREATE_FAILED"
    with pytest.raises(ClientError, match=r"because it contains \[on-failure: DO_NOTHING\]"):
        stacks.update(MENDED, keep=True)


def test_without_rollback_nothing_is_replaced(stacks: Stacks) -> None:
    stacks.deploy({"A": thing("a", FIXED, Value="1")})
    stack = stacks.update({"A": thing("a", FIXED, Value="2")}, keep=True)
    assert (stack["StackStatus"], stacks.failures()["A"]) == (
        "UPDATE_FAILED",
        "Replacement type updates not supported on stack with disable-rollback.",
    )


def unfinished_rollback(stacks: Stacks) -> None:
    """Bring the stack into UPDATE_ROLLBACK_FAILED: of A and B, which were changed, A cannot be changed back."""
    stacks.deploy({"A": thing("a", Value="1"), "B": thing("b", Value="1")})
    stacks.world.rigid.add("a")  # once it is changed
    changed = {"A": thing("a", Value="2"), "B": thing("b", Value="2"), "C": thing("c")}
    stack = stacks.update({**changed, "D": thing("d", Fails=True, DependsOn=["A", "B", "C"])})
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_FAILED"


def test_a_rollback_that_failed_is_continued(stacks: Stacks) -> None:
    unfinished_rollback(stacks)
    with pytest.raises(ClientError, match="is in UPDATE_ROLLBACK_FAILED state and can not be updated"):
        stacks.update({"A": thing("a")})
    stacks.client.continue_update_rollback(StackName=stacks.name)
    assert stacks.stack()["StackStatus"] == "UPDATE_ROLLBACK_FAILED"
    stacks.world.rigid.clear()
    stacks.client.continue_update_rollback(StackName=stacks.name)
    assert stacks.stack()["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert {name: one["Value"] for name, one in stacks.world.things.items()} == {"a": "1", "b": "1"}
    with pytest.raises(ClientError, match="can not continue rollback"):
        stacks.client.continue_update_rollback(StackName=stacks.name)


def test_a_resource_to_skip_counts_as_rolled_back_and_stays_as_it_is(stacks: Stacks) -> None:
    unfinished_rollback(stacks)
    for skipped in ("B", "D", "Odd"):  # changed back; failed before the rollback; not there
        with pytest.raises(ClientError, match=rf"\[{skipped}\] cannot be skipped"):
            stacks.client.continue_update_rollback(StackName=stacks.name, ResourcesToSkip=["A", skipped])
    stacks.client.continue_update_rollback(StackName=stacks.name, ResourcesToSkip=["A"])
    assert (stacks.stack()["StackStatus"], stacks.statuses("A")[-1]) == ("UPDATE_ROLLBACK_COMPLETE", "UPDATE_COMPLETE")
    assert {name: one["Value"] for name, one in stacks.world.things.items()} == {"a": "2", "b": "1"}
    assert stacks.changes({"A": thing("a", Value="1"), "B": thing("b", Value="1")}) == []


def test_the_stack_has_the_statuses_that_aws_documents(stacks: Stacks) -> None:
    stacks.deploy({"A": thing("a"), "B": thing("b")})
    stacks.update({"A": thing("a", Value="1")})
    stacks.update({"A": thing("a", Value="2"), "C": thing("c"), "D": thing("d", Fails=True, DependsOn=["A", "C"])})
    assert stacks.statuses() == [
        "REVIEW_IN_PROGRESS",
        "CREATE_IN_PROGRESS",
        "CREATE_COMPLETE",
        "UPDATE_IN_PROGRESS",
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_COMPLETE",
        "UPDATE_IN_PROGRESS",
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE",
    ]
    in_progress, initiated, _ = stacks.events("B")[:3]
    assert (in_progress["PhysicalResourceId"], initiated["PhysicalResourceId"]) == ("", "b")
    assert initiated["ResourceStatusReason"] == "Resource creation Initiated"


def test_what_a_rollback_cannot_remove_is_left_to_itself(stacks: Stacks) -> None:
    stacks.deploy({"A": thing("a")})
    stacks.world.stubborn.add("c")
    stack = stacks.update({"A": thing("a"), "C": thing("c"), "D": thing("d", Fails=True, DependsOn="C")})
    assert (stack["StackStatus"], stack["StackStatusReason"]) == (
        "UPDATE_ROLLBACK_COMPLETE",
        "The following resource(s) failed to delete: [C].",
    )
    found = stacks.client.describe_stack_resources(StackName=stacks.name)["StackResources"]
    assert [each["LogicalResourceId"] for each in found] == ["A"]


@pytest.mark.parametrize(
    ("on_failure", "status", "things"),
    [("DO_NOTHING", "CREATE_FAILED", ["a"]), ("ROLLBACK", "ROLLBACK_COMPLETE", []), ("DELETE", "DELETE_COMPLETE", [])],
)
@pytest.mark.parametrize("by_change_set", [False, True])
def test_what_a_failed_creation_leaves_is_chosen(
    stacks: Stacks, on_failure: str, status: str, things: list[str], by_change_set: bool
) -> None:
    body = json.dumps({"Resources": {"A": thing("a"), "B": thing("b", Fails=True, DependsOn="A")}})
    request = {"StackName": stacks.name, "TemplateBody": body}
    if by_change_set:
        made = stacks.client.create_change_set(
            **request, ChangeSetName="changes", ChangeSetType="CREATE", OnStackFailure=on_failure
        )
        stacks.client.execute_change_set(ChangeSetName=made["Id"])
    else:
        made = stacks.client.create_stack(**request, OnFailure=on_failure)
    (stack,) = stacks.client.describe_stacks(StackName=made["StackId"])["Stacks"]
    assert (stack["StackStatus"], list(stacks.world.things)) == (status, things)
    if on_failure == "DELETE":
        stacks.client.create_stack(StackName=stacks.name, TemplateBody=json.dumps({"Resources": {"A": thing("a")}}))


def test_resources_to_retain_are_named_only_once_the_deletion_failed(stacks: Stacks) -> None:
    stacks.deploy({"A": thing("a"), "B": thing("b")})
    stacks.world.stubborn.add("a")
    with pytest.raises(ClientError, match="only for a stack in DELETE_FAILED state"):
        stacks.client.delete_stack(StackName=stacks.name, RetainResources=["A"])
    stacks.client.delete_stack(StackName=stacks.name)
    assert stacks.stack()["StackStatus"] == "DELETE_FAILED"
    stacks.client.delete_stack(StackName=stacks.name, RetainResources=["A"])
    assert list(stacks.world.things) == ["a"]
    with pytest.raises(ClientError, match="does not exist"):
        stacks.stack()


SECTIONS: dict[str, Any] = {
    "Conditions": {"Never": {"Fn::Equals": ["a", "b"]}},
    "Description": "another",
    "Mappings": {"Of": {"x": {"Value": "1"}}},
    "Metadata": {"Note": "another"},
}


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_that_cannot_be_updated_by_itself_is_no_change(stacks: Stacks, section: str) -> None:
    stacks.deploy({"A": thing("a")})
    noted = {section: SECTIONS[section]}
    arn = stacks.change_set({"A": thing("a")}, **noted)["Id"]
    assert stacks.client.describe_change_set(ChangeSetName=arn)["StatusReason"] == cloudformation.UNCHANGED_REASON
    stacks.client.delete_change_set(ChangeSetName=arn)
    body = json.dumps({"Resources": {"A": thing("a")}, **noted})
    with pytest.raises(ClientError, match=r"No updates are to be performed\."):
        stacks.client.update_stack(StackName=stacks.name, TemplateBody=body)
    assert stacks.update({"A": thing("a", Value="1")}, **noted)["StackStatus"] == "UPDATE_COMPLETE"


def test_an_output_alone_is_a_change(stacks: Stacks) -> None:
    stacks.deploy({"A": thing("a")})
    stack = stacks.update({"A": thing("a")}, Outputs={"Out": {"Value": "1"}})
    assert (stack["StackStatus"], stack["Outputs"][0]["OutputValue"]) == ("UPDATE_COMPLETE", "1")


@pytest.mark.parametrize("update", [False, True])
def test_a_change_set_is_obsolete_once_the_stack_changed_without_it(stacks: Stacks, update: bool) -> None:
    now = {"A": thing("a", Value="1")}
    if update:
        stacks.deploy({"A": thing("a")})
    arn = stacks.change_set({"A": thing("a", Value="2")}, "UPDATE" if update else "CREATE")["Id"]
    if update:
        stacks.updated_directly(now)
    else:
        stacks.client.create_stack(StackName=stacks.name, TemplateBody=json.dumps({"Resources": now}))
    assert stacks.client.describe_change_set(ChangeSetName=arn)["ExecutionStatus"] == "OBSOLETE"
    with pytest.raises(ClientError, match=r"InvalidChangeSetStatus.*execution status of \[OBSOLETE\]"):
        stacks.client.execute_change_set(ChangeSetName=arn)
    assert stacks.world.things["a"]["Value"] == "1"


def test_a_stack_made_without_a_change_set_never_waited_for_a_review(stacks: Stacks) -> None:
    stacks.client.create_stack(StackName=stacks.name, TemplateBody=json.dumps({"Resources": {"A": thing("a")}}))
    assert stacks.statuses() == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]


def test_an_update_that_has_ended_cannot_be_cancelled(stacks: Stacks) -> None:
    stacks.deploy({"A": thing("a")})
    with pytest.raises(ClientError, match="CancelUpdateStack cannot be called from current stack status"):
        stacks.client.cancel_update_stack(StackName=stacks.name)


@pytest.mark.parametrize("operation", ["describe_change_set", "execute_change_set", "delete_change_set"])
def test_a_change_set_is_looked_for_in_its_stack(stacks: Stacks, operation: str) -> None:
    """As recorded on AWS; an absent one is deleted with success."""
    ask = getattr(stacks.client, operation)
    with pytest.raises(ClientError, match=r"Stack \[none\] does not exist"):
        ask(StackName="none", ChangeSetName="changes")
    with pytest.raises(ClientError, match="StackName must be specified if ChangeSetName is not specified as an ARN"):
        ask(ChangeSetName="changes")
    stacks.deploy({"A": thing("a")})
    if operation == "delete_change_set":
        ask(StackName=stacks.name, ChangeSetName="none")
    else:
        with pytest.raises(ClientError, match=r"ChangeSetNotFound.*ChangeSet \[none\] does not exist"):
            ask(StackName=stacks.name, ChangeSetName="none")


@pytest.mark.parametrize("name", ["1a", "a_b", "a" * 129])
def test_a_change_set_has_a_name_of_letters_digits_and_hyphens(stacks: Stacks, name: str) -> None:
    asked = {"StackName": stacks.name, "TemplateBody": json.dumps({"Resources": {"A": thing("a")}})}
    stacks.client.create_change_set(**asked, ChangeSetType="CREATE", ChangeSetName="a-1" + "b" * 125)
    with pytest.raises(ClientError, match="at 'changeSetName' failed to satisfy constraint"):
        stacks.client.create_change_set(**asked, ChangeSetType="CREATE", ChangeSetName=name)


def test_events_of_no_stack_are_refused_and_a_deleted_one_tells_them_by_its_id(stacks: Stacks) -> None:
    with pytest.raises(ClientError, match=r"Stack \[none\] does not exist"):
        stacks.client.describe_stack_events(StackName="none")
    stack_id = stacks.deploy({"A": thing("a")})["StackId"]
    stacks.client.delete_stack(StackName=stacks.name)
    events = stacks.client.describe_stack_events(StackName=stack_id)["StackEvents"]
    assert events[0]["ResourceStatus"] == "DELETE_COMPLETE"


@pytest.mark.parametrize(
    ("operation", "asked"),
    [
        ("set_stack_policy", {"StackPolicyBody": "{}"}),
        ("create_stack_set", {"StackSetName": "set", "TemplateBody": "{}"}),
    ],
)
def test_what_nothing_here_obeys_is_not_modelled(stacks: Stacks, operation: str, asked: dict[str, str]) -> None:
    named = {} if "StackSetName" in asked else {"StackName": stacks.name}
    with pytest.raises(ClientError, match="NotModelled"):
        getattr(stacks.client, operation)(**named, **asked)


def test_a_change_set_of_a_taken_name_is_refused(stacks: Stacks) -> None:
    stacks.deploy({"A": thing("a")})
    stacks.change_set({"A": thing("a", Value="1")})
    with pytest.raises(ClientError, match=r"AlreadyExistsException.* mismatch with existing attribute"):
        stacks.change_set({"A": thing("a", Value="2")})


def test_events_carry_the_token_of_their_operation(stacks: Stacks) -> None:
    stacks.deploy({"A": thing("a")})
    stacks.update({"A": thing("a", Value="1")})
    events = stacks.client.describe_stack_events(StackName=stacks.name)["StackEvents"]
    tokens = [(each.get("ClientRequestToken"), each["ResourceStatus"]) for each in reversed(events)]
    assert tokens[0] == (None, "REVIEW_IN_PROGRESS")
    assert tokens[1] == ("token-0", "CREATE_IN_PROGRESS")
    assert tokens[-1] == ("token-1", "UPDATE_COMPLETE")


def test_the_importers_of_an_export_are_listed(stacks: Stacks) -> None:
    exported = {"Out": {"Value": "1", "Export": {"Name": f"{stacks.name}-out"}}}
    stacks.deploy({"A": thing("a")}, Outputs=exported)
    with pytest.raises(ClientError, match=r"Export '.*-out' is not imported by any stack\."):
        stacks.client.list_imports(ExportName=f"{stacks.name}-out")
    user = f"{stacks.name}-user"
    body = json.dumps({"Resources": {"B": thing("b", Value={"Fn::ImportValue": f"{stacks.name}-out"})}})
    stacks.client.create_stack(StackName=user, TemplateBody=body)
    assert stacks.client.list_imports(ExportName=f"{stacks.name}-out")["Imports"] == [user]
    stacks.client.delete_stack(StackName=user)


def test_a_change_set_tells_which_changes_replace_a_resource(stacks: Stacks) -> None:
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": stacks.name, "DelaySeconds": 1}}
    stacks.deploy({"A": queue})
    for properties, replaced, names in (
        ({"QueueName": f"{stacks.name}-b", "DelaySeconds": 1}, "True", {"QueueName": "Always"}),
        ({"QueueName": stacks.name, "DelaySeconds": 2}, "False", {"DelaySeconds": "Never"}),
    ):
        (change,) = stacks.changes({"A": {**queue, "Properties": properties}})
        details = {one["Target"]["Name"]: one["Target"]["RequiresRecreation"] for one in change["Details"]}
        assert (change["Replacement"], details) == (replaced, names)


CAUSES: dict[str, Any] = {
    "Parameters": {"Text": {"Type": "String", "Default": "x"}},
    "Mappings": {"Of": {"x": {"Value": "1"}, "y": {"Value": "2"}}},
}


def queue(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::SQS::Queue", "Properties": properties}


def causes(change: dict[str, Any]) -> list[tuple[str | None, ...]]:
    return [
        (one["ChangeSource"], one.get("CausingEntity"), one["Evaluation"], one["Target"]["RequiresRecreation"])
        for one in change["Details"]
    ]


def test_a_change_set_says_what_causes_each_change(stacks: Stacks) -> None:
    """As recorded on AWS for topics and parameters; a Ref of what changes in place is no change."""
    before = {
        "A": queue(QueueName=f"{stacks.name}-a", DelaySeconds=1),
        "B": queue(QueueName=f"{stacks.name}-b", DelaySeconds=1),
        "C": thing("c", Value={"Fn::Sub": "${Text}"}),
        "D": thing("d", Value={"Fn::GetAtt": ["A", "QueueName"]}),
        "E": thing("e", Value={"Ref": "A"}),
        "F": thing("f", Value={"Fn::GetAtt": ["B", "QueueName"]}),
        "G": thing("g", Value={"Ref": "B"}),
        "H": thing("h", Value={"Fn::FindInMap": ["Of", {"Ref": "Text"}, "Value"]}),
        "I": thing("i", FIXED, Value={"Fn::GetAtt": ["B", "QueueName"]}),
    }
    stacks.deploy(before, **CAUSES)
    now = {
        **before,
        "A": queue(QueueName=f"{stacks.name}-other", DelaySeconds=1),
        "B": queue(QueueName=f"{stacks.name}-b", DelaySeconds=2),
    }
    changes = stacks.changes(now, **{**CAUSES, "Parameters": {"Text": {"Type": "String", "Default": "y"}}})
    told = {one["LogicalResourceId"]: (one["Replacement"], one.get("PolicyAction"), *causes(one)) for one in changes}
    parameter = [("ParameterReference", "Text", "Static", "Never"), ("DirectModification", None, "Dynamic", "Never")]
    assert told == {
        "A": ("True", "ReplaceAndDelete", ("DirectModification", None, "Static", "Always")),
        "B": ("False", None, ("DirectModification", None, "Static", "Never")),
        "C": ("False", None, *parameter),
        "D": ("False", None, ("ResourceAttribute", "A.QueueName", "Static", "Never")),
        "E": ("False", None, ("ResourceReference", "A", "Static", "Never")),
        "F": ("False", None, ("ResourceAttribute", "B.QueueName", "Dynamic", "Never")),
        "H": ("False", None, *parameter),
        "I": ("Conditional", None, ("ResourceAttribute", "B.QueueName", "Dynamic", "Always")),
    }


def test_a_change_set_tells_both_values_of_each_property_where_they_are_asked_for(stacks: Stacks) -> None:
    before = {"A": queue(QueueName=f"{stacks.name}-a", DelaySeconds=1), "B": thing("b", Value={"Ref": "A"})}
    stacks.deploy(before)
    now = {**before, "A": {**queue(QueueName=f"{stacks.name}-b", VisibilityTimeout=7), "DeletionPolicy": "Retain"}}
    arn = stacks.change_set(now)["Id"]
    plain, told = (
        [one["ResourceChange"] for one in answer["Changes"]]
        for answer in (
            stacks.client.describe_change_set(ChangeSetName=arn),
            stacks.client.describe_change_set(ChangeSetName=arn, IncludePropertyValues=True),
        )
    )
    assert not any("AfterContext" in one or "Path" in one["Details"][0]["Target"] for one in plain)
    queue_of_it, follower = told
    targets = {one["Target"].get("Name"): one["Target"] for one in queue_of_it["Details"]}
    assert {name: (one.get("BeforeValue"), one.get("AfterValue")) for name, one in targets.items() if name} == {
        "DelaySeconds": ("1", None),
        "QueueName": (f"{stacks.name}-a", f"{stacks.name}-b"),
        "VisibilityTimeout": (None, "7"),
    }
    assert [targets[name]["AttributeChangeType"] for name in ("DelaySeconds", "QueueName", "VisibilityTimeout")] == [
        "Remove",
        "Modify",
        "Add",
    ]
    assert json.loads(queue_of_it["BeforeContext"])["Properties"] == before["A"]["Properties"]
    assert json.loads(queue_of_it["AfterContext"]) == {"Properties": now["A"]["Properties"], "DeletionPolicy": "Retain"}
    # the id of what is still to be made is not known yet
    assert json.loads(follower["AfterContext"])["Properties"]["Value"] == "{{changeSet:KNOWN_AFTER_APPLY}}"


@pytest.mark.parametrize(("policy", "action"), [("Retain", "ReplaceAndRetain"), ("Delete", "ReplaceAndDelete")])
def test_what_becomes_of_a_replaced_resource_depends_on_its_policy(stacks: Stacks, policy: str, action: str) -> None:
    kept = {"UpdateReplacePolicy": policy, "DeletionPolicy": policy}
    stacks.deploy({"A": {**queue(QueueName=stacks.name), **kept}})
    (change,) = stacks.changes({"A": {**queue(QueueName=f"{stacks.name}-b"), **kept}})
    assert change["PolicyAction"] == action


@pytest.mark.parametrize("update", [False, True])
@pytest.mark.parametrize(
    ("properties", "refused"),
    [
        ({"Bogus": 1}, "#: extraneous key [Bogus] is not permitted"),
        ({"Tags": [{"Key": "a", "value": "b"}]}, "#/Tags/0: extraneous key [value] is not permitted"),
        ({"Tags": [{"Key": "a"}]}, "#/Tags/0: required key [Value] not found"),
        ({"Tags": [{"Key": "a", "Value": "b"}]}, None),
    ],
)
def test_names_that_the_types_schema_lacks_are_refused_on_create_and_on_update(
    stacks: Stacks, properties: dict[str, Any], refused: str | None, update: bool
) -> None:
    if update:
        stacks.deploy({"A": queue()})
    stack = stacks.deploy({"A": queue(**properties)}, kind="UPDATE" if update else "CREATE")
    if refused is None:
        assert stack["StackStatus"] == ("UPDATE_COMPLETE" if update else "CREATE_COMPLETE")
        return
    assert stack["StackStatus"] == ("UPDATE_ROLLBACK_COMPLETE" if update else "ROLLBACK_COMPLETE")
    assert f"Properties validation failed for resource A with message: [{refused}" in stacks.failures()["A"]


def test_conditions_decide_what_is_made(stacks: Stacks) -> None:
    conditions = {
        "Yes": {"Fn::Equals": [{"Ref": "Kind"}, "a"]},
        "No": {"Fn::Not": [{"Condition": "Yes"}]},
        "Both": {"Fn::And": [{"Condition": "Yes"}, {"Fn::Or": [{"Condition": "No"}, {"Condition": "Yes"}]}]},
    }
    parameters = {"Kind": {"Type": "String", "Default": "a", "AllowedValues": ["a", "b"]}}
    resources = {
        "A": thing("a", Condition="Both", Value={"Fn::If": ["No", "no", {"Ref": "AWS::NoValue"}]}),
        "B": thing("b", Condition="No"),
    }
    outputs = {"A": {"Value": {"Ref": "A"}, "Condition": "Yes"}, "B": {"Value": {"Ref": "B"}, "Condition": "No"}}
    stack = stacks.deploy(resources, Conditions=conditions, Parameters=parameters, Outputs=outputs)
    assert stacks.world.things == {"a": {"Name": "a"}}
    assert [output["OutputKey"] for output in stack["Outputs"]] == ["A"]


@pytest.mark.usefixtures("nothing_else")
@pytest.mark.parametrize(
    ("one", "unchanged"),
    [({"UsePreviousValue": True}, True), ({"ParameterValue": "1"}, True), ({"ParameterValue": "2"}, False)],
)
def test_a_parameter_that_keeps_its_default_is_no_change(
    stacks: Stacks, one: dict[str, Any], *, unchanged: bool
) -> None:
    sections: dict[str, Any] = {"Parameters": {"One": {"Type": "String", "Default": "1"}}}
    resource = {"A": thing("a", Value={"Ref": "One"})}
    stacks.deploy(resource, **sections)
    body = json.dumps({"Resources": resource, **sections})
    proposed = {"StackName": stacks.name, "ChangeSetName": "again", "TemplateBody": body}
    stacks.client.create_change_set(**proposed, Parameters=[{"ParameterKey": "One", **one}])
    described = stacks.client.describe_change_set(StackName=stacks.name, ChangeSetName="again")
    assert (described["Status"] == "FAILED") == unchanged


@pytest.mark.usefixtures("nothing_else")
def test_resources_are_made_as_whoever_executes_the_change_set(aws: Aws, stacks: Stacks) -> None:
    keys = aws.client("sts").assume_role(RoleArn="arn:aws:iam::111122223333:role/deployer", RoleSessionName="ci")
    acting = {
        "aws_access_key_id": keys["Credentials"]["AccessKeyId"],
        "aws_secret_access_key": keys["Credentials"]["SecretAccessKey"],
    }
    client = make_client("cloudformation", region_name=REGION, endpoint_url=aws.endpoint, **acting)
    Stacks(client, stacks.world, "asked").deploy({"A": thing("a", Asks=True)})
    assert stacks.world.caller == "arn:aws:sts::111122223333:assumed-role/deployer/ci"
    assert [each.account for each in deployed()] == ["111122223333"]
    client.delete_stack(StackName="asked")


@pytest.mark.parametrize("more", [{"RoleARN": "arn:aws:iam::111122223333:role/deployer"}])
def test_what_would_be_done_otherwise_on_aws_is_refused(stacks: Stacks, more: dict[str, str]) -> None:
    change_set = {"ChangeSetName": "changes", "ChangeSetType": "CREATE", "TemplateBody": '{"Resources":{}}'}
    with pytest.raises(ClientError, match="is not modelled"):
        stacks.client.create_change_set(StackName=stacks.name, **change_set, **more)


def test_an_update_by_update_stack_keeps_template_and_values_where_asked(stacks: Stacks) -> None:
    parameters = {name: {"Type": "String"} for name in ("One", "Two")}
    body = json.dumps({"Parameters": parameters, "Resources": {"A": thing("a", Value={"Fn::Sub": "${One}${Two}"})}})
    given = [{"ParameterKey": name, "ParameterValue": name} for name in parameters]
    stacks.client.create_stack(StackName=stacks.name, TemplateBody=body, Parameters=given)
    changed = [{"ParameterKey": "One", "UsePreviousValue": True}, {"ParameterKey": "Two", "ParameterValue": "2"}]
    stacks.client.update_stack(StackName=stacks.name, UsePreviousTemplate=True, Parameters=changed)
    assert stacks.world.things["a"]["Value"] == "One2"
    with pytest.raises(ClientError, match=r"No updates are to be performed\."):
        stacks.client.update_stack(StackName=stacks.name, UsePreviousTemplate=True, Parameters=changed)


@pytest.mark.parametrize("fails", [False, True])
def test_an_executed_change_set_says_so_and_its_name_is_free(stacks: Stacks, fails: bool) -> None:
    stacks.deploy({"A": thing("a", Fails=True) if fails else thing("a")})
    described = stacks.client.describe_change_set(StackName=stacks.name, ChangeSetName="changes")
    assert described["ExecutionStatus"] == ("EXECUTE_FAILED" if fails else "EXECUTE_COMPLETE")
    assert stacks.client.list_change_sets(StackName=stacks.name)["Summaries"] == []
    with pytest.raises(ClientError, match="InvalidChangeSetStatus"):
        stacks.client.execute_change_set(ChangeSetName=described["ChangeSetId"])
    if not fails:
        assert stacks.update({"A": thing("a", Value="1")})["StackStatus"] == "UPDATE_COMPLETE"


def test_a_hidden_parameter_is_not_shown(stacks: Stacks) -> None:
    declared = {
        "Open": {"Type": "String", "Default": "seen", "NoEcho": False},
        "Secret": {"Type": "String", "NoEcho": True},
    }
    body = json.dumps({"Parameters": declared, "Resources": {"A": thing("a", Value={"Ref": "Secret"})}})
    given = [{"ParameterKey": "Secret", "ParameterValue": "hidden"}]
    stacks.client.create_stack(StackName=stacks.name, TemplateBody=body, Parameters=given)
    shown = {each["ParameterKey"]: each["ParameterValue"] for each in stacks.stack()["Parameters"]}
    assert (shown, stacks.world.things["a"]["Value"]) == ({"Open": "seen", "Secret": "****"}, "hidden")


def test_a_stack_lists_its_own_change_sets_until_they_are_deleted(stacks: Stacks) -> None:
    def names() -> list[str]:
        found = stacks.client.list_change_sets(StackName=stacks.name)["Summaries"]
        return [each["ChangeSetName"] for each in found]

    body = json.dumps({"Resources": {"A": thing("a")}})
    for name in ("one", "two"):
        change_set = {"ChangeSetName": name, "ChangeSetType": "CREATE", "TemplateBody": body}
        stacks.client.create_change_set(StackName=stacks.name, **change_set)
    assert names() == ["one", "two"]
    stacks.client.delete_change_set(StackName=stacks.name, ChangeSetName="one")
    assert names() == ["two"]
    assert (stacks.stack()["StackStatus"], stacks.world.things) == ("REVIEW_IN_PROGRESS", {})


def test_a_template_that_cannot_be_fetched_is_refused_with_the_reason(stacks: Stacks) -> None:
    with pytest.raises(ClientError, match=r"S3 error for https://s3.+NoSuchBucket"):
        stacks.client.create_stack(
            StackName=stacks.name, TemplateURL="https://s3.eu-central-1.amazonaws.com/nothing/here.yaml"
        )


def importing_stack(stacks: Stacks, *, fails: bool = False) -> str:
    """Deploy a stack that imports what this one exports, and return its name; with `fails`, its update fails."""
    user = replace(stacks, name=f"{stacks.name}-user")
    imported = {"A": thing(f"{user.name}-a", Value={"Fn::ImportValue": f"{stacks.name}-out"})}
    user.deploy(imported)
    if fails:
        user.update({**imported, "B": thing(f"{user.name}-b", Fails=True)}, keep=True)
        user.client.rollback_stack(StackName=user.name)
    return user.name


@pytest.mark.parametrize("fails", [False, True])
def test_a_value_stays_imported_when_the_importer_is_taken_back(stacks: Stacks, fails: bool) -> None:
    stacks.deploy({"A": thing("a")}, Outputs={"Out": {"Value": "1", "Export": {"Name": f"{stacks.name}-out"}}})
    user = importing_stack(stacks, fails=fails)
    assert stacks.client.list_imports(ExportName=f"{stacks.name}-out")["Imports"] == [user]
    with pytest.raises(ClientError, match=r"cannot be deleted as it is in use by"):
        stacks.client.delete_stack(StackName=stacks.name)
    stacks.client.delete_stack(StackName=user)


def test_a_failed_update_leaves_the_deletion_policies_as_they_were(stacks: Stacks) -> None:
    stacks.deploy({"A": thing("a", DeletionPolicy="Retain"), "B": thing("b", DeletionPolicy="Retain")})
    now = {"A": thing("a"), "B": thing("b", Value="1"), "C": thing("c", Fails=True, DependsOn=["A", "B"])}
    assert stacks.update(now)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    stacks.client.delete_stack(StackName=stacks.name)
    assert sorted(stacks.world.things) == ["a", "b"]


def test_why_an_update_could_not_be_taken_back_is_said(stacks: Stacks) -> None:
    stacks.deploy({"A": thing("a", Value="1")})
    stacks.world.rigid.add("a")  # once it is changed
    stack = stacks.update({"A": thing("a", Value="2"), "B": thing("b", Fails=True, DependsOn="A")})
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_FAILED"
    assert stacks.failures() == {"A": "a is as it is", "B": "told to fail"}


def test_a_parameter_behind_a_condition_or_a_mapping_changes_a_resource(stacks: Stacks) -> None:
    sections: dict[str, Any] = {
        "Parameters": {"Kind": {"Type": "String", "Default": "x"}},
        "Conditions": {"IsX": {"Fn::Equals": [{"Ref": "Kind"}, "x"]}},
        "Mappings": {"Of": {"x": {"Value": "1"}, "y": {"Value": "2"}}},
    }
    resources = {
        "A": thing("a", Value={"Fn::If": ["IsX", "1", "2"]}),
        "B": thing("b", Value="same"),
        "C": thing("c", Value={"Fn::FindInMap": ["Of", "x", "Value"]}),
    }
    stacks.deploy(resources, **sections)
    sections["Parameters"] = {"Kind": {"Type": "String", "Default": "y"}}
    sections["Mappings"] = {"Of": {"x": {"Value": "3"}, "y": {"Value": "2"}}}
    changes = stacks.changes(resources, **sections)
    names = {change["LogicalResourceId"]: [one["Target"]["Name"] for one in change["Details"]] for change in changes}
    assert names == {"A": ["Value"], "C": ["Value"]}


def test_a_changed_deletion_policy_is_shown_as_what_it_is_and_replaces_nothing(stacks: Stacks) -> None:
    stacks.deploy({"A": thing("a", FIXED)})
    (change,) = stacks.changes({"A": thing("a", FIXED, DeletionPolicy="Retain")})
    targets = [(one["Target"]["Attribute"], one["Target"]["RequiresRecreation"]) for one in change["Details"]]
    assert (change["Replacement"], change["Scope"], targets) == (
        "False",
        ["DeletionPolicy"],
        [("DeletionPolicy", "Never")],
    )


def test_a_change_set_has_its_parameters_and_hides_what_is_hidden(stacks: Stacks) -> None:
    declared = {"Open": {"Type": "String", "Default": "seen"}, "Secret": {"Type": "String", "NoEcho": True}}
    body = json.dumps({"Parameters": declared, "Resources": {"A": thing("a")}})
    values = [{"ParameterKey": "Secret", "ParameterValue": "hidden"}]
    change_set = {"ChangeSetName": "changes", "ChangeSetType": "CREATE", "TemplateBody": body, "Parameters": values}
    arn = stacks.client.create_change_set(StackName=stacks.name, **change_set)["Id"]
    shown = stacks.client.describe_change_set(ChangeSetName=arn)["Parameters"]
    assert {one["ParameterKey"]: one["ParameterValue"] for one in shown} == {"Open": "seen", "Secret": "****"}


def test_an_update_without_tags_keeps_them_and_an_empty_list_takes_them_away(stacks: Stacks) -> None:
    tags = [{"Key": "team", "Value": "messages"}]
    body = json.dumps({"Resources": {"A": thing("a")}})
    stacks.client.create_stack(StackName=stacks.name, TemplateBody=body, Tags=tags)
    stacks.client.update_stack(StackName=stacks.name, TemplateBody=body.replace('"a"', '"a", "Value": "1"'))
    assert stacks.stack()["Tags"] == tags
    stacks.client.update_stack(StackName=stacks.name, TemplateBody=body, Tags=[])
    assert stacks.stack()["Tags"] == []


def test_a_previous_value_is_the_earlier_default_and_is_refused_where_there_is_none(stacks: Stacks) -> None:
    def body(default: str, *more: str) -> str:
        declared = {name: {"Type": "String", "Default": default} for name in ("One", *more)}
        return json.dumps({"Parameters": declared, "Resources": {"A": thing("a", Value={"Ref": "One"})}})

    stacks.client.create_stack(StackName=stacks.name, TemplateBody=body("1"))
    kept = {"ParameterKey": "One", "UsePreviousValue": True}
    new = {"ParameterKey": "Two", "UsePreviousValue": True}
    with pytest.raises(ClientError, match="Two"):
        stacks.client.update_stack(StackName=stacks.name, TemplateBody=body("2", "Two"), Parameters=[kept, new])
    stacks.client.update_stack(StackName=stacks.name, TemplateBody=body("2", "Two"), Parameters=[kept])
    assert stacks.world.things["a"]["Value"] == "1"


@pytest.mark.parametrize("name", ["RetainExceptOnCreate", "StackPolicyBody"])
def test_what_has_no_effect_here_is_refused(stacks: Stacks, name: str) -> None:
    value: Any = name == "RetainExceptOnCreate" or "{}"
    with pytest.raises(ClientError, match=f"{name} is not modelled"):
        stacks.client.create_stack(
            StackName=stacks.name, TemplateBody=json.dumps({"Resources": {"A": thing("a")}}), **{name: value}
        )


@pytest.mark.parametrize(("policy", "kept"), [("RetainExceptOnCreate", False), ("Retain", True)])
def test_what_a_later_rollback_takes_back_depends_on_the_deletion_policy(
    stacks: Stacks, policy: str, kept: bool
) -> None:
    stacks.deploy({"A": thing("a")})
    new = {"A": thing("a"), "B": thing("b", DeletionPolicy=policy), "C": thing("c", Fails=True, DependsOn="B")}
    assert stacks.update(new, keep=True)["StackStatus"] == "UPDATE_FAILED"
    stacks.client.rollback_stack(StackName=stacks.name)
    assert stacks.stack()["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert ("b" in stacks.world.things) == kept


def test_a_resource_that_its_service_says_is_gone_does_not_keep_the_stack(aws: Aws, stacks: Stacks) -> None:
    group = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": f"/{stacks.name}"}}
    stacks.deploy({"Group": group})
    aws.client("logs").delete_log_group(logGroupName=f"/{stacks.name}")
    stacks.client.delete_stack(StackName=stacks.name)
    with pytest.raises(ClientError, match="does not exist"):
        stacks.stack()


def test_a_part_that_is_gone_does_not_make_the_whole_one_so(
    aws: Aws, stacks: Stacks, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = ["/none"]  # a later deletion, as that after the test, looks for no part any more

    def delete(context: Context, handle: ResourceHandle) -> None:
        while parts:
            aws.client("logs").delete_log_group(logGroupName=parts.pop())
        stacks.world.delete(context, handle)

    monkeypatch.setitem(ALL, THING, replace(ALL[THING], delete=delete))
    stacks.deploy({"A": thing("a")})
    stacks.client.delete_stack(StackName=stacks.name)
    assert stacks.stack()["StackStatus"] == "DELETE_FAILED"
    assert "ResourceNotFoundException" in stacks.failures()["A"]
