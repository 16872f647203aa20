"""Verify and mend the conversation rows, beside live traffic."""

import click

from tableguard.cli.command import SectionedGroup


@click.group(
    cls=SectionedGroup, package=__name__, sections={"Commands": ("verify", "reconcile", "redrive")}, help=__doc__
)
def command() -> None:
    """Hold the commands."""
