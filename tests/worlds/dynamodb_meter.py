"""What a DynamoDB client consumes: units as the engine reports them, and calls."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithItems.html#WorkingWithItems.ConditionalUpdate
# a write whose condition is false consumes what it would have at least, and DynamoDB Local reports nothing for it
FAILED_CONDITION = 1
_READS = {"BatchGetItem", "GetItem", "Query", "Scan"}


@dataclass
class Meter:
    """Calls of one client, and the units they consumed of table and indexes together."""

    calls: int = 0
    write_units: float = 0.0
    read_units: float = 0.0
    _lock: Lock = field(default_factory=Lock)  # rows are written from several threads

    def watch(self, client: Any) -> None:
        """Count from now on what this client asks for."""
        client.meta.events.register("before-parameter-build.dynamodb", _ask)
        client.meta.events.register("after-call.dynamodb", self._count)

    def reset(self) -> None:
        """Count from nothing again."""
        self.calls, self.write_units, self.read_units = 0, 0.0, 0.0

    def _count(self, parsed: Mapping[str, Any], model: Any, **_: Any) -> None:
        consumed = parsed.get("ConsumedCapacity", [])
        units = sum(each["CapacityUnits"] for each in (consumed if isinstance(consumed, list) else [consumed]))
        if parsed.get("Error", {}).get("Code") == "ConditionalCheckFailedException":
            units += FAILED_CONDITION
        with self._lock:
            self.calls += 1
            if model.name in _READS:
                self.read_units += units
            else:
                self.write_units += units


def _ask(params: dict[str, Any], model: Any, **_: Any) -> None:
    if "ReturnConsumedCapacity" in model.input_shape.members:
        params["ReturnConsumedCapacity"] = "INDEXES"
