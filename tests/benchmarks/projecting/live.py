"""The same at live rates: conversations sped up to so many messages a day, under a batch window of one second.

tableguard/scale/simulation.py cuts the batches: it polls each shard four times a second, waits for the window, and
takes an invocation for as long as its model says. So staleness, from a message's arrival to its rows written, is
simulated; units are those of the batches that came of it, by rule over all of them and on the engine for a sample.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from tableguard.scale.formulas import POLL, partitions
from tableguard.scale.invocation import MEMORY_OF_ONE_VCPU, InvocationModel
from tableguard.scale.simulation import Arrival, Scenario, SimulationResult, simulate
from tableguard.scale.traffic import DAY
from tableguard.scale.workload import Workload
from tests.benchmarks.figures import Figure
from tests.benchmarks.projecting.engine import (
    NAIVE_WRITE_UNITS,
    begun,
    client,
    figure,
    one_by_one,
    trace,
)
from tests.cases import message_batches
from tests.cases.message_batches import Batch, Traffic, expected_write_units
from tests.worlds import projections

_RATES = {"10⁴": 1e4, "10⁵": 1e5, "10⁶": 1e6, "10⁷": 1e7, "10⁸": 1e8}  # messages a day
_ZIPF = 60_000, 13_838  # messages and groups: as many as the trace has
_SAMPLED = 600  # messages, in evenly spaced batches
_NAIVE_MESSAGES = 10
_NAIVE_ROWS, _NAIVE_CALLS, _OWN_RECORDS = 4, 5, 4  # of each message: what is written and asked for, and comes back


@dataclass(frozen=True)
class Live:
    """Traffic at a rate, on a young table that keeps its messages for a day."""

    traffic: Traffic
    messages_a_day: float
    memory: int  # MB of the function

    @property
    def workload(self) -> Workload:
        """Return the rate, with a window of one second and batches of up to 1,000."""
        return Workload(self.messages_a_day, retention_days=1, window=1, batch_size=1000)

    @property
    def model(self) -> InvocationModel:
        """Return the duration of an invocation."""
        return InvocationModel(self.memory)

    @cached_property
    def arrivals(self) -> Sequence[Arrival]:
        """Return the messages at their own times, sped up or slowed down alike, so that the mean is the rate."""
        messages = self.traffic.messages
        numbers = {group.group_uuid: number for number, group in enumerate(self.traffic.groups)}
        times = [datetime.fromisoformat(message.created_at).timestamp() for message in messages]
        factor = DAY * len(messages) / self.messages_a_day / (times[-1] - times[0])
        moments = ((time - times[0]) * factor for time in times)
        return [
            Arrival(moment, moment, numbers[message.group_uuid], number)
            for number, (moment, message) in enumerate(zip(moments, messages, strict=True))
        ]

    @cached_property
    def result(self) -> SimulationResult:
        """Return what the simulation makes of them."""
        seconds = self.arrivals[-1].sent
        return simulate(Scenario(self.workload, self._shards, seconds, self.model), self.arrivals)

    @cached_property
    def batches(self) -> list[Batch]:
        """Return the batches in the order in which they were handed over."""
        return [[self.traffic.messages[number] for number in batch] for batch in self.result.delivered]

    def naive_staleness(self, part: float) -> float:
        """Return the seconds that this part of the messages does not exceed where each is handled by itself.

        A shard's records are handled one after the other: a message takes five calls in turn, and its four rows come
        back as records for which the function is invoked again.
        """
        model = self.model
        own = model.cpu_seconds(1, _NAIVE_ROWS) / model.cpu_share + _NAIVE_CALLS * model.round_trip
        seconds = own + _OWN_RECORDS * model.cpu_seconds(1, 0) / model.cpu_share
        free = [0.0] * self._shards
        waits = []
        for arrival in self.arrivals:
            shard = arrival.group % self._shards
            poll = (arrival.sent // POLL + 1) * POLL
            free[shard] = max(free[shard], poll) + seconds
            waits.append(free[shard] - arrival.sent)
        return sorted(waits)[int(part * len(waits))]

    @property
    def _shards(self) -> int:
        return partitions(self.workload).total


def figures() -> Iterator[Figure]:
    """Measure the trace, and Zipf's law with as many messages and groups."""
    named = {"Zipf 1.1": message_batches.zipf(*_ZIPF)} | ({"trace": recorded} if (recorded := trace()) else {})
    for name, traffic in named.items():
        for rate, messages_a_day in _RATES.items():
            yield from _figures(f"{name} at {rate} a day", Live(traffic, messages_a_day, 256))
        most = Live(traffic, messages_a_day, MEMORY_OF_ONE_VCPU)
        yield from _figures(f"{name} at {rate} a day, {most.memory:,} MB", most)


def _figures(case: str, live: Live) -> Iterator[Figure]:
    groups, batches = live.traffic.groups, live.batches
    by_rule = expected_write_units(groups, batches)
    yield figure(f"{case}: messages a batch", live.result.records, 1, "messages")
    yield figure(f"{case}: all, by rule", by_rule, NAIVE_WRITE_UNITS, "WCU/message")
    yield from _on_the_engine(case, live.traffic, _sample(batches))
    for name, part in (("p50", 0.5), ("p99", 0.99)):
        yield figure(f"{case}: stale {name}", live.result.quantile(part), live.naive_staleness(part), "s")


def _on_the_engine(case: str, traffic: Traffic, batches: Sequence[Batch]) -> Iterator[Figure]:
    singly = list(one_by_one(batches, _NAIVE_MESSAGES))
    ours = begun(projections.ours(client()), traffic, batches).measure(batches)
    naive = begun(projections.naive(client()), traffic, singly).measure(singly)
    yield figure(f"{case}: write units", ours.write_units, naive.write_units, "WCU/message")
    yield figure(
        f"{case}: the same by rule", expected_write_units(traffic.groups, batches), NAIVE_WRITE_UNITS, "WCU/message"
    )
    yield figure(f"{case}: calls", ours.calls, naive.calls, "calls/message")


def _sample(batches: Sequence[Batch]) -> list[Batch]:
    """Return evenly spaced batches that hold so many messages together, or not many more."""
    count = max(10, int(_SAMPLED * len(batches) / sum(map(len, batches))))
    return [batches[(2 * number + 1) * len(batches) // (2 * count)] for number in range(count)]
