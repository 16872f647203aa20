"""Search whom a principal can become by calls that the policies allow, and what he can then do."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tableguard.cli import options
from tableguard.cli.command import FINDINGS_CODES, Command

if TYPE_CHECKING:
    from tableguard.findings.formats import Format


@click.command(cls=Command, help=__doc__, epilog=FINDINGS_CODES)
@options.settings
@click.option("--from", "start", multiple=True, metavar="PRINCIPAL", help="who begins (default: role/Admin)")
@click.option(
    "--to", "wanted", multiple=True, metavar="GOAL", help="a goal, role/NAME or ACTION@ARN (default: all goals)"
)
@click.option("--without", multiple=True, metavar="STEP", help="a step that is taken to be impossible")
@options.formats
def command(
    *,
    settings_file: Path | None,
    start: tuple[str, ...],
    wanted: tuple[str, ...],
    without: tuple[str, ...],
    form: "Format",
) -> int:
    """Print the shortest sequence to each goal, and whatever else is reached; 1 if a goal is reached."""
    from tableguard.cli.inputs import chosen_settings
    from tableguard.cli.output import print_report
    from tableguard.prove.reach import inquiry
    from tableguard.prove.shipped import policies as shipped_policies

    policies = shipped_policies.filled(chosen_settings(settings_file))
    return print_report(inquiry.answered(inquiry.ReachInquiry(start, wanted, without), policies), form)
