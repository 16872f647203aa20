"""Print every item of the table, messages included, as DynamoDB JSON: one item a line."""

import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from tableguard.cli import options
from tableguard.cli.command import Command

if TYPE_CHECKING:
    from tableguard.cli.target import Target


@click.command(cls=Command, help=__doc__)
@options.on_table
@click.option("--json", "as_json", is_flag=True, help="all items as one JSON document, with the units read")
def command(target: "Target", *, as_json: bool) -> None:
    """Print items to stdout, their number and cost to stderr."""
    from tableguard.cli.listing import item_line
    from tableguard.cli.output import print_json
    from tableguard.findings.counts import counted

    items, count, units = [], 0, 0.0
    for page in _pages(target):
        if as_json:
            items += [json.loads(item_line(item)) for item in page["Items"]]
        else:
            sys.stdout.writelines(f"{item_line(item)}\n" for item in page["Items"])
        count += len(page["Items"])
        units += page["ConsumedCapacity"]["CapacityUnits"]
    if as_json:
        print_json({"items": items, "read_units": units})
    else:
        print(f"{counted(count, 'item')}, {units:g} read units", file=sys.stderr)


def _pages(target: "Target") -> Iterator[Any]:
    scan = target.client.get_paginator("scan")
    yield from scan.paginate(TableName=target.table_name, ReturnConsumedCapacity="TOTAL")
