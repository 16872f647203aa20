"""Check templates and policies: cfn-lint, checkov and our own rules."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tableguard.cli import options
from tableguard.cli.command import FINDINGS_CODES, Command

if TYPE_CHECKING:
    from tableguard.findings.formats import Format


@click.command(cls=Command, help=__doc__, epilog=FINDINGS_CODES)
@click.argument("path", nargs=-1, type=options.FILE, help="templates or folders of your own (default: our stacks)")
@options.settings
@options.formats
def command(*, path: tuple[Path, ...], settings_file: Path | None, form: "Format") -> int:
    """Check our stacks and policies, or templates of the user's own."""
    from tableguard.check import run
    from tableguard.cli.inputs import chosen_settings
    from tableguard.cli.output import print_report, terminal

    report = run.run_on(path) if path else run.run(chosen_settings(settings_file))
    if form == "text" and (console := terminal()):
        from tableguard.cli import tables

        for line in report.lines():
            print(line)
        console.print(tables.outcomes(report.outcomes))
        return report.exit_code
    return print_report(report, form)
