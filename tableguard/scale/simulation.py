"""Simulate the design event by event: messages arrive, shards are polled, lanes wait, invocations run.

The simulation shares with the formulas the model of an invocation, the sizes of items and AWS's limits, and no more.
"""

import heapq
import random
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tableguard.scale.formulas import PARTITION_WRITE_UNITS, POLL
from tableguard.scale.invocation import InvocationModel
from tableguard.scale.workload import Workload


@dataclass(frozen=True)
class Scenario:
    """A stretch of a day, and the table that takes its messages."""

    workload: Workload
    shards: int
    seconds: float
    invocation: InvocationModel = field(default_factory=InvocationModel)
    start: float = 0.0  # second of the day; 0 is the peak
    concurrency: int = 1_000_000  # invocations that may run at once
    one_group: bool = False  # all messages go to one group
    one_member: bool = False  # one person is in every group
    seed: int = 1


@dataclass(frozen=True)
class SimulationResult:
    """The age of each message when its rows showed it, and the work done for all."""

    staleness: tuple[float, ...]  # of each message, in ascending order
    delivered: tuple[tuple[int, ...], ...]  # the batches: numbers of their messages, in order
    groups: int
    row_units: int  # write units of all rows, in table and index
    busy_seconds: float  # of all invocations together
    offered: float  # seconds during which messages came
    seconds: float  # from the first message to the last row

    @property
    def messages(self) -> int:
        """Return the number of messages."""
        return len(self.staleness)

    def quantile(self, part: float) -> float:
        """Return the staleness that this part of the messages does not exceed."""
        return self.staleness[min(self.messages - 1, int(part * self.messages))]

    @property
    def records(self) -> float:
        """Return the messages of a mean batch."""
        return self.messages / len(self.delivered)

    @property
    def row_units_a_message(self) -> float:
        """Return the write units of rows for each message, of table and index together."""
        return self.row_units / self.messages

    @property
    def groups_a_message(self) -> float:
        """Return the groups for each message."""
        return self.groups / self.messages

    @property
    def concurrency(self) -> float:
        """Return the mean of invocations under way at once: their seconds for each second of messages."""
        return self.busy_seconds / self.offered

    @property
    def rate(self) -> float:
        """Return the messages a second whose rows were written."""
        return self.messages / self.seconds


class Arrival(NamedTuple):
    """A message: when the stream has it, when it was sent, its group, and its number."""

    visible: float
    sent: float
    group: int
    number: int


def simulate(scenario: Scenario, arrivals: Sequence[Arrival] = ()) -> SimulationResult:
    """Run a scenario until every message is in its rows: those that arrive, or else messages drawn for it."""
    return _Run(scenario, arrivals or _arrivals(scenario)).run()


@dataclass
class _Lane:
    """One concurrent batch of one shard, and the messages that wait for it."""

    waiting: deque[Arrival] = field(default_factory=deque)
    due: float = 0.0  # when the window of those that wait has passed
    busy: bool = False


@dataclass
class _PartitionKey:
    """The writes of one key, one after the other at a partition's rate, without the burst that AWS does not promise."""

    paid_until: float = 0.0

    def write(self, now: float, units: float) -> float:
        """Return the moment at which these units are written."""
        self.paid_until = max(now, self.paid_until) + units / PARTITION_WRITE_UNITS
        return self.paid_until


class _Run:
    """One run: a heap of moments to look at a lane, between polls that bring messages in order of time."""

    def __init__(self, scenario: Scenario, arrivals: Sequence[Arrival]) -> None:
        self.scenario, self.workload, self.arrivals = scenario, scenario.workload, arrivals
        self.lanes = [_Lane() for _ in range(scenario.shards * self.workload.lanes)]
        self.moments: list[tuple[float, int, bool]] = []  # when, lane, whether its invocation ends then
        self.held_up: deque[int] = deque()  # lanes that the function's concurrency does not let start
        self.member = _PartitionKey()
        self.running = self.groups = self.row_units = 0
        self.busy_seconds = self.now = 0.0
        self.staleness: list[float] = []
        self.delivered: list[tuple[int, ...]] = []

    def run(self) -> SimulationResult:
        for arrival in self.arrivals:
            poll = (arrival.visible // POLL + 1) * POLL
            self._pass(poll)
            self._queue(arrival, poll)
        self._pass(float("inf"))
        return SimulationResult(
            staleness=tuple(sorted(self.staleness)),
            delivered=tuple(self.delivered),
            groups=self.groups,
            row_units=self.row_units,
            busy_seconds=self.busy_seconds,
            offered=self.scenario.seconds,
            seconds=self.now - self.arrivals[0].sent,
        )

    def _queue(self, arrival: Arrival, poll: float) -> None:
        number = _lane(arrival.group, self.scenario.shards, self.workload.lanes)
        lane = self.lanes[number]
        lane.waiting.append(arrival)
        if len(lane.waiting) == 1:
            self._open(number, poll)
        elif len(lane.waiting) == self.workload.batch_size:
            heapq.heappush(self.moments, (poll, number, False))

    def _open(self, number: int, now: float) -> None:
        """Begin the window of a lane."""
        self.lanes[number].due = now + self.workload.window
        heapq.heappush(self.moments, (now + self.workload.window, number, False))

    def _pass(self, until: float) -> None:
        """Run everything that is due before a moment; a poll's messages of that very moment come first."""
        while self.moments and self.moments[0][0] < until:
            self.now, number, ends = heapq.heappop(self.moments)
            if ends:
                self.lanes[number].busy = False
                self.running -= 1
                while self.held_up and self.running < self.scenario.concurrency:
                    self._begin(self.held_up.popleft())
            self._begin(number)

    def _begin(self, number: int) -> None:
        lane = self.lanes[number]
        due = lane.waiting and (self.now >= lane.due or len(lane.waiting) >= self.workload.batch_size)
        if lane.busy or not due:
            return
        if self.running >= self.scenario.concurrency:
            if number not in self.held_up:
                self.held_up.append(number)
            return
        size = min(len(lane.waiting), self.workload.batch_size)
        batch = [lane.waiting.popleft() for _ in range(size)]
        ends = self._invoke(batch)
        lane.busy = True
        self.running += 1
        heapq.heappush(self.moments, (ends, number, True))
        if lane.waiting:
            self._open(number, self.now)

    def _invoke(self, batch: list[Arrival]) -> float:
        numbers = {arrival.group for arrival in batch}
        groups = len(numbers)
        ends = self.now + self.scenario.invocation.seconds(len(batch), groups, groups * self.workload.members)
        if self.scenario.one_member:  # in so many groups that the rows are further ones
            ends = max(ends, self.member.write(self.now, groups * self.workload.sizes.index_units))
        self.delivered.append(tuple(arrival.number for arrival in batch))
        self.groups += groups
        self.row_units += sum(_row_units(self.workload, group) for group in numbers)
        self.busy_seconds += ends - self.now
        self.staleness += [ends - arrival.sent for arrival in batch]
        return ends


def _lane(group: int, shards: int, lanes: int) -> int:
    """Return the lane of a group: a hash gives its shard, another the lane within."""
    shard = group * 2_654_435_761 % 2**32 * shards >> 32
    return shard * lanes + (group * 2_246_822_519 % 2**32 * lanes >> 32)


def _row_units(workload: Workload, group: int) -> int:
    """Return the units to update the rows of a group; a hash decides which of its members have many conversations."""
    sizes, members = workload.sizes, range(workload.members)
    hashes = ((group * workload.members + member) * 2_654_435_761 % 2**32 for member in members)
    further = sum(number < workload.further * 2**32 for number in hashes)
    return workload.members * sizes.row_units + further * sizes.index_units


def _arrivals(scenario: Scenario) -> list[Arrival]:
    """Return the messages in the order in which the stream has them."""
    chance = random.Random(scenario.seed)  # noqa: S311 - traffic, not a secret
    sent = list(_moments(scenario, chance))
    groups = [0] * len(sent) if scenario.one_group else scenario.workload.popularity.draw(chance, len(sent))
    busiest, units = _PartitionKey(), scenario.workload.sizes.message_units
    return sorted(
        Arrival(when if group else busiest.write(when, units), when, group, number)
        for number, (when, group) in enumerate(zip(sent, groups, strict=True))
    )


def _moments(scenario: Scenario, chance: random.Random) -> Iterator[float]:
    """Yield a Poisson process whose rate follows the day: drawn at the peak's rate, and thinned."""
    daily, now = scenario.workload.daily, 0.0
    while (now := now + chance.expovariate(daily.peak)) < scenario.seconds:
        if chance.random() * daily.peak <= daily.rate(scenario.start + now):
            yield now
