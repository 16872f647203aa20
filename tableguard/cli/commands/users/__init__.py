"""The people who send messages: accounts made, closed, compared with the table, exported and erased."""

import click

from tableguard.cli.command import SectionedGroup


@click.group(
    cls=SectionedGroup,
    package=__name__,
    sections={"Commands": ("list", "create", "disable", "enable", "check", "sync", "export", "delete")},
    help=__doc__,
)
def command() -> None:
    """Hold the commands."""
