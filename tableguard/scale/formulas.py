"""Compute the design on paper: partitions, batches, staleness and limits as formulas of the workload."""

from dataclasses import dataclass
from functools import cache, cached_property
from math import ceil, expm1

from tableguard.scale.invocation import InvocationModel
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
_SHIPPED = InvocationModel()
ITEM_OVERHEAD = 100  # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html


@dataclass(frozen=True)
class Partitions:
    """The partitions that writes and bytes need; a partition feeds one shard of the stream."""

    for_writes: int
    for_bytes: int

    @property
    def total(self) -> int:
        """Return the larger number, and never fewer than a new table has."""
        return max(self.for_writes, self.for_bytes, NEW_TABLE_PARTITIONS)


def partitions(workload: Workload) -> Partitions:
    """Return the table's partitions at the day's peak, with full retention, if no batch folds any messages."""
    units = workload.sizes.message_units + workload.members * workload.sizes.row_units
    return Partitions(
        ceil(workload.daily.peak * units / PARTITION_WRITE_UNITS), ceil(table_bytes(workload) / PARTITION_BYTES)
    )


def table_bytes(workload: Workload) -> float:
    """Return the billed bytes of the table once the retention is full: messages, rows and groups."""
    groups = workload.popularity.groups
    return (
        workload.messages_a_day * workload.retention_days * (workload.sizes.message + ITEM_OVERHEAD)
        + groups * (workload.sizes.group + ITEM_OVERHEAD)
        + groups * workload.members * (workload.sizes.row + ITEM_OVERHEAD)
    )


def index_bytes(workload: Workload) -> float:
    """Return the bytes of the index, which holds the further rows once more."""
    rows = workload.popularity.groups * workload.members * workload.further
    return rows * (workload.sizes.further_row + ITEM_OVERHEAD)


@dataclass(frozen=True)
class BatchFigures:
    """The mean batch at one rate of messages: its content, its duration, and the age of its messages.

    A batch begins with the first message that a poll finds and is handed over once the window has passed or it is
    full. While messages come faster than an invocation takes them, a batch is what came during the one before.
    """

    workload: Workload
    invocation: InvocationModel
    rate: float  # messages a second in the whole table
    shards: int

    @cached_property
    def lanes(self) -> int:
        """Return how many batches can be under way at once."""
        return self.shards * self.workload.lanes

    @property
    def lane_rate(self) -> float:
        """Return the messages a second of one lane, if all are alike."""
        return self.rate / self.lanes

    @cached_property
    def first_poll(self) -> float:
        """Return the messages of the poll that begins a batch: the mean of polls that find any."""
        expected = self.lane_rate * POLL
        return expected / -expm1(-expected)

    @cached_property
    def undelayed_records(self) -> float:
        """Return the messages of a batch that waits for no other."""
        return min(self.workload.batch_size, self.first_poll + self.lane_rate * self.workload.window)

    @cached_property
    def records(self) -> float:
        """Return the messages of a batch: undelayed, or those that came during the invocation before, if more."""
        records = self.undelayed_records
        for _ in range(100):
            meanwhile = min(self.workload.batch_size, self.lane_rate * self._seconds(records))
            step = max(self.undelayed_records, meanwhile) - records
            if abs(step) < records * 1e-4:
                break
            records += step / 2
        return records

    @cached_property
    def groups(self) -> float:
        """Return the number of different groups in a batch."""
        return self._groups(self.records)

    @property
    def groups_a_message(self) -> float:
        """Return the groups for each message: 1 if each message of a batch is of another group."""
        return self.groups / self.records

    @property
    def rows(self) -> float:
        """Return the rows that are written for a batch."""
        return self.groups * self.workload.members

    @cached_property
    def seconds(self) -> float:
        """Return the seconds of an invocation."""
        return self.invocation.seconds(self.records, self.groups, self.rows)

    @property
    def invocations(self) -> float:
        """Return the invocations a second, of all lanes."""
        return self.rate / self.records

    @property
    def concurrency(self) -> float:
        """Return the invocations under way at once, by Little's law."""
        return self.invocations * self.seconds

    @property
    def row_units_a_message(self) -> float:
        """Return the write units of rows for each message: one of the table, and for a further row two of the index."""
        sizes, rows = self.workload.sizes, self.groups_a_message * self.workload.members
        return rows * (sizes.row_units + self.workload.further * sizes.index_units)

    @property
    def write_units(self) -> float:
        """Return the write units for each message: its own, and those of rows in table and index."""
        return self.workload.sizes.message_units + self.row_units_a_message

    @property
    def keeps_up(self) -> bool:
        """Tell whether a lane takes messages as fast as they come, in full batches if need be."""
        return self.lane_rate < self.capacity

    @cached_property
    def capacity(self) -> float:
        """Return the messages a second that a lane can take in full batches, one after the other."""
        full = self.workload.batch_size
        return full / self._seconds(full)

    def staleness(self, part: float) -> float:
        """Return the seconds from a message to its rows that this part of all messages does not exceed."""
        if not self.keeps_up:
            return float("inf")
        if self.records > self.undelayed_records:  # it waits for the invocation before, then for its own
            return (1 + part) * self.seconds
        # the first poll's messages have waited up to one poll when the window begins, the others come during it
        later = 1 - min(1.0, self.first_poll / self.records)
        window = max(0.0, self.records - self.first_poll) / self.lane_rate
        before = part / later * window if part < later else window + (part - later) / (1 - later) * POLL
        return before + self.seconds

    def _groups(self, records: float) -> float:
        """Return the different groups among so many messages of a lane.

        A group comes to one lane only, so a lane's batch holds its share of the groups in all lanes. The poll that
        begins a batch has found something, which makes its groups likelier than chance.
        """
        lanes, popularity = self.lanes, self.workload.popularity
        rest = records - self.first_poll
        if rest <= 0:
            return min(records, popularity.distinct(records * lanes) / lanes)
        finds_any = -expm1(-self.lane_rate * POLL)
        total = 0.0
        for share, count in popularity.bins:
            in_first = min(1.0, -expm1(-share * self.rate * POLL) / finds_any) / lanes
            later = -expm1(-share * rest * lanes)
            total += count * (in_first + (1 / lanes - in_first) * later)
        return max(1.0, min(records, total))

    def _seconds(self, records: float) -> float:
        groups = self._groups(records)
        return self.invocation.seconds(records, groups, groups * self.workload.members)


@cache
def batch(workload: Workload, invocation: InvocationModel = _SHIPPED, rate: float | None = None) -> BatchFigures:
    """Return the mean batch at a rate of messages a second (default: the day's peak)."""
    return BatchFigures(workload, invocation, workload.daily.peak if rate is None else rate, partitions(workload).total)


def hot_group(workload: Workload) -> float:
    """Return the messages a second that one group can take: they share a partition key."""
    return PARTITION_WRITE_UNITS / workload.sizes.message_units


def hot_member(workload: Workload) -> float:
    """Return the updates of further rows a second that one member can take: the index pays twice for each."""
    return PARTITION_WRITE_UNITS / workload.sizes.index_units
