"""The outcomes of one invocation of a function."""

import json
from dataclasses import dataclass, field
from typing import Any

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
PAYLOAD_BYTES = 6 * 1024 * 1024
_ANSWER_BYTES = 6_291_556  # as Lambda's own error has it: a little more than 6 MB


@dataclass(frozen=True)
class Success:
    """The handler returned `payload`, which its runtime wrote as `body`."""

    payload: Any
    request_id: str = ""
    body: bytes = field(default=b"", repr=False, compare=False)


@dataclass(frozen=True)
class FunctionError:
    """The handler raised, or its process ended."""

    error_type: str
    message: str
    request_id: str = ""
    body: bytes = field(default=b"", repr=False, compare=False)


@dataclass(frozen=True)
class Timeout:
    """The handler did not answer within its timeout and was killed; what it had written by then is unknown."""

    seconds: float
    request_id: str = ""


Outcome = Success | FunctionError | Timeout


def error_type(outcome: Outcome) -> str | None:
    """Return the type of the error as Invoke has it, None for a success whose value can be returned."""
    if isinstance(outcome, Success):
        return "Function.ResponseSizeTooLarge" if len(outcome.body) > _ANSWER_BYTES else None
    return "Sandbox.Timedout" if isinstance(outcome, Timeout) else outcome.error_type


def payload(outcome: Outcome) -> bytes:
    """Return what Invoke answers: the handler's value, its error as its runtime wrote it, or Lambda's own error.

    https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html
    """
    if isinstance(outcome, FunctionError) and outcome.body:
        return outcome.body
    if isinstance(outcome, Success) and error_type(outcome) is None:
        return outcome.body
    return json.dumps({"errorType": error_type(outcome), "errorMessage": _message(outcome)}).encode()


def _message(outcome: Outcome) -> str:
    if isinstance(outcome, Success):
        return f"Response payload size exceeded maximum allowed payload size ({_ANSWER_BYTES} bytes)."
    if isinstance(outcome, Timeout):
        return f"RequestId: {outcome.request_id} Error: Task timed out after {outcome.seconds:.2f} seconds"
    return outcome.message
