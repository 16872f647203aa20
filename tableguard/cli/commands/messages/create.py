"""Write a message, in an existing group (--group) or to somebody new (--to) (pattern C)."""

import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from tableguard.cli import options
from tableguard.cli.command import Command
from tableguard.errors import MessageError

if TYPE_CHECKING:
    from tableguard.cli.target import Target
    from tableguard.store.messages import PostResult


@click.command(cls=Command, help=__doc__)
@options.on_encrypted_table
@options.writing
@click.argument("sender", help="uuid of the user who writes")
@click.argument("text", help="what is written")
@click.option("--group", metavar="GROUP", help="uuid of an existing group of the sender's (this or --to)")
@click.option("--to", nargs=3, multiple=True, metavar="UUID NAME HANDLE", help="to whom; may be repeated")
@click.option("--as", "names", nargs=2, metavar="NAME HANDLE", help="the sender's names, with --to")
@click.option(
    "--keep",
    type=options.POSITIVE,
    metavar="SECONDS",
    help="expire after so many seconds, and the rows that show it too (default: never)",
)
@options.refresh
@options.as_json
def command(
    target: "Target",
    *,
    sender: str,
    text: str,
    group: str | None,
    to: tuple[tuple[str, str, str], ...],
    names: tuple[str, str] | None,
    keep: int | None,
    refresh: bool,
    as_json: bool,
) -> None:
    """Write it, and print its key."""
    from tableguard.cli.output import print_json

    options.one_of({"--group": group, "--to": to}, required=True)
    options.one_of({"--group": group, "--as": names})
    expires_at = int(time.time()) + keep if keep else None
    if group is not None:
        posted = target.messages.post(group, sender, text, expires_at)
    else:
        posted = _begun(target, (sender, names), to, text, expires_at)
    message = posted.message
    if as_json:
        print_json(
            {
                "created_at": message.created_at,
                "group": message.group_uuid,
                "message": message.message_uuid,
                "read_units": posted.read_units,
                "write_units": posted.write_units,
            }
        )
    else:
        print(f"{message.created_at}  {message.group_uuid}  {message.message_uuid}")
        print(f"{posted.read_units:g} read units, {posted.write_units:g} write units", file=sys.stderr)
    if refresh:
        target.messages.refresh(message.group_uuid)


def _begun(
    target: "Target",
    sender: tuple[str, tuple[str, str] | None],
    to: Sequence[tuple[str, str, str]],
    text: str,
    expires_at: int | None,
) -> "PostResult":
    """Begin a conversation with the first message, or go on with that of the two, which may have been taken over."""
    from stream_lambda.items import User
    from tableguard.store.bootcamp.pairs import post_to_pair

    uuid, names = sender
    if not names:
        raise MessageError("--to needs --as NAME HANDLE: how the sender is shown to others")
    others = [User(*other) for other in to]
    return post_to_pair(target.messages, User(uuid, *names), others, text, expires_at)
