"""The fixtures of an emulated DynamoDB, for the tests of commands on a table."""

from tests.worlds.command_table import empty, seeded, server, shipped, world

__all__ = ["empty", "seeded", "server", "shipped", "world"]
