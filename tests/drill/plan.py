"""Which fault comes when: pure, and the same for the same seed."""

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from tests.drill.kinds import DISCARDING, OF_WEATHER, Kind, shares

# messages written at once, on average at most, and the faults that they meet: each of these may send them once more
CHUNK, FAULTS = 80, 4
STORMY = 3  # one chunk in so many has all the calls that fail: its function waits half a second for one as for ten


@dataclass(frozen=True)
class Fault:
    """One fault, and where: a fraction of the calls, records or earlier batches that there are."""

    kind: Kind
    at: float

    @property
    def is_late(self) -> bool:
        """After the call or delivery that it goes with, or before it: as good as independent of where that is."""
        return int(self.at * 1000) % 2 == 1


@dataclass(frozen=True)
class Chunk:
    """So many messages written at once, and the faults that they meet on their way."""

    messages: int
    faults: tuple[Fault, ...]


@dataclass(frozen=True)
class Asked:
    """How large a drill is to be, and what decides by lot."""

    messages: int
    faults: int
    seed: int


def plan(asked: Asked, kinds: Collection[Kind] = frozenset(Kind)) -> tuple[Chunk, ...]:
    """The whole drill; its last messages meet an outage, if there is one, so that nothing later makes good for it."""
    chance = random.Random(asked.seed)  # noqa: S311  # faults, not secrets
    counts = shares(asked.faults, kinds)
    outages = counts.pop(Kind.OUTAGE, 0)
    sizes = _sizes(chance, asked.messages, max(2, asked.messages // CHUNK, asked.faults // FAULTS, 3 * outages))
    late = {len(sizes) - 1, *chance.sample(range(1, len(sizes) - 1), outages - 1)} if outages else set()
    given: list[list[Fault]] = [[Fault(Kind.OUTAGE, 0)] if number in late else [] for number in range(len(sizes))]
    ordinary = [number for number in range(len(sizes)) if number not in late]
    stormy = chance.sample(ordinary, max(1, len(ordinary) // STORMY))
    for kind, count in counts.items():
        among = stormy if kind in OF_WEATHER else ordinary
        for number in chance.choices(among, k=count):
            given[number].append(Fault(kind, chance.random()))
    return tuple(Chunk(size, _ordered(chance, found)) for size, found in zip(sizes, given, strict=True))


def _sizes(chance: random.Random, messages: int, count: int) -> list[int]:
    if messages < count:
        raise ValueError(f"{messages} messages: at least {count} are needed for these faults")
    ends = [*sorted(chance.sample(range(1, messages), count - 1)), messages]
    return [end - begin for begin, end in zip([0, *ends[:-1]], ends, strict=True)]


def _ordered(chance: random.Random, faults: Sequence[Fault]) -> tuple[Fault, ...]:
    """In any order, but what makes records be given up last: delivered once more, they would not be missing."""
    shuffled = chance.sample(list(faults), len(faults))
    return tuple(sorted(shuffled, key=lambda fault: fault.kind in DISCARDING))
