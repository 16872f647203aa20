"""List the conversations of a user, newest first, each with its last message and who wrote it (pattern B)."""

import sys
from collections.abc import Iterator, Set
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from tableguard.cli import options
from tableguard.cli.command import Command
from tableguard.errors import MessageError

if TYPE_CHECKING:
    from stream_lambda.items import Conversation
    from tableguard.cli.target import Target
    from tableguard.store.listing import ListingPage
    from tableguard.store.messages import MessageTable


@click.command(cls=Command, help=__doc__)
@options.on_encrypted_table
@click.argument("user", help="uuid of the user")
@options.limit
@click.option("--token", metavar="TOKEN", help="continue a listing: the token that it ended with (this or --all)")
@click.option("--all", "everything", is_flag=True, help="all of them, strongly consistently from the table itself")
@click.option("--consistent", is_flag=True, help="strongly consistently, where none of them is listed from the index")
@click.option(
    "--unread",
    is_flag=True,
    help="mark what the user has not read yet; of what the index lists, a query more",
)
@options.cache
@options.as_json
def command(
    target: "Target",
    *,
    user: str,
    limit: int,
    token: str | None,
    everything: bool,
    consistent: bool,
    unread: bool,
    cache: str | None,
    as_json: bool,
) -> None:
    """Print one conversation a line."""
    from tableguard.cli.listing import print_page, print_page_as_json
    from tableguard.store.read_markers import unread as unread_groups

    options.one_of({"--token": token, "--all": everything})
    options.one_of({"--cache": cache, "--all": everything, "--consistent": consistent})
    table = target.messages_through(cache)
    if everything:
        page = table.all_conversations(user, unread)
    else:
        page = table.conversations(user, limit, token, consistent, unread)
    if not (page.items or page.refusals or token or page.token):
        raise MessageError(f"user {user!r} has no conversation in table {target.table_name}")
    pairs, units = _pairs(table, page)
    page = replace(page, read_units=page.read_units + units)
    groups = unread_groups(page.items, page.read_until) if unread else frozenset[str]()
    if as_json:
        facts = list(_facts(page, pairs, groups if unread else None))
        print_page_as_json(page, "conversations", facts, consistent=page.consistent)
        return
    if unread:
        sys.stderr.write(f"{len(groups)} unread\n")
    if consistent and not page.consistent:
        sys.stderr.write("not strongly consistent: some are listed from the index; --all reads the table itself\n")
    print_page(page, _lines(page, pairs, groups))


def _pairs(table: "MessageTable", page: "ListingPage[Conversation]") -> tuple[Set[str], float]:
    """Return the pairs that were taken over, and the read units; a member's own credentials read no groups."""
    from botocore.exceptions import ClientError

    from tableguard.store.bootcamp.pairs import taken_over_pairs
    from tableguard.store.consumed import ReadCost

    cost = ReadCost()
    try:
        return taken_over_pairs(table, page.items, cost), cost.units
    except ClientError as error:
        if error.response["Error"]["Code"] != "AccessDeniedException":
            raise
        sys.stderr.write("these credentials read no groups: one that was taken over is shown with others, if of two\n")
        return frozenset(), cost.units


def _lines(page: "ListingPage[Conversation]", pairs: Set[str], unread: Set[str]) -> Iterator[str]:
    """Write when, which group, with whom, who wrote last, and what."""
    from tableguard.cli.listing import printable
    from tableguard.store.senders import attributions, column

    names = attributions(page.items, pairs)
    partners = column([f"with {printable(name.partner)}" for name in names])
    for row, name, partner in zip(page.items, names, partners, strict=True):
        mark = "  [unread]" if row.group_uuid in unread else ""
        text = f"{printable(name.author)}: {printable(row.last_message)}{mark}"
        yield f"{row.last_message_at}  {row.group_uuid}  {partner} — {text}"


def _facts(page: "ListingPage[Conversation]", pairs: Set[str], unread: Set[str] | None) -> Iterator[dict[str, Any]]:
    """Return the same for JSON; unread or not where that was asked for."""
    from tableguard.cli.listing import text_or_none
    from tableguard.store.senders import attributions

    for row, name in zip(page.items, attributions(page.items, pairs), strict=True):
        yield {
            "group": row.group_uuid,
            "with": name.partner,
            "by": name.author,
            "last_message": text_or_none(row.last_message),
            "last_message_at": row.last_message_at,
            **({} if unread is None else {"unread": row.group_uuid in unread}),
        }
