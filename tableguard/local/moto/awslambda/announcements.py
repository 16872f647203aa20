"""Extension of moto's Lambda: pollers are told when a mapping changes, or whose role its function has."""

from collections.abc import Callable
from typing import Any

from moto.awslambda.models import LambdaBackend

from tableguard.local.event_source.activity import ACTIVITY
from tableguard.local.moto.patch import wrap

_CHANGES = (
    "create_event_source_mapping",
    "update_event_source_mapping",
    "delete_event_source_mapping",
    "update_function_configuration",
)


def install() -> None:
    """Wrap the operations that change what a poller has to know."""
    for change in _CHANGES:
        wrap(LambdaBackend, change, _announced)


def _announced(change: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    changed = change(*args, **kwargs)
    ACTIVITY.announce_mapping()
    return changed
