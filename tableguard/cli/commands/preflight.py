"""Show which SCP would stop the deployer at which resource."""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tableguard.cli import options
from tableguard.cli.command import FINDINGS_CODES, Command
from tableguard.errors import PolicyError

if TYPE_CHECKING:
    from tableguard.findings.formats import Format
    from tableguard.prove.foreign.documents import ForeignDocument
    from tableguard.settings import Settings


@click.command(cls=Command, help=__doc__, epilog=FINDINGS_CODES)
@click.argument("stack", nargs=-1, help="stacks of the deployer (default: all that the settings enable)")
@options.settings
@click.option("--policies", type=options.FILE, metavar="PATH", help="SCPs of your own instead of the shipped ones")
@options.levels
@options.formats
def command(
    *,
    stack: tuple[str, ...],
    settings_file: Path | None,
    policies: Path | None,
    levels: Path | None,
    form: "Format",
) -> int:
    """Ask for each action of each resource's handlers; 1 if a resource certainly cannot be made."""
    from tableguard.cli.inputs import chosen_settings, chosen_stacks
    from tableguard.cli.output import print_report
    from tableguard.cli.progress import shown
    from tableguard.prove.foreign import promise_file
    from tableguard.prove.preflight import obstacles
    from tableguard.prove.preflight.report import PreflightReport

    if levels and not policies:
        raise PolicyError("--levels says where the documents of --policies are attached: name both")
    settings = chosen_settings(settings_file)
    stacks = [module.name for module in chosen_stacks(settings, stack)] if stack else []
    scps = _scps(policies, settings) if policies else None
    tree = promise_file.load_levels(levels) if levels else ()
    preflight = obstacles.preflight(settings, stacks, scps, partial(shown, unit="resources"), tree)
    return print_report(PreflightReport(preflight, settings), form)


def _scps(path: Path, settings: "Settings") -> "Sequence[ForeignDocument]":
    """Read the SCPs of a folder; whatever else is there is named on stderr and left out."""
    from tableguard.policy.shorthand import Shorthand
    from tableguard.prove.foreign import documents, promise_file

    collection = documents.read(path, promise_file.placeholder_values(Shorthand(settings)), "scp")
    others = [document.place for document in collection.documents if document.kind != "scp"]
    for note in collection.notes:
        print(f"noted: {note}", file=sys.stderr)
    for other in (*collection.others, *others):
        print(f"{other}: no SCP, left out", file=sys.stderr)
    scps = [document for document in collection.documents if document.kind == "scp"]
    if not scps:
        raise PolicyError(f"{path}: no SCP, so that nothing is asked; name a folder or file with SCPs")
    return scps
