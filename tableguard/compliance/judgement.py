"""Rules held against an inventory: a verdict for each rule and resource, or the reason why there is none."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from tableguard.compliance.deployed_rule import DeployedRule
from tableguard.compliance.evaluator import Evaluator, Inventory
from tableguard.compliance.item import ConfigurationItem
from tableguard.compliance.recording import Recording
from tableguard.compliance.ruling import Ruling
from tableguard.errors import ComplianceError


@dataclass(frozen=True)
class Evaluation:
    """What a rule says of a resource."""

    rule: DeployedRule
    item: ConfigurationItem
    ruling: Ruling


@dataclass(frozen=True)
class NotJudged:
    """A rule, or a resource of it, of which nothing is said, and why: never the same as compliant."""

    rule: DeployedRule
    reason: str
    item: ConfigurationItem | None = None


Judgement = Evaluation | NotJudged


JudgeText = Callable[[str, ConfigurationItem], Ruling]


def judged(
    rules: Iterable[DeployedRule],
    inventory: Inventory,
    recording: Recording,
    evaluators: Mapping[str, Evaluator],
    judge_text: JudgeText,
) -> Iterator[Judgement]:
    """Judge every item in the reach of each rule: managed ones by evaluators, Guard texts by `judge_text`."""
    for rule in rules:
        evaluator = _evaluator(rule, evaluators, judge_text)
        if evaluator is None:
            yield NotJudged(rule, f"there is no evaluator of {rule.identifier or f'rules of owner {rule.owner}'}")
        elif not evaluator.resource_types:
            yield NotJudged(rule, "its scope names no resource type, and all types are not read here")
        elif not rule.periodic and recording.obstacle:
            # https://docs.aws.amazon.com/config/latest/developerguide/evaluate-config_components.html
            yield NotJudged(rule, f"{recording.obstacle}, and the rule waits for changes")
        else:
            yield from _of_rule(rule, inventory, recording, evaluator)


def _evaluator(rule: DeployedRule, evaluators: Mapping[str, Evaluator], judge_text: JudgeText) -> Evaluator | None:
    if rule.owner != "CUSTOM_POLICY":
        return evaluators.get(rule.identifier)
    return Evaluator("", rule.reach.resource_types, lambda item, _parameters, _inventory: judge_text(rule.text, item))


def _of_rule(
    rule: DeployedRule, inventory: Inventory, recording: Recording, evaluator: Evaluator
) -> Iterator[Judgement]:
    for kind in evaluator.resource_types:
        if not rule.periodic and not recording.records(kind):
            yield NotJudged(rule, f"the configuration recorder leaves out {kind}")
            continue
        for item in filter(rule.reach.covers, inventory.of(kind)):
            yield _of_item(rule, item, inventory, evaluator)


def _of_item(rule: DeployedRule, item: ConfigurationItem, inventory: Inventory, evaluator: Evaluator) -> Judgement:
    try:
        return Evaluation(rule, item, evaluator.judge(item, rule.with_defaults(), inventory))
    except ComplianceError as error:
        return NotJudged(rule, str(error), item)
