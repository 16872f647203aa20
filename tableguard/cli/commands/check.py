"""Check templates and policies: cfn-lint, checkov and our own rules."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tableguard.cli import options
from tableguard.cli.command import FINDINGS_CODES, Command

if TYPE_CHECKING:
    from tableguard.findings.formats import Format


@click.command(cls=Command, help=__doc__, epilog=FINDINGS_CODES)
@click.argument(
    "path",
    nargs=-1,
    type=options.FILE,
    help="templates, policies or folders of your own; the region is that of --settings or us-east-1 "
    "(default: our stacks and policies)",
)
@options.settings
@options.formats
def command(*, path: tuple[Path, ...], settings_file: Path | None, form: "Format") -> int:
    """Check our stacks and policies, or templates and policies of the user's own."""
    from tableguard.check import run
    from tableguard.cli.inputs import chosen_settings
    from tableguard.cli.output import print_report, terminal
    from tableguard.prove.foreign import lint

    if path:
        settings = chosen_settings(settings_file) if settings_file else None
        policies = lint.lint(path, settings.policy_values() if settings else {})
        region = settings.home_region if settings else run.DEFAULT_REGION
        report = run.run_on(path, region, policies.files, policies.outcomes)
    else:
        report = run.run(chosen_settings(settings_file))
    for link in report.not_followed:
        print(f"{link}: a link to a folder, skipped; name the folder itself to have it checked", file=sys.stderr)
    if form == "text" and (console := terminal()):
        from tableguard.cli import tables

        for line in report.lines():
            print(line)
        console.print(tables.outcomes(report.outcomes))
        return report.exit_code
    return print_report(report, form)
