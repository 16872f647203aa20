"""Correction of moto's Lambda, which runs functions in Docker: here an invocation is not modelled.

moto's LambdaFunction.invoke starts a container from an image that it pulls, and answers 200 where there is no Docker.
AWS runs the function. The estate's function runs from its package, fed by our event source mapping, which is told when
a mapping changes.
"""

from collections.abc import Callable
from typing import Any, NoReturn

from moto.awslambda.models import LambdaBackend, LambdaFunction

from tableguard.local.event_source.activity import ACTIVITY
from tableguard.local.moto.patch import replace, wrap

_CHANGES = ("create_event_source_mapping", "update_event_source_mapping", "delete_event_source_mapping")


def install() -> None:
    """Replace moto's LambdaFunction.invoke, which every caller uses: requests, topics, rules and queues."""
    replace(LambdaFunction, "invoke", _invoke)
    for change in _CHANGES:
        wrap(LambdaBackend, change, _announced)


def _announced(change: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    changed = change(*args, **kwargs)
    ACTIVITY.announce_mapping()
    return changed


def _invoke(_function: LambdaFunction, *_: Any, **__: Any) -> NoReturn:
    raise NotImplementedError
