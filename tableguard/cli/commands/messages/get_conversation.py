"""Show the messages of a group, newest first, as one of its members sees them (pattern A)."""

import argparse
from typing import TYPE_CHECKING

from tableguard.cli import options

if TYPE_CHECKING:
    from tableguard.cli.target import Target


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add which group, who reads, and how much."""
    options.add_encryption(parser)
    parser.add_argument("group", help="uuid of the group: tableguard messages list-conversations shows it")
    parser.add_argument("reader", help="uuid of the member who reads")
    options.add_paging(parser)
    parser.add_argument("--consistent", action="store_true", help="read strongly consistently, for twice the units")


def main(target: "Target") -> None:
    """Print one message a line."""
    from tableguard.cli.printing import print_page, shown

    chosen = target.options
    page = target.messages.messages(chosen.group, chosen.reader, chosen.limit, chosen.token, chosen.consistent)
    print_page(page, (f"{m.created_at}  {shown(m.author.handle)}: {shown(m.text)}" for m in page.items))
