"""Compute what a month of the workload uses: units, calls, seconds and bytes, hour by hour of its day."""

from dataclasses import dataclass
from functools import cached_property
from math import ceil

from stream_lambda.batch_get import KEYS_PER_CALL
from tableguard.cost.circumstances import Circumstances
from tableguard.cost.estate import EstateCounts
from tableguard.scale.formulas import POLL, batch, index_bytes, partitions, table_bytes
from tableguard.scale.invocation import InvocationModel
from tableguard.scale.workload import Workload

HOURS = 730  # of a month
DAYS = HOURS / 24
GB = 1024**3
EVENT_BYTES = 1500  # of a data event in the trail's log group: an assumption
COMPRESSED = 0.15  # logs are kept compressed, to so much in AWS's example: https://aws.amazon.com/cloudwatch/pricing/
LOG_LINE_BYTES = 900  # of an invocation in the function's log group, with Lambda's own lines: an assumption
# https://docs.aws.amazon.com/kms/latest/developerguide/services-dynamodb.html: the table's key is kept for a caller
# for up to five minutes
KEY_MINUTES = 5


@dataclass(frozen=True)
class Hour:
    """Means over one hour of the day, per second."""

    messages: float
    table_writes: float
    index_writes: float
    table_reads: float
    cached_reads: float  # of the table: those a cache may answer
    index_reads: float  # a cache may answer all of them
    invocations: float
    gb_seconds: float
    calls: float  # to DynamoDB
    cached_calls: float  # of them: those a cache may answer
    polls: float  # of the stream


@dataclass(frozen=True)
class Usage:
    """The usage of one workload in one estate for a month."""

    workload: Workload
    estate: EstateCounts
    circumstances: Circumstances

    @cached_property
    def day(self) -> tuple[Hour, ...]:
        """Return the hours of the day; the peak is in the first."""
        return tuple(self._hour(rate) for rate in self.workload.daily.hours)

    def total(self, name: str) -> float:
        """Return a month's sum of one of an hour's means."""
        return float(sum(getattr(hour, name) for hour in self.day)) * 3600 * DAYS

    @property
    def table_gb(self) -> float:
        """Return the GB of the table, without its index."""
        return table_bytes(self.workload) / GB

    @property
    def storage_gb(self) -> float:
        """Return the GB of table and index."""
        return self.table_gb + index_bytes(self.workload) / GB

    @property
    def shards(self) -> int:
        """Return the shards of the stream, one a partition."""
        return partitions(self.workload).total

    @property
    def traces(self) -> float:
        """Return the traced invocations of a month: the first of each second, and one of twenty of the others.

        https://docs.aws.amazon.com/xray/latest/devguide/xray-console-sampling.html
        """
        return sum(min(hour.invocations, 1) + 0.05 * max(0.0, hour.invocations - 1) for hour in self.day) * 3600 * DAYS

    def _hour(self, rate: float) -> Hour:
        mean = batch(self.workload, InvocationModel(self.estate.memory), rate)
        sizes, members, views = self.workload.sizes, self.workload.members, self.workload.views * rate
        rows, further = rate * mean.groups_a_message * members, self.workload.further
        pages = sizes.message_page_units + self._first_rows_units
        return Hour(
            messages=rate,
            table_writes=rate * sizes.message_units + rows * sizes.row_units,
            index_writes=rows * further * sizes.index_units,
            # a sender's and a viewer's membership is read strongly consistently, and so are the members of a batch
            table_reads=(rate + views + rate * mean.groups_a_message) * sizes.group_read_units + views * pages,
            cached_reads=views * pages,
            index_reads=views * further * sizes.further_page_units,
            invocations=mean.invocations,
            gb_seconds=mean.concurrency * self.estate.memory / 1024,
            calls=2 * rate + rows + mean.invocations * ceil(mean.groups / KEYS_PER_CALL) + (3 + further) * views,
            cached_calls=(2 + further) * views,
            polls=mean.shards / POLL,
        )

    @property
    def _first_rows_units(self) -> float:
        """Return the units of a listing's query of first rows: a person with further rows has the table's fill."""
        sizes, further, most = self.workload.sizes, self.workload.further, self.workload.table_rows
        few = sizes.first_rows_units(min(self.workload.conversations, most))
        return (1 - further) * few + further * sizes.first_rows_units(most)
