"""The report of `tableguard prove`: one outcome a promise, and what refutes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tableguard.findings.counts import counted
from tableguard.findings.exit_code import FINDINGS, FINE, UNANSWERED
from tableguard.findings.finding import Finding
from tableguard.findings.formats import Report
from tableguard.policy.evaluate import Decision
from tableguard.policy.principals import GROUPS
from tableguard.policy.service_reference import source
from tableguard.prove import places, requests
from tableguard.prove.engine.prover import Proof, Row
from tableguard.prove.engine.question import FACTS
from tableguard.prove.reach import report as reach_report
from tableguard.prove.reach.promises import ReachAnswer
from tableguard.prove.shipped.promises import PromiseAnswer
from tableguard.prove.unbound import unbound

UNGUARDED = "no guardrail"  # chosen by settings without an organization, and so no finding
_FEW = 3
_DEMANDS = {"denied": "must deny", "allowed": "must allow"}
_REMEDIES = {
    "refuted": "correct the documents, or promise less",
    "not proved": "write what AWS leaves open so that it is defined, or promise less",
}


def verdict(answer: PromiseAnswer) -> str:
    """Return proved, refuted, not proved, or that an organization's guardrails would keep the promise."""
    if answer.unguarded:
        return UNGUARDED
    return "not proved" if answer.empty else answer.proof.verdict


def _verdict(answer: PromiseAnswer | ReachAnswer) -> str:
    if isinstance(answer, PromiseAnswer):
        return verdict(answer)
    return answer.verdict


@dataclass(frozen=True)
class Sources:
    """The documents that answers are about, with their kinds, and the files that hold none; empty for the shipped.

    `notes` say what was concluded about the documents.
    """

    documents: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


SHIPPED = Sources()


def assumptions(decision: Decision) -> list[str]:
    """Say what the policies stand for that a decision rests on and no file holds."""
    assumed = (reason for reason in decision.because if reason.assumed)
    return list(dict.fromkeys(f"{reason.layer} policy {reason.policy} is {reason.assumed}" for reason in assumed))


@dataclass(frozen=True)
class ProofReport(Report):
    """The answers about promises; with `tables` the text also has the classes that each proof rests on."""

    answers: Sequence[PromiseAnswer]
    sources: Sources = SHIPPED
    tables: bool = False
    about_sequences: Sequence[ReachAnswer] = ()

    @property
    def exit_code(self) -> int:
        """Return UNANSWERED if a promise has no answer, else FINDINGS if one is refuted, else FINE."""
        every: list[PromiseAnswer | ReachAnswer] = [*self.answers, *self.about_sequences]
        verdicts = set(map(_verdict, every))
        if "not proved" in verdicts:
            return UNANSWERED
        return FINE if verdicts <= {"proved", UNGUARDED} else FINDINGS

    def text(self) -> str:
        """Write one line a promise, with what refutes it below."""
        lines = [line for answer in self.answers for line in _lines(answer, self.tables)]
        lines += [line for answer in self.about_sequences for line in reach_report.promise_lines(answer)]
        every: list[PromiseAnswer | ReachAnswer] = [*self.answers, *self.about_sequences]
        proved = sum(answer.holds for answer in every)
        classes = sum(answer.proof.classes for answer in self.answers)
        seconds = sum(answer.seconds for answer in every)
        facts = [f"assumed: {fact}" for fact in (*_assumed(every), *(FACTS if self.tables else ()))]
        facts += reach_report.assumptions() if self.tables and self.about_sequences else []
        facts += [f"read: {document}" for document in self.sources.documents] if self.tables else []
        facts += [*(f"noted: {note}" for note in self.sources.notes), *left_out(self.sources.left_out)]
        total = f"{proved} of {len(every)} promises proved, over {counted(classes, 'class', 'classes')} of requests"
        if unguarded := sum(_verdict(answer) == UNGUARDED for answer in every):
            facts.append(f"{unguarded} of {len(every)} promises have no guardrail: the settings have no [organization]")
        return "\n".join([*lines, *facts, f"{total}, in {seconds:.1f} s"])

    def facts(self) -> dict[str, Any]:
        """Return the same facts as a value for JSON."""
        return {
            "assumed": list(FACTS),
            "documents": list(self.sources.documents),
            "left_out": list(self.sources.left_out),
            "notes": list(self.sources.notes),
            "callers": dict(GROUPS),
            "action_universe": dict(source()),
            "promises": [_facts(answer) for answer in self.answers],
            "about_sequences": [reach_report.promise_facts(answer) for answer in self.about_sequences],
            "exit_code": self.exit_code,
        }

    @property
    def findings(self) -> list[Finding]:
        """Return the promises that are refuted or not proved, each at the document that it is about."""
        about_requests = [self._finding(one) for one in self.answers if _verdict(one) not in ("proved", UNGUARDED)]
        reached = (one for one in self.about_sequences if _verdict(one) not in ("proved", UNGUARDED))
        return about_requests + [self._reached(one) for one in reached]

    def _reached(self, answer: ReachAnswer) -> Finding:
        file = places.shipped(answer.place) if self.sources == SHIPPED else Path(answer.place)
        path, line = places.of_promise(file, answer.promise.name)
        problem, remedy = "\n".join(reach_report.promise_lines(answer)), _REMEDIES[answer.verdict]
        return Finding(answer.verdict.replace(" ", "-"), str(file), path, line, problem, remedy)

    def _finding(self, answer: PromiseAnswer) -> Finding:
        # shipped documents are named within policies/, a file of promises as the user wrote it
        file = places.shipped(answer.place) if self.sources == SHIPPED else Path(answer.place)
        path, line = _place(file, answer)
        problem, remedy = "\n".join(_lines(answer, False)), _REMEDIES[verdict(answer)]
        return Finding(verdict(answer).replace(" ", "-"), str(file), path, line, problem, remedy)


def _place(file: Path, answer: PromiseAnswer) -> tuple[str, int]:
    """Return path and line: the promise in a file of promises; in a document the statement that decided, if one did."""
    if file.suffix != ".json":
        return places.of_promise(file, answer.promise.name)
    decision = answer.proof.decision
    return places.of_statement(file, {reason.sid for reason in decision.because if reason.sid} if decision else set())


def left_out(files: Sequence[str]) -> list[str]:
    """Write one line about the files that hold no policy; JSON names them all."""
    more = f" and {len(files) - _FEW} more" if len(files) > _FEW else ""
    return [f"left out, no policy: {', '.join(files[:_FEW])}{more}"] if files else []


def _assumed(answers: Sequence[PromiseAnswer | ReachAnswer]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(assumption for answer in answers for assumption in answer.assumed))


def _lines(answer: PromiseAnswer, tables: bool) -> list[str]:
    proof = answer.proof
    head = (
        f"{answer.place}: {_DEMANDS[answer.promise.wanted]}: {answer.promise.name}{_where(answer)}: {verdict(answer)}"
    )
    if answer.unguarded and not tables:
        return [head]
    if proof.counterexample is not None and proof.decision is not None:
        assumed = [f"    assumed: {assumption}" for assumption in assumptions(proof.decision)]
        reasons = [f"    {reason}" for reason in _unbound(proof)]
        return [head, f"    {requests.sentence(proof.counterexample)}", f"    {proof.decision}", *reasons, *assumed]
    if verdict(answer) == "not proved":
        return [f"{head}: {answer.empty or proof.reason}"]
    rows = [
        f"    {counted(row.classes, 'class', 'classes')} {row.because}; such as: {requests.sentence(row.example)}"
        for row in proof.rows
    ]
    return [f"{head}, {counted(proof.classes, 'class', 'classes')} of requests", *(rows if tables else ())]


def _unbound(proof: Proof) -> tuple[str, ...]:
    """Say why no SCP or RCP stands in the way of a counterexample that is allowed."""
    if proof.counterexample is None or proof.decision is None or not proof.decision.allowed:
        return ()
    return unbound(proof.question.world, proof.counterexample)


def _where(answer: PromiseAnswer) -> str:
    return f" ({answer.where})" if answer.where else ""


def _facts(answer: PromiseAnswer) -> dict[str, Any]:
    proof = answer.proof
    counterexample = proof.counterexample and {
        "request": requests.facts(proof.counterexample),
        "because": str(proof.decision).split("; ") if proof.decision else [],
        "unbound": list(_unbound(proof)),
        "assumed": assumptions(proof.decision) if proof.decision else [],
    }
    return {
        "document": answer.place,
        "promise": answer.promise.name,
        "wanted": answer.promise.wanted,
        "callers": list(answer.promise.callers),
        "where": answer.where,
        "assumed": list(answer.assumed),
        "statement": dict(answer.promise.statement),
        "verdict": verdict(answer),
        "reason": answer.empty or proof.reason,
        "classes": proof.classes,
        "combinations": proof.combinations,
        "milliseconds": round(answer.seconds * 1000),
        "counterexample": counterexample,
        "table": [_row(row) for row in proof.rows],
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        "allowed": row.allowed,
        "because": row.because,
        "classes": row.classes,
        "example": requests.facts(row.example),
    }
