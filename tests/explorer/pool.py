"""Small whole numbers for large values, so that a state of the exploration is compared and remembered quickly."""

import json
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

T = TypeVar("T", bound=Hashable)


@dataclass
class Pool(Generic[T]):
    """Every value once, under the number of its first appearance."""

    values: list[T] = field(default_factory=list)
    _numbers: dict[T, int] = field(default_factory=dict)

    def number(self, value: T) -> int:
        """The number of a value, a new one for a new value."""
        found = self._numbers.setdefault(value, len(self.values))
        if found == len(self.values):
            self.values.append(value)
        return found


@dataclass(frozen=True)
class Frozen:
    """A request, an answer or an item, compared by its text and never changed."""

    text: str
    value: Any = field(compare=False)


def freeze(value: Any) -> Frozen:
    """A value of DynamoDB's API as it may be compared."""
    return Frozen(json.dumps(value, sort_keys=True, default=repr), value)
