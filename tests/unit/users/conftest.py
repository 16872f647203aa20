"""The fixtures of a table in either engine, as the tests of an application's access to it have them."""

from tests.unit.store.conftest import client, table

__all__ = ["client", "table"]
