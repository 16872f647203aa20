"""Write a message, in an existing group (--group) or to somebody new (--to) (pattern C)."""

import argparse
import sys
import time
from typing import TYPE_CHECKING

from tableguard.cli import options

if TYPE_CHECKING:
    from tableguard.cli.target import Target
    from tableguard.store.messages import PostResult


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add who writes what to whom."""
    options.add_encryption(parser)
    parser.add_argument("sender", help="uuid of the user who writes")
    parser.add_argument("text", help="what is written")
    recipient = parser.add_mutually_exclusive_group(required=True)
    recipient.add_argument("--group", help="uuid of an existing group of the sender's")
    recipient.add_argument("--to", nargs=3, action="append", metavar=("UUID", "NAME", "HANDLE"), help="to whom")
    parser.add_argument("--as", nargs=2, dest="names", metavar=("NAME", "HANDLE"), help="the sender's names, with --to")
    keep = "expire after so many seconds, and the rows that show it too (default: never)"
    parser.add_argument("--keep", type=options.positive, metavar="SECONDS", help=keep)
    options.add_refresh(parser)


def main(target: "Target") -> None:
    """Write it, and say under which key."""
    posted = _posted(target)
    group = posted.message.group_uuid
    print(f"{posted.message.created_at}  {group}  {posted.message.message_uuid}")
    print(f"{posted.read_units:g} read units, {posted.write_units:g} write units", file=sys.stderr)
    if target.options.refresh:
        target.messages.refresh(group)


def _posted(target: "Target") -> "PostResult":
    from stream_lambda.items import User
    from tableguard.errors import MessageError

    chosen = target.options
    expires_at = int(time.time()) + chosen.keep if chosen.keep else None
    if chosen.group:
        return target.messages.post(chosen.group, chosen.sender, chosen.text, expires_at)
    if not chosen.names:
        raise MessageError("--to needs --as NAME HANDLE: how the sender is shown to others")
    sender, others = User(chosen.sender, *chosen.names), [User(*other) for other in chosen.to]
    return target.messages.create_conversation(sender, others, chosen.text, expires_at)
