"""One way to ask the embedded AWS: a refusal becomes one line that says what was asked."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from tableguard.errors import EmbeddedError


@contextmanager
def asking(what: str) -> Iterator[None]:
    """EmbeddedError "<what>: <why>" if the calls made within are refused or find nobody to answer."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise EmbeddedError(f"{what}: {error}") from error
