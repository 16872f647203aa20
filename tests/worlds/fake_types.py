"""Resource types that keep their resources in this process, and a diary of their operations."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from tableguard.cloudformation.resource_type import AbsentError, Context, Properties, ResourceHandle, ResourceType
from tableguard.errors import EmbeddedError
from tableguard.local.stacks.types import ALL

THING, FIXED = "Test::World::Thing", "Test::World::Fixed"


@dataclass
class World:
    """The existing things, and the operations that were performed, in order."""

    things: dict[str, Properties] = field(default_factory=dict)
    diary: list[str] = field(default_factory=list)
    stubborn: set[str] = field(default_factory=set)  # names of things that cannot be deleted
    rigid: set[str] = field(default_factory=set)  # names of things that can be changed once
    caller: str = ""

    def create(self, context: Context, properties: Properties) -> ResourceHandle:
        name = properties.get("Name", context.generated_name)
        if properties.get("Asks"):
            self.caller = context.client("sts").get_caller_identity()["Arn"]
        self._keep("create", name, properties)
        return ResourceHandle(name, {"Arn": f"arn:{context.region}:{name}", "Deep.Value": properties.get("Value", "")})

    def update(self, context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
        if handle.physical_id in self.rigid and f"update {handle.physical_id}" in self.diary:
            raise EmbeddedError(f"{handle.physical_id} is as it is")
        self._keep("update", handle.physical_id, properties)
        return ResourceHandle(handle.physical_id, {**handle.attributes, "Deep.Value": properties.get("Value", "")})

    def read(self, context: Context, handle: ResourceHandle) -> Properties:
        return self.things[handle.physical_id]

    def delete(self, context: Context, handle: ResourceHandle) -> None:
        name = handle.physical_id
        if name in self.stubborn:
            raise EmbeddedError(f"{name} does not go")
        if name not in self.things:
            raise AbsentError(f"{name} is gone")
        self.diary.append(f"delete {name}")
        del self.things[name]

    def _keep(self, verb: str, name: str, properties: Properties) -> None:
        kept: Properties = {key: properties[key] for key in ("Name", "Value", "Fails") if key in properties}
        self.diary.append(f"{verb} {name}")
        if kept.get("Fails"):
            raise EmbeddedError("told to fail")
        self.things[name] = kept


@contextmanager
def world(patch: pytest.MonkeyPatch, here: World | None = None) -> Iterator[World]:
    """Add two types to CloudFormation: one that can be updated, and one that can only be replaced."""
    here = here or World()
    ignored = {"Ignored": "nothing here keeps it"}
    thing = ResourceType(THING, here.create, here.read, here.delete, here.update, ignored)
    fixed = ResourceType(FIXED, here.create, here.read, here.delete)
    with patch.context() as patched:
        for each in (thing, fixed):
            patched.setitem(ALL, each.name, each)
        yield here


def thing(name: str = "", kind: str = THING, **more: Any) -> dict[str, Any]:
    """Return a resource of a template; DependsOn, Condition and DeletionPolicy beside its properties."""
    beside: dict[str, Any] = {key: more.pop(key) for key in ("DependsOn", "Condition", "DeletionPolicy") if key in more}
    return {"Type": kind, "Properties": {**({"Name": name} if name else {}), **more}, **beside}
