"""The embedded AWS while it stays up, beside moto as it is shipped: seconds of CPU and memory of the server's process.

Wall time says little on a machine that does other work; these are read from /proc, of Linux.
"""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tableguard import settings
from tableguard.store import table_admin
from tests.benchmarks.embedded import OURS, PLAIN, Served, client, served
from tests.benchmarks.figures import Figure

_TICKS = os.sysconf("SC_CLK_TCK")
_POLLS = 2000
_EIGHT_HOURS = 8 * 3600 * 4  # four polls a second
_UPDATES = 500
_VALUES = {f":v{number}": {"S": "x" * 20} for number in range(12)}
_UPDATE = "SET " + ", ".join(f"a{number} = :v{number}" for number in range(12))


def figures() -> Iterator[Figure]:
    """Each server in its own process; what one does costs the other nothing."""
    with served(OURS) as ours, served(PLAIN) as plain:
        tables = _Table(ours), _Table(plain)
        yield Figure("staying", f"{_POLLS} polls of an empty stream", *_each(tables, _Table.poll, _cpu), "s of CPU")
        grown = _each(tables, _Table.poll, _megabytes)
        hours = tuple(growth * _EIGHT_HOURS / _POLLS for growth in grown)
        yield Figure("staying", "8 hours of polling", hours[0], hours[1], "MB more")
        yield Figure("staying", f"{_UPDATES} updates of 12 attributes", *_each(tables, _Table.update, _cpu), "s of CPU")
        yield Figure(
            "staying", f"{_UPDATES} updates of the same item", *_each(tables, _Table.update, _megabytes), "MB more"
        )


def _each(
    tables: tuple["_Table", "_Table"], run: Callable[["_Table"], None], measure: Callable[[int], float]
) -> tuple[float, float]:
    used = []
    for table in tables:
        run(table)  # what is made once is made
        before = measure(table.process)
        run(table)
        used.append(measure(table.process) - before)
    return used[0], used[1]


def _cpu(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _megabytes(process: int) -> float:
    match = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process}/status").read_text(encoding="ascii"))
    return int(match[1]) / 1024 if match else 0.0


class _Table:
    """A table of the estate's own shape, polled and written."""

    def __init__(self, server: Served) -> None:
        self.process = server.process
        self.table, self.streams = client("dynamodb", server.endpoint), client("dynamodbstreams", server.endpoint)
        table_admin.create(self.table, settings.example(), "polled")
        self.arn = self.table.describe_table(TableName="polled")["Table"]["LatestStreamArn"]
        (shard,) = self.streams.describe_stream(StreamArn=self.arn)["StreamDescription"]["Shards"]
        self.shard: dict[str, Any] = {"StreamArn": self.arn, "ShardId": shard["ShardId"]}

    def poll(self) -> None:
        for _ in range(_POLLS):
            latest = self.streams.get_shard_iterator(**self.shard, ShardIteratorType="LATEST")
            self.streams.get_records(ShardIterator=latest["ShardIterator"])

    def update(self) -> None:
        key = {"pk": {"S": "GRP#one"}, "sk": {"S": "one"}}
        for _ in range(_UPDATES):
            self.table.update_item(
                TableName="polled", Key=key, UpdateExpression=_UPDATE, ExpressionAttributeValues=_VALUES
            )
