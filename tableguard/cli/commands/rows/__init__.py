"""Verify and mend the conversation rows, beside live traffic."""

import click

from tableguard.cli.command import Group


@click.group(cls=Group, package=__name__, sections={"Commands": ("verify", "reconcile", "redrive")}, help=__doc__)
def command() -> None:
    """Hold the commands."""
