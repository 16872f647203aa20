"""What goes wrong in the drill."""

from collections.abc import Collection
from enum import StrEnum


class Kind(StrEnum):
    """One kind of fault; its value says what one of them is."""

    KILLED = "the function's process is killed between two writes"
    TIMED_OUT = "the function is cut off while it waits for an answer"
    THROTTLED = "a call is answered ProvisionedThroughputExceededException"
    UNPROCESSED = "a BatchGetItem is answered with UnprocessedKeys"
    UNANSWERED = "a call is done, and its answer is lost"
    DUPLICATED = "a batch is delivered twice"
    REPLAYED = "an older batch is delivered beside a newer one"
    TWO_WORKERS = "two workers have a batch, or a newer and an older one, at once"
    LOST_CHECKPOINT = "the mapping falls back to an earlier checkpoint, or to the beginning"
    POISON = "a record that no handler can use"
    RAISING = "a record at which the function raises until it is given up"
    REFUSED = "a row that may not be written until its records are given up"
    OUTAGE = "records grow too old before the function can be reached"


OF_WEATHER = frozenset({Kind.THROTTLED, Kind.UNPROCESSED, Kind.UNANSWERED})  # many at a time, and soon over
OF_ENDINGS = frozenset({Kind.KILLED, Kind.TIMED_OUT})  # an invocation has one end
DISCARDING = frozenset({Kind.RAISING, Kind.REFUSED, Kind.OUTAGE})
OF_DELIVERY = frozenset({Kind.KILLED, Kind.DUPLICATED, Kind.REPLAYED, Kind.TWO_WORKERS, Kind.LOST_CHECKPOINT})

# How many of a thousand faults. The dear ones are few: a timeout takes 6 s, a killed process 0.5 s of CPU to replace, a
# fall back to the beginning the whole stream again.
_OF_A_THOUSAND = {
    Kind.KILLED: 60,
    Kind.TIMED_OUT: 8,
    Kind.THROTTLED: 330,
    Kind.UNPROCESSED: 110,
    Kind.UNANSWERED: 150,
    Kind.DUPLICATED: 90,
    Kind.REPLAYED: 70,
    Kind.TWO_WORKERS: 70,
    Kind.LOST_CHECKPOINT: 12,
    Kind.POISON: 70,
    Kind.RAISING: 10,
    Kind.REFUSED: 12,
    Kind.OUTAGE: 8,
}


def shares(faults: int, kinds: Collection[Kind]) -> dict[Kind, int]:
    """How many of each kind there are among so many faults: every kind at least once."""
    if faults < len(kinds):
        raise ValueError(f"{faults} faults of {len(kinds)} kinds: give at least one of each")
    whole = sum(_OF_A_THOUSAND[kind] for kind in kinds)
    found = {kind: max(1, faults * _OF_A_THOUSAND[kind] // whole) for kind in Kind if kind in kinds}
    most = max(found, key=lambda kind: found[kind])
    found[most] += faults - sum(found.values())
    return found
