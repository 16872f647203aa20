"""What became of promises, as text, JSON and SARIF: the same facts in each."""

import json
from collections.abc import Sequence
from typing import Any

from tableguard import __version__
from tableguard.iam.action_universe import source
from tableguard.prove import requests
from tableguard.prove.promises import Answer
from tableguard.prove.prover import Row
from tableguard.prove.question import FACTS, GROUPS

_SARIF = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
_TOLD = {"denied": "must deny", "allowed": "must allow"}


def exit_code(answers: Sequence[Answer]) -> int:
    """2 if a promise has no answer, else 1 if one is refuted, else 0."""
    if any(answer.proof.verdict == "not proved" or answer.empty for answer in answers):
        return 2
    return 0 if all(answer.holds for answer in answers) else 1


def verdict(answer: Answer) -> str:
    """One word or two: proved, refuted, not proved."""
    return "not proved" if answer.empty else answer.proof.verdict


def text(answers: Sequence[Answer], tables: bool = False) -> str:
    """One line a promise, what refutes it below; with `tables` also the classes that a proof rests on."""
    lines = [line for answer in answers for line in _lines(answer, tables)]
    proved = sum(answer.holds for answer in answers)
    classes = sum(answer.proof.classes for answer in answers)
    seconds = sum(answer.seconds for answer in answers)
    facts = [f"assumed: {fact}" for fact in FACTS] if tables else []
    total = f"{proved} of {len(answers)} promises proved, over {classes} classes of requests, in {seconds:.1f} s"
    return "\n".join([*lines, *facts, total])


def _lines(answer: Answer, tables: bool) -> list[str]:
    proof = answer.proof
    head = f"{answer.place}: {_TOLD[answer.promise.wanted]}: {answer.promise.name}: {verdict(answer)}"
    if proof.counterexample is not None and proof.decision is not None:
        because = "; ".join(map(str, proof.decision.because))
        return [head, f"    {requests.sentence(proof.counterexample)}", f"    {because}"]
    if verdict(answer) == "not proved":
        return [f"{head}: {answer.empty or proof.reason}"]
    rows = [f"    {row.classes} classes {row.because}; such as: {requests.sentence(row.example)}" for row in proof.rows]
    return [f"{head}, {proof.classes} classes of requests", *(rows if tables else ())]


def facts(answers: Sequence[Answer]) -> dict[str, Any]:
    """The same facts as a value for JSON."""
    return {
        "assumed": list(FACTS),
        "callers": dict(GROUPS),
        "action_universe": {key: str(value) for key, value in source().items()},
        "promises": [_facts(answer) for answer in answers],
        "exit_code": exit_code(answers),
    }


def _facts(answer: Answer) -> dict[str, Any]:
    proof = answer.proof
    counterexample = proof.counterexample and {
        "request": requests.facts(proof.counterexample),
        "because": [str(reason) for reason in proof.decision.because] if proof.decision else [],
    }
    return {
        "document": answer.place,
        "promise": answer.promise.name,
        "wanted": answer.promise.wanted,
        "callers": list(answer.promise.callers),
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


def as_json(answers: Sequence[Answer]) -> str:
    """The facts as JSON."""
    return json.dumps(facts(answers), indent=2, ensure_ascii=False)


def sarif(results: Sequence[tuple[str, str, str, str]]) -> str:
    """SARIF 2.1.0 of (file, rule, level, message)."""
    rules = sorted({rule for _, rule, _, _ in results})
    run = {
        "tool": {
            "driver": {
                "name": "tableguard",
                "version": __version__,
                "rules": [{"id": rule, "shortDescription": {"text": rule.replace("-", " ")}} for rule in rules],
            }
        },
        "results": [
            {
                "ruleId": rule,
                "ruleIndex": rules.index(rule),
                "level": level,
                "message": {"text": message},
                "locations": [{"physicalLocation": {"artifactLocation": {"uri": place}}}],
            }
            for place, rule, level, message in results
        ],
    }
    return json.dumps({"$schema": _SARIF, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def findings(answers: Sequence[Answer], root: str) -> list[tuple[str, str, str, str]]:
    """What is not proved, as SARIF results; `root` is the folder that the documents are in."""
    return [
        (f"{root}{answer.place}", verdict(answer).replace(" ", "-"), "error", "\n".join(_lines(answer, False)))
        for answer in answers
        if not answer.holds
    ]
