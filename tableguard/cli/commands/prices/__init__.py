"""AWS's list prices, from AWS's public price files."""

import click

from tableguard.cli.command import SectionedGroup


@click.group(cls=SectionedGroup, package=__name__, sections={"Commands": ("refresh",)}, help=__doc__)
def command() -> None:
    """Hold the command."""
