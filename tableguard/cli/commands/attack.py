"""Try every attempt and each sequence of reach on a running estate, each on a fresh copy, and see who is told."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tableguard.cli import options
from tableguard.cli.command import FINDINGS_CODES, Command

if TYPE_CHECKING:
    from tableguard.attack.attempt import Attempt
    from tableguard.findings.formats import Format

_ONLY = "an attempt's id, or an area, principal, technique (T1485) or catalogue id (D01); may be repeated"


@click.command(cls=Command, help=__doc__, epilog=FINDINGS_CODES)
@options.settings
@click.option("--only", multiple=True, metavar="WORD", help=_ONLY)
@click.option("--list", "listed", is_flag=True, help="print the attempts, and make none")
@click.option("--parallel", type=click.IntRange(1, 16), default=2, help="copies of the estate at once (default: 2)")
@options.formats
def command(
    *, settings_file: Path | None, only: tuple[str, ...], listed: bool, parallel: int, form: "Format"
) -> int | None:
    """Print the ledger; 1 if a claim is broken or nobody was told of what was done."""
    from tableguard.attack import run
    from tableguard.attack.ledger import described
    from tableguard.cli.exit_codes import one_interruption
    from tableguard.cli.inputs import chosen_settings
    from tableguard.cli.output import print_json, print_report, steps
    from tableguard.cli.progress import shown

    if listed and form == "sarif":
        raise click.UsageError("--list has no findings for --sarif; leave one of them out")
    settings = chosen_settings(settings_file)
    attempts = run.chosen(run.every_attempt(settings), only)
    if listed and form == "json":
        print_json({"attempts": list(map(described, attempts))})
        return None
    if listed:
        print("\n".join(map(_line, attempts)))
        return None
    with one_interruption(), ExitStack() as parts:
        with steps(to_stderr=True) as report:  # until it is up: copies are made of a process with one thread
            stage = parts.enter_context(run.staged(settings, report))
        ended = tuple(shown(run.outcomes(stage, attempts, parallel), "attempts", len(attempts), threads=False))
    return print_report(run.ledger(attempts, ended), form)


def _line(attempt: "Attempt") -> str:
    return f"{attempt.id:<50} {attempt.by:<18} {' '.join((*attempt.catalogue, *attempt.attack)):<30} {attempt.says}"
