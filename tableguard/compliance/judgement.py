"""Rules held against an inventory: a verdict for each rule and resource, or the reason why there is none."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tableguard.compliance.deployed_rule import DeployedRule
from tableguard.compliance.evaluator import Evaluator, Inventory
from tableguard.compliance.item import ConfigurationItem
from tableguard.compliance.recording import Recording
from tableguard.compliance.verdict import Ruling
from tableguard.errors import ComplianceError


@dataclass(frozen=True)
class Evaluation:
    """What a rule says of a resource."""

    rule: DeployedRule
    item: ConfigurationItem
    verdict: Ruling


@dataclass(frozen=True)
class NotJudged:
    """A rule, or a resource of it, of which nothing is said, and why: never the same as compliant."""

    rule: DeployedRule
    reason: str


Judgement = Evaluation | NotJudged


def judged(
    rules: Iterable[DeployedRule], inventory: Inventory, recording: Recording, evaluators: Mapping[str, Evaluator]
) -> Iterator[Judgement]:
    """Judge every item in the reach of each managed rule; the items of others are left out."""
    for rule in rules:
        evaluator = evaluators.get(rule.identifier)
        if evaluator is None:
            yield NotJudged(rule, f"there is no evaluator of {rule.identifier or f'rules of owner {rule.owner}'}")
        elif not rule.periodic and recording.obstacle:
            # https://docs.aws.amazon.com/config/latest/developerguide/evaluate-config_components.html
            yield NotJudged(rule, f"{recording.obstacle}, and the rule waits for changes")
        else:
            yield from _of_rule(rule, inventory, recording, evaluator)


def _of_rule(
    rule: DeployedRule, inventory: Inventory, recording: Recording, evaluator: Evaluator
) -> Iterator[Judgement]:
    for kind in evaluator.resource_types:
        if not rule.periodic and not recording.records(kind):
            yield NotJudged(rule, f"the configuration recorder leaves out {kind}")
            continue
        for item in filter(rule.scope.covers, inventory.of(kind)):
            yield _of_item(rule, item, inventory, evaluator)


def _of_item(rule: DeployedRule, item: ConfigurationItem, inventory: Inventory, evaluator: Evaluator) -> Judgement:
    try:
        return Evaluation(rule, item, evaluator.judge(item, rule.with_defaults(), inventory))
    except ComplianceError as error:
        return NotJudged(rule, str(error))
