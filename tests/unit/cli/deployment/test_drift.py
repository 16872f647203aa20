"""Drift in text and in JSON: the same facts, and what was not compared never passes for in sync."""

from dataclasses import replace

import pytest

from tableguard.cli.deployment import drift
from tableguard.stacks.drift import DriftedProperty, DriftedResource, StackDrift

TABLE = DriftedResource("Table", "A::Table", "messages", False, (DriftedProperty("A/B", "2", "1"),))
GONE = DriftedResource("Key", "A::Key", "-", True, ())
SILENT = DriftedResource("Topic", "A::Topic", "t", False, ())
WELL = StackDrift("s", (), frozenset({"Role"}))


@pytest.mark.parametrize(
    ("stack", "lines"),
    [
        (WELL, ["s: 1 resource compared, as the template says"]),
        (
            replace(WELL, resources=(TABLE, GONE, SILENT)),
            [
                "s: 4 resources compared, 3 drifted",
                "A::Table Table",
                "A/B: 2 in the template, 1 in fact",
                "A::Key Key is gone",
                "A::Topic Topic CloudFormation does not say where",
            ],
        ),
        (replace(WELL, unanswered=("Key: not you",)), ["s: 1 resource compared", "cannot be compared: Key: not you"]),
        (
            replace(WELL, uncompared=("P (A::Policy)",)),
            [
                "s: 1 resource compared, as the template says",
                "of types that CloudFormation does not compare: P (A::Policy)",
            ],
        ),
    ],
)
def test_what_is_said_of_a_stack(stack: StackDrift, lines: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    drift.show(stack)
    assert [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()] == lines


def test_json_has_the_same_facts() -> None:
    facts = drift.facts(replace(WELL, resources=(TABLE, GONE), uncompared=("P",), unanswered=("Q",)))
    assert [(one["logical_id"], one["gone"], one["properties"]) for one in facts["drifted"]] == [
        ("Table", False, [{"place": "A/B", "expected": "2", "actual": "1"}]),
        ("Key", True, []),
    ]
    assert (facts["in_sync"], facts["not_compared"], facts["unanswered"]) == (["Role"], ["P"], ["Q"])
