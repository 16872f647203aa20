"""How a correction is put into moto: one named attribute of one of its classes or modules, replaced once."""

from typing import Any

from tableguard.errors import EmbeddedError


def replace(owner: Any, name: str, correction: object) -> Any:
    """Put a correction in the place of moto's own and return what stood there; a moto without it is another moto."""
    if not hasattr(owner, name):
        where = getattr(owner, "__qualname__", owner.__name__)
        raise EmbeddedError(f"moto: {where}.{name} is gone, and its correction has no place; install moto>=5.2.5,<5.3")
    before = getattr(owner, name)
    setattr(owner, name, correction)
    return before
