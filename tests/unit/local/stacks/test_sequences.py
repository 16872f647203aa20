"""Sequences of operations on one stack, drawn at random, end as a model of AWS's documented states says.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html
"""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tableguard.cloudformation.resource_type import Context, Properties, ResourceHandle
from tableguard.errors import EmbeddedError
from tableguard.local import server
from tableguard.local.clients.factory import make_client
from tableguard.local.stacks import resources, stack
from tests.worlds.fake_types import World, thing, world
from tests.worlds.moto_modes import REGION, Aws

pytestmark = pytest.mark.slow
NAMES = ("a", "b", "c", "d")  # each depends on the one before, so that what fails does so after the others
GOOD = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"})
ROLLED_BACK = "UPDATE_ROLLBACK_COMPLETE"
REFUSED = "refused"
Values = dict[str, str]  # name of a thing -> its value


class Unchangeable(World):
    """A world in which the things named in `rigid` cannot be changed at all."""

    def update(self, context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
        if handle.physical_id in self.rigid:
            raise EmbeddedError(f"{handle.physical_id} is as it is")
        return super().update(context, handle, properties)


def body(values: Values, fails: str = "", note: str = "") -> str:
    """A template of these things; that named by `fails` cannot be made or changed."""
    resources: dict[str, Any] = {}
    for name in sorted(values):
        after = {"DependsOn": list(resources)[-1]} if resources else {}
        wrong: dict[str, Any] = {"Fails": True} if name == fails else {}
        resources[name.upper()] = thing(name, Value=values[name], **wrong, **after)
    return json.dumps({"Resources": resources, "Outputs": {"Note": {"Value": note or "none"}}})


@dataclass
class Model:
    """What AWS documents: the status, the values of the last stable template, and those that are there."""

    status: str = ""
    stable: Values | None = None
    there: Values = field(default_factory=dict)
    uncertain: set[str] = field(default_factory=set)  # things whose change could neither be made nor undone

    def change(self, values: Values, fails: str, rigid: set[str], *, keep: bool) -> str:
        """What a creation or an update makes of the stack."""
        creating, failed = not self.status, self.status.endswith("_FAILED")
        if not creating and (self.status not in GOOD and not (failed and keep and "ROLLBACK" not in self.status)):
            return REFUSED
        broken = next(
            (name for name in sorted(values) if name == fails or self._cannot_change(name, values, rigid)), ""
        )
        done = {name: value for name, value in values.items() if not broken or name < broken}
        self.uncertain -= done.keys()
        stuck = broken in rigid and broken in self.there
        if stuck:
            self.uncertain.add(broken)
        if not broken:
            self.status = "CREATE_COMPLETE" if creating else "UPDATE_COMPLETE"
            self.stable, self.there = values, dict(values)
        elif keep:
            self.status = "CREATE_FAILED" if self.stable is None else "UPDATE_FAILED"
            self.there |= done
        else:
            self.status = "ROLLBACK_COMPLETE" if creating else "UPDATE_ROLLBACK_FAILED" if stuck else ROLLED_BACK
            new = done if stuck else {}  # which the rollback removes last
            self.there = {} if creating else {**new, **(self.stable or {})}
        return self.status

    def _cannot_change(self, name: str, values: Values, rigid: set[str]) -> bool:
        changes = name in self.uncertain or self.there.get(name) != values[name]
        return name in rigid and name in self.there and changes

    def roll_back(self, rigid: set[str]) -> str:
        """What RollbackStack makes of the stack."""
        if self.status not in ("CREATE_FAILED", "UPDATE_FAILED"):
            return REFUSED
        return self._back(rigid)

    def go_on(self, rigid: set[str]) -> str:
        """What ContinueUpdateRollback makes of the stack."""
        return self._back(rigid) if self.status == "UPDATE_ROLLBACK_FAILED" else REFUSED

    def _back(self, rigid: set[str]) -> str:
        if self.stable is None:
            self.status, self.there = "ROLLBACK_COMPLETE", {}
            return self.status
        stuck = [name for name in sorted(self.stable) if self._cannot_change(name, self.stable, rigid)]
        if stuck:  # what depends on it waits
            done = {name: value for name, value in self.stable.items() if name < stuck[0]}
            self.there |= done
            self.status, self.uncertain = "UPDATE_ROLLBACK_FAILED", (self.uncertain - done.keys()) | {stuck[0]}
        else:
            self.status, self.there, self.uncertain = ROLLED_BACK, dict(self.stable), set()
        return self.status


@dataclass
class Player:
    """A stack that is played with, its world and the model of it."""

    client: Any
    world: World
    name: str
    draw: random.Random
    model: Model = field(default_factory=Model)
    turn: int = 0

    def play(self) -> str:
        """Do one thing, and return what it was and how AWS's documents say it ends."""
        self.turn += 1
        failed = self.model.status.endswith("FAILED")
        if not (failed and self.draw.random() < 0.6):  # else what stood in the way still does
            self.world.rigid = set(self.draw.sample(NAMES, self.draw.choice((0, 0, 1))))
        usual = (self.change, self.change, self.change, self.delete)
        way_back = (self.roll_back, self.go_on)
        operation = self.draw.choice((*way_back * 4, *usual) if failed else (*way_back, *usual))
        said = operation()
        return f"{operation.__name__} {said}"

    def change(self) -> str:
        """Create the stack or update it, by a change set or without, with rollback or without."""
        keep, wrong = self.draw.random() < 0.4, self.draw.random() < 0.4
        values = {name: str(self.draw.randrange(3)) for name in NAMES if self.draw.random() < 0.7} or {"a": "0"}
        fails = self.draw.choice(sorted(values)) if wrong else ""
        expected = self.model.change(values, fails, self.world.rigid, keep=keep)
        creating = not self.exists()
        self.ask(expected, self.submit, body(values, fails, str(self.turn)), creating=creating, keep=keep)
        return f"{values} {fails} {keep}: {expected}"

    def submit(self, template: str, *, creating: bool, keep: bool) -> None:
        """Submit a template in one of the two ways."""
        token = f"token-{self.turn}"
        if self.draw.random() < 0.5:
            request = {"StackName": self.name, "TemplateBody": template, "ClientRequestToken": token}
            ask = self.client.create_stack if creating else self.client.update_stack
            ask(**request, DisableRollback=keep)
            return
        kind = "CREATE" if creating else "UPDATE"
        arn = self.client.create_change_set(
            StackName=self.name, ChangeSetName=f"turn-{self.turn}", ChangeSetType=kind, TemplateBody=template
        )["Id"]
        try:
            self.client.execute_change_set(ChangeSetName=arn, DisableRollback=keep, ClientRequestToken=token)
        finally:
            self.client.delete_change_set(ChangeSetName=arn)

    def roll_back(self) -> str:
        """Ask for the way back from a failure that was kept."""
        expected = self.model.roll_back(self.world.rigid)
        self.ask(expected, self.client.rollback_stack, StackName=self.name, ClientRequestToken=f"token-{self.turn}")
        return expected

    def go_on(self) -> str:
        """Ask for a failed rollback to be continued."""
        expected = self.model.go_on(self.world.rigid)
        token = f"token-{self.turn}"
        self.ask(expected, self.client.continue_update_rollback, StackName=self.name, ClientRequestToken=token)
        return expected

    def delete(self) -> str:
        """Delete the stack, now and then."""
        if self.draw.random() < 0.6 and self.model.status != "ROLLBACK_COMPLETE":
            return "not now"
        self.client.delete_stack(StackName=self.name)
        self.model = Model()
        return "deleted"

    def ask(self, expected: str, operation: Any, *arguments: Any, **named: Any) -> None:
        """Ask for something that is refused, or not, as the model says."""
        if expected == REFUSED:
            with pytest.raises(ClientError, match="ValidationError"):
                operation(*arguments, **named)
        else:
            operation(*arguments, **named)

    def exists(self) -> bool:
        """Whether there is such a stack."""
        return any(stack["StackName"] == self.name for stack in self.client.describe_stacks()["Stacks"])

    def check(self, story: str) -> None:
        """The stack, its things and its events are as the model says."""
        there = {name: one.get("Value") for name, one in self.world.things.items()}
        assert there == self.model.there, story
        assert self.exists() == bool(self.model.status), story
        if self.model.status:
            (stack,) = self.client.describe_stacks(StackName=self.name)["Stacks"]
            assert stack["StackStatus"] == self.model.status, story
            events = self.client.describe_stack_events(StackName=self.name)["StackEvents"]
            assert events[0]["ResourceStatus"] == self.model.status, story
            listed = self.client.describe_stack_resources(StackName=self.name)["StackResources"]
            assert {one["PhysicalResourceId"] for one in listed} == set(self.model.there), story


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    with server.start() as running:
        yield Aws(running.endpoint)


def outcomes(aws: Aws, seed: int, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Play a sequence, and return how its operations ended."""
    ends, story = set(), []
    with world(monkeypatch, Unchangeable()) as here:
        player = Player(aws.client("cloudformation"), here, f"sequence-{seed}", random.Random(seed))  # noqa: S311
        try:
            for _ in range(14):
                story.append(player.play())
                ends.add(f"{story[-1].split()[0]} {story[-1].split()[-1]}")
                player.check("\n".join(story))
        finally:
            player.client.delete_stack(StackName=player.name)
    return ends


def all_outcomes(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    return set[str]().union(*(outcomes(aws, seed, monkeypatch) for seed in range(20)))


def test_sequences_end_as_documented(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    assert all_outcomes(aws, monkeypatch) >= {
        "change CREATE_COMPLETE",
        "change CREATE_FAILED",
        "change ROLLBACK_COMPLETE",
        "change UPDATE_COMPLETE",
        "change UPDATE_FAILED",
        "change UPDATE_ROLLBACK_COMPLETE",
        "change UPDATE_ROLLBACK_FAILED",
        "change refused",
        "delete deleted",
        "go_on UPDATE_ROLLBACK_COMPLETE",
        "go_on UPDATE_ROLLBACK_FAILED",
        "go_on refused",
        "roll_back ROLLBACK_COMPLETE",
        "roll_back UPDATE_ROLLBACK_COMPLETE",
        "roll_back refused",
    }


@pytest.mark.parametrize(
    ("where", "name", "fault"),
    [
        (resources.Journal, "restored", lambda self: True),
        (stack.EmbeddedStack, "_clean_up", lambda self, gone, undoing=False: None),
        (resources.StackResources, "_undo_update", lambda self, *_: None),
    ],
)
def test_a_fault_is_seen(
    aws: Aws, where: type, name: str, fault: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(where, name, fault)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        all_outcomes(aws, monkeypatch)


def test_a_rollback_goes_on_as_whoever_continues_it(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    class Guarded(World):
        def update(self, context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
            if context.client("sts").get_caller_identity()["Arn"].endswith("deployer/ci") and self.rigid:
                raise EmbeddedError("not authorized")
            return super().update(context, handle, properties)

    def client_of(role: str) -> Any:
        arn = f"arn:aws:iam::111122223333:role/{role}"
        keys = aws.client("sts").assume_role(RoleArn=arn, RoleSessionName="ci")["Credentials"]
        return make_client(
            "cloudformation",
            region_name=REGION,
            endpoint_url=aws.endpoint,
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
        )

    with world(monkeypatch, Guarded()) as here:
        deployer, administrator = client_of("deployer"), client_of("administrator")
        deployer.create_stack(StackName="shared", TemplateBody=body({"a": "1", "b": "1"}))
        here.rigid.add("a")
        deployer.update_stack(StackName="shared", TemplateBody=body({"a": "2", "b": "1"}))
        deployer.continue_update_rollback(StackName="shared")
        (failed,) = deployer.describe_stacks(StackName="shared")["Stacks"]
        administrator.continue_update_rollback(StackName="shared")
        (restored,) = deployer.describe_stacks(StackName="shared")["Stacks"]
        assert (failed["StackStatus"], restored["StackStatus"]) == ("UPDATE_ROLLBACK_FAILED", ROLLED_BACK)
        administrator.delete_stack(StackName="shared")
