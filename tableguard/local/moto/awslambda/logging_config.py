"""Correction of moto's Lambda: a function's LoggingConfig is kept, returned and changed, where moto drops it.

https://docs.aws.amazon.com/lambda/latest/api/API_LoggingConfig.html
"""

from collections.abc import Callable
from typing import Any

from moto.awslambda.models import LambdaFunction

from tableguard.local.moto.patch import wrap

_KEY = "LoggingConfig"


def install() -> None:
    """Wrap LambdaFunction's creation, description and update."""
    wrap(LambdaFunction, "__init__", _init)
    wrap(LambdaFunction, "get_configuration", _get_configuration)
    wrap(LambdaFunction, "update_configuration", _update_configuration)


def _init(original: Callable[..., None], function: Any, account_id: str, spec: dict[str, Any], **rest: Any) -> None:
    function.logging_config = _complete(spec.get(_KEY) or {}, spec["FunctionName"])
    original(function, account_id, spec, **rest)


def _get_configuration(original: Callable[..., dict[str, Any]], function: Any, **named: Any) -> dict[str, Any]:
    return {**original(function, **named), _KEY: function.logging_config}


def _update_configuration(
    original: Callable[..., dict[str, Any]], function: Any, updates: dict[str, Any]
) -> dict[str, Any]:
    if _KEY in updates:
        function.logging_config = _complete(updates[_KEY], function.function_name)
    return original(function, updates)


def _complete(chosen: dict[str, str], function_name: str) -> dict[str, str]:
    """Return the configuration with Lambda's defaults: levels are those of the JSON format only."""
    levels = {"ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO"} if chosen.get("LogFormat") == "JSON" else {}
    return {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{function_name}", **levels, **chosen}
