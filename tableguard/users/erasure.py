"""What an erasure of a person changes, deletes and leaves in the table: pure, and decided before anything is done.

In a conversation that somebody else still reads, the person's messages are emptied and given to nobody: they keep
their place, so that no list goes back in time. A conversation that nobody else is left in is deleted.
"""

from collections import Counter
from dataclasses import dataclass
from enum import Enum

from tableguard.users.holdings import Holdings, group_of_item, kind_of_own


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
            "another uuid is another person",
        )
        for uuid, count in sorted(holdings.namesakes.items())
    )
    foreign = Remnant(
        f"items that are not of the message store: {len(holdings.foreign)}",
        "whoever wrote them removes them",
        "what they mean is not known here",
    )
    return (*always, *namesakes, *((foreign,) if holdings.foreign else ()))
