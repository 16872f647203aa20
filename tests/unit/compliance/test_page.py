"""The page of verdicts: a row for each rule, with what is compliant, what may break it, and what was not judged."""

from dataclasses import replace

from tableguard.compliance.deployed_rule import DeployedRule, Reach
from tableguard.compliance.exceptions import AcceptedBreach
from tableguard.compliance.item import ConfigurationItem
from tableguard.compliance.judgement import Evaluation, Judgement, NotJudged
from tableguard.compliance.page import page, row
from tableguard.compliance.report import ComplianceReport
from tableguard.compliance.ruling import COMPLIANT, broken, not_applicable

RULE = DeployedRule("own-subnets", "AWS", "SUBNET_AUTO_ASSIGN_PUBLIC_IP_DISABLED", {}, Reach(), periodic=False)
SUBNET = ConfigurationItem("AWS::EC2::Subnet", "subnet-1", "", "", "eu-central-1", "111122223333", {})
OPEN = broken("gives out public addresses", "switch it off")
ACCEPTED = AcceptedBreach(RULE.identifier, "subnet-1", "a reason")


def _report(*judgements: Judgement) -> ComplianceReport:
    return ComplianceReport((RULE,), judgements, (ACCEPTED,), "rules.py")


def test_a_row_counts_what_is_compliant_and_names_what_may_break_the_rule() -> None:
    other = replace(SUBNET, resource_id="subnet-2")
    judged = _report(Evaluation(RULE, SUBNET, OPEN), Evaluation(RULE, other, COMPLIANT))
    assert row(RULE, judged).endswith("| AWS::EC2::Subnet | on a change | 1 | `subnet-1` |  |")
    aside = _report(Evaluation(RULE, SUBNET, not_applicable("another's")))
    assert row(RULE, aside).endswith("| AWS::EC2::Subnet | on a change | 0 |  | 1 |")


def test_a_rule_that_was_not_judged_counts_nothing() -> None:
    judged = _report(Evaluation(RULE, SUBNET, COMPLIANT), NotJudged(RULE, "cfn-guard is absent"))
    assert row(RULE, judged).endswith("| on a change | not judged: cfn-guard is absent | | |")


def test_a_row_says_when_a_rule_looks_at_what_and_whose() -> None:
    daily = replace(RULE, periodic=True, reach=Reach(tag_key="Application"))
    judged = ComplianceReport((daily,), (Evaluation(daily, SUBNET, COMPLIANT),), (), "rules.py")
    assert "| AWS::EC2::Subnet of the workload | every day |" in row(daily, judged)
    assert "| nothing that is there yet | on a change | 0 |" in row(RULE, _report())


def test_the_page_has_a_row_for_each_rule() -> None:
    assert page(_report()).splitlines()[-1] == row(RULE, _report())
