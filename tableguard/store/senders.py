"""Who said what a conversation row shows, and with whom the conversation is, as far as the rows tell.

A row names one other member, and of the author of its newest message the uuid only. In a larger group the author can
be a third: then the name is known if another row of the same listing is with that person, and otherwise it is not.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from stream_lambda.items import Conversation
from tableguard.store.messages import pair_group_uuid

READER = "you"
UNKNOWN = "a member"
_COLUMN = 32  # characters: one long name must not push every text out of sight


@dataclass(frozen=True)
class Attribution:
    """Handles: with whom a conversation is, and who wrote its newest message."""

    partner: str
    author: str


def attributions(rows: Sequence[Conversation]) -> list[Attribution]:
    """Of each row of one reader's listing, with whom it is and whose message it shows."""
    handles = {row.other.user_uuid: row.other.handle for row in rows}
    return [Attribution(_partner(row), _author(row, handles | {row.other.user_uuid: row.other.handle})) for row in rows]


def column(texts: Sequence[str]) -> list[str]:
    """The texts, each filled up with spaces so that what follows them begins in one column."""
    width = min(_COLUMN, max(map(len, texts), default=0))
    return [text.ljust(width) for text in texts]


def _partner(row: Conversation) -> str:
    # only of two people does a group's name follow from theirs
    alone = row.group_uuid == pair_group_uuid(row.user_uuid, row.other.user_uuid)
    return row.other.handle if alone else f"{row.other.handle} and others"


def _author(row: Conversation, handles: dict[str, str]) -> str:
    return READER if row.last_user_uuid == row.user_uuid else handles.get(row.last_user_uuid, UNKNOWN)
