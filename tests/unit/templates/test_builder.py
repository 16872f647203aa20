"""The builder of stacks: one object instead of template and settings, and functions short enough to read."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tableguard.paths import TEMPLATES
from tableguard.settings import Settings, example
from tableguard.stacks.registry import find_stack
from tableguard.stacks.render import render
from templates.builder import StackBuilder

LINES = 50


def functions(source: str) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef))


def too_long(source: str) -> list[str]:
    return [one.name for one in functions(source) if (one.end_lineno or 0) - one.lineno + 1 > LINES]


def with_the_old_pair(source: str) -> list[str]:
    """Return the functions that take both a template and the settings."""

    def takes(function: ast.FunctionDef) -> set[str]:
        return {argument.arg for argument in (*function.args.args, *function.args.kwonlyargs)}

    return [one.name for one in functions(source) if {"template", "settings"} <= takes(one)]


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("*.py")), ids=lambda path: path.stem)
def test_the_functions_of_a_stack_are_short_and_take_the_builder(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert too_long(source) == []
    assert with_the_old_pair(source) == []


def test_a_long_function_and_the_old_pair_are_seen() -> None:
    assert too_long("def f():\n" + "    x = 1\n" * LINES) == ["f"]
    assert too_long("def f():\n" + "    x = 1\n" * (LINES - 1)) == []
    assert with_the_old_pair("def f(template, settings): ...") == ["f"]
    assert with_the_old_pair("def f(stack, settings): ...") == []


def test_a_document_has_the_stacks_own_account_or_the_one_of_the_settings() -> None:
    stack = StackBuilder(example(), "a test")

    def resource(document: dict[str, Any]) -> Any:
        return document["Statement"][0]["Resource"][0]

    own = stack.policy_with_pseudo_parameters("role", "operator")
    literal = stack.policy_with_literal_ids("role", "operator")
    table = "arn:aws:dynamodb:{}:{}:table/cruddur-messages"
    assert resource(own).to_dict() == {"Fn::Sub": table.format("${AWS::Region}", "${AWS::AccountId}")}
    assert resource(literal) == table.format("eu-central-1", "111122223333")


def test_exports_and_imports_meet_under_the_organisations_name() -> None:
    stack = StackBuilder(example(), "a test")
    stack.export("TableName", value="x", description="a table")
    (output,) = stack.template.to_dict()["Outputs"].values()
    assert output["Export"]["Name"] == stack.imported("TableName").to_dict()["Fn::ImportValue"] == "cruddur-TableName"


@pytest.mark.parametrize("stacks", [("access",), ("access", "audit")])
def test_a_stack_asks_the_settings_once_for_the_values_of_all_its_policies(
    stacks: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    questions: list[Settings] = []
    values = Settings.policy_values

    def counted(settings: Settings) -> dict[str, str | tuple[str, ...]]:
        questions.append(settings)
        return values(settings)

    monkeypatch.setattr(Settings, "policy_values", counted)
    render(example(), map(find_stack, stacks))
    assert len(questions) == len(stacks)
