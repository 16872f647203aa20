"""The outcomes of one invocation of a function."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Success:
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
class Timeout:
    """The handler did not answer within its timeout and was killed; what it had written by then is unknown."""

    seconds: float
    request_id: str = ""


Outcome = Success | FunctionError | Timeout
