"""Read units, summed over the requests of one task."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

Consumed = Mapping[str, Any]


@dataclass
class ReadCost:
    """A sum that several threads may add to."""

    units: float = 0.0
    _lock: Lock = field(default_factory=Lock, repr=False)

    def add(self, consumed: Consumed | Sequence[Consumed] | None) -> None:
        """Count the ConsumedCapacity of an answer; None where the engine reports nothing."""
        parts = [consumed] if isinstance(consumed, Mapping) else consumed or ()
        with self._lock:
            self.units += sum(float(part["CapacityUnits"]) for part in parts)
