"""Corrections of moto's CloudTrail: its trails record, so that each change of one is noted at once.

moto keeps classic event selectors and advanced ones side by side. AWS has either, and puts one in place of the other:
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutEventSelectors.html
"""

from collections.abc import Callable
from typing import Any

from moto.cloudtrail.models import CloudTrailBackend, Trail

from tableguard.local.moto.patch import replace, wrap
from tableguard.local.watch import watch

_CHANGES = ("create_trail", "delete_trail", "put_event_selectors", "start_logging", "stop_logging", "update_trail")


def install() -> None:
    """Let each operation that changes a trail tell the watch, and keep selectors as AWS does."""
    replace(Trail, "put_event_selectors", _put_event_selectors)
    for operation in _CHANGES:
        wrap(CloudTrailBackend, operation, _noted)


def _noted(change: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    result = change(*arguments, **named)
    current = watch.in_use()
    if current is not None:
        current.trails.changed(current.clock.now())
    return result


def _put_event_selectors(trail: Trail, classic: list[dict[str, Any]], advanced: list[dict[str, Any]]) -> None:
    trail.event_selectors, trail.advanced_event_selectors = classic or [], advanced or []
