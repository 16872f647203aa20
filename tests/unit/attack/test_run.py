"""Every attempt on the shipped estate, each on a fresh copy: what was claimed holds, and somebody was told."""

import json
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest

from tableguard.attack import page, run
from tableguard.attack.ledger import Ledger
from tableguard.attack.outcome import AttemptOutcome, Prevention, Sighting
from tableguard.detect import catalogue as detections
from tableguard.errors import PolicyError
from tableguard.policy import documents
from tableguard.settings import example
from tests.paths import ROOT

pytestmark = pytest.mark.slow
ATTEMPTS = {attempt.id: attempt for attempt in run.every_attempt(example())}
DENYING = {
    f"{document.kind}/{document.name}": {statement.get("Sid") for statement in document.document["Statement"]}
    for document in documents.load_all()
}


def attack(*arguments: str) -> dict[str, Mapping[str, Any]]:
    """Make attempts in a process of one thread, which can be copied; return them by id."""
    command = [sys.executable, "-m", "tableguard", "attack", "--json", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr or done.stdout
    return {attempt["id"]: attempt for attempt in json.loads(done.stdout)["attempts"]}


@cache
def whole() -> dict[str, Mapping[str, Any]]:
    """All attempts."""
    return attack()


def test_every_attempt_is_made_and_no_claim_is_broken_and_no_success_unseen() -> None:
    assert whole().keys() == ATTEMPTS.keys()  # and the command ended with 0


def test_what_refuses_is_what_was_claimed() -> None:
    for name, made in whole().items():
        attempt, prevented = ATTEMPTS[name], made["prevented"]
        if attempt.statements:
            assert prevented["statement"] in attempt.statements, name
            assert prevented["statement"] in DENYING[prevented["document"]], name
        elif attempt.document:
            assert attempt.document in prevented["document"].split(", "), name
        elif attempt.refused_with:
            assert prevented["layer"] == "service", name
        assert not prevented or prevented["step"] == len(attempt.steps), name  # the deed, and nothing before it


def test_each_detection_tells_of_an_attempt() -> None:
    told = {sighting["detection"] for made in whole().values() for sighting in made["detected"]}
    assert {
        detection.name for detection in detections.load_all(example().policy_values())
    } - told == page.NOT_TRIED.keys()


def test_the_result_hangs_on_neither_order_nor_company() -> None:
    destroyed = whole()["destroy-the-table"]
    assert destroyed["prevented"] is None  # and yet whatever comes after it finds the table
    alone = attack("--only", "open-the-table-with-break-glass", "--only", "destroy-the-table", "--parallel", "1")
    assert alone == {name: whole()[name] for name in alone}
    assert len(alone) == 2


def test_the_page_of_the_ledger_is_the_run() -> None:
    outcomes = (
        AttemptOutcome(
            ATTEMPTS[name],
            Prevention(**made["prevented"]) if made["prevented"] else None,
            tuple(Sighting(**sighting) for sighting in made["detected"]),
        )
        for name, made in whole().items()
    )
    written = (ROOT / "docs" / "attack-ledger.md").read_text(encoding="utf-8")
    assert page.page(Ledger(tuple(outcomes))).splitlines() == written.splitlines()


def test_a_word_that_names_no_attempt_is_refused() -> None:
    assert [attempt.id for attempt in run.chosen(tuple(ATTEMPTS.values()), ["D25"])] == ["too-large-to-record"]
    with pytest.raises(PolicyError, match="--only 'D26': no attempt"):
        run.chosen(tuple(ATTEMPTS.values()), ["D26"])
