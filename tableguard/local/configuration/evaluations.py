"""Evaluates the AWS Config rules of an embedded AWS when that is asked for, and puts changes of compliance on the bus.

https://docs.aws.amazon.com/config/latest/developerguide/evaluating-your-resources.html
Not modelled: evaluations that AWS starts by itself, after a change and every 24 hours.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any

from botocore.exceptions import ClientError

from tableguard.compliance import managed
from tableguard.compliance.evaluator import Inventory
from tableguard.compliance.judgement import Judgement, judged
from tableguard.compliance.results import EvaluationResult, RuleResults, results_of
from tableguard.errors import ComplianceError
from tableguard.local.configuration import deployed, guard, inventory
from tableguard.local.configuration.reader import Client

Clients = Callable[[str, str, str], Client]  # service, account, region
Emit = Callable[[str, str, str, Mapping[str, Any]], None]  # account, region, detail type, detail


@dataclass(frozen=True)
class RuleId:
    """One rule of one account: a rule that is made anew under the same name is another."""

    account: str
    region: str
    name: str
    id: str
    arn: str = field(compare=False)


@dataclass
class Evaluations:
    """What was evaluated, and what waits for the next tick; `clients` are those that AWS Config reads with."""

    now: Callable[[], datetime]
    emit: Emit
    clients: Clients | None = None
    _latest: dict[RuleId, RuleResults] = field(default_factory=dict)
    _waiting: list[RuleId] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def start(self, rules: Iterable[RuleId]) -> bool:
        """Let rules be evaluated at the next tick; False, and nothing is done, if one of them waits already."""
        wanted = list(dict.fromkeys(rules))
        with self._lock:
            if any(rule in self._waiting for rule in wanted):
                return False
            self._waiting += wanted
        return True

    def latest(self, rule: RuleId) -> RuleResults | None:
        """Return the latest evaluation of a rule."""
        return self._latest.get(rule)

    def tick(self) -> None:
        """Evaluate the rules that wait: one reading of the resources for all of an account in a region."""
        if not self._waiting:
            return
        with self._lock:
            waiting, self._waiting = self._waiting, []
        for account, region in dict.fromkeys((rule.account, rule.region) for rule in waiting):
            self._evaluate([rule for rule in waiting if (rule.account, rule.region) == (account, region)])

    def reset(self) -> None:
        """Forget what was evaluated, and what waits."""
        with self._lock:
            self._latest.clear()
            self._waiting = []

    def _evaluate(self, rules: list[RuleId]) -> None:
        time = self.now()
        try:
            judgements = self._judgements(rules, time)
        except (ClientError, ComplianceError) as error:
            unread = RuleResults(time, reasons=(str(error),))
            self._latest.update(dict.fromkeys(rules, unread))
            return
        for rule in rules:
            self._keep(rule, results_of(rule.name, judgements, time))

    def _judgements(self, rules: list[RuleId], time: datetime) -> tuple[Judgement, ...]:
        clients, account, region = self.clients, rules[0].account, rules[0].region
        if clients is None:
            raise ComplianceError("AWS Config has no clients here, and reads no resource")
        config, names = clients("config", account, region), {rule.name for rule in rules}
        chosen = [rule for rule in deployed.rules(config) if rule.name in names]
        items = Inventory(
            tuple(inventory.items(lambda service: clients(service, account, region), account, region)), time
        )
        return tuple(judged(chosen, items, deployed.recording(config), managed.evaluators(), guard.ruling))

    def _keep(self, rule: RuleId, new: RuleResults) -> None:
        old = self._latest.get(rule)
        self._latest[rule] = new
        for result in new.results:
            before = old.of(result.resource) if old else None
            if before is None or before.compliance != result.compliance:
                detail = compliance_change(rule, result, before)
                self.emit(rule.account, rule.region, "Config Rules Compliance Change", detail)


def compliance_change(rule: RuleId, new: EvaluationResult, old: EvaluationResult | None) -> dict[str, Any]:
    """Return the detail of the event of a change of compliance; of the first evaluation, without an older result.

    https://docs.aws.amazon.com/config/latest/developerguide/monitor-config-with-cloudwatchevents.html
    https://docs.aws.amazon.com/config/latest/developerguide/example-config-rule-compliance-notification.html
    """
    kind, identity = new.resource
    return {
        "resourceId": identity,
        "awsRegion": rule.region,
        "awsAccountId": rule.account,
        "configRuleName": rule.name,
        "recordVersion": "1.0",
        "configRuleARN": rule.arn,
        "messageType": "ComplianceChangeNotification",
        "newEvaluationResult": _told(new),
        **({"oldEvaluationResult": _told(old)} if old else {}),
        "notificationCreationTime": _moment(new.time),
        "resourceType": kind,
    }


def _told(result: EvaluationResult) -> dict[str, Any]:
    kind, identity = result.resource
    named = {"configRuleName": result.rule, "resourceType": kind, "resourceId": identity, "evaluationMode": "DETECTIVE"}
    time = _moment(result.time)
    return {
        "evaluationResultIdentifier": {"evaluationResultQualifier": named, "orderingTimestamp": time},
        "complianceType": result.compliance,
        "resultRecordedTime": time,
        "configRuleInvokedTime": time,
        **({"annotation": result.annotation} if result.annotation else {}),
    }


def _moment(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03}Z"
