"""What AWS Config keeps of judgements: what could not be judged is never held for compliant."""

from datetime import UTC, datetime

import pytest

from tableguard.compliance.deployed_rule import DeployedRule, Reach
from tableguard.compliance.item import ConfigurationItem
from tableguard.compliance.judgement import Evaluation, Judgement, NotJudged
from tableguard.compliance.results import results_of
from tableguard.compliance.ruling import COMPLIANT, broken, not_applicable

NOW = datetime(2025, 1, 1, tzinfo=UTC)
RULE, OTHER = (DeployedRule(name, "AWS", "", {}, Reach(), periodic=False) for name in ("rule", "other"))
TABLE, TABLE_2 = (
    ConfigurationItem("AWS::DynamoDB::Table", name, name, f"arn:{name}", "eu-central-1", "111122223333", {})
    for name in ("one", "two")
)
FINE, WRONG = Evaluation(RULE, TABLE, COMPLIANT), Evaluation(RULE, TABLE_2, broken("is open", "close it"))
UNSAID, UNKNOWN = Evaluation(RULE, TABLE, not_applicable("empty")), NotJudged(RULE, "no evaluator")


@pytest.mark.parametrize(
    ("judgements", "compliance"),
    [
        ([FINE], "COMPLIANT"),
        ([FINE, WRONG], "NON_COMPLIANT"),
        ([FINE, UNKNOWN], "INSUFFICIENT_DATA"),
        ([WRONG, UNKNOWN], "NON_COMPLIANT"),
        ([UNSAID], "INSUFFICIENT_DATA"),
        ([], "INSUFFICIENT_DATA"),
        ([FINE, NotJudged(OTHER, "no evaluator")], "COMPLIANT"),
    ],
)
def test_a_rule_is_what_its_resources_are(judgements: list[Judgement], compliance: str) -> None:
    assert results_of("rule", judgements, NOW).compliance == compliance


def test_a_result_has_the_annotation_as_long_as_aws_keeps_it() -> None:
    long = Evaluation(RULE, TABLE, broken("x" * 300, "y"))
    results = results_of("rule", [long, WRONG], NOW).results
    assert [len(one.annotation) for one in results] == [256, len("is open; close it")]
    assert results[1].resource == ("AWS::DynamoDB::Table", "two")
