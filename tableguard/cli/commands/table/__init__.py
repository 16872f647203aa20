"""Tables outside CloudFormation, for development; and the takeover of rows from the former layout."""

import click

from tableguard.cli.command import SectionedGroup


@click.group(
    cls=SectionedGroup,
    package=__name__,
    sections={"Commands": ("adopt", "create", "drop", "list", "migrate", "query", "scan")},
    help=__doc__,
)
def command() -> None:
    """Hold the commands."""
