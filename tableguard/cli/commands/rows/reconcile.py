"""Bring conversation rows back to what the messages say; safe beside live traffic, and again changes nothing."""

import argparse
from typing import TYPE_CHECKING

from tableguard.cli import options

if TYPE_CHECKING:
    from tableguard.cli.target import Target

EXIT_CODES = "Exit codes: 0 nothing is left wrong, 1 something is, 2 could not."
_FORCE = (
    "also rows that show a message that is not there any more (put back to the newest there is), that cannot be "
    "understood (written anew), or that have no message or no group (expire now); each only if unchanged since read"
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add which rows, and how much may be done to them."""
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--group", help="uuid of one group")
    which.add_argument("--all", action="store_true", help="every group, and rows that belong to none")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
    parser.add_argument("--force", action="store_true", help=_FORCE)
    options.add_survey(parser)


def main(target: "Target") -> int:
    """Print what was wrong, one line each, and what became of it."""
    from tableguard.cli.survey import survey
    from tableguard.projection import reconcile

    chosen = target.options
    choice = reconcile.Choice(chosen.group, chosen.dry_run, chosen.force)
    return reconcile.run(survey(target), choice, chosen.json)
