"""Print texts and pages of messages, safely on a terminal."""

import base64
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from stream_lambda.items import Content
from tableguard.cli.output import print_json
from tableguard.errors import EncryptionError, MessageError
from tableguard.store import encryption
from tableguard.store.listing import ListingPage


def printable(content: Content) -> str:
    """Write a text on one line of a terminal: nothing in it can move the cursor or pretend to be another line."""
    if content == encryption.REFUSED:
        return "<not shown>"
    if isinstance(content, bytes):
        return f"<{len(content)} bytes, encrypted>"
    return "".join(letter if letter.isprintable() else " " for letter in content)


def text_or_none(content: Content) -> str | None:
    """Return a text for JSON; None for one that is encrypted or must not be shown."""
    return content if isinstance(content, str) else None


def item_line(item: Mapping[str, Any]) -> str:
    """Write an item as DynamoDB JSON on one line."""
    return json.dumps(item, sort_keys=True, default=lambda content: base64.b64encode(content).decode())


def print_page(page: ListingPage[Any], lines: Iterable[str]) -> None:
    """Print a listing, and on stderr what it took and how to go on; an error if something cannot be shown."""
    for line in lines:
        sys.stdout.write(f"{line}\n")
    more = f"; more with --token {page.token}" if page.token else ""
    count = len(page.items) - len(page.refusals) + page.damaged
    sys.stderr.write(f"{count} shown, {page.read_units:g} read units{more}\n")
    if page.seconds_old:
        sys.stderr.write(
            f"from a cache: up to {page.seconds_old} s old, so what was edited, deleted or erased since may show, and "
            "what is new may not\n"
        )
    _refuse(page)


def print_page_as_json(page: ListingPage[Any], name: str, items: Sequence[Any], **facts: Any) -> None:
    """Print the same facts as JSON; an error if something cannot be shown."""
    print_json(
        {
            name: items,
            "token": page.token,
            "read_units": page.read_units,
            "seconds_old": page.seconds_old,
            "not_shown": list(page.refusals),
            **facts,
        }
    )
    _refuse(page)


def _refuse(page: ListingPage[Any]) -> None:
    if page.refusals:
        others = f" (and {len(page.refusals) - 1} more)" if len(page.refusals) > 1 else ""
        kind = MessageError if page.damaged else EncryptionError
        raise kind(f"{page.refusals[0]}{others}")
