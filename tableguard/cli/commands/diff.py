"""Show what a change of policies newly allows and newly denies."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tableguard.cli import options
from tableguard.cli.command import FINDINGS_CODES, Command

if TYPE_CHECKING:
    from tableguard.findings.formats import Format

_KINDS = ("scp", "rcp", "endpoint", "resource", "role", "key", "trust")


@click.command(cls=Command, help=__doc__, epilog=FINDINGS_CODES)
@click.argument("old", type=options.FILE, help="documents before: a folder or a file")
@click.argument("new", type=options.FILE, help="documents after")
@options.settings
@click.option("--kind", type=click.Choice(_KINDS), help="their kind, if neither folder nor wrapper says")
@options.levels
@options.formats
def command(
    *, old: Path, new: Path, settings_file: Path | None, kind: str | None, levels: Path | None, form: "Format"
) -> int:
    """Compare layer by layer; 1 if something is allowed that was denied."""
    from tableguard.cli.inputs import chosen_settings
    from tableguard.cli.output import print_report
    from tableguard.policy.shorthand import Shorthand
    from tableguard.prove.diff import layers
    from tableguard.prove.diff.report import DifferenceReport
    from tableguard.prove.foreign import documents, promise_file

    shorthand = Shorthand(chosen_settings(settings_file))
    values = promise_file.placeholder_values(shorthand)
    before, after = (documents.read(path, values, kind or "") for path in (old, new))
    tree = promise_file.load_levels(levels) if levels else ()
    difference = layers.compare(before, after, shorthand, old.is_file() and new.is_file(), tree)
    return print_report(DifferenceReport(difference, before, after), form)
