"""Properties of a template that record which of them a resource type reads, so that an ignored one is refused."""

from collections.abc import Iterator, Mapping
from typing import Any

from tableguard.errors import EmbeddedError


class TrackedProperties(dict[str, Any]):
    """Properties that record in `names_read` which of them were read: one that no handler reads has no effect."""

    def __init__(self, properties: Mapping[str, Any]) -> None:
        super().__init__(properties)
        self.names_read: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        self.names_read.add(key)
        return super().__getitem__(key)

    def __missing__(self, key: str) -> Any:
        raise EmbeddedError(f"Properties validation failed: required key [{key}] not found")

    def get(self, key: str, default: Any = None) -> Any:
        """Return as any mapping does, and record the name."""
        self.names_read.add(key)
        return super().get(key, default)

    def pop(self, key: str, *default: Any) -> Any:
        """Remove and return as any mapping does, and record the name."""
        self.names_read.add(key)
        return super().pop(key, *default)

    def items(self) -> Any:
        """Return as any mapping does; everything counts as read."""
        self.names_read |= self.keys()
        return super().items()

    def values(self) -> Any:
        """Return as any mapping does; everything counts as read."""
        self.names_read |= self.keys()
        return super().values()

    def __iter__(self) -> Iterator[str]:
        """Iterate as any dict does.

        Defined because Python copies the entries of a dict with its own `__iter__` by `__getitem__`: {**properties}
        then counts as reading each of them. From a plain dict's copy nothing could be recorded.
        """
        return super().__iter__()
