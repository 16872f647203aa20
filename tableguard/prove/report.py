"""What became of promises, as text, JSON and SARIF: the same facts in each."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tableguard import __version__
from tableguard.policy.evaluate import Decision
from tableguard.policy.service_reference import source
from tableguard.prove import requests
from tableguard.prove.engine.prover import Row
from tableguard.prove.engine.question import FACTS, GROUPS
from tableguard.prove.shipped.promises import Answer

_SARIF = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
_FEW = 3
_TOLD = {"denied": "must deny", "allowed": "must allow"}


def exit_code(answers: Sequence[Answer]) -> int:
    """2 if a promise has no answer, else 1 if one is refuted, else 0."""
    if any(answer.proof.verdict == "not proved" or answer.empty for answer in answers):
        return 2
    return 0 if all(answer.holds for answer in answers) else 1


def verdict(answer: Answer) -> str:
    """One word or two: proved, refuted, not proved."""
    return "not proved" if answer.empty else answer.proof.verdict


@dataclass(frozen=True)
class Read:
    """The documents that answers are about, with their kinds, and the files that hold none; empty for the shipped."""

    documents: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


SHIPPED = Read()


def assumptions(decision: Decision) -> list[str]:
    """Say what the policies stand for that a decision rests on and no file holds."""
    assumed = (reason for reason in decision.because if reason.assumed)
    return list(dict.fromkeys(f"{reason.layer} policy {reason.policy} is {reason.assumed}" for reason in assumed))


def text(answers: Sequence[Answer], tables: bool = False, read: Read = SHIPPED) -> str:
    """One line a promise, what refutes it below; with `tables` also the classes that a proof rests on."""
    lines = [line for answer in answers for line in _lines(answer, tables)]
    proved = sum(answer.holds for answer in answers)
    classes = sum(answer.proof.classes for answer in answers)
    seconds = sum(answer.seconds for answer in answers)
    facts = [f"assumed: {fact}" for fact in (*_assumed(answers), *(FACTS if tables else ()))]
    facts += [f"read: {each}" for each in read.documents] if tables else []
    facts += left_out(read.left_out)
    total = f"{proved} of {len(answers)} promises proved, over {classes} classes of requests, in {seconds:.1f} s"
    return "\n".join([*lines, *facts, total])


def left_out(files: Sequence[str]) -> list[str]:
    """One line about the files that hold no policy; JSON names them all."""
    more = f" and {len(files) - _FEW} more" if len(files) > _FEW else ""
    return [f"left out, no policy: {', '.join(files[:_FEW])}{more}"] if files else []


def _assumed(answers: Sequence[Answer]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each for answer in answers for each in answer.assumed))


def _lines(answer: Answer, tables: bool) -> list[str]:
    proof = answer.proof
    head = f"{answer.place}: {_TOLD[answer.promise.wanted]}: {answer.promise.name}: {verdict(answer)}"
    if proof.counterexample is not None and proof.decision is not None:
        because = "; ".join(map(str, proof.decision.because))
        told = [f"    assumed: {each}" for each in assumptions(proof.decision)]
        return [head, f"    {requests.sentence(proof.counterexample)}", f"    {because}", *told]
    if verdict(answer) == "not proved":
        return [f"{head}: {answer.empty or proof.reason}"]
    rows = [f"    {row.classes} classes {row.because}; such as: {requests.sentence(row.example)}" for row in proof.rows]
    return [f"{head}, {proof.classes} classes of requests", *(rows if tables else ())]


def facts(answers: Sequence[Answer], read: Read = SHIPPED) -> dict[str, Any]:
    """The same facts as a value for JSON."""
    return {
        "assumed": list(FACTS),
        "documents": list(read.documents),
        "left_out": list(read.left_out),
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
        "assumed": assumptions(proof.decision) if proof.decision else [],
    }
    return {
        "document": answer.place,
        "promise": answer.promise.name,
        "wanted": answer.promise.wanted,
        "callers": list(answer.promise.callers),
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


def as_json(answers: Sequence[Answer], read: Read = SHIPPED) -> str:
    """The facts as JSON."""
    return json.dumps(facts(answers, read), indent=2, ensure_ascii=False)


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
