"""Verify that every conversation row shows the newest message of its group; reads only, beside live traffic."""

import argparse
from typing import TYPE_CHECKING

from tableguard.cli import options

if TYPE_CHECKING:
    from tableguard.cli.target import Target

EXIT_CODES = "Exit codes: 0 all as it must be, 1 drift, 2 could not ask."


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add which rows, and how they are looked at."""
    parser.add_argument("--group", help="uuid of one group (default: all, and rows that belong to none)")
    options.add_survey(parser)


def main(target: "Target") -> int:
    """Print what is wrong, one line each, and how much of what."""
    from tableguard.cli.survey import survey
    from tableguard.projection import verify

    return verify.run(survey(target), target.options.group, target.options.json)
