"""Bring conversation rows back to what the messages say; safe beside live traffic, and again changes nothing."""

from typing import TYPE_CHECKING

import click

from tableguard.cli import options
from tableguard.cli.command import Command

if TYPE_CHECKING:
    from tableguard.cli.target import Target

_FORCE = (
    "also rows that show a message that is not there any more (put back to the newest there is), that cannot be "
    "understood (written anew), or that have no message or no group (expire now); each only if unchanged since read"
)


@click.command(cls=Command, help=__doc__, epilog="Exit codes: 0 nothing is left wrong, 1 something is, 2 error.")
@options.on_table
@options.writing
@click.option("--group", metavar="GROUP", help="uuid of one group (this or --all)")
@click.option("--all", "everything", is_flag=True, help="every group, and rows that belong to none")
@click.option("--dry-run", is_flag=True, help="only say what would be done")
@click.option("--force", is_flag=True, help=_FORCE)
@options.survey
@options.as_json
def command(
    target: "Target",
    *,
    group: str | None,
    everything: bool,
    dry_run: bool,
    force: bool,
    settle: float,
    workers: int,
    as_json: bool,
) -> int:
    """Print what was wrong, one line each, and what became of it."""
    from tableguard.cli.output import print_report
    from tableguard.cli.survey import survey
    from tableguard.projection.reconcile import Choice, reconcile

    options.one_of({"--group": group, "--all": everything}, required=True)
    report = reconcile(survey(target, settle, workers), Choice(group, dry_run, force))
    return print_report(report, "json" if as_json else "text")
