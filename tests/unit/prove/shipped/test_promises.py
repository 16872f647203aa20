"""Every promise of the shipped documents is proved, on both sides, for each of the shipped settings."""

import json
import re
import time
import tomllib
from dataclasses import replace
from functools import cache

import pytest

from tableguard.policy import documents
from tableguard.policy.contract import Contract, Promise, load_all, scope_of
from tableguard.policy.policy_set import PolicySet
from tableguard.prove.shipped import proofs, together
from tableguard.prove.shipped.promises import PromiseAnswer, answers, contract_answers
from tableguard.settings import example
from tests.paths import ROOT
from tests.worlds.partitions import settings_in
from tests.worlds.settings_files import EXAMPLES

pytestmark = pytest.mark.slow


@cache
def shipped(settings: str) -> tuple[PromiseAnswer, ...]:
    return tuple(proofs.answers(example(settings)))


IN_ORGANIZATIONS = tuple(name for name in EXAMPLES if example(name).has_organization)


@pytest.mark.parametrize("settings", IN_ORGANIZATIONS)
def test_every_promise_is_proved_and_none_is_empty(settings: str) -> None:
    broken = [
        (answer.place, answer.promise.name, answer.proof.verdict, answer.proof.reason or answer.empty)
        for answer in shipped(settings)
        if not answer.holds
    ]
    assert broken == []


def test_without_an_organization_every_promise_of_a_guardrail_has_none_and_all_others_but_some_are_proved() -> None:
    alone = shipped("single-account")
    of_guardrails = [answer for answer in alone if answer.place.startswith(("scp/", "rcp/"))]
    others = [answer for answer in alone if answer not in of_guardrails]
    assert all(answer.unguarded for answer in of_guardrails)
    assert all(answer.holds or answer.unguarded for answer in others)
    unguarded = {answer.place for answer in others if answer.unguarded}
    assert unguarded == {"together.toml"}  # what the account's own documents promise, they keep
    assert len(others) > 2 * sum(answer.unguarded for answer in others)


def test_what_neither_guardrails_nor_documents_keep_is_refuted_without_an_organization_too() -> None:
    policies = PolicySet.filled(example("single-account"))
    combined = next(one for one in together.load().promises if one.promise.wanted == "denied")
    broken = replace(combined.promise, statement={"Action": ["dynamodb:Query"]}, callers=("role/<name>-application",))
    (world, promise) = next(together._worlds(replace(combined, promise=broken), together.load().roles, policies))
    scope = scope_of("here", promise, policies.shorthand, policies.shorthand.values)
    answer = together._answer(promise, scope, world, replace(world, service_control=()))
    assert (answer.proof.verdict, answer.unguarded) == ("refuted", False)


def test_sequences_that_guardrails_alone_would_end_have_none_without_an_organization() -> None:
    policies = PolicySet.filled(example("single-account"))
    assert {answer.verdict for answer in proofs.about_sequences(policies)} == {"no guardrail"}
    assert {answer.verdict for answer in proofs.about_sequences(policies.with_guardrails)} == {"proved"}


@pytest.mark.parametrize("partition", ["aws-us-gov", "aws-cn"])
def test_in_another_partition_the_same_promises_are_proved_about_as_many_requests(partition: str) -> None:
    there = tuple(proofs.answers(settings_in(partition)))
    assert [answer.holds for answer in there] == [answer.holds for answer in shipped("default")]
    assert sum(answer.proof.classes for answer in there) == sum(answer.proof.classes for answer in shipped("default"))


def test_documents_of_one_partition_bind_nobody_in_another() -> None:
    written = documents.load("scp", "deny_table_destruction")
    values = settings_in("aws-us-gov").policy_values()
    text = json.dumps(documents.fill(written, {**values, "partition": "aws"}))
    assert "arn:aws:dynamodb:" in text
    assert text != json.dumps(documents.fill(written, values))


@pytest.mark.parametrize("contract", load_all(), ids=lambda contract: contract.policy.place)
def test_every_document_promises_what_it_denies_and_what_it_leaves_allowed(contract: Contract) -> None:
    assert {promise.wanted for promise in contract.promises} == {"denied", "allowed"}


def test_the_readme_counts_them() -> None:
    count = re.search(r"together they make (\d+) promises", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert count is not None
    together = tomllib.loads((ROOT / "policies" / "together.toml").read_text(encoding="utf-8"))
    assert int(count[1]) == len(shipped("default")) + len(together["must-not-reach"])


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
    for answer in answers(PolicySet.filled(example())):
        assert answer.holds
    assert time.process_time() - start < 8  # a fifth of it on an idle machine


def test_a_weakened_promise_is_not_hidden_by_the_guard() -> None:
    everybody = Promise("nobody deletes the table", "denied", ("members",), {"Action": "dynamodb:DeleteTable"})
    answer = answer_about("deny_table_destruction", everybody)
    assert answer.place == "scp/deny_table_destruction.json"
    assert not answer.holds
    assert answer.proof.counterexample is not None


def answer_about(document: str, promise: Promise) -> PromiseAnswer:
    """The answer to one promise about a shipped document, in place of those of its contract."""
    policies = PolicySet.filled(example())
    (contract,) = (contract for contract in policies.contracts if contract.policy.name == document)
    (answer,) = contract_answers(replace(contract, promises=(promise,)), policies)
    return answer


def test_a_promise_that_needs_no_policy_is_empty() -> None:
    free = Promise("free", "allowed", ("account",), {"Action": "s3:GetObject"})
    assert answer_about("dax", free).proof.verdict == "refuted"
