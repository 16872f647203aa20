"""Create the messages table for development: key, index, stream and expiry as templates/table.py says."""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tableguard.cli.target import Target


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add nothing: the table's name is all there is to choose."""


def main(target: "Target") -> None:
    """Make the table and say where it is."""
    from tableguard.store import table_admin

    arn = table_admin.create(target.client, target.settings, target.table)
    print(f"made {target.table}: {arn}")
