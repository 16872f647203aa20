"""The report of `tableguard comply`: what breaks a rule, what may, and what could not be judged."""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tableguard.compliance.deployed_rule import DeployedRule
from tableguard.compliance.exceptions import AcceptedBreach, reason_for
from tableguard.compliance.judgement import Evaluation, Judgement, NotJudged
from tableguard.findings.counts import counted
from tableguard.findings.exit_code import FINDINGS, FINE, UNANSWERED
from tableguard.findings.finding import Finding
from tableguard.findings.formats import Report
from tableguard.findings.outcome import Unanswered


@dataclass(frozen=True)
class ComplianceReport(Report):
    """The judgements of an account's rules; `place` is the file in which a reader finds the rules."""

    rules: tuple[DeployedRule, ...]
    judgements: tuple[Judgement, ...]
    accepted: tuple[AcceptedBreach, ...]
    place: str

    @cached_property
    def evaluations(self) -> tuple[Evaluation, ...]:
        """Return what was judged."""
        return tuple(judgement for judgement in self.judgements if isinstance(judgement, Evaluation))

    @cached_property
    def breaches(self) -> tuple[tuple[Evaluation, str], ...]:
        """Return what breaks a rule, each with the reason why it may, empty where it may not."""
        broken = (evaluation for evaluation in self.evaluations if evaluation.ruling.compliance == "NON_COMPLIANT")
        return tuple((evaluation, reason_for(evaluation, self.accepted)) for evaluation in broken)

    @cached_property
    def not_judged(self) -> tuple[NotJudged, ...]:
        """Return the rules and resources of which nothing is said."""
        return tuple(judgement for judgement in self.judgements if isinstance(judgement, NotJudged))

    @property
    def unanswered(self) -> tuple[Unanswered, ...]:
        """Return what was not judged, once for each rule and reason, however many resources it holds for."""
        held = Counter((judgement.rule.name, judgement.reason) for judgement in self.not_judged)
        return tuple(
            Unanswered(f"{rule} on {counted(number, 'resource')}" if number > 1 else rule, "comply", reason)
            for (rule, reason), number in held.items()
        )

    @property
    def exit_code(self) -> int:
        """Return UNANSWERED if anything was not judged, else FINDINGS if something breaks a rule and may not."""
        if self.unanswered:
            return UNANSWERED
        return FINDINGS if any(not reason for _, reason in self.breaches) else FINE

    def text(self) -> str:
        """Write first what was not judged and what may break a rule, then what may not, and the counts last."""
        open_questions = [f"{question.place}: not judged: {question.problem}" for question in self.unanswered]
        ordered = sorted(self.breaches, key=lambda breach: not breach[1])
        return "\n".join([*open_questions, *(_line(*breach) for breach in ordered), self._counts()])

    def _counts(self) -> str:
        number = Counter(evaluation.ruling.compliance for evaluation in self.evaluations)
        excused = sum(bool(reason) for _, reason in self.breaches)
        return (
            f"{counted(len(self.rules), 'rule')}, {counted(len(self.evaluations), 'verdict')}: "
            f"{number['COMPLIANT']} compliant, {number['NON_COMPLIANT'] - excused} not compliant, {excused} accepted, "
            f"{number['NOT_APPLICABLE']} not applicable; {len(self.not_judged)} not judged"
        )

    def facts(self) -> dict[str, Any]:
        """Return the same facts as a value for JSON, each resource of each rule among them."""
        reasons = {id(evaluation): reason for evaluation, reason in self.breaches}
        return {
            "rules": [{"name": rule.name, "identifier": rule.identifier, "owner": rule.owner} for rule in self.rules],
            "evaluations": [
                {
                    "rule": evaluation.rule.name,
                    "resource_type": evaluation.item.resource_type,
                    "resource_id": evaluation.item.resource_id,
                    "resource_name": evaluation.item.resource_name,
                    "compliance": evaluation.ruling.compliance,
                    "annotation": evaluation.ruling.annotation,
                    "accepted": reasons.get(id(evaluation), ""),
                }
                for evaluation in self.evaluations
            ],
            "not_judged": [_open_question(judgement) for judgement in self.not_judged],
            "exit_code": self.exit_code,
        }

    @property
    def findings(self) -> list[Finding]:
        """Return what breaks a rule: as errors, and as notes what may."""
        return [self._finding(*breach) for breach in self.breaches]

    def _finding(self, evaluation: Evaluation, reason: str) -> Finding:
        # a Guard rule has no identifier of AWS's
        rule = evaluation.rule.identifier.lower().replace("_", "-") or evaluation.rule.name
        path = f"{evaluation.item.resource_type}/{evaluation.item.label}"
        ruling = evaluation.ruling
        if reason:
            return Finding(rule, self.place, path, None, ruling.problem, f"accepted: {reason}", "note")
        return Finding(rule, self.place, path, None, ruling.problem, ruling.remedy)


def _open_question(judgement: NotJudged) -> dict[str, str]:
    item = judgement.item
    return {
        "rule": judgement.rule.name,
        "resource_type": item.resource_type if item else "",
        "resource_id": item.resource_id if item else "",
        "resource_name": item.resource_name if item else "",
        "reason": judgement.reason,
    }


def _line(evaluation: Evaluation, reason: str) -> str:
    where = f"{evaluation.rule.name}: {evaluation.item.resource_type} {evaluation.item.label}"
    if reason:
        return f"{where}: accepted: {evaluation.ruling.problem}; {reason}"
    return f"{where}: {evaluation.ruling.annotation}"
