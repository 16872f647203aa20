"""What commands print of messages, and what they have typed before they destroy something."""

import sys
from collections.abc import Iterable
from typing import Any

from stream_lambda.items import Content
from tableguard.errors import EncryptionError, MessageError, TableError
from tableguard.store import encryption
from tableguard.store.listing import ListingPage


def shown(content: Content) -> str:
    """Write a text on one line of a terminal: nothing in it can move the cursor or pretend to be another line."""
    if content == encryption.REFUSED:
        return "<not shown>"
    if isinstance(content, bytes):
        return f"<{len(content)} bytes, encrypted>"
    return "".join(letter if letter.isprintable() else " " for letter in content)


def print_page(page: ListingPage[Any], lines: Iterable[str]) -> None:
    """Print a listing, and on stderr what it took and how to go on; an error if something cannot be shown."""
    for line in lines:
        sys.stdout.write(f"{line}\n")
    more = f"; more with --token {page.token}" if page.token else ""
    count = len(page.items) - len(page.refusals) + page.damaged
    sys.stderr.write(f"{count} shown, {page.read_units:g} read units{more}\n")
    if page.refusals:
        others = f" (and {len(page.refusals) - 1} more)" if len(page.refusals) > 1 else ""
        kind = MessageError if page.damaged else EncryptionError
        raise kind(f"{page.refusals[0]}{others}")


def confirm(name: str) -> None:
    """Ask for a name to be typed; TableError if anything else is."""
    sys.stdout.write(f"Type its name, {name}, to go on: ")
    sys.stdout.flush()
    if sys.stdin.readline().strip() != name:
        raise TableError("not confirmed: nothing was done")
