"""What AWS Config keeps of the evaluations of a rule, and what it answers about rules and resources."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from tableguard.compliance.judgement import Evaluation, Judgement

_ANNOTATION = 256  # characters: https://docs.aws.amazon.com/config/latest/APIReference/API_Evaluation.html
Resource = tuple[str, str]  # its type and id


@dataclass(frozen=True)
class EvaluationResult:
    """What a rule said of a resource, and when it was asked.

    https://docs.aws.amazon.com/config/latest/APIReference/API_EvaluationResult.html
    """

    rule: str
    resource: Resource
    compliance: str
    annotation: str
    time: datetime


@dataclass(frozen=True)
class RuleResults:
    """The latest evaluation of a rule: its results, and why there are not more."""

    time: datetime
    results: tuple[EvaluationResult, ...] = ()
    reasons: tuple[str, ...] = ()

    def of(self, resource: Resource) -> EvaluationResult | None:
        """Return what the rule said of a resource."""
        return next((one for one in self.results if one.resource == resource), None)

    @property
    def compliance(self) -> str:
        """Return what is so of the rule: what could not be judged is not held for compliant."""
        compliance = compliance_of(self.results)
        return "INSUFFICIENT_DATA" if self.reasons and compliance == "COMPLIANT" else compliance


def results_of(rule: str, judgements: Iterable[Judgement], time: datetime) -> RuleResults:
    """Return what is kept of the judgements by a rule, those of other rules left out."""
    of_rule = [judgement for judgement in judgements if judgement.rule.name == rule]
    results = {
        (one.item.resource_type, one.item.resource_id): EvaluationResult(
            rule,
            (one.item.resource_type, one.item.resource_id),
            one.ruling.compliance,
            one.ruling.annotation[:_ANNOTATION],
            time,
        )
        for one in of_rule
        if isinstance(one, Evaluation)
    }
    reasons = dict.fromkeys(one.reason for one in of_rule if not isinstance(one, Evaluation))
    return RuleResults(time, tuple(results.values()), tuple(reasons))


def compliance_of(results: Iterable[EvaluationResult]) -> str:
    """Return what is so of a rule by its resources, or of a resource by its rules.

    NOT_APPLICABLE is said of one evaluation alone: with nothing else there is INSUFFICIENT_DATA.
    https://docs.aws.amazon.com/config/latest/APIReference/API_DescribeComplianceByConfigRule.html
    """
    kinds = {result.compliance for result in results}
    return next((kind for kind in ("NON_COMPLIANT", "COMPLIANT") if kind in kinds), "INSUFFICIENT_DATA")
