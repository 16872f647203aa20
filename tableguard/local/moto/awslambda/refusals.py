"""The errors with which the corrections of Lambda refuse a request."""

from collections.abc import Iterable, Mapping
from typing import Any

from moto.awslambda.exceptions import LambdaClientError


class _Error(LambdaClientError):
    def __init__(self, status: int, code: str, message: str) -> None:
        self.code = status
        super().__init__(code, message)


def refusal(status: int, code: str, message: str) -> LambdaClientError:
    """Return an error of Lambda's."""
    return _Error(status, code, message)


def invalid_parameter(message: str) -> LambdaClientError:
    """Return the error of a parameter that Lambda does not take."""
    return _Error(400, "InvalidParameterValueException", message)


def not_modelled(what: str) -> LambdaClientError:
    """Return the error of what Lambda does and is not done here."""
    return _Error(400, "NotModelled", f"not modelled: {what}")


def validation_error(value: object, name: str, constraint: str) -> LambdaClientError:
    """Return the error of a member that does not satisfy a constraint of Lambda's API model."""
    member = name[0].lower() + name[1:]
    text = f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {constraint}"
    return _Error(400, "ValidationException", text)


def check_ranges(spec: Mapping[str, Any], ranges: Iterable[tuple[str, int, int]]) -> None:
    """Raise the error of the first number that is below the lowest or above the highest that its member may have."""
    for name, lowest, highest in ranges:
        value = spec.get(name)
        if value is not None and value < lowest:
            raise validation_error(value, name, f"Member must have value greater than or equal to {lowest}")
        if value is not None and value > highest:
            raise validation_error(value, name, f"Member must have value less than or equal to {highest}")
