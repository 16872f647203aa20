"""Weaken any document anywhere: a promise fails, or the document is refused, or it can be proved to mean the same.

By default a part of the mutants, spread over all of them; TABLEGUARD_MUTANTS=all tries every one.
"""

import os

import pytest

from tableguard.check.rules import policy_meaning
from tableguard.policy.contract import Contract
from tableguard.policy.worlds import EVERY_REQUEST, Scope
from tableguard.prove.diff.difference import difference
from tests.mutation.mutants import ESTATE, alone, every, fate, shipped

pytestmark = pytest.mark.slow
STEP = 1 if os.environ.get("TABLEGUARD_MUTANTS") == "all" else 19
LEAST = 300


def test_no_document_has_a_fault_before_it_is_mutated() -> None:
    faults = [
        fault
        for contract in shipped()
        for fault in policy_meaning.check(contract.policy.place, contract.policy.kind, contract.policy.document)
    ]
    assert faults == []


@pytest.mark.parametrize("contract", shipped(), ids=lambda contract: contract.policy.place)
def test_a_document_compared_with_itself_means_the_same(contract: Contract) -> None:
    same = alone(contract, contract.policy.document)
    assert difference(same, same, Scope(EVERY_REQUEST, "anyone", ESTATE)).same


def test_every_mutant_is_refused_refuted_or_proved_to_mean_the_same() -> None:
    outcomes = [fate(contract, mutant) for contract, mutant in list(every())[::STEP]]
    survivors = [str(outcome) for outcome in outcomes if outcome.fate == "survived"]
    assert survivors == []
    assert len(outcomes) >= LEAST
    assert sum(outcome.fate == "refuted" for outcome in outcomes) >= LEAST / 2
