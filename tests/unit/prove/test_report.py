"""The report of proofs: exit codes, and findings at the document, or at the promise, that they are about."""

from dataclasses import replace

import pytest

from tableguard.findings.exit_code import FINDINGS, FINE, UNANSWERED
from tableguard.findings.formats import write
from tableguard.paths import POLICIES
from tableguard.policy.policy_set import PolicySet
from tableguard.prove.engine.prover import Verdict
from tableguard.prove.report import ProofReport
from tableguard.prove.shipped.promises import PromiseAnswer, contract_answers
from tableguard.settings import example
from tests.worlds import sarif

PLACE = "scp/deny_table_destruction.json"


@pytest.fixture(scope="module")
def proved() -> PromiseAnswer:
    """The first promise of a shipped document."""
    policies = PolicySet.filled(example())
    (contract,) = (contract for contract in policies.contracts if contract.policy.place == PLACE)
    return next(contract_answers(contract, policies))


def test_a_proved_promise_is_no_finding(proved: PromiseAnswer) -> None:
    report = ProofReport((proved,))
    assert (report.exit_code, report.findings) == (FINE, [])
    assert sarif.results(write(report, "sarif")) == []


@pytest.mark.parametrize(
    ("verdict", "code", "rule"), [("refuted", FINDINGS, "refuted"), ("not proved", UNANSWERED, "not-proved")]
)
def test_a_promise_of_a_shipped_document_is_a_finding_at_the_document(
    proved: PromiseAnswer, verdict: Verdict, code: int, rule: str
) -> None:
    failed = replace(proved, proof=replace(proved.proof, verdict=verdict))
    report = ProofReport((failed,))
    (result,) = sarif.results(write(report, "sarif"))
    assert (report.exit_code, result["ruleId"]) == (code, rule)
    place = result["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": f"policies/{PLACE}"}, "region": {"startLine": 1}}


def test_a_promise_without_guardrail_is_no_finding_and_counted(proved: PromiseAnswer) -> None:
    report = ProofReport((proved, replace(proved, unguarded=True)))
    assert (report.exit_code, report.findings) == (FINE, [])
    assert report.text().splitlines()[1].endswith(": no guardrail")
    assert "1 of 2 promises have no guardrail: the settings have no [organization]" in report.text()
    assert [promise["verdict"] for promise in report.facts()["promises"]] == ["proved", "no guardrail"]
    assert "no guardrail" not in ProofReport((proved,)).text()


def test_a_promise_about_all_documents_is_a_finding_at_its_own_line(proved: PromiseAnswer) -> None:
    failed = replace(proved, place="together.toml", proof=replace(proved.proof, verdict="refuted"))
    renamed = replace(
        failed, promise=replace(failed.promise, name="the application makes conversations, posts and edits")
    )
    (finding,) = ProofReport((renamed,)).findings
    assert finding.file == "policies/together.toml"
    assert (finding.path, finding.line) == (f"promise {renamed.promise.name}", _line(renamed.promise.name))


def _line(promise: str) -> int:
    lines = (POLICIES / "together.toml").read_text(encoding="utf-8").splitlines()
    return lines.index(f'name = "{promise}"') + 1
