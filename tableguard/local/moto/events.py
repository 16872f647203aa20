"""Corrections of moto's EventBridge: rules are matched, and their targets reached, as the estate's watch does it.

moto asks disabled rules too, compares as EventBridge does not, ends at a target that it does not know, so that later
rules get nothing, and lets anybody send events in the name of AWS. Its TestEventPattern answers nothing.
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.events.exceptions import InvalidEventPatternException, ValidationException
from moto.events.models import EventsBackend, Rule, events_backends
from moto.events.responses import EventsHandler

from tableguard.aws.patterns import event_pattern
from tableguard.aws.patterns.event_pattern import AmbiguousEventPatternError, EventPatternError
from tableguard.local.alerts import event_rules
from tableguard.local.alerts.event_rules import Bus
from tableguard.local.moto.patch import replace, wrap
from tableguard.local.watch import watch

_OF_AWS = {"ErrorCode": "NotAuthorizedForSourceException", "ErrorMessage": "Not authorized for the source."}
_MOST = 10
# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TestEventPattern.html
_OF_EVERY_EVENT = {"id", "account", "source", "time", "region", "resources", "detail-type"}


def install() -> None:
    """Replace what becomes of an event, and TestEventPattern."""
    wrap(EventsBackend, "put_rule", _put_rule)
    wrap(EventsBackend, "put_events", _put_events)
    wrap(Rule, "send_to_targets", _send_to_targets)
    replace(EventsHandler, "test_event_pattern", _test_event_pattern)


def _put_rule(put: Callable[..., Rule], backend: EventsBackend, name: str, **named: Any) -> Rule:
    """Put a rule whose pattern EventBridge takes."""
    if named.get("event_pattern"):
        _check_pattern(named["event_pattern"])
    return put(backend, name, **named)


def _check_pattern(pattern: str) -> None:
    try:
        event_pattern.parse(pattern)
    except AmbiguousEventPatternError as error:
        raise JsonRESTError("NotModelled", f"not modelled: event pattern {error}") from error
    except EventPatternError as error:
        raise InvalidEventPatternException(reason=str(error)) from error


def _put_events(put: Callable[..., list[Any]], backend: EventsBackend, entries: list[dict[str, Any]]) -> list[Any]:
    """Put events, with the watch's time where they have none; AWS alone may name a source that begins with aws."""
    if len(entries) > _MOST:
        return put(backend, entries)  # which refuses them
    watching = watch.in_use()
    times = {} if watching is None else {"Time": watching.clock.now().timestamp()}
    return [
        _OF_AWS if str(entry.get("Source")).startswith("aws.") else put(backend, [{**times, **entry}])[0]
        for entry in entries
    ]


def _send_to_targets(send: Callable[..., None], rule: Rule, event: dict[str, Any], **named: Any) -> None:
    watching = watch.in_use()
    if watching is None:
        send(rule, event, **named)  # moto as its own users have it, without a server
        return
    fields: dict[str, Any] = {name: value for name, value in event.items() if name != "ingestion-time"}
    if not isinstance(fields["time"], str):
        fields["time"] = f"{datetime.fromtimestamp(float(fields['time']), UTC):%Y-%m-%dT%H:%M:%SZ}"
    archives = events_backends[rule.account_id][rule.region_name].archives.values()
    archive = next((archive for archive in list(archives) if archive.rule is rule), None)
    if archive is None:
        watching.alerts.rules.apply(Bus(rule.account_id, rule.region_name, rule.event_bus_name), rule, fields)
    elif event_rules.matches(rule, fields):
        kept: Any = {**fields, "ingestion-time": fields["time"]}
        archive.events.append(kept)


def _test_event_pattern(handler: EventsHandler) -> str:
    """Answer TestEventPattern; an event must have the fields that every event has."""
    pattern = handler._get_param("EventPattern")
    _check_pattern(pattern)
    try:
        event = json.loads(handler._get_param("Event"))
    except ValueError:
        event = None
    if not isinstance(event, dict) or not event.keys() >= _OF_EVERY_EVENT:
        raise ValidationException("Parameter Event is not valid.")
    return json.dumps({"Result": event_rules.pattern_matches(pattern, event)})
