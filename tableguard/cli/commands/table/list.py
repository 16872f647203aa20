"""List the tables of the account and region, or of the endpoint."""

from typing import TYPE_CHECKING

import click

from tableguard.cli import options
from tableguard.cli.command import Command

if TYPE_CHECKING:
    from tableguard.cli.target import Target


@click.command(cls=Command, help=__doc__)
@options.on_table
@options.as_json
def command(target: "Target", *, as_json: bool) -> None:
    """Print one name a line."""
    from tableguard.cli.output import print_json

    pages = target.client.get_paginator("list_tables").paginate()
    names = sorted(name for page in pages for name in page["TableNames"])
    if as_json:
        print_json({"tables": names})
        return
    for name in names:
        print(name)
