"""Our evaluator and another one, asked the same random requests in the same random worlds.

TABLEGUARD_ORACLE_SEED chooses the samples. Without the engine (scripts/engines/iam-simulate) the comparison is skipped,
unless TABLEGUARD_ENGINES_REQUIRED=1.
"""

import os
from typing import Any

import pytest

from tableguard.policy.evaluate import Decision, decide
from tableguard.settings import example
from tests.engines.absence import needs
from tests.oracle import engine
from tests.oracle.documents import samples as document_samples
from tests.oracle.worlds import Sample, samples

pytestmark = pytest.mark.slow
SEED = int(os.environ.get("TABLEGUARD_ORACLE_SEED", "20261121"))
BATCHES, BATCH = 4, 5_000

needs_engine = needs("iam-simulate", engine.available(), "scripts/engines/iam-simulate installs it")


@needs_engine
@pytest.mark.parametrize("batch", range(BATCHES))
def test_both_evaluators_decide_alike(batch: int, record_property: Any) -> None:
    seed = SEED + batch
    print(f"samples of seed {seed}")  # noqa: T201  # shown with a failure: what to ask for again
    record_property("seed", seed)
    found = samples(seed, BATCH)
    answers = engine.ask(found)
    differing = [
        f"sample {n}: ours {_ours(decide(sample.world(), sample.request))}, theirs {answer}, asked {sample.request}"
        for n, (sample, answer) in enumerate(zip(found, answers, strict=True))
        if not _agree(sample, answer)
    ]
    assert differing == []


# what the other evaluator does not answer: a request for * of an action that has resources, or for a resource that the
# action has not
_NOT_ANSWERED = ('"wildcard"', "no.resource.types", "must.use.wildcard")
_UNKNOWN_ACTION = "invalid.action"  # its reference does not have what AWS added this autumn, or adds tomorrow


def _comparable(sample: Sample, answer: dict[str, Any]) -> bool:
    """Tell whether policies alone decide a request, for the other evaluator too: IAM itself keeps reserved roles."""
    reserved = sample.request.action.startswith("iam:") and ":role/aws-reserved/" in sample.request.resource
    return not reserved and _UNKNOWN_ACTION not in answer.get("error", "")


@needs_engine
def test_both_evaluators_read_the_repositorys_documents_alike() -> None:
    found = document_samples(example())
    compared = [pair for pair in zip(found, engine.ask(found), strict=True) if _comparable(*pair)]
    answered = [
        (sample, answer)
        for sample, answer in compared
        if not any(reason in answer.get("error", "") for reason in _NOT_ANSWERED) and not answer.get("ignored")
    ]
    assert len(answered) > 0.9 * len(compared) > 0.8 * len(found)
    assert [sample.request for sample, answer in answered if not _agree(sample, answer)] == []


@needs_engine
def test_the_comparison_notices_a_difference() -> None:
    found = samples(SEED, 100)
    allowed = next(sample for sample in found if decide(sample.world(), sample.request).allowed)
    denied = next(sample for sample in found if not decide(sample.world(), sample.request).allowed)
    yes, no = engine.ask([allowed, denied])
    assert _agree(allowed, yes)
    assert not _agree(allowed, no)
    assert not _agree(allowed, {**yes, "ignored": ["aws:SourceVpce"]})


def _agree(sample: Sample, answer: dict[str, Any]) -> bool:
    """Whether the answers are the same, and for a denial by SCP, the statements that made them.

    A context key that the other evaluator ignored would make it answer another question.
    """
    if "error" in answer or answer["ignored"]:
        return False
    decision = decide(sample.world(), sample.request)
    if _ours(decision) != answer["decision"]:
        return False
    first = decision.because[0]
    if first.effect != "Deny" or first.layer != "scp":
        return True
    return (first.policy, first.sid) == tuple(answer["denials"][0])


def _ours(decision: Decision) -> str:
    if decision.allowed:
        return "Allowed"
    return "ExplicitlyDenied" if decision.because[0].effect == "Deny" else "ImplicitlyDenied"


def test_the_same_seed_makes_the_same_samples() -> None:
    assert samples(SEED, 20) == samples(SEED, 20)
    assert samples(SEED, 20) != samples(SEED + 1, 20)


def test_the_samples_reach_every_layer_and_every_answer() -> None:
    decisions = [decide(sample.world(), sample.request) for sample in samples(SEED, 2_000)]
    reasons = {(reason.layer, reason.effect) for decision in decisions for reason in decision.because}
    layers = ("endpoint", "scp", "resource", "identity", "boundary", "session")
    everything = {(layer, effect) for layer in layers for effect in ("Allow", "Deny", "silent")} | {("rcp", "Deny")}
    # boundaries and session policies of the samples only allow
    assert reasons == everything - {("boundary", "Deny"), ("session", "Deny")}
