"""The diff of a stack: a line for each resource and each property, alike in a pipe and on a terminal."""

import io
from contextlib import redirect_stdout

import pytest

from tableguard.cli.deployment import changes, plan
from tableguard.stacks.changes import PropertyChange, ResourceChange
from tests.unit.cli.test_output import Terminal

TABLE = ResourceChange(
    "Modify",
    "Messages",
    "AWS::DynamoDB::Table",
    "always",
    ("TableName", "Tags"),
    kept=True,
    values=(PropertyChange("TableName", "a", "b", "always"), PropertyChange("Tags/x/Value", None, [1], causes=("P",))),
)


def text(*planned: ResourceChange) -> list[str]:
    return [line.text for line in changes.lines("s", planned)]


def test_a_resource_is_followed_by_its_properties_with_both_values() -> None:
    assert text(TABLE) == [
        "s: 1 change",
        "  Modify  AWS::DynamoDB::Table                     Messages  REPLACES the resource  its data stays with the "
        "former one",
        "            TableName: a → b  REPLACES",
        "            Tags/x/Value: (absent) → [1]  follows P",
    ]


@pytest.mark.parametrize(
    ("change", "note"),
    [
        (ResourceChange("Remove", "Q", "AWS::SQS::Queue"), "its data is lost with it"),
        (ResourceChange("Remove", "Q", "AWS::SQS::Queue", kept=True), "it stays in the account"),
        (ResourceChange("Remove", "T", "AWS::SNS::Topic"), "it is deleted"),
        (ResourceChange("Modify", "Q", "AWS::SQS::Queue", "conditional"), "MAY REPLACE the resource  its data is lost "
         "with it then"),
        (ResourceChange("Modify", "T", "AWS::SNS::Topic", "conditional", certain=False), "MAY REPLACE the resource  if "
         "what it refers to changes"),
        (ResourceChange("Modify", "T", "AWS::SNS::Topic"), "T"),
    ],
)  # fmt: skip
def test_what_becomes_of_the_resource_is_said(change: ResourceChange, note: str) -> None:
    assert text(change)[1].endswith(f" {note}")


def test_a_property_without_values_is_named_and_one_that_only_follows_says_what() -> None:
    untold = ResourceChange("Modify", "A", "B::C::D", properties=("Name",))
    follows = ResourceChange("Modify", "A", "B::C::D", values=(PropertyChange("Name", "a", "a", causes=("X.Arn",)),))
    assert text(untold)[2].strip() == "Name"
    assert text(follows)[2].strip() == "Name  follows X.Arn"


def test_long_values_are_cut_around_their_first_difference_and_json_has_all_of_them() -> None:
    before, after = "x" * 1000 + "1" + "y" * 1000, "x" * 1000 + "2" + "y" * 1000
    change = ResourceChange("Modify", "A", "B::C::D", values=(PropertyChange("Long", before, after),))
    line = text(change)[2]
    assert [part in line for part in ("1y", "2y", "…")] == [True] * 3
    assert len(line) < 400
    assert changes.facts(change)["values"][0]["after"] == after


@pytest.mark.parametrize(
    ("change", "red"),
    [
        (TABLE, 2),  # itself, and the property that replaces it
        (ResourceChange("Modify", "T", "AWS::SNS::Topic", "conditional", certain=False), 1),
        (ResourceChange("Remove", "Q", "AWS::SQS::Queue"), 1),
        (ResourceChange("Modify", "T", "AWS::SNS::Topic", values=(PropertyChange("A", 1, 2),)), 0),
    ],
)
def test_what_is_replaced_or_loses_data_is_red(change: ResourceChange, red: int) -> None:
    with redirect_stdout(terminal := Terminal()):
        plan.show_changes("s", [change])
    with redirect_stdout(pipe := io.StringIO()):
        plan.show_changes("s", [change])
    assert terminal.getvalue().count("\x1b[1;31m") == red
    assert "\x1b" not in pipe.getvalue()
    assert pipe.getvalue().splitlines() == text(change)
