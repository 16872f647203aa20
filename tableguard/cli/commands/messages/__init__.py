"""Write and read messages and conversations, as the application does."""

import click

from tableguard.cli.command import SectionedGroup

_SECTIONS = {
    "Conversations": ("list-conversations", "get-conversation", "create", "change", "mark-read"),
    "Members": ("change-members", "rename-user"),
    "Many messages": ("seed", "replay"),
}


@click.group(cls=SectionedGroup, package=__name__, sections=_SECTIONS, help=__doc__)
def command() -> None:
    """Hold the commands."""
