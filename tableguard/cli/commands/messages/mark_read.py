"""Note how far a member has read in a group; list-conversations --unread then shows what came after."""

import sys
from typing import TYPE_CHECKING

import click

from tableguard.cli import options
from tableguard.cli.command import Command
from tableguard.errors import MessageError

if TYPE_CHECKING:
    from tableguard.cli.target import Target


@click.command(cls=Command, help=__doc__)
@options.on_table
@options.writing
@options.group
@click.argument("reader", help="uuid of the member who has read")
@click.option("--until", metavar="CREATED_AT", help="the message read last (default: the newest)")
@options.as_json
def command(target: "Target", *, group: str, reader: str, until: str | None, as_json: bool) -> None:
    """Mark, and print up to when."""
    from tableguard.cli.output import print_json
    from tableguard.store.read_markers import mark_read

    marked = mark_read(target.messages, group, reader, until or _newest(target, group, reader))
    if as_json:
        print_json(vars(marked))
        return
    print(f"read until {marked.last_read_at}" if marked.moved else "had read as much already")
    print(f"{marked.read_units:g} read units, {marked.write_units:g} write units", file=sys.stderr)


def _newest(target: "Target", group: str, reader: str) -> str:
    messages = target.messages.messages(group, reader, limit=1, consistent=True).items
    if not messages:
        raise MessageError(f"group {group}: has no message to read")
    return messages[0].created_at
