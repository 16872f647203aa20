"""People whose data is in a table, and what is left of them there."""

import json
from typing import Any

from stream_lambda.items import User, group_of_key
from tableguard.projection.survey import Survey
from tableguard.projection.views import Reader
from tableguard.store.consumed import ReadCost
from tableguard.store.messages import MessageTable
from tableguard.store.read_markers import mark_read
from tableguard.users.eraser import Eraser
from tableguard.users.holdings import TableScan
from tests.worlds.messages import ADA, BOB, EVE, NOW, TABLE, all_items


def everything_of_ada(table: MessageTable) -> dict[str, str]:
    """Write all that a person can have; return the groups by what they are."""
    pair = table.create_conversation(ADA, [BOB], "hello").message.group_uuid
    table.post(pair, BOB.user_uuid, "and to you")
    newest = table.post(pair, ADA.user_uuid, "how are you?").message
    table.edit(pair, newest.created_at, ADA.user_uuid, "how is it going?")
    mark_read(table, pair, ADA.user_uuid, newest.created_at)
    with_eve = table.create_conversation(EVE, [ADA], "are you there?").message.group_uuid
    three = table.create_conversation(BOB, [ADA, EVE], "all of us").message.group_uuid
    table.post(three, ADA.user_uuid, "yes")
    table.post(three, EVE.user_uuid, "good")
    for group_uuid in (pair, with_eve, three):
        table.refresh(group_uuid)
    return {"pair": pair, "with eve": with_eve, "three": three}


def eraser(table: MessageTable, **more: Any) -> Eraser:
    """Return one that waits for nothing."""
    return Eraser(TableScan(table.client, TABLE, ReadCost()), table.clock, settle=0, **more)


def places_that_name(client: Any, user: User, table_name: str = TABLE) -> list[str]:
    """Return the keys of the items in which a uuid, handle or display name of the person stands."""
    words = [f'"{word}"' for word in (user.user_uuid, user.handle, user.display_name)]
    items = [(json.dumps(item, default=str), item) for item in all_items(client, table_name)]
    return [
        f"{item['pk']['S']} / {item['sk']['S']}"
        for text, item in items
        if any(word in text for word in words) or user.user_uuid in item["pk"]["S"]
    ]


def groups_there(client: Any) -> set[str]:
    """Return the groups that are in the table."""
    return {name for item in all_items(client) if (name := group_of_key(item)) is not None}


def wrong_rows(client: Any) -> list[str]:
    """Return what `tableguard rows verify` would find."""
    survey = Survey(Reader(client, TABLE, lambda: NOW), settle=0)
    return [f"{drift.kind.value}: {drift.user_uuid} {drift.detail}" for drift in survey.of_all()]
