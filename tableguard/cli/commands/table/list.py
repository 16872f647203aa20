"""List the tables of the account and region, or of the endpoint."""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tableguard.cli.target import Target


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add nothing: every table is listed."""


def main(target: "Target") -> None:
    """Print one name a line."""
    pages = target.client.get_paginator("list_tables").paginate()
    for name in sorted(name for page in pages for name in page["TableNames"]):
        print(name)
