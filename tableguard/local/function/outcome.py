"""What can become of one invocation of a function."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Succeeded:
    """The handler returned `payload`."""

    payload: Any
    request_id: str = ""


@dataclass(frozen=True)
class FunctionError:
    """The handler raised, or its process ended."""

    error_type: str
    message: str
    request_id: str = ""


@dataclass(frozen=True)
class TimedOut:
    """The handler did not answer within its Timeout and was killed; nobody knows what it had written by then."""

    seconds: float
    request_id: str = ""


Outcome = Succeeded | FunctionError | TimedOut
