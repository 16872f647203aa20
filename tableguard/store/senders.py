"""Display names for a conversation list: each conversation's partner and the author of its newest message.

A row has the names of one other member, and only the uuid of the author of its newest message. In a larger group the
author can be a third person: the name then comes from another row of the listing, if there is one with that person.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from stream_lambda.items import FORMER, Conversation
from tableguard.store.messages import pair_group_uuid

READER = "you"
UNKNOWN = "a member"
_COLUMN = 32  # characters: one long name must not push every text out of sight


@dataclass(frozen=True)
class Attribution:
    """The handles of a conversation's partner and of the author of its newest message."""

    partner: str
    author: str


def attributions(rows: Sequence[Conversation], pairs: Collection[str] = ()) -> list[Attribution]:
    """Return partner and author for each row of one reader's listing.

    `pairs` are groups of two whose uuids do not follow from their members, as of groups that were taken over.
    """
    handles = {user.user_uuid: user.handle for user in (FORMER, *(row.other for row in rows))}
    return [
        Attribution(_partner(row, pairs), _author(row, handles | {row.other.user_uuid: row.other.handle}))
        for row in rows
    ]


def is_named_by_members(row: Conversation) -> bool:
    """Tell whether a group is named by its two members; with a former member nobody else is left."""
    return row.other == FORMER or row.group_uuid == pair_group_uuid(row.user_uuid, row.other.user_uuid)


def column(texts: Sequence[str]) -> list[str]:
    """Return the texts, filled up with spaces so that what follows them begins in one column."""
    width = min(_COLUMN, max(map(len, texts), default=0))
    return [text.ljust(width) for text in texts]


def _partner(row: Conversation, pairs: Collection[str]) -> str:
    alone = is_named_by_members(row) or row.group_uuid in pairs
    return row.other.handle if alone else f"{row.other.handle} and others"


def _author(row: Conversation, handles: dict[str, str]) -> str:
    return READER if row.last_user_uuid == row.user_uuid else handles.get(row.last_user_uuid, UNKNOWN)
