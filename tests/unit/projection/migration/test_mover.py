"""A row that changes is read again, and left if it changes time and again; an interruption ends between two rows."""

import contextlib
import signal
import time
from collections.abc import Iterator
from threading import Event, main_thread
from typing import Any

import pytest

from stream_lambda.items import RowKey
from tableguard.projection.migration import mover
from tableguard.projection.migration.mover import ATTEMPTS, Moved, Mover
from tableguard.projection.migration.moving import Hindrance
from tests.worlds.messages import ADA, said
from tests.worlds.migrations import THERE, Stepping, batch, former_table, groups, placed, reader_of
from tests.worlds.rows import send

ROW = RowKey(ADA.user_uuid, "group-0")


@pytest.fixture
def client() -> Iterator[Any]:
    with former_table() as made:
        yield made


class Overtaken(Stepping):
    """A client before each of whose first transactions the function writes a newer message to the row."""

    left = 0

    def transact_write_items(self, **request: Any) -> Any:
        if self.left:
            self.left -= 1
            news = said("news", 100 - self.left, groups(1)[0])
            send(self.client, news)
            batch(self.client, [news]).finish()
        return self.client.transact_write_items(**request)


@pytest.mark.parametrize(("times", "hindrance"), [(ATTEMPTS - 1, None), (2 * ATTEMPTS, Hindrance.BUSY)])
def test_a_row_that_changes_is_read_again(client: Any, times: int, hindrance: Hindrance | None) -> None:
    pauses: list[float] = []
    overtaken = Overtaken(client)
    overtaken.left = times
    (moved,) = [
        row for row in Mover(reader_of(overtaken), THERE, pauses.append).move([ADA.user_uuid]) if row.row == ROW
    ]
    assert moved == Moved(ROW, moved.write_units, hindrance)
    assert placed(client)["group-0"] == [hindrance is None]
    assert pauses == [0.05 * attempt for attempt in range(1, len(pauses) + 1)]


class Interrupting(Stepping):
    """A client during whose first transaction Ctrl-C is pressed, and which ends it once that was noticed."""

    pressed: bool
    noticed: Event

    def transact_write_items(self, **request: Any) -> Any:
        if not self.pressed:
            self.pressed = True
            time.sleep(
                0.5
            )  # until the main thread waits: a pool does not join a thread in whose start it is interrupted
            signal.pthread_kill(main_thread().ident or 0, signal.SIGINT)
            assert self.noticed.wait(20)
        return self.client.transact_write_items(**request)


@pytest.mark.parametrize(("interrupted", "rows"), [(True, 1), (False, 2)])
def test_an_interruption_ends_with_the_row_begun(
    client: Any, monkeypatch: pytest.MonkeyPatch, interrupted: bool, rows: int
) -> None:
    interrupting = Interrupting(client)
    interrupting.pressed, interrupting.noticed = not interrupted, Event()
    monkeypatch.setattr(mover, "Event", lambda: interrupting.noticed)
    with pytest.raises(KeyboardInterrupt) if interrupted else contextlib.nullcontext():
        list(Mover(reader_of(interrupting), THERE).move([ADA.user_uuid]))
    assert sum(further for (further,) in placed(client).values()) == rows
