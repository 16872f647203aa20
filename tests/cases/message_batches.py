"""Messages in time order, real ones or drawn by Zipf's law, cut into batches as a stream delivers them."""

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from stream_lambda.items import Group, Message, message_item, timestamp
from tableguard.store.loading import recording
from tableguard.store.messages import pair_group_uuid
from tests.worlds.messages import stream_record

UNITS_PER_ROW = 1  # of a first row, which is in no index
MEMBERS = 2  # of every group here
_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)

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


def expected_write_units(batches: Sequence[Batch]) -> float:
    """Units a message by the rules: each member's row of each group that a batch names moves once."""
    rows = sum(MEMBERS * len({message.group_uuid for message in batch}) for batch in batches)
    return UNITS_PER_ROW * rows / sum(map(len, batches))


def trace(path: Path) -> Traffic:
    """A recorded trace, ordered by time."""
    lines = sorted(recording.read_trace(path), key=lambda line: line.unix_time)
    return Traffic(recording.groups(lines), tuple(recording.messages(lines)))


def zipf(messages: int, groups: int, exponent: float = 1.1, seed: int = 0) -> Traffic:
    """A message a second, its group drawn by Zipf's law."""
    chance = random.Random(seed)  # noqa: S311  # traffic, not a secret
    pairs = _pairs(groups)
    weights = [1 / rank**exponent for rank in range(1, groups + 1)]
    return _traffic(pairs, chance.choices(pairs, weights, k=messages))


def in_turn(messages: int, groups: int) -> Traffic:
    """A message a second, one group after the other, again and again."""
    pairs = _pairs(groups)
    return _traffic(pairs, list(itertools.islice(itertools.cycle(pairs), messages)))


def records(batch: Batch) -> list[dict[str, Any]]:
    """A batch as Lambda hands it to the function."""
    return [stream_record(message_item(message), number) for number, message in enumerate(batch, start=1)]


def _pairs(count: int) -> tuple[Group, ...]:
    users = ((recording.member(2 * number), recording.member(2 * number + 1)) for number in range(count))
    return tuple(Group(pair_group_uuid(one.user_uuid, other.user_uuid), (one, other)) for one, other in users)


def _traffic(pairs: tuple[Group, ...], drawn: Sequence[Group]) -> Traffic:
    return Traffic(pairs, [_message(group, number) for number, group in enumerate(drawn)])


def _message(group: Group, number: int) -> Message:
    when = timestamp(_BEGIN + timedelta(seconds=number))
    author = group.members[number % MEMBERS]
    return Message(group.group_uuid, when, f"message {number}", author, recording.text(0, number))
