"""What people do, in the product's own code: as it is when they begin, so that a fault can be put into it."""

import itertools
from datetime import timedelta
from typing import Any

from stream_lambda.items import User
from tableguard.errors import MessageError
from tableguard.store import members, messages
from tests.explorer.people.scene import Act, Listed
from tests.worlds.messages import NOW, TABLE

PAGES = 8  # of a listing, at most: none here has as many, unless it never ends


def table(client: Any, second: float, most: int) -> messages.MessageTable:
    """The table for somebody at a moment; so many of a user's rows are first rows."""
    names = map("uuid {} {}".format, itertools.repeat(second), itertools.count())
    when = NOW + timedelta(seconds=second)
    return messages.MessageTable(client, TABLE, lambda: when, names.__next__, conversations_in_table=most)


def create(second: float, most: int, sender: User, *others: User) -> Act:
    """Begin a conversation, or write another message where it is there."""

    def act(client: Any) -> None:
        table(client, second, most).create_conversation(sender, others, f"message {second}")

    return act


def post(second: float, group_uuid: str, sender: User) -> Act:
    """Write a message to a group."""

    def act(client: Any) -> None:
        table(client, second, 1).post(group_uuid, sender.user_uuid, f"message {second}")

    return act


def add(second: float, most: int, group_uuid: str, by: User, user: User) -> Act:
    """Make somebody a member; a refusal, as of somebody who is removed at this moment, is no fault."""

    def act(client: Any) -> None:
        try:
            members.add_member(table(client, second, most), group_uuid, by.user_uuid, user)
        except MessageError:
            return

    return act


def remove(second: float, group_uuid: str, by: User, user: User) -> Act:
    """Take somebody out of a group."""

    def act(client: Any) -> None:
        try:
            members.remove_member(table(client, second, 1), group_uuid, by.user_uuid, user.user_uuid)
        except MessageError:
            return

    return act


def in_turn(*acts: Act) -> Act:
    """One after the other."""

    def act(client: Any) -> None:
        for one in acts:
            one(client)

    return act


def listing(second: float, user: User, limit: int, consistent: bool = False) -> Act:
    """Read all pages of somebody's conversations."""

    def act(client: Any) -> Listed:
        reader = table(client, second, 1)
        pages = [reader.conversations(user.user_uuid, limit, None, consistent)]
        while pages[-1].token and len(pages) < PAGES:
            pages.append(reader.conversations(user.user_uuid, limit, pages[-1].token, consistent))
        return tuple(pages)

    return act
