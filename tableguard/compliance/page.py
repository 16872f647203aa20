"""The verdicts of AWS Config's rules on a fresh estate as a page: docs/config-verdicts.md."""

from collections import Counter
from collections.abc import Iterable

from tableguard.compliance.deployed_rule import DeployedRule
from tableguard.compliance.judgement import NotJudged
from tableguard.compliance.report import ComplianceReport

_HEAD = """\
# Verdicts of AWS Config's rules

What each deployed rule says of a fresh estate of the shipped example, on the embedded AWS. `tableguard comply` judges
any running estate so, and `python -m tableguard.local.configuration > docs/config-verdicts.md` writes this page.
Managed rules are judged by evaluators that we wrote from AWS's pages, Guard rules by cfn-guard 2.1.4. AWS itself was
not asked.

What breaks a rule on the first day, and why it may, is in [operations](operations.md#the-first-day). For each rule a
test makes a change that breaks it and undoes it, or says why not.

| Rule | Looks at | When | Compliant | Breaks it, accepted | Not applicable |
|---|---|---|---|---|---|
"""


def page(report: ComplianceReport) -> str:
    """Write the page; each rule has a row, and one that was not judged says so."""
    return _HEAD + "".join(f"{row(rule, report)}\n" for rule in report.rules)


def row(rule: DeployedRule, report: ComplianceReport) -> str:
    """Write the row of a rule: how many resources are compliant, and which may break it."""
    name = f"`{rule.identifier or rule.name}`"
    when = "every day" if rule.periodic else "on a change"
    missing = [one.reason for one in report.judgements if isinstance(one, NotJudged) and one.rule == rule]
    if missing:
        return f"| {name} | {_reach(rule, report)} | {when} | not judged: {missing[0]} | | |"
    number = Counter(one.ruling.compliance for one in report.evaluations if one.rule == rule)
    breaches = _listed(f"`{one.item.label}`" for one, _ in report.breaches if one.rule == rule)
    counts = f"{number['COMPLIANT']} | {breaches} | {number['NOT_APPLICABLE'] or ''}"
    return f"| {name} | {_reach(rule, report) or 'nothing that is there yet'} | {when} | {counts} |"


def _reach(rule: DeployedRule, report: ComplianceReport) -> str:
    kinds = rule.reach.resource_types or {one.item.resource_type for one in report.evaluations if one.rule == rule}
    own = " of the workload" if kinds and (rule.reach.resource_id or rule.reach.tag_key) else ""
    return _listed(kinds) + own


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(sorted(texts))
