"""Edit or delete a message of one's own; deleted it stays as an empty one, so that no list goes back in time."""

import sys
from typing import TYPE_CHECKING

import click

from tableguard.cli import options
from tableguard.cli.command import Command

if TYPE_CHECKING:
    from tableguard.cli.target import Target


@click.command(cls=Command, help=__doc__)
@options.on_encrypted_table
@options.writing
@options.group
@click.argument("created_at", help="when it was written: tableguard messages get-conversation shows it")
@click.argument("author", help="uuid of the user who wrote it")
@click.option("--text", help="what it says from now on (this or --delete)")
@click.option("--delete", is_flag=True, help="take its text out")
@options.refresh
@options.as_json
def command(
    target: "Target",
    *,
    group: str,
    created_at: str,
    author: str,
    text: str | None,
    delete: bool,
    refresh: bool,
    as_json: bool,
) -> None:
    """Change it, and print which version it is now."""
    from tableguard.cli.output import print_json

    options.one_of({"--text": text, "--delete": delete}, required=True)
    message = group, created_at, author
    posted = target.messages.delete(*message) if text is None else target.messages.edit(*message, text)
    if as_json:
        print_json(
            {
                "created_at": posted.message.created_at,
                "group": group,
                "edited_at": posted.message.edited_at,
                "read_units": posted.read_units,
                "write_units": posted.write_units,
            }
        )
    else:
        print(f"{posted.message.created_at}  {group}  changed {posted.message.edited_at}")
        print(f"{posted.read_units:g} read units, {posted.write_units:g} write units", file=sys.stderr)
    if refresh:
        target.messages.refresh(group)
