"""The errors with which the corrections of Lambda refuse a request."""

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
