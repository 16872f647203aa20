"""Create the messages table for development: key, index, stream and expiry as templates/table.py says."""

from typing import TYPE_CHECKING

import click

from tableguard.cli import options
from tableguard.cli.command import Command

if TYPE_CHECKING:
    from tableguard.cli.target import Target


@click.command(cls=Command, help=__doc__)
@options.on_table
@options.writing
@options.as_json
def command(target: "Target", *, as_json: bool) -> None:
    """Create the table and print where it is."""
    from tableguard.cli.output import print_json
    from tableguard.store import table_admin

    arn = table_admin.create(target.client, target.settings, target.table_name)
    if as_json:
        print_json({"table": target.table_name, "arn": arn})
    else:
        print(f"made {target.table_name}: {arn}")
