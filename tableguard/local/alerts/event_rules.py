"""The rules of an event bus: an event that matches one goes to its targets, or to the dead-letter queue of a target.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rules.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
A target that refuses is not tried again; of what EventBridge tries again, for want of a permission nothing is.
"""

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from moto.events.models import events_backends

from tableguard.aws.arn import Arn, parse
from tableguard.aws.patterns import event_pattern
from tableguard.local.alerts import targets
from tableguard.local.alerts.input_transformer import Event, RuleName, target_input
from tableguard.local.alerts.service_permissions import Sender, UndeliverableError, on_behalf_of, require_permission

SERVICE = "events.amazonaws.com"
DEFAULT_BUS = "default"
_ENABLED, _WITH_READS = "ENABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"


@dataclass(frozen=True)
class Bus:
    """An event bus, and whether an event has come to it from another one: it goes to no third."""

    account: str
    region: str
    name: str = DEFAULT_BUS
    forwarded: bool = False


@dataclass(frozen=True)
class EventRules:
    """Matches events with the rules of buses; `count` takes what AWS/Events counts, by rule."""

    now: Callable[[], datetime]
    count: Callable[[Bus, str, str], None]  # metric, rule

    def put(self, bus: Bus, event: Event) -> None:
        """Hand an event to the targets of each rule that it matches."""
        there = events_backends[bus.account][bus.region].event_buses.get(bus.name)
        rules = list(there.rules.values()) if there else []
        patterns = tuple(rule.event_pattern.dump() or "" for rule in rules)
        for number in _candidates(patterns, _of_call(event)):
            self.apply(bus, rules[number], event)

    def apply(self, bus: Bus, rule: Any, event: Event) -> None:
        """Hand an event to the targets of a rule, if it is enabled and the event matches."""
        if not (_is_enabled_for(rule.state, event) and matches(rule, event)):
            return
        self.count(bus, "MatchedEvents", rule.name)
        if rule.targets:
            self.count(bus, "TriggeredRules", rule.name)
        for target in list(rule.targets):
            self._invoke(bus, rule, target, event)

    def _invoke(self, bus: Bus, rule: Any, target: Mapping[str, Any], event: Event) -> None:
        self.count(bus, "Invocations", rule.name)
        try:
            self._deliver(bus, rule, target, event)
        except UndeliverableError as error:
            self.count(bus, "FailedInvocations", rule.name)
            self._dead_letter(bus, rule, target, event, error)

    def _deliver(self, bus: Bus, rule: Any, target: Mapping[str, Any], event: Event) -> None:
        arn = parse(target["Arn"])
        if arn is None:
            raise UndeliverableError("INVALID_PARAMETER", f"{target['Arn']} is no ARN")
        if arn.service == "events":
            self._forward(bus, arn, target.get("RoleArn"), event)
            return
        now = self.now()
        try:
            text = target_input(target, event, RuleName(rule.name, rule.arn), f"{now:%Y-%m-%dT%H:%M:%SZ}")
        except ValueError as error:
            raise UndeliverableError("INVALID_JSON", f"the input transformer makes no JSON: {error}") from error
        # to a topic no context goes along: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-troubleshooting.html
        sender = Sender(SERVICE, {}) if arn.service == "sns" else on_behalf_of(SERVICE, rule.arn, bus.account)
        _hand_over(sender, arn, target, text, now)

    def _forward(self, bus: Bus, arn: Arn, role: str | None, event: Event) -> None:
        """Put an event on another bus, as the target's role, or as the account where the bus's policy lets it."""
        if bus.forwarded:
            raise UndeliverableError("THIRD_ACCOUNT_HOP_DETECTED", f"{arn}: the event came from another bus already")
        name = arn.resource.removeprefix("event-bus/")
        if name not in events_backends[arn.account][arn.region].event_buses:
            raise UndeliverableError("NO_RESOURCE", f"event bus {arn} does not exist")
        require_permission(
            Sender(role or f"arn:{arn.partition}:iam::{bus.account}:root", {}), "events:PutEvents", str(arn)
        )
        self.put(Bus(arn.account, arn.region, name, forwarded=True), event)

    def _dead_letter(
        self, bus: Bus, rule: Any, target: Mapping[str, Any], event: Event, error: UndeliverableError
    ) -> None:
        queue = (target.get("DeadLetterConfig") or {}).get("Arn")
        if not queue:
            return
        attributes = {
            "RULE_ARN": rule.arn,
            "TARGET_ARN": target["Arn"],
            "ERROR_CODE": error.code,
            "ERROR_MESSAGE": error.message,
            "RETRY_ATTEMPTS": "0",
        }
        sender = on_behalf_of(SERVICE, rule.arn, bus.account)
        try:
            targets.send(sender, queue, json.dumps(event), attributes=attributes)
            self.count(bus, "InvocationsSentToDlq", rule.name)
        except UndeliverableError:
            self.count(bus, "InvocationsFailedToBeSentToDlq", rule.name)


def event(
    bus: Bus, source: str, detail_type: str, detail: Any, now: datetime, *, resources: tuple[str, ...] = ()
) -> Event:
    """Return an event of an account and region with the fields that every event has."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": detail_type,
        "source": source,
        "account": bus.account,
        "time": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "region": bus.region,
        "resources": list(resources),
        "detail": detail,
    }


def _is_enabled_for(state: str, event: Event) -> bool:
    """Tell whether a rule sees an event: by default not what CloudTrail says of calls that only read.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail-management.html
    """
    if state == _WITH_READS:
        return True
    detail = event.get("detail")
    return state == _ENABLED and not (
        isinstance(detail, Mapping)
        and str(event.get("detail-type", "")).endswith("via CloudTrail")
        and detail.get("eventCategory", "Management") == "Management"
        and str(detail.get("eventName", "")).startswith(("Describe", "Get", "List"))
        and detail.get("readOnly") is True
    )


_Texts = tuple[tuple[str, str], ...]
_OF_A_CALL = frozenset(("source", "detail-type", "detail.eventSource", "detail.eventName"))


def _of_call(event: Event) -> _Texts | None:
    """Return the fields that tell most events apart, by name; None if one of them is not a text."""
    detail = event.get("detail")
    fields = {
        **event,
        **{f"detail.{name}": value for name, value in (detail if isinstance(detail, Mapping) else {}).items()},
    }
    texts = tuple((name, fields[name]) for name in sorted(_OF_A_CALL) if name in fields)
    return texts if all(isinstance(text, str) for _, text in texts) else None


@lru_cache(maxsize=4096)
def _candidates(patterns: tuple[str, ...], of_call: _Texts | None) -> tuple[int, ...]:
    """Return the places of the patterns that an event may match: few of the dozens of a bus."""
    fields = dict(of_call or ())
    return tuple(
        number
        for number, pattern in enumerate(patterns)
        if pattern and (of_call is None or event_pattern.parse(pattern).narrowed(_OF_A_CALL).matches(fields))
    )


def matches(rule: Any, event: Event) -> bool:
    """Tell whether a rule has a pattern that the event matches; one with a schedule alone has none."""
    text = rule.event_pattern.dump()
    return bool(text) and pattern_matches(text, event)


def pattern_matches(pattern: str, event: Event) -> bool:
    """Tell whether an event matches a pattern, given as text; EventPatternError if it is none."""
    return event_pattern.parse(pattern).matches(event)


def _hand_over(sender: Sender, arn: Arn, target: Mapping[str, Any], text: str, now: datetime) -> None:
    match arn.service:
        case "sns":
            targets.publish(sender, str(arn), text)
        case "sqs":
            targets.send(sender, str(arn), text, group=(target.get("SqsParameters") or {}).get("MessageGroupId"))
        case "logs":
            targets.write(sender, str(arn), text, now)
        case "lambda":
            targets.invoke(sender, str(arn), text)
        case _:
            raise UndeliverableError("NOT_MODELLED", f"not modelled: targets of {arn.service}")
