"""The registry: every type that a stack of templates/ uses can be made and read back on the embedded AWS."""

import pytest

from tableguard.local.stacks.types import ALL
from tableguard.settings import example
from tableguard.stacks.registry import enabled_stacks
from tests.worlds.requirements import stack
from tests.worlds.settings_files import EXAMPLES


def used(settings: str) -> set[str]:
    """The resource types of every stack that these settings ask for."""
    asked = example(settings)
    templates = [stack(one.name, asked) for one in enabled_stacks(asked)]
    return {resource["Type"] for template in templates for resource in template["Resources"].values()}


@pytest.mark.parametrize("settings", EXAMPLES)
def test_every_type_of_the_templates_is_modelled(settings: str) -> None:
    assert used(settings) - set(ALL) == set()


def test_a_type_is_registered_under_its_own_name() -> None:
    assert {name: known.name for name, known in ALL.items()} == {name: name for name in ALL}


def test_every_reason_says_something() -> None:
    said = {f"{name} {path}": why for name, known in ALL.items() for path, why in known.not_modelled.items()}
    assert said
    assert [path for path, why in said.items() if len(why.split()) < 3] == []
