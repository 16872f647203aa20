"""Verify that every conversation row shows the newest message of its group; reads only, beside live traffic."""

from typing import TYPE_CHECKING

import click

from tableguard.cli import options
from tableguard.cli.command import FINDINGS_CODES, Command

if TYPE_CHECKING:
    from tableguard.cli.target import Target


@click.command(cls=Command, help=__doc__, epilog=FINDINGS_CODES)
@options.on_table
@click.option("--group", metavar="GROUP", help="uuid of one group (default: all, and rows that belong to none)")
@options.survey
@options.as_json
def command(target: "Target", *, group: str | None, settle: float, workers: int, as_json: bool) -> int:
    """Print what is wrong, one line each, and how much of what."""
    from tableguard.cli.survey import survey
    from tableguard.projection import verify

    return verify.run(survey(target, settle, workers), group, as_json)
