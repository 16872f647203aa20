"""Verify that every conversation row shows the newest message of its group; reads only, beside live traffic."""

from typing import TYPE_CHECKING

import click

from tableguard.cli import options
from tableguard.cli.command import FINDINGS_CODES, Command

if TYPE_CHECKING:
    from tableguard.cli.target import Target
    from tableguard.findings.formats import Format


@click.command(cls=Command, help=__doc__, epilog=FINDINGS_CODES)
@options.on_table
@click.option("--group", metavar="GROUP", help="uuid of one group (default: all, and rows and messages of none)")
@options.survey
@options.formats
def command(target: "Target", *, group: str | None, settle: float, workers: int, form: "Format") -> int:
    """Print what is wrong, one line each, and how much of what."""
    from tableguard.cli.output import print_report
    from tableguard.cli.survey import survey
    from tableguard.projection.verify import verify

    return print_report(verify(survey(target, settle, workers), group), form)
