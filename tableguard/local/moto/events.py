"""Correction of moto's EventBridge: TestEventPattern, which moto answers with nothing, is not modelled."""

from typing import NoReturn

from moto.events.responses import EventsHandler

from tableguard.local.moto.patch import replace


def install() -> None:
    """Replace EventsHandler.test_event_pattern."""
    replace(EventsHandler, "test_event_pattern", _test_event_pattern)


def _test_event_pattern(_response: EventsHandler) -> NoReturn:
    raise NotImplementedError
