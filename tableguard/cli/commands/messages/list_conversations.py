"""List the conversations of a user, newest first, each with its last message and who wrote it (pattern B)."""

import argparse
import sys
from collections.abc import Iterator, Set
from typing import TYPE_CHECKING

from tableguard.cli import options

if TYPE_CHECKING:
    from stream_lambda.items import Conversation
    from tableguard.cli.target import Target
    from tableguard.store.listing import ListingPage


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add whose conversations, and how many."""
    options.add_encryption(parser)
    parser.add_argument("user", help="uuid of the user")
    everything = "every one of them, read strongly consistently from the table itself"
    options.add_paging(parser).add_argument("--all", action="store_true", help=everything)
    parser.add_argument("--unread", action="store_true", help="mark what the user has not read yet: one query more")


def main(target: "Target") -> None:
    """Print one conversation a line."""
    from tableguard.cli.printing import print_page
    from tableguard.errors import MessageError

    chosen = target.options
    if chosen.all:
        page = target.messages.all_conversations(chosen.user)
    else:
        page = target.messages.conversations(chosen.user, chosen.limit, chosen.token)
    if not (page.items or page.refusals or chosen.token):
        raise MessageError(f"user {chosen.user!r} has no conversation in table {target.table}")
    unread = _unread(target, page) if chosen.unread else frozenset[str]()
    print_page(page, _lines(page, unread))


def _unread(target: "Target", page: "ListingPage[Conversation]") -> Set[str]:
    """The groups with something new for the user; what it took to know goes to stderr."""
    from tableguard.store.consumed import ReadCost
    from tableguard.store.read_markers import read_until, unread

    cost = ReadCost()
    markers = read_until(target.messages, target.options.user, [row.group_uuid for row in page.items], cost)
    groups = unread(page.items, markers)
    sys.stderr.write(f"{len(groups)} unread, {cost.units:g} read units for the markers\n")
    return groups


def _lines(page: "ListingPage[Conversation]", unread: Set[str]) -> Iterator[str]:
    """When, which group, with whom, who wrote last, and what."""
    from tableguard.cli.printing import shown
    from tableguard.store.senders import attributions, column

    authors = attributions(page.items)
    partners = column([f"with {shown(each.partner)}" for each in authors])
    for row, each, partner in zip(page.items, authors, partners, strict=True):
        mark = "  [unread]" if row.group_uuid in unread else ""
        text = f"{shown(each.author)}: {shown(row.last_message)}{mark}"
        yield f"{row.last_message_at}  {row.group_uuid}  {partner} — {text}"
