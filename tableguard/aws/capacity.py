"""Compute the capacity that a request to DynamoDB consumes, from the items before and after it.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html and, for indexes,
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html#GSI.ThroughputConsiderations
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from tableguard.aws.item_size import Image, item_size

READ_UNIT_BYTES = 4096
WRITE_UNIT_BYTES = 1024


@dataclass(frozen=True)
class Index:
    """A secondary index: its key, what it projects (None: everything), and whether it pays for itself."""

    name: str
    key: tuple[str, ...]
    projected: frozenset[str] | None
    is_global: bool

    def entry(self, image: Image | None) -> Image | None:
        """Return the index's entry for an item; None if the item lacks a part of the key."""
        if image is None or not all(name in image for name in self.key):
            return None
        return image if self.projected is None else {name: image[name] for name in image if name in self.projected}

    def write_units(self, before: Image | None, after: Image | None) -> int:
        """Return the units to update the index for a changed item; a changed key is a removal and an insertion."""
        old, new = self.entry(before), self.entry(after)
        if old == new:
            return 0
        if old is None or new is None or any(old[name] != new[name] for name in self.key):
            return sum(write_units(entry) for entry in (old, new) if entry is not None)
        return max(write_units(old), write_units(new))


def write_units(*images: Image | None) -> int:
    """Return the units to write an item with these images, before and after: of the largest, and at least one."""
    return max([1, *(ceil(item_size(image) / WRITE_UNIT_BYTES) for image in images if image is not None)])


def read_units(size: int, consistent: bool) -> float:
    """Return the units to read so many bytes; half as many where a stale answer is accepted."""
    return max(1, ceil(size / READ_UNIT_BYTES)) * (1 if consistent else 0.5)


@dataclass
class Consumption:
    """Units that one request consumed of one table and of its indexes."""

    table_name: str
    table: float = 0
    global_indexes: dict[str, float] = field(default_factory=dict)
    local_indexes: dict[str, float] = field(default_factory=dict)

    def add_index(self, index: Index, units: float) -> None:
        """Add units of an index; one that consumed nothing is not reported."""
        if units:
            of_its_kind = self.global_indexes if index.is_global else self.local_indexes
            of_its_kind[index.name] = of_its_kind.get(index.name, 0) + units

    def add_write(
        self, indexes: tuple[Index, ...], before: Image | None, after: Image | None, transactional: bool
    ) -> None:
        """Add one written item; a transaction doubles the units of the table, and not those of its indexes."""
        self.table += write_units(before, after) * (2 if transactional else 1)
        for index in indexes:
            self.add_index(index, index.write_units(before, after))

    def describe(self, detail: str, unit: str | None = None) -> dict[str, Any]:
        """Return a response's ConsumedCapacity for TOTAL or INDEXES; transactions name their `unit` as well."""
        total = self.table + sum(self.global_indexes.values()) + sum(self.local_indexes.values())
        described = {"TableName": self.table_name, **_units(total, unit)}
        if detail == "INDEXES":
            described["Table"] = _units(self.table, unit)
            for member, indexes in (
                ("GlobalSecondaryIndexes", self.global_indexes),
                ("LocalSecondaryIndexes", self.local_indexes),
            ):
                if indexes:
                    described[member] = {name: _units(units, unit) for name, units in indexes.items()}
        return described


def _units(units: float, unit: str | None) -> dict[str, Any]:
    return {"CapacityUnits": float(units)} | ({unit: float(units)} if unit else {})


def index_of(description: Mapping[str, Any], table_key: tuple[str, ...], is_global: bool) -> Index:
    """Read an index from its description in CreateTable; keys of index and table are projected always."""
    key = tuple(element["AttributeName"] for element in description["KeySchema"])
    projection = description["Projection"]
    if projection["ProjectionType"] == "ALL":
        return Index(description["IndexName"], key, None, is_global)
    projected = frozenset((*key, *table_key, *projection.get("NonKeyAttributes", ())))
    return Index(description["IndexName"], key, projected, is_global)
