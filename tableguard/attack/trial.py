"""One attempt on the estate of this process: its calls made one after another, and the half hour afterwards."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from botocore import xform_name
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError, ClientError

from tableguard.attack.attempt import AttackStep, Attempt
from tableguard.attack.outcome import AttemptOutcome, Prevention, Sighting
from tableguard.attack.refusals import prevention
from tableguard.attack.scene import Scene
from tableguard.detect.detection import Detection
from tableguard.errors import TableguardError
from tableguard.local.alerts.notification import Notification
from tableguard.local.landing_zone import EmbeddedSession
from tableguard.local.watch.watch import Watch
from tableguard.reading import placeholders

# seconds of the estate's time that pass, and the steps in which they do: after half an hour nobody will be told
_PASSING = ((60, 5), (540, 60), (600, 60), (600, 60))


@dataclass
class AttemptTrial:
    """What one attempt has come to: who acts by now, and the names that answers gave."""

    scene: Scene
    attempt: Attempt
    sessions: dict[str, EmbeddedSession] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def make(self) -> AttemptOutcome:
        """Make the calls up to the first that is refused; each that fails otherwise is an error."""
        self.sessions.update(self.scene.sessions)
        self.sessions[""] = self.scene.sessions[self.attempt.by]
        for number, step in enumerate(self.attempt.steps, start=1):
            try:
                refused = self._step(number, step)
            except (BotoCoreError, ClientError, TableguardError, KeyError, IndexError) as error:
                return AttemptOutcome(
                    self.attempt, error=f"step {number}, {_call(step)}: {type(error).__name__}: {error}"
                )
            if refused:
                return AttemptOutcome(self.attempt, prevented=refused)
        return AttemptOutcome(self.attempt)

    def _step(self, number: int, step: AttackStep) -> Prevention | None:
        """Make the calls of a step; return what refuses the first that is refused, after all are made."""
        values = {**self.scene.names, **self.names}
        place = f"attempt {self.attempt.id}: step {number}"
        filled = placeholders.fill({"region": step.region, "with": step.parameters}, values, place)
        where = {"region_name": filled["region"]} if filled["region"] else {}
        client = self.sessions[step.who].client(step.service, **where)
        call = partial(getattr(client, xform_name(step.operation)), **filled["with"])
        refusals = [refused for _ in range(step.times) if (refused := self._refusal(number, step, call))]
        return refusals[0] if refusals else None

    def _refusal(self, number: int, step: AttackStep, call: Callable[[], Mapping[str, Any]]) -> Prevention | None:
        try:
            self._keep(step, call())
        except ClientError as error:
            expected, zone = self.attempt.refused_with, self.scene.zone
            refused = prevention(error, number, _call(step), expected, zone)
            if refused is None:
                raise
            return refused
        return None

    def _keep(self, step: AttackStep, answer: Mapping[str, Any]) -> None:
        for name, path in step.keeps.items():
            self.names[name] = str(_value(answer, path))
        if step.takes:
            keys = answer.get("Credentials") or answer["AccessKey"]
            credentials = Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys.get("SessionToken"))
            self.sessions[step.takes] = replace(self.sessions[""], credentials=credentials)


def _call(step: AttackStep) -> str:
    return f"{step.service}:{step.operation}"


def _value(answer: Any, path: str) -> Any:
    for name in path.split("."):
        answer = answer[int(name)] if name.isdigit() else answer[name]
    return answer


@dataclass(frozen=True)
class Watchers:
    """What watches the estate, the detections by which it does, and the alarms that tell of it without any attempt."""

    watch: Watch
    detections: tuple[Detection, ...]
    background: frozenset[str] = frozenset()


def tried(scene: Scene, attempt: Attempt, watchers: Watchers) -> AttemptOutcome:
    """Make an attempt, let the estate's time pass, and return what came of it and who was told."""
    watch = watchers.watch
    before, began = len(watch.notifications), watch.clock.now()
    outcome = AttemptTrial(scene, attempt).make()
    if outcome.error:
        return outcome
    for seconds, step in _PASSING:
        pass_time(scene, watch, seconds, step)
    sightings = _sightings(watch.notifications[before:], began, watchers.detections, scene.zone.settings.name)
    return replace(outcome, sightings=tuple(one for one in sightings if one.detection not in watchers.background))


def pass_time(scene: Scene, watch: Watch, seconds: float, step: float) -> None:
    """Let the estate's time pass; somebody makes a harmless call first, for a silent trail is an alarm."""
    scene.sessions["auditor"].client("sts").get_caller_identity()
    watch.run(seconds, step)


def _sightings(
    messages: list[Notification], began: datetime, detections: tuple[Detection, ...], name: str
) -> tuple[Sighting, ...]:
    """Return who was told of what, each detection and channel once, when it first was."""
    first: dict[tuple[str, str], float] = {}
    for notification in messages:
        seen = _detection(notification, detections, name)
        if seen is not None:
            first.setdefault(seen, round((notification.time - began).total_seconds()))
    return tuple(Sighting(detection, channel, seconds) for (detection, channel), seconds in first.items())


def _detection(notification: Notification, detections: tuple[Detection, ...], name: str) -> tuple[str, str] | None:
    """Return the detection and the channel that a message is of; None for an alarm that is over."""
    try:
        alarm = json.loads(notification.message)
    except ValueError:
        alarm = None
    if isinstance(alarm, dict) and "AlarmName" in alarm:
        if alarm.get("NewStateValue") != "ALARM":
            return None
        slug = str(alarm["AlarmName"]).removeprefix(f"{name}-")
        return next((one.name for one in detections if one.slug == slug), slug), "metric filter"
    named = next((one.name for one in detections if one.sentence in notification.message), None)
    return named or notification.message[:80], "event pattern"
