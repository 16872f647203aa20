"""Adoptions of the bootcamp's table into an emulated table of ours."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, tzinfo
from typing import Any

from tableguard.projection.takeover.back import WayBack
from tableguard.projection.takeover.copying import Copier
from tableguard.projection.takeover.report import TakeoverReport
from tableguard.projection.takeover.return_report import ReturnReport
from tableguard.projection.takeover.run import Takeover
from tableguard.projection.takeover.source import Source
from tableguard.projection.views import Reader
from tableguard.store.encryption import Cipher
from tableguard.store.messages import MessageTable
from tests.engines import MOTO
from tests.worlds.bootcamp import BOOTCAMP_TABLE, Bootcamp, talking
from tests.worlds.messages import NOW, TABLE, emulated_table


@contextmanager
def both_tables(engine: str = MOTO) -> Iterator[tuple[Any, Bootcamp, str, str]]:
    """Ours, empty, and the bootcamp's beside it with two groups: the client, the application, the groups."""
    with emulated_table(engine=engine) as client:
        try:
            yield client, *talking(client)
        finally:
            client.delete_table(TableName=BOOTCAMP_TABLE)


def takeover(
    client: Any,
    *,
    zone: tzinfo = UTC,
    authors: bool = False,
    cipher: Cipher | None = None,
    now: datetime = NOW,
    sleep: Callable[[float], object] = lambda seconds: None,
) -> Takeover:
    reader = Reader(client, TABLE, lambda: now, workers=1)
    return Takeover(
        Source(client, BOOTCAMP_TABLE, zone), Copier(reader, cipher), ours(client).places, authors=authors, sleep=sleep
    )


def adopted(client: Any, **options: Any) -> TakeoverReport:
    return takeover(client, **options).run()


def ours(client: Any) -> MessageTable:
    """Return the access patterns on our table."""
    return MessageTable(client, TABLE, lambda: NOW)


def returned(client: Any, **options: Any) -> ReturnReport:
    """Take the way back."""
    return way_back(client, **options).run()


def way_back(
    client: Any,
    *,
    zone: tzinfo = UTC,
    cipher: Cipher | None = None,
    sleep: Callable[[float], object] = lambda seconds: None,
) -> WayBack:
    reader = Reader(client, TABLE, lambda: NOW, workers=1)
    return WayBack(Copier(reader, cipher), Source(client, BOOTCAMP_TABLE, zone), sleep=sleep)
