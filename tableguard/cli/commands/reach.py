"""Search whom a principal can become by calls that the policies allow, and what he can then do."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tableguard.cli import options
from tableguard.cli.command import FINDINGS_CODES, Command
from tableguard.errors import PolicyError

if TYPE_CHECKING:
    from tableguard.findings.formats import Format
    from tableguard.prove.reach.promises import Prover
    from tableguard.settings import Settings


@click.command(cls=Command, help=__doc__, epilog=FINDINGS_CODES)
@options.settings
@click.option("--policies", type=options.FILE, metavar="PATH", help="documents of your own: a folder or a file")
@click.option("--promises", type=options.FILE, metavar="FILE", help="who has them, and the goals (TOML)")
@click.option("--from", "start", multiple=True, metavar="PRINCIPAL", help="who begins (default: role/Admin)")
@click.option(
    "--to", "wanted", multiple=True, metavar="GOAL", help="a goal, role/NAME or ACTION@ARN (default: all goals)"
)
@click.option("--without", multiple=True, metavar="STEP", help="a step that is taken to be impossible")
@options.formats
def command(
    *,
    settings_file: Path | None,
    policies: Path | None,
    promises: Path | None,
    start: tuple[str, ...],
    wanted: tuple[str, ...],
    without: tuple[str, ...],
    form: "Format",
) -> int:
    """Print the shortest sequence to each goal, and whatever else is reached; 1 if a goal is reached."""
    from tableguard.cli.inputs import chosen_settings
    from tableguard.cli.output import print_report
    from tableguard.prove.explain.inquiry import refuse_no_action
    from tableguard.prove.reach import inquiry
    from tableguard.prove.shipped import policies as shipped_policies

    for action in inquiry.actions(wanted):
        refuse_no_action(action)
    settings = chosen_settings(settings_file)
    if policies and promises:
        prover, place = _foreign(policies, promises, settings), str(promises)
    elif policies or promises:
        raise PolicyError("--policies and --promises go together: documents, and who has them, with the goals")
    else:
        prover, place = inquiry.shipped(shipped_policies.filled(settings)), inquiry.shipped_place()
    return print_report(inquiry.answered(inquiry.ReachInquiry(start, wanted, without), prover, place), form)


def _foreign(policies: Path, file: Path, settings: "Settings") -> "Prover":
    from tableguard.prove.foreign import documents, promise_file

    promises = promise_file.load(file, settings)
    return promise_file.prover(promises, documents.read(policies, promises.values, promises.kind).documents)
