"""Waiting until nothing is under way in a stack: one question that fails does not end it."""

import time
from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError

from tableguard.errors import DeployError
from tableguard.stacks.change_set import PollInterval
from tableguard.stacks.status import Client, status_of

PATIENCE = 12  # questions one after another that may fail: a minute of AWS being busy, or of a network that is away
_BUSY = frozenset(
    {
        "InternalError",
        "InternalFailure",
        "RequestLimitExceeded",
        "RequestTimeout",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
_GOES_ON = "what CloudFormation began goes on there. Run the same command again: it waits for that, and goes on"


def passes(error: Exception) -> bool:
    """Tell whether a failed question may be answered in a moment: AWS was busy, or the network away."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return error.response["Error"]["Code"] in _BUSY or status >= 500
    return isinstance(error, ConnectionError | HTTPClientError)


def settled(
    client: Client,
    stack: str,
    interval: PollInterval,
    watch: Callable[[], None] = lambda: None,
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """Wait until nothing is under way in a stack, and return its status; DeployError if that never comes.

    `watch` is called before each question, and after the last answer.
    """
    failed, status = 0, "not known"
    for _ in range(int(interval.attempts)):
        try:
            watch()
            status, failed = status_of(client, stack), 0
            if not status.endswith("_IN_PROGRESS"):
                watch()
                return status
        except (BotoCoreError, ClientError, DeployError) as error:
            failed += 1
            cause = error.__cause__ if isinstance(error, DeployError) else error
            if not isinstance(cause, Exception) or not passes(cause) or failed > PATIENCE:
                raise DeployError(f"{_named(stack, error)}; {_GOES_ON}") from error
        sleep(interval.delay)
    minutes = interval.attempts * interval.delay / 60
    raise DeployError(f"stack {stack}: still {status} after {minutes:.0f} minutes; run the same command again later")


def _named(stack: str, error: Exception) -> str:
    return str(error) if isinstance(error, DeployError) else f"stack {stack}: {error}"
