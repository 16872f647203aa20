"""Note how far a member has read in a group; list-conversations --unread then shows what came after."""

import argparse
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tableguard.cli.target import Target


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add who has read which group, and how far."""
    parser.add_argument("group", help="uuid of the group")
    parser.add_argument("reader", help="uuid of the member who has read")
    parser.add_argument("--until", metavar="CREATED_AT", help="the message read last (default: the newest)")


def main(target: "Target") -> None:
    """Mark, and say up to when."""
    from tableguard.errors import MessageError
    from tableguard.store.read_markers import mark_read

    chosen = target.options
    until = chosen.until
    if until is None:
        newest = target.messages.messages(chosen.group, chosen.reader, limit=1, consistent=True).items
        if not newest:
            raise MessageError(f"group {chosen.group}: has no message to read")
        until = newest[0].created_at
    marked = mark_read(target.messages, chosen.group, chosen.reader, until)
    print(f"read until {marked.last_read_at}" if marked.moved else "had read as much already")
    print(f"{marked.read_units:g} read units, {marked.write_units:g} write units", file=sys.stderr)
