"""What a stack must contain, as sentences: each holds for the template, and breaks once the template is spoilt."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from _pytest.mark import ParameterSet

from tableguard.reading import cloudformation_yaml
from tableguard.settings import Settings, example
from tableguard.stacks.registry import find_stack
from tableguard.stacks.render import render

Template = dict[str, Any]
REMOVED = object()


@dataclass(frozen=True)
class Requirement:
    """One sentence about a template, and the changes to the template that must make it false."""

    sentence: str
    holds: Callable[[Template], bool]
    spoils: tuple[tuple[str, Any], ...]

    def __str__(self) -> str:
        return self.sentence


def stack(name: str, settings: Settings | None = None) -> Template:
    """A stack as it is rendered: read back from the YAML that a user gets."""
    template: Template = cloudformation_yaml.load(render(settings or example(), [find_stack(name)])[name])
    return template


def is_set(sentence: str, path: str, value: Any) -> Requirement:
    """The property at a path has this value."""
    return Requirement(sentence, lambda template: at(template, path) == value, ((path, REMOVED),))


def retained(sentence: str, *logical_ids: str) -> Requirement:
    """Resources outlive the stack and any update that replaces them."""
    paths = [f"Resources/{one}/{policy}" for one in logical_ids for policy in ("DeletionPolicy", "UpdateReplacePolicy")]
    return Requirement(
        sentence,
        lambda template: all(at(template, path) == "Retain" for path in paths),
        tuple((path, "Delete") for path in paths),
    )


def at(template: Template, path: str) -> Any:
    """The value at a path such as Resources/Messages/Properties/KeySchema/0, or None."""
    found: Any = template
    for step in path.split("/"):
        if isinstance(found, list):
            found = found[int(step)] if int(step) < len(found) else None
        else:
            found = found.get(step) if isinstance(found, dict) else None
    return found


def spoilt(template: Template, path: str, value: Any) -> Template:
    """A copy with one value changed or removed; the path must exist, or the change would prove nothing."""
    changed = copy.deepcopy(template)
    *parents, last = path.split("/")
    parent = at(changed, "/".join(parents))
    key: Any = int(last) if isinstance(parent, list) else last
    assert isinstance(parent, dict | list), f"{path}: no such place in the template"
    if value is REMOVED:
        del parent[key]
    else:
        assert isinstance(parent, list) or key in parent, f"{path}: no such property in the template"
        parent[key] = value
    return changed


def cases(requirements: list[Requirement]) -> list[ParameterSet]:
    """Every requirement with each of the changes that must break it."""
    return [
        pytest.param(requirement, path, value, id=f"{requirement} - {number}: {path}")
        for requirement in requirements
        for number, (path, value) in enumerate(requirement.spoils)
    ]


def of_type(template: Template, resource_type: str) -> dict[str, dict[str, Any]]:
    """Logical id -> properties of all resources of a type."""
    return {
        name: resource.get("Properties", {})
        for name, resource in template["Resources"].items()
        if resource["Type"] == resource_type
    }


def statement(document: Any, sid: str) -> dict[str, Any]:
    """The one statement of a policy document with a Sid."""
    (found,) = [one for one in document["Statement"] if one["Sid"] == sid]
    return dict(found)


def with_capacity_of(other: str) -> Settings:
    """The default settings with the capacity of another example."""
    return replace(example(), capacity=example(other).capacity)
