"""Every command and script that a text names exists; what the package prints names no script, which a wheel lacks."""

import ast
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from tests.paths import ROOT
from tests.worlds.commands import GROUPS
from tests.worlds.commands import commands as all_commands

MODULES = sorted((ROOT / "tableguard").rglob("*.py"))
COMMAND = re.compile(r"(?<![\w/-])tableguard ([a-z][a-z-]*)(?: ([a-z{][a-z,{}-]*))?")


@pytest.fixture(scope="module")
def commands() -> set[str]:
    """The names of commands and groups."""
    return {name.partition(" ")[0] for name, _ in all_commands()}


def expanded(text: str) -> list[str]:
    """What a shell makes of {a,b}."""
    parts = [part[1:-1].split(",") if part.startswith("{") else [part] for part in re.split(r"(\{[^}]*\})", text)]
    return ["".join(choice) for choice in product(*parts)]


def absent(text: str, commands: set[str]) -> list[str]:
    """The commands that a text names and that do not exist."""
    missing = []
    for first, second in COMMAND.findall(text):
        members = GROUPS.get(first, [])
        wrong = [name for name in expanded(second) if name and members and name not in members]
        if first not in commands or wrong:
            missing.append(f"{first} {second}")
    return missing


def code(page: str) -> str:
    """The code of a Markdown page: blocks and spans."""
    text = (ROOT / page).read_text()
    return "\n".join(re.findall(r"^```.*?^```|`[^`\n]+`", text, re.MULTILINE | re.DOTALL))


def printed(path: Path) -> Iterator[str]:
    """The texts of a module but its docstrings; of a command its description too, which --help shows."""
    tree = ast.parse(path.read_text())
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings | inside:
            yield node.value
    if "commands" in path.parts:
        yield ast.get_docstring(tree) or ""


def test_the_readme_names_every_group_and_its_commands() -> None:
    text = code("README.md")
    named = {(group, name) for group, names in COMMAND.findall(text) for name in expanded(names)}
    assert {(group, name) for group, names in GROUPS.items() for name in names} <= named


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_the_package_prints_names_commands_that_exist_and_no_script(path: Path, commands: set[str]) -> None:
    texts = list(printed(path))
    assert [text for text in texts if re.search(r"\bscripts/\w", text)] == []
    assert [name for text in texts for name in absent(text, commands)] == []


def test_a_name_that_does_not_exist_is_noticed(commands: set[str]) -> None:
    assert absent("`tableguard table load`, `tableguard rows {verify,mend}`", commands) == [
        "table load",
        "rows {verify,mend}",
    ]
    assert absent("`tableguard tables` and `tableguard up`", commands) == ["tables "]
