"""Messages in time order, real ones or drawn by Zipf's law, cut into batches as a stream delivers them."""

import itertools
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from stream_lambda.items import Group, Message, message_item, timestamp
from tableguard.store.loading import recording
from tableguard.store.messages import pair_group_uuid
from tableguard.store.places import CONVERSATIONS_IN_TABLE
from tests.worlds.messages import stream_record

UNITS_OF_FIRST_ROW, UNITS_OF_FURTHER_ROW = 1, 3  # of these, two because its entry in the index moves
MEMBERS = 2  # of every group here
_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)  # before every message

Batch = Sequence[Message]


@dataclass(frozen=True)
class Traffic:
    """Conversations of two, and their messages in time order."""

    groups: tuple[Group, ...]
    messages: Sequence[Message]

    def batches(self, size: int) -> list[Batch]:
        """All messages, so many at a time; a last batch that is not full is left out."""
        return [self.messages[start : start + size] for start in range(0, len(self.messages) - size + 1, size)]

    def spread(self, size: int, count: int) -> list[Batch]:
        """So many of the batches, evenly spaced over the whole time."""
        found = self.batches(size)
        count = min(count, len(found))
        return [found[(2 * number + 1) * len(found) // (2 * count)] for number in range(count)]


def expected_write_units(groups: Iterable[Group], batches: Sequence[Batch]) -> float:
    """Units a message: each member's row of each group that a batch names is written once, and is under 1 KB."""
    dearer = UNITS_OF_FURTHER_ROW - UNITS_OF_FIRST_ROW
    of_group = {
        group.group_uuid: UNITS_OF_FIRST_ROW * len(group.members) + dearer * len(group.further) for group in groups
    }
    units = sum(of_group[group_uuid] for batch in batches for group_uuid in {message.group_uuid for message in batch})
    return units / sum(map(len, batches))


def placed(groups: Iterable[Group], most: int = CONVERSATIONS_IN_TABLE) -> Iterator[Group]:
    """Yield groups, in the order in which they begin, with the places that each member's rows are given."""
    first_rows: Counter[str] = Counter()
    for group in groups:
        uuids = [member.user_uuid for member in group.members]
        further = frozenset(user_uuid for user_uuid in uuids if first_rows[user_uuid] >= most)
        first_rows.update(user_uuid for user_uuid in uuids if user_uuid not in further)
        yield replace(group, further=further)


def trace(path: Path) -> Traffic:
    """A recorded trace, ordered by time."""
    lines = sorted(recording.read_trace(path), key=lambda line: line.unix_time)
    return Traffic(tuple(placed(recording.groups(lines))), tuple(recording.messages(lines)))


def first_messages(groups: Iterable[Group]) -> Iterator[tuple[Group, Message]]:
    """Yield groups with the message that each began with, long ago, at an instant of its own."""
    for number, group in enumerate(groups):
        begun = timestamp(_LONG_AGO + timedelta(microseconds=number))
        yield group, Message(group.group_uuid, begun, "first", group.members[0], "hello")


def zipf(messages: int, groups: int, exponent: float = 1.1, seed: int = 0) -> Traffic:
    """A message a second, its group drawn by Zipf's law."""
    return Traffic(_pairs(groups), list(itertools.islice(zipf_messages(groups, exponent, seed), messages)))


def zipf_messages(groups: int, exponent: float = 1.1, seed: int = 0) -> Iterator[Message]:
    """Yield messages without end, as zipf has them."""
    chance = random.Random(seed)  # noqa: S311  # traffic, not a secret
    pairs = _pairs(groups)
    weights = list(itertools.accumulate(1 / rank**exponent for rank in range(1, groups + 1)))
    for number in itertools.count():
        (group,) = chance.choices(pairs, cum_weights=weights)
        yield _message(group, number)


def in_turn(messages: int, groups: int) -> Traffic:
    """A message a second, one group after the other, again and again."""
    pairs = _pairs(groups)
    drawn = itertools.islice(itertools.cycle(pairs), messages)
    return Traffic(pairs, [_message(group, number) for number, group in enumerate(drawn)])


def records(batch: Batch) -> list[dict[str, Any]]:
    """A batch as Lambda hands it to the function."""
    return [stream_record(message_item(message), number) for number, message in enumerate(batch, start=1)]


@cache
def _pairs(count: int) -> tuple[Group, ...]:
    users = ((recording.member(2 * number), recording.member(2 * number + 1)) for number in range(count))
    return tuple(Group(pair_group_uuid(one.user_uuid, other.user_uuid), (one, other)) for one, other in users)


def _message(group: Group, number: int) -> Message:
    when = timestamp(_BEGIN + timedelta(seconds=number))
    author = group.members[number % MEMBERS]
    return Message(group.group_uuid, when, f"message {number}", author, recording.text(0, number))
