"""The design on paper: partitions, batches, staleness and limits as formulas of the workload."""

from dataclasses import dataclass
from functools import cache, cached_property
from math import ceil, expm1

from tableguard.scale.invocation import Invocation
from tableguard.scale.workload import Workload

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
PARTITION_WRITE_UNITS = 1000  # a second; for one partition key alike, since a partition is never split within an item
PARTITION_BYTES = (
    10 * 1024**3
)  # https://aws.amazon.com/blogs/database/part-1-scaling-dynamodb-how-partitions-hot-keys-and-split-for-heat-impact-performance/
# a new on-demand table takes 4,000 write units a second at once
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/warm-throughput-scenarios.html
NEW_TABLE_PARTITIONS = 4
# https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html: "at a base rate of 4 times per second"
POLL = 0.25
_SHIPPED = Invocation()
ITEM_OVERHEAD = 100  # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html


@dataclass(frozen=True)
class Partitions:
    """How many partitions the table has, and why; a partition feeds one shard of the stream."""

    for_writes: int
    for_bytes: int

    @property
    def needed(self) -> int:
        """The larger, and never fewer than a new table has."""
        return max(self.for_writes, self.for_bytes, NEW_TABLE_PARTITIONS)


def partitions(workload: Workload) -> Partitions:
    """Partitions of the table at the day's peak and once the retention is full, if no message is folded."""
    units = workload.sizes.message_units + workload.members * workload.sizes.row_units
    return Partitions(
        ceil(workload.daily.peak * units / PARTITION_WRITE_UNITS), ceil(table_bytes(workload) / PARTITION_BYTES)
    )


def table_bytes(workload: Workload) -> float:
    """Bytes of the table once the retention is full: messages, rows and groups, as they are billed."""
    groups = workload.popularity.groups
    return (
        workload.messages_a_day * workload.retention_days * (workload.sizes.message + ITEM_OVERHEAD)
        + groups * (workload.sizes.group + ITEM_OVERHEAD)
        + index_bytes(workload)
    )


def index_bytes(workload: Workload) -> float:
    """Bytes of the index, which holds every row once more."""
    return workload.popularity.groups * workload.members * (workload.sizes.row + ITEM_OVERHEAD)


@dataclass(frozen=True)
class Batch:
    """The mean batch at one rate of messages: what is in it, how long it takes, how old its messages become.

    A batch begins with the first message that a poll finds and is handed over once the window has passed or it is
    full. While messages come faster than an invocation takes them, batches are what came meanwhile.
    """

    workload: Workload
    invocation: Invocation
    rate: float  # messages a second in the whole table
    shards: int

    @cached_property
    def lanes(self) -> int:
        """How many batches can be under way at once."""
        return self.shards * self.workload.lanes

    @property
    def lane_rate(self) -> float:
        """Messages a second of one lane, if all are alike."""
        return self.rate / self.lanes

    @cached_property
    def first_poll(self) -> float:
        """Messages that the poll finds which begins a batch: as many as one finds that finds any."""
        expected = self.lane_rate * POLL
        return expected / -expm1(-expected)

    @cached_property
    def waited(self) -> float:
        """Messages of a batch that nothing holds up."""
        return min(self.workload.batch_size, self.first_poll + self.lane_rate * self.workload.window)

    @cached_property
    def records(self) -> float:
        """Messages of a batch: those waited for, or those that came during the invocation before, if they are more."""
        found = self.waited
        for _ in range(100):
            meanwhile = min(self.workload.batch_size, self.lane_rate * self._seconds(found))
            step = max(self.waited, meanwhile) - found
            if abs(step) < found * 1e-4:
                break
            found += step / 2
        return found

    @cached_property
    def groups(self) -> float:
        """Different groups in a batch."""
        return self._groups(self.records)

    @property
    def folded(self) -> float:
        """Groups for each message: 1 where nothing is folded."""
        return self.groups / self.records

    @property
    def rows(self) -> float:
        """Rows that are written for a batch."""
        return self.groups * self.workload.members

    @cached_property
    def seconds(self) -> float:
        """How long the invocation takes."""
        return self.invocation.seconds(self.records, self.groups, self.rows)

    @property
    def invocations(self) -> float:
        """Invocations a second, of all lanes."""
        return self.rate / self.records

    @property
    def concurrency(self) -> float:
        """Invocations under way at once, by Little's law."""
        return self.invocations * self.seconds

    @property
    def write_units(self) -> float:
        """For each message, of table and index together."""
        sizes = self.workload.sizes
        return sizes.message_units + self.folded * self.workload.members * (sizes.row_units + sizes.index_units)

    @property
    def keeps_up(self) -> bool:
        """Whether a lane takes messages as fast as they come, full batches if need be."""
        return self.lane_rate < self.capacity

    @cached_property
    def capacity(self) -> float:
        """Messages a second that a lane can take: full batches, one after the other."""
        full = self.workload.batch_size
        return full / self._seconds(full)

    def staleness(self, part: float) -> float:
        """Seconds from a message to its rows that so large a part of all messages does not exceed."""
        if not self.keeps_up:
            return float("inf")
        if self.records > self.waited:  # it waits for the invocation before, then for its own
            return (1 + part) * self.seconds
        # the first poll's messages have waited up to one poll when the window begins, the others come during it
        later = 1 - min(1.0, self.first_poll / self.records)
        window = max(0.0, self.records - self.first_poll) / self.lane_rate
        before = part / later * window if part < later else window + (part - later) / (1 - later) * POLL
        return before + self.seconds

    def _groups(self, records: float) -> float:
        """Each group comes to one lane only, so a lane's batch holds its share of what all lanes see meanwhile.

        The poll that begins a batch has found something, which makes its groups likelier than chance has them.
        """
        lanes, popularity = self.lanes, self.workload.popularity
        rest = records - self.first_poll
        if rest <= 0:
            return min(records, popularity.distinct(records * lanes) / lanes)
        found = -expm1(-self.lane_rate * POLL)
        total = 0.0
        for share, count in popularity.bins:
            in_first = min(1.0, -expm1(-share * self.rate * POLL) / found) / lanes
            later = -expm1(-share * rest * lanes)
            total += count * (in_first + (1 / lanes - in_first) * later)
        return max(1.0, min(records, total))

    def _seconds(self, records: float) -> float:
        groups = self._groups(records)
        return self.invocation.seconds(records, groups, groups * self.workload.members)


@cache
def batch(workload: Workload, invocation: Invocation = _SHIPPED, rate: float | None = None) -> Batch:
    """The mean batch at a rate of messages a second (default: the day's peak)."""
    return Batch(workload, invocation, workload.daily.peak if rate is None else rate, partitions(workload).needed)


def hot_group(workload: Workload) -> float:
    """Messages a second that one group can take: they share a partition key."""
    return PARTITION_WRITE_UNITS / workload.sizes.message_units


def hot_member(workload: Workload) -> float:
    """Row updates a second that one member can take: the index pays twice for each, under one partition key."""
    return PARTITION_WRITE_UNITS / workload.sizes.index_units
