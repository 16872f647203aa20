"""Show the messages of a group, newest first, as one of its members sees them (pattern A)."""

from typing import TYPE_CHECKING, Any

import click

from tableguard.cli import options
from tableguard.cli.command import Command

if TYPE_CHECKING:
    from stream_lambda.items import Message
    from tableguard.cli.target import Target


@click.command(cls=Command, help=__doc__)
@options.on_encrypted_table
@options.group
@click.argument("reader", help="uuid of the member who reads")
@options.limit
@click.option("--token", metavar="TOKEN", help="continue a listing: the token that it ended with")
@click.option("--consistent", is_flag=True, help="read strongly consistently, for twice the units")
@options.cache
@options.as_json
def command(
    target: "Target",
    *,
    group: str,
    reader: str,
    limit: int,
    token: str | None,
    consistent: bool,
    cache: str | None,
    as_json: bool,
) -> None:
    """Print one message a line."""
    from tableguard.cli.listing import print_page, print_page_as_json, printable

    options.one_of({"--cache": cache, "--consistent": consistent})
    page = target.messages_through(cache).messages(group, reader, limit, token, consistent)
    if as_json:
        print_page_as_json(page, "messages", [_facts(message) for message in page.items])
        return
    print_page(page, (f"{m.created_at}  {printable(m.author.handle)}: {printable(m.text)}" for m in page.items))


def _facts(message: "Message") -> dict[str, Any]:
    from tableguard.cli.listing import text_or_none

    return {
        "created_at": message.created_at,
        "message": message.message_uuid,
        "author": vars(message.author),
        "text": text_or_none(message.text),
    }
