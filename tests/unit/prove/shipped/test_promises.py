"""Every promise of the shipped documents is proved, on both sides, for each of the shipped settings."""

import time
from functools import cache

import pytest

from tableguard.policy import contract, documents
from tableguard.prove.shipped import together
from tableguard.prove.shipped.promises import Answer, answers
from tableguard.settings import example

EXAMPLES = ("default", "existing-vpc")


@cache
def shipped(settings: str) -> tuple[Answer, ...]:
    chosen = example(settings)
    each = [answer for claim in contract.load_all() for answer in answers(claim, chosen)]
    return (*each, *together.answers(chosen))


@pytest.mark.parametrize("settings", EXAMPLES)
def test_every_promise_is_proved_and_none_is_empty(settings: str) -> None:
    broken = [
        (answer.place, answer.promise.name, answer.proof.verdict, answer.proof.reason or answer.empty)
        for answer in shipped(settings)
        if not answer.holds
    ]
    assert broken == []


@pytest.mark.parametrize("claim", contract.load_all(), ids=lambda claim: claim.policy.place)
def test_every_document_promises_what_it_denies_and_what_it_leaves_allowed(claim: contract.Claim) -> None:
    assert {promise.wanted for promise in claim.promises} == {"denied", "allowed"}


def test_every_statement_decides_in_some_promise() -> None:
    """A statement that no table of classes names could be dropped without any promise noticing."""
    reasons = {row.because for answer in shipped("default") for row in answer.proof.rows}
    silent = [
        (document.place, statement["Sid"])
        for document in documents.load_all()
        for statement in document.document["Statement"]
        if not any(f"policy {document.name}, statement {statement['Sid']}" in reason for reason in reasons)
    ]
    assert silent == []


def test_all_promises_together_take_seconds_and_none_is_slow() -> None:
    start = time.process_time()
    chosen = example()
    for claim in contract.load_all():
        for answer in answers(claim, chosen):
            assert answer.holds
    assert time.process_time() - start < 8  # a fifth of it on an idle machine


def test_a_weakened_promise_is_not_hidden_by_the_guard() -> None:
    (claim,) = (each for each in contract.load_all() if each.policy.name == "deny_table_destruction")
    place = claim.policy.place
    everybody = contract.Promise("nobody deletes the table", "denied", ("members",), {"Action": "dynamodb:DeleteTable"})
    (found,) = answers(contract.Claim(claim.policy, "", (), (), (), (everybody,)), example())
    assert found.place == place
    assert not found.holds
    assert found.proof.counterexample is not None


def test_a_promise_that_needs_no_policy_is_empty() -> None:
    (claim,) = (each for each in contract.load_all() if each.policy.name == "dax")
    free = contract.Promise("free", "allowed", ("account",), {"Action": "s3:GetObject"})
    (found,) = answers(contract.Claim(claim.policy, "", (), (), (), (free,)), example())
    assert found.proof.verdict == "refuted"
