"""Edit or delete a message of one's own; deleted it stays as an empty one, so that no list goes back in time."""

import argparse
import sys
from typing import TYPE_CHECKING

from tableguard.cli import options

if TYPE_CHECKING:
    from tableguard.cli.target import Target


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add which message, and what becomes of it."""
    options.add_encryption(parser)
    parser.add_argument("group", help="uuid of the group")
    parser.add_argument("created_at", help="when it was written: tableguard messages get-conversation shows it")
    parser.add_argument("author", help="uuid of the user who wrote it")
    change = parser.add_mutually_exclusive_group(required=True)
    change.add_argument("--text", help="what it says from now on")
    change.add_argument("--delete", action="store_true", help="take its text out")
    options.add_refresh(parser)


def main(target: "Target") -> None:
    """Change it, and say which version it is now."""
    chosen = target.options
    message = chosen.group, chosen.created_at, chosen.author
    posted = target.messages.delete(*message) if chosen.delete else target.messages.edit(*message, chosen.text)
    print(f"{posted.message.created_at}  {chosen.group}  changed {posted.message.edited_at}")
    print(f"{posted.read_units:g} read units, {posted.write_units:g} write units", file=sys.stderr)
    if chosen.refresh:
        target.messages.refresh(chosen.group)
