"""A verdict on each outcome; broken claims and unseen successes are findings, and what shows nothing is not asked."""

import json
from dataclasses import replace

import pytest

from tableguard.attack import ledger
from tableguard.attack.attempt import AttackStep, Attempt
from tableguard.attack.ledger import Ledger, Verdict
from tableguard.attack.outcome import AttemptOutcome, Prevention, Sighting
from tableguard.findings import formats

CLAIMED = Attempt(
    "delete-the-table",
    "table",
    "deletes the table",
    "administrator",
    (AttackStep("dynamodb", "DeleteTable", {}),),
    ("T1485",),
    statements=("DenyTableDestruction",),
)
UNCOVERED = replace(CLAIMED, statements=(), uncovered="it is how it is")
EXCUSED = replace(UNCOVERED, unseen="nobody need know")
BY_SCP = Prevention(1, "dynamodb:DeleteTable", "scp", "scp/deny_table_destruction", "DenyTableDestruction")
SEEN = (Sighting("table_destruction", "metric filter", 360), Sighting("table_destruction", "event pattern", 5))

VERDICTS: list[tuple[AttemptOutcome, Verdict, int]] = [
    (AttemptOutcome(CLAIMED, BY_SCP, SEEN), "prevented and seen", 0),
    (AttemptOutcome(CLAIMED, BY_SCP), "prevented", 0),
    (AttemptOutcome(CLAIMED, None, SEEN), "BROKEN: a claim covers it, and it was done", 1),
    (AttemptOutcome(UNCOVERED, None, SEEN), "done by design, and seen", 0),
    (AttemptOutcome(UNCOVERED), "UNSEEN: it was done, and nobody was told", 1),
    (AttemptOutcome(EXCUSED), "done by design, unseen for a reason", 0),
    (AttemptOutcome(EXCUSED, None, SEEN), "not asked", 2),
    (AttemptOutcome(UNCOVERED, BY_SCP, SEEN), "not asked", 2),
    (AttemptOutcome(CLAIMED, error="ValidationException"), "not asked", 2),
]


@pytest.mark.parametrize(("outcome", "expected", "code"), VERDICTS)
def test_an_outcome_has_a_verdict_and_an_exit_code(outcome: AttemptOutcome, expected: Verdict, code: int) -> None:
    assert ledger.verdict(outcome) == expected
    assert Ledger((outcome,)).exit_code == code
    assert len(Ledger((outcome,)).findings) == (code == 1)
    assert len(Ledger((outcome,)).unanswered) == (code == 2)


def test_a_finding_goes_before_what_was_not_asked() -> None:
    assert Ledger((AttemptOutcome(UNCOVERED), AttemptOutcome(CLAIMED, error="x"))).exit_code == 1


def test_text_json_and_sarif_have_the_same_facts() -> None:
    both = Ledger((AttemptOutcome(CLAIMED, BY_SCP, SEEN), AttemptOutcome(UNCOVERED)))
    row = both.text().splitlines()[1]
    assert row.startswith("  prevented, seen ")
    assert "by DenyTableDestruction" in row
    assert "told by table_destruction after 5 s" in row
    assert (
        both.text().splitlines()[-1] == "2 attempts: 1 prevented and seen, 1 UNSEEN: it was done, and nobody was told"
    )
    first, second = json.loads(formats.write(both, "json"))["attempts"]
    assert (first["prevented"]["statement"], first["detected"][1]["seconds"]) == ("DenyTableDestruction", 5)
    assert (second["prevented"], second["verdict"]) == (None, "UNSEEN: it was done, and nobody was told")
    (result,) = json.loads(formats.write(both, "sarif"))["runs"][0]["results"]
    assert result["ruleId"] == "unseen-attempt"
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].endswith(
        "policies/attempts/table.toml"
    )


def test_an_outcome_comes_back_from_a_copy_as_it_was() -> None:
    for outcome, _, _ in VERDICTS:
        assert AttemptOutcome.read(outcome.attempt, json.loads(json.dumps(outcome.facts()))) == outcome
