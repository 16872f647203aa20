"""The same design event by event: messages arrive, shards are polled, lanes wait, invocations run, partitions throttle.

It shares with the formulas what an invocation costs, how large items are, and AWS's limits; what comes of them it finds
out by itself.
"""

import heapq
import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from tableguard.scale.formulas import PARTITION_WRITE_UNITS, POLL
from tableguard.scale.invocation import Invocation
from tableguard.scale.workload import Workload


@dataclass(frozen=True)
class Scenario:
    """A stretch of a day, and the table on which it falls."""

    workload: Workload
    shards: int
    seconds: float
    invocation: Invocation = field(default_factory=Invocation)
    start: float = 0.0  # second of the day; 0 is the peak
    concurrency: int = 1_000_000  # invocations that may run at once
    one_group: bool = False  # all messages go to one group
    one_member: bool = False  # one person is in every group
    seed: int = 1


@dataclass(frozen=True)
class Simulated:
    """What became of the messages: how old each was when its rows showed it, and what was done for them."""

    staleness: tuple[float, ...]  # of each message, in ascending order
    batches: int
    groups: int
    invoked: float  # seconds of all invocations together
    offered: float  # seconds during which messages came
    seconds: float  # from the first message to the last row

    @property
    def messages(self) -> int:
        """How many there were."""
        return len(self.staleness)

    def quantile(self, part: float) -> float:
        """The staleness that so large a part of the messages does not exceed."""
        return self.staleness[min(self.messages - 1, int(part * self.messages))]

    @property
    def records(self) -> float:
        """Messages of a mean batch."""
        return self.messages / self.batches

    @property
    def folded(self) -> float:
        """Groups for each message."""
        return self.groups / self.messages

    @property
    def concurrency(self) -> float:
        """Invocations under way at once, on average, if they keep up: seconds of them for each second of messages."""
        return self.invoked / self.offered

    @property
    def rate(self) -> float:
        """Messages a second, as they were done."""
        return self.messages / self.seconds


def simulate(scenario: Scenario) -> Simulated:
    """Run a scenario until every message is in its rows."""
    return _Run(scenario).run()


class _Arrival(NamedTuple):
    """A message: when the stream has it, when it was sent, and its group."""

    visible: float
    sent: float
    group: int


@dataclass
class _Lane:
    """One concurrent batch of one shard, and the messages that wait for it."""

    waiting: deque[_Arrival] = field(default_factory=deque)
    due: float = 0.0  # when the window of those that wait has passed
    busy: bool = False


@dataclass
class _PartitionKey:
    """One key's writes: paid one after the other at a partition's rate, without the burst that AWS does not promise."""

    paid_until: float = 0.0

    def write(self, now: float, units: float) -> float:
        """When these units have been written."""
        self.paid_until = max(now, self.paid_until) + units / PARTITION_WRITE_UNITS
        return self.paid_until


class _Run:
    """A heap of moments at which a lane is looked at, between polls that bring messages in order of time."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario, self.workload = scenario, scenario.workload
        self.lanes = [_Lane() for _ in range(scenario.shards * self.workload.lanes)]
        self.moments: list[tuple[float, int, bool]] = []  # when, lane, whether its invocation ends then
        self.held_up: deque[int] = deque()  # lanes that the function's concurrency does not let start
        self.member = _PartitionKey()
        self.running = self.batches = self.groups = 0
        self.invoked = self.now = 0.0
        self.staleness: list[float] = []

    def run(self) -> Simulated:
        arrivals = _arrivals(self.scenario)
        for arrival in arrivals:
            poll = (arrival.visible // POLL + 1) * POLL
            self._pass(poll)
            self._queue(arrival, poll)
        self._pass(float("inf"))
        seconds = self.now - arrivals[0].sent
        staleness = tuple(sorted(self.staleness))
        return Simulated(staleness, self.batches, self.groups, self.invoked, self.scenario.seconds, seconds)

    def _queue(self, arrival: _Arrival, poll: float) -> None:
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
        """Let everything happen that is due before a moment; what a poll brings at that moment still counts in."""
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

    def _invoke(self, batch: list[_Arrival]) -> float:
        groups = len({arrival.group for arrival in batch})
        ends = self.now + self.scenario.invocation.seconds(len(batch), groups, groups * self.workload.members)
        if self.scenario.one_member:
            ends = max(ends, self.member.write(self.now, groups * self.workload.sizes.index_units))
        self.batches += 1
        self.groups += groups
        self.invoked += ends - self.now
        self.staleness += [ends - arrival.sent for arrival in batch]
        return ends


def _lane(group: int, shards: int, lanes: int) -> int:
    """The lane of a group: a hash names its shard, another the lane within."""
    shard = group * 2_654_435_761 % 2**32 * shards >> 32
    return shard * lanes + (group * 2_246_822_519 % 2**32 * lanes >> 32)


def _arrivals(scenario: Scenario) -> list[_Arrival]:
    """Messages in the order in which the stream has them."""
    chance = random.Random(scenario.seed)  # noqa: S311 - traffic, not a secret
    sent = list(_moments(scenario, chance))
    groups = [0] * len(sent) if scenario.one_group else scenario.workload.popularity.draw(chance, len(sent))
    busiest, units = _PartitionKey(), scenario.workload.sizes.message_units
    return sorted(
        _Arrival(when if group else busiest.write(when, units), when, group)
        for when, group in zip(sent, groups, strict=True)
    )


def _moments(scenario: Scenario, chance: random.Random) -> Iterator[float]:
    """A Poisson process whose rate follows the day: drawn at the peak's rate, and thinned."""
    daily, now = scenario.workload.daily, 0.0
    while (now := now + chance.expovariate(daily.peak)) < scenario.seconds:
        if chance.random() * daily.peak <= daily.rate(scenario.start + now):
            yield now
