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
    """Return a stack as it is rendered: read back from the YAML that a user gets."""
    template: Template = cloudformation_yaml.load(render(settings or example(), [find_stack(name)])[name])
    return template


def is_set(sentence: str, path: str, value: Any) -> Requirement:
    """Require a value at a path; its removal must break the requirement."""
    return Requirement(sentence, lambda template: at(template, path) == value, ((path, REMOVED),))


def retained(sentence: str, *logical_ids: str) -> Requirement:
    """Require that resources outlive the stack and any update that replaces them."""
    paths = [f"Resources/{one}/{policy}" for one in logical_ids for policy in ("DeletionPolicy", "UpdateReplacePolicy")]
    return Requirement(
        sentence,
        lambda template: all(at(template, path) == "Retain" for path in paths),
        tuple((path, "Delete") for path in paths),
    )


def at(template: Template, path: str) -> Any:
    """Return the value at a path such as Resources/Messages/Properties/KeySchema/0, or None."""
    node: Any = template
    for step in path.split("/"):
        if isinstance(node, list):
            node = node[int(step)] if int(step) < len(node) else None
        else:
            node = node.get(step) if isinstance(node, dict) else None
    return node


def spoilt(template: Template, path: str, value: Any) -> Template:
    """Return a copy with one value changed or removed; the path must exist, or the change would prove nothing."""
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


def holds_and_breaks(requirements: list[Requirement], fixture: str) -> tuple[Callable[..., None], Callable[..., None]]:
    """Return two tests of a stack: each requirement holds, and each of its spoils breaks it.

    `fixture` names the fixture of the test's file that renders the stack.
    """

    @pytest.mark.parametrize("requirement", requirements, ids=str)
    def holds(request: pytest.FixtureRequest, requirement: Requirement) -> None:
        assert requirement.holds(request.getfixturevalue(fixture)), requirement.sentence

    @pytest.mark.parametrize(("requirement", "path", "value"), _spoils(requirements))
    def breaks(request: pytest.FixtureRequest, requirement: Requirement, path: str, value: Any) -> None:
        template = request.getfixturevalue(fixture)
        assert not requirement.holds(spoilt(template, path, value)), requirement.sentence

    return holds, breaks


def _spoils(requirements: list[Requirement]) -> list[ParameterSet]:
    """Return every requirement with each of the changes that must break it."""
    return [
        pytest.param(requirement, path, value, id=f"{requirement} - {number}: {path}")
        for requirement in requirements
        for number, (path, value) in enumerate(requirement.spoils)
    ]


def of_type(template: Template, resource_type: str) -> dict[str, dict[str, Any]]:
    """Return logical id -> properties of all resources of a type."""
    return {
        name: resource.get("Properties", {})
        for name, resource in template["Resources"].items()
        if resource["Type"] == resource_type
    }


def statement(document: Any, sid: str) -> dict[str, Any]:
    """Return the one statement of a policy document with a Sid."""
    (match,) = [one for one in document["Statement"] if one["Sid"] == sid]
    return dict(match)


def with_capacity_of(other: str) -> Settings:
    """Return the default settings with the capacity of another example."""
    return replace(example(), capacity=example(other).capacity)
