"""Weaken the deployed resources of each detection, on copies of one running estate: its attempt must be told no more.

`python -m tests.mutation.detection_mutants` prints, as JSON, which weakenings were made and which nobody would notice.
"""

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

from tableguard.attack import fresh, run, trial
from tableguard.attack.attempt import Attempt
from tableguard.attack.run import Stage
from tableguard.attack.trial import Watchers
from tableguard.detect.detection import Channel, Detection
from tableguard.settings import Settings, example
from tests.paths import ROOT

LEDGER = ROOT / "docs" / "attack-ledger.md"
_CHANNELS: Mapping[str, Channel] = {"rule": "event pattern", "alarm": "metric filter"}
_NAME, _SOURCE = re.compile(r'(?<=\$\.eventName = ")[^"]+'), re.compile(r'(?<=\$\.eventSource = ")[^"]+')
_HIDDEN, _NOWHERE = "DescribeNothing", "nothing.amazonaws.com"
_MINUTES = 30  # as long as an attempt is waited for

Change = Callable[[str], str]


@dataclass(frozen=True)
class DeployedDetection:
    """The filter, alarm and rule of a detection: all three have its name."""

    detection: Detection
    settings: Settings
    clients: Callable[..., Any]

    @property
    def name(self) -> str:
        """Return the name that they have."""
        return f"{self.settings.name}-{self.detection.slug}"

    def client(self, service: str) -> Any:
        """Return a client of the account and region where they are."""
        settings = self.settings
        account = settings.account_id if self.detection.stack == "audit" else settings.management_account_id
        return self.clients(service, account, settings.home_region)

    def filter(self) -> dict[str, Any]:
        """Return the metric filter, as PutMetricFilter takes it."""
        filters = self.client("logs").describe_metric_filters(filterNamePrefix=self.name)["metricFilters"]
        keys = ("filterName", "filterPattern", "logGroupName", "metricTransformations")
        return {key: next(one for one in filters if one["filterName"] == self.name)[key] for key in keys}

    def alarm(self) -> dict[str, Any]:
        """Return what of the alarm PutMetricAlarm takes."""
        client = self.client("cloudwatch")
        (alarm,) = client.describe_alarms(AlarmNames=[self.name])["MetricAlarms"]
        accepted = client.meta.service_model.operation_model("PutMetricAlarm").input_shape.members
        return {key: value for key, value in alarm.items() if key in accepted and value not in ("", None)}

    def rule(self) -> dict[str, Any] | None:
        """Return the event rule, as PutRule takes it; None if the detection has none."""
        if "event pattern" not in self.detection.channels:
            return None
        rule = self.client("events").describe_rule(Name=self.name)
        return {key: rule[key] for key in ("Name", "EventPattern", "State", "Description") if key in rule}


def change_patterns(deployed: DeployedDetection, of_filter: Change, of_rule: Change) -> None:
    """Put the filter and the rule again, their patterns changed."""
    metric_filter = deployed.filter()
    pattern = of_filter(metric_filter["filterPattern"])
    deployed.client("logs").put_metric_filter(**{**metric_filter, "filterPattern": pattern})
    rule = deployed.rule()
    if rule is not None:
        deployed.client("events").put_rule(**{**rule, "EventPattern": of_rule(rule["EventPattern"])})


def drop_names(deployed: DeployedDetection, attempt: Attempt) -> None:
    """Drop the names of the attempt's calls."""
    names = [step.operation for step in attempt.steps]
    change_patterns(
        deployed,
        lambda pattern: _NAME.sub(lambda term: _HIDDEN if _named(term[0], names) else term[0], pattern),
        lambda pattern: _in_rule(pattern, "eventName", lambda term: _HIDDEN if _named(_text(term), names) else term),
    )


def give_wrong_source(deployed: DeployedDetection, _: Attempt) -> None:
    """Look for records of a service that there is not."""
    change_patterns(
        deployed,
        lambda pattern: _SOURCE.sub(_NOWHERE, pattern),
        lambda pattern: _in_rule(pattern, "eventSource", lambda _: _NOWHERE),
    )


def disable(deployed: DeployedDetection, _: Attempt) -> None:
    """Disable the rule and the actions of the alarm."""
    deployed.client("cloudwatch").disable_alarm_actions(AlarmNames=[deployed.name])
    if deployed.rule() is not None:
        deployed.client("events").disable_rule(Name=deployed.name)


def sum_samples(deployed: DeployedDetection, _: Attempt) -> None:
    """Let the alarm add up what it counts, and write negative values into its metric."""
    _put_alarm(deployed, "Sum")


def count_forged_samples(deployed: DeployedDetection, _: Attempt) -> None:
    """Write negative values into the metric of an alarm that counts samples, as deployed: this hides nothing."""
    _put_alarm(deployed, deployed.alarm()["Statistic"])


def put_again(deployed: DeployedDetection, _: Attempt) -> None:
    """Put filter, rule and alarm as they are: this changes nothing."""
    change_patterns(deployed, str, str)
    deployed.client("cloudwatch").put_metric_alarm(**deployed.alarm())


def _put_alarm(deployed: DeployedDetection, statistic: str) -> None:
    client, alarm = deployed.client("cloudwatch"), deployed.alarm()
    client.put_metric_alarm(**{**alarm, "Statistic": statistic})
    (state,) = client.describe_alarms(AlarmNames=[deployed.name])["MetricAlarms"]
    metric = {"MetricName": alarm["MetricName"], "Value": -1e9}
    times = [state["AlarmConfigurationUpdatedTimestamp"] + timedelta(minutes=minute) for minute in range(_MINUTES)]
    client.put_metric_data(Namespace=alarm["Namespace"], MetricData=[{**metric, "Timestamp": time} for time in times])


def _named(term: str, names: Sequence[str]) -> bool:
    """Return True if a term means one of the names; CloudTrail has some with the date of their API behind."""
    return any(fnmatchcase(name, term) or term.startswith(name) for name in names)


def _text(matcher: Any) -> str:
    return f"{matcher['prefix']}*" if isinstance(matcher, dict) else str(matcher)


def _in_rule(pattern: str, key: str, changed: Callable[[Any], Any]) -> str:
    """Return an event pattern with each matcher of one key of its details changed."""
    whole = json.loads(pattern)
    for detail in whole["detail"].get("$or", [whole["detail"]]):
        detail[key] = [changed(matcher) for matcher in detail[key]]
    return json.dumps(whole)


@dataclass(frozen=True)
class DetectionMutant:
    """A detection that is weakened, and the attempt of which these channels tell where it is not."""

    detection: Detection
    weakening: str
    weaken: Callable[[DeployedDetection, Attempt], None]
    attempt: Attempt
    channels: frozenset[Channel]

    def __str__(self) -> str:
        return f"{self.detection.name}: {self.weakening}"


_EVERY: Mapping[str, Callable[[DeployedDetection, Attempt], None]] = {
    "a name dropped": drop_names,
    "a wrong source": give_wrong_source,
    "disabled": disable,
    "samples summed": sum_samples,
}
# planted: nobody can notice them
_PLANTED = {"put again": put_again, "forged samples counted": count_forged_samples}
PLANTED = tuple(f"trail_blinded: {weakening}" for weakening in _PLANTED)


def mutants(detections: Sequence[Detection]) -> Iterator[DetectionMutant]:
    """Yield each weakening of each detection that the ledger's page says an attempt fires, and the planted ones."""
    told, attempts = _told(), {attempt.id: attempt for attempt in run.every_attempt(example())}
    for detection in detections:
        fired = told.get(detection.name, {})
        if not fired:
            continue
        first = min(fired, key=lambda name: (-len(fired[name]), sum(step.times for step in attempts[name].steps), name))
        for weakening, weaken in {**_EVERY, **_PLANTED}.items():
            channels = fired[first] & {"metric filter"} if weaken is sum_samples else fired[first]
            mutant = DetectionMutant(detection, weakening, weaken, attempts[first], frozenset(channels))
            if channels and (weakening in _EVERY or str(mutant) in PLANTED):
                yield mutant


def _told() -> Mapping[str, Mapping[str, set[Channel]]]:
    """Return by detection and attempt the channels that told of it, as the ledger's page has them."""
    told: dict[str, dict[str, set[Channel]]] = {}
    for row in LEDGER.read_text(encoding="utf-8").splitlines():
        cells = row.strip("| ").split(" | ")
        for name, kind in re.findall(r"(\w+) \((rule|alarm), \d+ s\)", cells[3] if len(cells) == 5 else ""):
            told.setdefault(name, {}).setdefault(cells[0], set()).add(_CHANNELS[kind])
    return told


def still_told(stage: Stage, watchers: Watchers, mutant: DetectionMutant) -> fresh.Answer:
    """Weaken a detection, make its attempt, and return the channels that tell of it all the same."""
    zone = stage.scene.zone
    mutant.weaken(DeployedDetection(mutant.detection, zone.settings, zone.clients), mutant.attempt)
    outcome = trial.tried(stage.scene, mutant.attempt, watchers)
    told = {one.channel for one in outcome.sightings if one.detection == mutant.detection.name}
    return {"channels": sorted(told & mutant.channels), "error": outcome.error}


def main() -> None:
    """Try every mutant on a copy of one estate, and print the unnoticed ones."""
    with run.staged(example(), lambda step: None) as stage:
        tried = list(mutants(stage.detections))
        watchers = run.at_rest(stage)
        answers = dict(fresh.answers([partial(still_told, stage, watchers, mutant) for mutant in tried], run.AT_ONCE))
    errors = {str(tried[number]): answer["error"] for number, answer in answers.items() if answer["error"]}
    unnoticed = {str(tried[number]): answer["channels"] for number, answer in answers.items() if answer["channels"]}
    json.dump({"mutants": list(map(str, tried)), "unnoticed": unnoticed, "errors": errors}, sys.stdout)


if __name__ == "__main__":
    main()
