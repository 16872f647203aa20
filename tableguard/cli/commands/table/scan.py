"""Print every item of the table, messages included, as DynamoDB JSON: one item a line."""

import argparse
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tableguard.cli.target import Target


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add nothing: every item is printed."""


def main(target: "Target") -> None:
    """Print items to stdout, their number and cost to stderr."""
    import base64
    import json

    items, capacity = 0, 0.0
    pages = target.client.get_paginator("scan").paginate(TableName=target.table, ReturnConsumedCapacity="TOTAL")
    for page in pages:
        for item in page["Items"]:
            print(json.dumps(item, sort_keys=True, default=lambda content: base64.b64encode(content).decode()))
        items += len(page["Items"])
        capacity += page["ConsumedCapacity"]["CapacityUnits"]
    print(f"{items} items, {capacity:g} read units", file=sys.stderr)
