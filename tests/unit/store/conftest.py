"""The fixtures of a table in either engine, for the tests of an application's access to it."""

from collections.abc import Iterator
from typing import Any

import pytest

from tableguard.store.messages import MessageTable
from tests.engines.choice import BOTH
from tests.worlds.conversations import ticking_table, write_five_messages
from tests.worlds.messages import emulated_table


@pytest.fixture(params=BOTH)
def client(request: pytest.FixtureRequest) -> Iterator[Any]:
    """An empty table's client, of each engine that is here."""
    with emulated_table(engine=request.param) as emulated:
        yield emulated


@pytest.fixture
def table(client: Any) -> MessageTable:
    """The table, whose clock goes on by a second whenever it is read."""
    return ticking_table(client)


@pytest.fixture
def talk(table: MessageTable) -> MessageTable:
    """The table with five messages of Ada and Bob."""
    write_five_messages(table)
    return table
