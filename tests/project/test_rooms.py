"""Rooms keep their shape: no circle, no crowded folder, no prefix in place of a folder, names that say the thing."""

from pathlib import Path

import pytest

from tests.paths import ROOT
from tests.project import rooms

PRODUCT = rooms.python_files(ROOT, ("tableguard", "templates", "stream_lambda"))
# folders of files that are one thing each: their number is the number of things
LISTS = (
    "compliance/managed",
    "local/configuration",
    "tableguard/settings",
    "local/moto",
    "local/moto/dynamodb",
    "local/stacks/types",
    "check/rules",
    "cli/commands",
    "commands/messages",
    "templates",  # the stacks, and what they are made of
)
ROOT_MODULES = 6


def test_no_modules_import_one_another_in_a_circle() -> None:
    assert rooms.circle(PRODUCT) == []


def test_no_folder_is_crowded() -> None:
    assert rooms.crowded(PRODUCT, LISTS) == []
    assert len([path for path in PRODUCT.values() if path.parent == ROOT / "tableguard"]) <= ROOT_MODULES


def test_what_shares_a_prefix_is_a_folder() -> None:
    assert rooms.shared_prefixes(PRODUCT) == []


def test_no_class_name_has_two_meanings() -> None:
    assert rooms.ambiguous_classes(PRODUCT) == {}


def test_variables_name_what_they_hold() -> None:
    assert rooms.empty_names(PRODUCT) == []


def tree(folder: Path, **files: str) -> dict[str, Path]:
    (folder / "house").mkdir(parents=True)
    for name, text in files.items():
        (folder / "house" / f"{name}.py").write_text(text)
    return rooms.python_files(folder, ("house",))


@pytest.mark.parametrize("indent", ["", "def f():\n    "])
def test_a_circle_is_seen_wherever_the_import_stands(tmp_path: Path, indent: str) -> None:
    closed = tree(tmp_path / "closed", a="from house import b\n", b=f"{indent}from house.a import x\n")
    assert set(rooms.circle(closed)) == {"house.a", "house.b"}
    assert rooms.circle(tree(tmp_path / "open", a="from house import b\n", b="import json\n")) == []


def test_a_relative_import_counts(tmp_path: Path) -> None:
    assert rooms.circle(tree(tmp_path, a="from . import b\n", b="from .a import x\n"))


def test_a_fourteenth_module_and_a_third_prefix_are_seen(tmp_path: Path) -> None:
    full = tree(tmp_path / "full", **{f"m{number}": "" for number in range(rooms.MODULES)})
    assert rooms.crowded(full) == []
    crowded = tree(tmp_path / "crowded", **{f"m{number}": "" for number in range(rooms.MODULES + 1)})
    assert len(rooms.crowded(crowded)) == 1
    assert rooms.crowded(crowded, ("house",)) == []
    assert rooms.shared_prefixes(tree(tmp_path / "two", a_b="", a_c="")) == []
    assert len(rooms.shared_prefixes(tree(tmp_path / "three", a_b="", a_c="", a_d=""))) == 1


def test_classes_of_one_name_and_names_that_say_nothing_are_seen(tmp_path: Path) -> None:
    one = tree(tmp_path / "one", a="class A: ...\n", b="class B: ...\ndef f(document): rows = document\n")
    assert rooms.ambiguous_classes(one) == {}
    assert rooms.empty_names(one) == []
    text = "class A: ...\ndef f(found):\n    made = [1 for asked in found]\n    for said in made: ...\n"
    two = tree(tmp_path / "two", a="class A: ...\n", b=text)
    assert rooms.ambiguous_classes(two) == {"A": ["house.a", "house.b"]}
    assert [fault.rpartition(" ")[2] for fault in rooms.empty_names(two)] == ["found", "made", "said", "asked"]
