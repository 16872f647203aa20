"""Move the rows of a migration, each in one transaction, beside live traffic.

What is killed at any point is taken up by the next run: a row that was moved is at its new place, for everybody, and
the others are still to be moved.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import takewhile
from threading import Event

from stream_lambda.batch_get import chunks
from stream_lambda.items import RowKey
from tableguard.projection.migration import moving
from tableguard.projection.migration.direction import Direction
from tableguard.projection.migration.partition import read_partition
from tableguard.projection.views import Reader
from tableguard.store.places import write_flag

ATTEMPTS = 20  # for a row that changes all the time
_PAUSE = 0.05  # seconds after the first attempt, and as much more after each


@dataclass(frozen=True)
class Moved:
    """One row, the write units that it took, and why it was left where it is, if it was."""

    row: RowKey
    write_units: float = 0.0
    hindrance: moving.Hindrance | None = None


@dataclass(frozen=True)
class Mover:
    """Moves rows through a reader's client, those of several persons at once."""

    reader: Reader
    direction: Direction
    sleep: Callable[[float], object] = time.sleep

    def move(self, persons: Iterable[str]) -> Iterator[Moved]:
        """Move the rows of these persons; yield what became of each row. Interrupted, it ends with the rows begun."""
        ended = Event()
        with ThreadPoolExecutor(self.reader.workers) as pool:
            try:
                for chunk in chunks(persons, self.reader.workers):
                    for rows in pool.map(partial(self._move_person, ended), chunk):
                        yield from rows
            finally:  # the pool waits for its threads, and one person may have very many rows
                ended.set()

    def _move_person(self, ended: Event, user_uuid: str) -> list[Moved]:
        partition = read_partition(self.reader, user_uuid)
        rows = self.direction.rows(partition)
        units = 0.0
        if rows and not partition.flagged and not self.direction.back:  # nobody would look for further rows without it
            units = write_flag(self.reader.client, self.reader.table_name, user_uuid)
        wanted = takewhile(lambda _: not ended.is_set(), rows)
        return [self._move_row(row, 0.0 if number else units) for number, row in enumerate(wanted)]

    def _move_row(self, row: RowKey, units: float) -> Moved:
        """Move one row, if need be at a later attempt; `units` were written for it before."""
        reader = self.reader
        for attempt in range(1, ATTEMPTS + 1):
            (move,) = moving.read(reader.client, reader.table_name, (row,), reader.cost)
            now = reader.clock()
            if hindrance := move.hindrance(now):
                return Moved(row, units, hindrance)
            write_units = moving.apply(reader.client, reader.table_name, move, now)
            if write_units is not None:
                return Moved(row, units + write_units)
            self.sleep(attempt * _PAUSE)
        return Moved(row, units, moving.Hindrance.BUSY)
