"""The people who send messages: their accounts compared with the table."""

import click

from tableguard.cli.command import SectionedGroup


@click.group(
    cls=SectionedGroup,
    package=__name__,
    sections={"Commands": ("check", "sync")},
    help=__doc__,
)
def command() -> None:
    """Hold the commands."""
