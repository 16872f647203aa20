"""Say what a migration would move and what that costs, by DynamoDB's rules, before anything is written."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from stream_lambda.batch_get import KEYS_PER_CALL, chunks
from tableguard.aws.capacity import Consumption, Index
from tableguard.findings.counts import counted
from tableguard.projection.migration import moving
from tableguard.projection.migration.census import Census
from tableguard.projection.migration.direction import Direction
from tableguard.projection.migration.partition import read_partition
from tableguard.projection.views import Reader

_TOGETHER = KEYS_PER_CALL // 3  # of each row both places and the group are read


@dataclass
class MigrationPlan:
    """What a migration would do to a table: whom it moves rows of, how many, for how many units."""

    direction: Direction
    census: Census
    rows: int = 0
    left: Counter[moving.Hindrance] = field(default_factory=Counter)  # rows that cannot be moved
    write_units: float = 0.0
    read_units: float = 0.0  # of looking at these rows, which is done once more when they are moved

    @property
    def persons(self) -> list[str]:
        """Return who has rows to move."""
        return self.direction.persons(self.census)

    @property
    def verifying_units(self) -> float:
        """Return about how many read units it takes to verify all rows afterwards.

        The keys are scanned again. For each group the item and the newest message are read, and for each row the row
        and the group once more: one unit each up to 4 KB, as they are read strongly consistently.
        """
        return self.census.read_units + 2 * self.census.groups + 2 * self.census.rows

    def text(self) -> str:
        """Return the plan as lines."""
        direction, census = self.direction, self.census
        planned = census.read_units + self.read_units
        lines = [
            f"{counted(census.groups, 'group')}, and {counted(census.rows, 'row')} of {people(census.persons)}",
            f"{people(len(self.persons))} {direction.whose}: {counted(self.rows, 'row')} {direction.where}",
            *(f"{counted(rows, 'row')} to be left: {hindrance.value}" for hindrance, rows in self.left.items()),
            f"cost: {self.write_units:g} write units and {self.read_units:g} read units to move, about "
            f"{self.verifying_units:g} read units to verify all rows then; {planned:g} were read to say this",
        ]
        return "\n".join(lines)

    def facts(self) -> dict[str, Any]:
        """Return the same facts for JSON."""
        return {
            "back": self.direction.back,
            "conversations_in_table": self.direction.conversations_in_table,
            "groups": self.census.groups,
            "rows": self.census.rows,
            "persons_to_move": len(self.persons),
            "rows_to_move": self.rows,
            "left": {hindrance.name.lower(): rows for hindrance, rows in self.left.items()},
            "write_units": self.write_units,
            "read_units": self.read_units,
            "verifying_read_units": self.verifying_units,
            "planning_read_units": self.census.read_units + self.read_units,
        }


def people(number: int) -> str:
    """Write how many people."""
    return counted(number, "person", "persons")


def plan(
    reader: Reader,
    direction: Direction,
    census: Census,
    indexes: tuple[Index, ...],
    observe: Callable[[Iterable[str]], Iterable[str]] = iter,
) -> MigrationPlan:
    """Look at every row that is to move; `observe` sees each person pass."""
    planned, before = MigrationPlan(direction, census), reader.cost.units
    for user_uuid in observe(planned.persons):
        _add_person(planned, reader, user_uuid, indexes)
    planned.read_units = reader.cost.units - before
    return planned


def _add_person(planned: MigrationPlan, reader: Reader, user_uuid: str, indexes: tuple[Index, ...]) -> None:
    direction, now = planned.direction, reader.clock()
    partition = read_partition(reader, user_uuid)
    consumed = Consumption(reader.table_name)
    for rows in chunks(direction.rows(partition), _TOGETHER):
        for move in moving.read(reader.client, reader.table_name, rows, reader.cost):
            if hindrance := move.hindrance(now):
                planned.left[hindrance] += 1
                continue
            planned.rows += 1
            for change in move.changes(now):
                consumed.add_write(indexes, change.before, change.after, transactional=True)
    flag_units = 0 if partition.flagged or direction.back else 1  # written before the first further row
    planned.write_units += flag_units + consumed.table + sum(consumed.global_indexes.values())
