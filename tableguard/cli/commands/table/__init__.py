"""Create, list, scan and drop tables outside CloudFormation, for development."""

import click

from tableguard.cli.command import SectionedGroup


@click.group(
    cls=SectionedGroup, package=__name__, sections={"Commands": ("create", "drop", "list", "scan")}, help=__doc__
)
def command() -> None:
    """Hold the commands."""
