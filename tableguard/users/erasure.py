"""What an erasure of a person changes, deletes and leaves in the table: pure, and decided before anything is done.

In a conversation that somebody else still reads, the person's messages are emptied and given to nobody: they keep
their place, so that no list goes back in time. A conversation that nobody else is left in is deleted.
"""

from collections import Counter
from dataclasses import dataclass
from enum import Enum

from stream_lambda.items import Group
from tableguard.settings import Settings
from tableguard.store.messages import pair_group_uuid
from tableguard.users.holdings import Holdings, group_of_item, kind_of_own

_STREAM_HOURS = 24  # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
RECOVERY_DAYS, FAILURE_DAYS = 35, 31  # templates/table.py; templates/stream.py, with the day of an older version


class Fate(Enum):
    """What becomes of a person's messages in one conversation."""

    EMPTIED = "own messages are emptied, and name nobody: others still read the conversation"
    DELETED = "the conversation is deleted: nobody else is left in it"
    ORPHANED = "own messages are deleted: their group is not there"


@dataclass(frozen=True)
class ConversationErasure:
    """What happens to one conversation; `lost` counts messages of former members that are deleted with it."""

    group_uuid: str
    fate: Fate
    own_messages: int
    readers: int  # other members
    lost: int = 0


@dataclass(frozen=True)
class Remnant:
    """Something with the person's data that stays, until when, and why."""

    what: str
    until: str
    why: str


@dataclass(frozen=True)
class ErasurePlan:
    """All that goes, conversation by conversation, and all that stays."""

    user_uuid: str
    conversations: tuple[ConversationErasure, ...]
    partition: tuple[tuple[str, int], ...]  # kinds of the person's own items, with their numbers
    rows_of_others: int
    memberships: int
    remnants: tuple[Remnant, ...]
    scanned: int

    @property
    def is_empty(self) -> bool:
        """Tell whether the table holds nothing that goes."""
        return not (self.conversations or self.partition or self.rows_of_others)


def plan(holdings: Holdings, kept: tuple[Remnant, ...]) -> ErasurePlan:
    """Return what is to be done about a person's holdings; `kept` is what stays elsewhere than in the table."""
    messages = Counter(map(group_of_item, holdings.messages))
    group_uuids = sorted(messages.keys() | {group.group_uuid for group in holdings.memberships})
    return ErasurePlan(
        holdings.user.user_uuid,
        tuple(_conversation(holdings, group_uuid, messages[group_uuid]) for group_uuid in group_uuids),
        tuple(sorted(Counter(map(kind_of_own, holdings.partition)).items())),
        len(holdings.rows),
        len(holdings.memberships),
        (*_in_table(holdings), *kept),
        holdings.scanned,
    )


def fate(holdings: Holdings, group_uuid: str) -> Fate:
    """Return what becomes of a person's messages in a conversation."""
    if group_uuid in holdings.groups:
        deserted = group_uuid in holdings.deserted
        return Fate.DELETED if deserted else Fate.EMPTIED
    return Fate.EMPTIED if group_uuid in holdings.unreadable else Fate.ORPHANED


def _conversation(holdings: Holdings, group_uuid: str, own_messages: int) -> ConversationErasure:
    readers = len(holdings.others(group_uuid))
    lost = len(holdings.deserted.get(group_uuid, ()))
    own = sum(item.get("user_uuid") == {"S": holdings.user.user_uuid} for item in holdings.deserted.get(group_uuid, ()))
    return ConversationErasure(group_uuid, fate(holdings, group_uuid), own_messages, readers, lost - own)


def _in_table(holdings: Holdings) -> tuple[Remnant, ...]:
    """Return what stays in the table: what is others', and what nobody here can tell the meaning of."""
    always = (
        Remnant(
            "what others wrote", "they delete it", "it is theirs; it may speak of the person, and nobody reads it here"
        ),
        Remnant(
            "emptied messages", "their conversation goes", "place and time keep the order of a list; they name nobody"
        ),
    )
    namesakes = tuple(
        Remnant(
            f"items that name {uuid}, who has the same handle or display name: {count}",
            "that person is erased",
            "another uuid is another person; `tableguard users check` tells where it is not",
        )
        for uuid, count in sorted(holdings.namesakes.items())
    )
    taken_over = Remnant(
        "the table that conversations were taken over from, if there still is one",
        "it is deleted, or the person erased there",
        "`tableguard table adopt` would copy from it once more what is erased here",
    )
    foreign = Remnant(
        f"items that are not of the message store: {len(holdings.foreign)}",
        "whoever wrote them removes them",
        "what they mean is not known here",
    )
    was_taken_over = any(map(_has_own_name, holdings.groups.values()))
    return (
        *always,
        *namesakes,
        *((taken_over,) if was_taken_over else ()),
        *((foreign,) if holdings.foreign else ()),
    )


def _has_own_name(group: Group) -> bool:
    """Tell whether a group of two is not named by them, as one is that was taken over."""
    uuids = [member.user_uuid for member in group.members]
    return len(uuids) == 2 and group.group_uuid != pair_group_uuid(*uuids)


def kept(settings: Settings) -> tuple[Remnant, ...]:
    """Return what is kept beside the table: by the deployed stacks, and in the application's own database."""
    database = Remnant("a row in the database of users", "the application deletes it", "it is not this command's")
    return (
        *((database,) if settings.user_database else ()),
        Remnant(
            "point-in-time recovery",
            f"{RECOVERY_DAYS} days",
            "a restored table is as it was: erase the person again in it",
        ),
        Remnant(
            "backups in the vault",
            f"{settings.backup_days} days",
            "nobody can change a locked recovery point; erase the person again in what is restored",
        ),
        Remnant("the table's stream", f"{_STREAM_HOURS} hours", "DynamoDB keeps each change so long"),
        Remnant(
            "failed batches, where there are any",
            f"{FAILURE_DAYS} days",
            "they hold messages as they were sent; an applied one is deleted by `tableguard rows redrive --delete`",
        ),
        Remnant(
            "the trail's records",
            f"{settings.audit_days} days, in its log group {settings.log_days}",
            "evidence of who did what names keys, and so uuids; it holds no text and no name",
        ),
    )
