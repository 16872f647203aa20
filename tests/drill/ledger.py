"""What was seen of the mapping and the function, kept apart from what they themselves count."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from tableguard.local.event_source.mapping import DiscardedBatch
from tableguard.local.function.outcome import Outcome, Success
from tests.drill.kinds import Kind
from tests.drill.material import Key, is_poison

Event = dict[str, Any]


def key_of_record(record: Event) -> Key:
    """Which item a stream record is of."""
    keys = record["dynamodb"]["Keys"]
    return keys["pk"]["S"], keys["sk"]["S"]


class Ledger:
    """Batches, invocations, what was settled, what was given up, and which faults came about."""

    def __init__(self) -> None:
        self.seen: Counter[Kind] = Counter()
        self.invocations = 0
        self.failed = 0  # batches that the mapping sent in vain, in whole or in part
        self.bisections = 0
        self.batches: set[tuple[str, str]] = set()
        self.settled: set[Key] = set()
        self.told_poison: set[str] = set()  # sequence numbers that the function called so
        self.sent_poison: set[str] = set()  # those that are
        self.troubles: Counter[str] = Counter()
        self.given_up: list[DiscardedBatch] = []
        self.not_given_up: list[Kind] = []  # what made records fail, and yet they were settled
        self.behind: set[tuple[str, str]] = set()  # user and group of rows that showed less than was settled

    def heard(self, line: str) -> None:
        """A line that the function has written."""
        if not line.startswith("{"):
            return
        told = json.loads(line)
        if told.get("event") == "poison":
            self.told_poison.add(told["sequence_number"])
        elif "error" in told:
            self.troubles[f"{told['event']}: {told['error']}"] += 1

    def sent(self, events: Sequence[Event], outcome: Outcome) -> None:
        """What the mapping was answered to a batch."""
        numbers = [event["dynamodb"]["SequenceNumber"] for event in events]
        self.batches.add((numbers[0], numbers[-1]))
        self.sent_poison.update(
            number for number, event in zip(numbers, events, strict=True) if is_poison(event["dynamodb"]["NewImage"])
        )
        done = _done(outcome, numbers)
        self.settled.update(key_of_record(event) for event in events[:done])
        if done < len(events):
            self.failed += 1
            self.bisections += len(events) > 1 and not isinstance(outcome, Success)

    @property
    def keys_given_up(self) -> set[Key]:
        """Items whose records were given up at least once."""
        return {key_of_record(record) for discarded in self.given_up for record in discarded.batch.events}

    @property
    def retries(self) -> int:
        """Batches sent again, in whole or from where they failed on."""
        return self.failed - self.bisections - sum(found.outcome is not None for found in self.given_up)


def _done(outcome: Outcome, numbers: Sequence[str]) -> int:
    """How many records are settled: all before the one that is named."""
    if not isinstance(outcome, Success):
        return 0
    named = (outcome.payload or {}).get("batchItemFailures", [])
    return min((numbers.index(one["itemIdentifier"]) for one in named), default=len(numbers))
