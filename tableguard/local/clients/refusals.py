"""Turns boto errors into one-line EmbeddedErrors that say what was being done."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from tableguard.errors import EmbeddedError


@contextmanager
def refusals_as_errors(what: str) -> Iterator[None]:
    """Raise EmbeddedError "<what>: <error>" if a call in the block is refused or gets no answer."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise EmbeddedError(f"{what}: {error}") from error
