"""Puts a correction into moto by replacing one named attribute of one of its classes or modules."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

from tableguard.errors import EmbeddedError


def replace(owner: Any, name: str, correction: object) -> Any:
    """Replace an attribute of moto and return the original; EmbeddedError if this moto has no such attribute."""
    if not hasattr(owner, name):
        where = getattr(owner, "__qualname__", owner.__name__)
        raise EmbeddedError(f"moto: {where}.{name} is gone, and its correction has no place; install moto>=5.2.5,<5.3")
    before = getattr(owner, name)
    setattr(owner, name, correction)
    return before


def wrap(owner: Any, name: str, correction: Callable[..., Any]) -> None:
    """Replace a function of moto by a correction that is called with the original and then the arguments."""

    def corrected(*args: Any, **kwargs: Any) -> Any:
        return correction(original, *args, **kwargs)

    original = replace(owner, name, corrected)
    update_wrapper(corrected, original)
