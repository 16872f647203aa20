"""Invocations that go wrong as planned."""

from collections import deque
from collections.abc import Sequence
from threading import Thread
from typing import Any

from stream_lambda.handler import STOP_MILLISECONDS
from tableguard.local.event_source.mapping import DiscardedBatch
from tableguard.local.function.function import Function
from tableguard.local.function.outcome import FunctionError, Outcome, Timeout
from tests.drill.kinds import OF_ENDINGS, OF_WEATHER, Kind
from tests.drill.ledger import Event, Ledger, key_of_record
from tests.drill.material import is_poison
from tests.drill.passthrough import Passthrough
from tests.drill.plan import Fault

# a function that is told of less begins no row: it would be cut off without having written any
TIMEOUT = STOP_MILLISECONDS / 1000 + 1
EARLIER = 100  # batches that may come again
_SOON = 8  # writes: while the function still begins any
_LARGEST = 200  # records of these: the whole stream comes again often enough

Step = tuple[Fault, ...]


class Invoking:
    """What the mapping calls: two workers of one function, and the faults of the chunk at hand."""

    def __init__(self, workers: Sequence[Function], passthrough: Passthrough, ledger: Ledger) -> None:
        self._first, self._second = workers
        self._passthrough = passthrough
        self._ledger = ledger
        self._steps: deque[Step] = deque()
        self._earlier: deque[list[Event]] = deque(maxlen=EARLIER)
        self._touched: set[str] = set()
        self.lost_checkpoint: Fault | None = None

    def touched(self) -> list[str]:
        """The groups of all records that were delivered since this was last asked."""
        found, self._touched = sorted(self._touched), set()
        return found

    @property
    def idle(self) -> bool:
        """Whether every fault that was handed over has come about."""
        return not self._steps

    def expect(self, faults: Sequence[Fault]) -> None:
        """Let the invocations to come go wrong: all calls that fail in the first, then one fault after the other."""
        weather = tuple(fault for fault in faults if fault.kind in OF_WEATHER)
        self._steps.extend([weather] if weather else [])
        self._steps.extend((fault,) for fault in faults if fault.kind in OF_ENDINGS or fault.kind in _DELIVERIES)

    def __call__(self, event: dict[str, Any]) -> Outcome:
        """The outcome that the mapping is told."""
        records: list[Event] = event["Records"]
        groups = self._groups(records)
        step = self._steps.popleft() if self._steps and groups else ()
        outcome = self._went(step, records, groups)
        self._ledger.sent(records, outcome)
        if len(records) <= _LARGEST:
            self._earlier.append(records)
        return outcome

    def given_up(self, discarded: DiscardedBatch) -> None:
        """Take note, and end what made these records fail."""
        self._ledger.given_up.append(discarded)
        if discarded.condition == "RecordAgeExceeded":
            self._ledger.seen[Kind.OUTAGE] += 1
        else:
            self._ledger.seen.update(self._passthrough.lift({_group(record) for record in discarded.batch.events}))

    def _went(self, step: Step, records: list[Event], groups: list[str]) -> Outcome:
        if not step:
            return self._invoke(self._first, records)
        kind = step[0].kind
        if kind not in _DELIVERIES:
            return self._with_faults(step, records, groups)
        self._ledger.seen[kind] += kind in _COUNTED_AT_ONCE
        return _DELIVERIES[kind](self, step[0], records, groups)

    def _invoke(self, worker: Function, records: list[Event], timeout: float | None = None) -> Outcome:
        self._ledger.invocations += 1
        self._touched.update(self._groups(records))
        return worker.invoke({"Records": records}, timeout)

    def _with_faults(self, step: Step, records: list[Event], groups: list[str]) -> Outcome:
        reads = [fault for fault in step if fault.kind is Kind.UNPROCESSED or _of_reads(fault)]
        writes = _spread([fault for fault in step if fault not in reads], 2 * len(groups))
        placed = [*reads, *writes.values()]
        self._passthrough.arm(reads, writes, self._first.kill)
        outcome = self._invoke(self._first, records, TIMEOUT if step[0].kind is Kind.TIMED_OUT else None)
        left = self._passthrough.disarm()
        came = [fault for fault in placed if fault not in left]
        self._ledger.seen.update(fault.kind for fault in came if _is_seen(fault, outcome))
        again = tuple(fault for fault in step if fault not in came)
        if again:
            self._steps.appendleft(again)
        return outcome

    def _twice(self, fault: Fault, records: list[Event], groups: list[str]) -> Outcome:
        first, second = self._invoke(self._first, records), self._invoke(self._first, records)
        return second if fault.is_late else first

    def _beside_an_older(self, fault: Fault, records: list[Event], groups: list[str]) -> Outcome:
        older = self._older(fault, records)
        if not fault.is_late:
            self._invoke(self._first, older)
        outcome = self._invoke(self._first, records)
        if fault.is_late:
            self._invoke(self._first, older)
        return outcome

    def _at_once(self, fault: Fault, records: list[Event], groups: list[str]) -> Outcome:
        other = self._older(fault, records) if fault.is_late else records
        second = Thread(target=self._invoke, args=(self._second, other))
        second.start()
        try:
            return self._invoke(self._first, records)
        finally:
            second.join()

    def _forgotten(self, fault: Fault, records: list[Event], groups: list[str]) -> Outcome:
        self.lost_checkpoint = fault
        return self._invoke(self._first, records)

    def _cursed(self, fault: Fault, records: list[Event], groups: list[str]) -> Outcome:
        free = [group_uuid for group_uuid in groups if group_uuid not in self._passthrough.cursed]
        if free:
            self._passthrough.curse(free[int(fault.at * len(free))], fault.kind)
        else:
            self._steps.appendleft((fault,))
        return self._invoke(self._first, records)

    def _older(self, fault: Fault, records: list[Event]) -> list[Event]:
        return self._earlier[int(fault.at * len(self._earlier))] if self._earlier else records

    @staticmethod
    def _groups(records: Sequence[Event]) -> list[str]:
        """The groups whose rows a batch makes the function write, whatever else is in it."""
        return list(
            dict.fromkeys(_group(record) for record in records if not is_poison(record["dynamodb"]["NewImage"]))
        )


_DELIVERIES = {
    Kind.DUPLICATED: Invoking._twice,
    Kind.REPLAYED: Invoking._beside_an_older,
    Kind.TWO_WORKERS: Invoking._at_once,
    Kind.LOST_CHECKPOINT: Invoking._forgotten,
    Kind.RAISING: Invoking._cursed,
    Kind.REFUSED: Invoking._cursed,
}
_COUNTED_AT_ONCE = frozenset({Kind.DUPLICATED, Kind.REPLAYED, Kind.TWO_WORKERS})


def _group(record: Event) -> str:
    return key_of_record(record)[0].removeprefix("MSG#")


def _of_reads(fault: Fault) -> bool:
    """One in ten calls that are throttled or lost is that for the members."""
    return fault.kind in (Kind.THROTTLED, Kind.UNANSWERED) and fault.at < 0.1


def _spread(faults: Sequence[Fault], writes: int) -> dict[int, Fault]:
    """Each at a write of its own; those for which there is none come next time."""
    placed: dict[int, Fault] = {}
    for fault in faults[:writes]:
        number = int(fault.at * min(writes, _SOON if fault.kind is Kind.TIMED_OUT else writes))
        while number in placed:
            number = (number + 1) % writes
        placed[number] = fault
    return placed


def _is_seen(fault: Fault, outcome: Outcome) -> bool:
    if fault.kind is Kind.TIMED_OUT:
        return isinstance(outcome, Timeout)
    if fault.kind is Kind.KILLED:
        return isinstance(outcome, FunctionError) and outcome.error_type == "Runtime.ExitError"
    return True
