"""Correction of moto's Lambda: a function's DeadLetterConfig is kept, returned and changed, where moto drops it.

Nothing is sent there: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

from collections.abc import Callable
from typing import Any

from moto.awslambda.models import LambdaFunction

from tableguard.local.moto.patch import wrap

_KEY = "DeadLetterConfig"


def install() -> None:
    """Wrap LambdaFunction's creation, description and update."""
    wrap(LambdaFunction, "__init__", _init)
    wrap(LambdaFunction, "get_configuration", _get_configuration)
    wrap(LambdaFunction, "update_configuration", _update_configuration)


def _init(original: Callable[..., None], function: Any, account_id: str, spec: dict[str, Any], **rest: Any) -> None:
    function.dead_letters = spec.get(_KEY) or {}
    original(function, account_id, spec, **rest)


def _get_configuration(original: Callable[..., dict[str, Any]], function: Any, **named: Any) -> dict[str, Any]:
    # AWS returns nothing for a function that has none: an empty TargetArn takes it away
    targets = {_KEY: function.dead_letters} if function.dead_letters.get("TargetArn") else {}
    return {**original(function, **named), **targets}


def _update_configuration(
    original: Callable[..., dict[str, Any]], function: Any, updates: dict[str, Any]
) -> dict[str, Any]:
    if _KEY in updates:
        function.dead_letters = updates[_KEY]
    return original(function, updates)
