"""The whole estate watched beside the same one unwatched: what data events cost whoever writes items.

Both write the same items through the application's role and the VPC endpoint, so that each call has two records. The
watched one also delivers them to the trail's log group, where metric filters count them. CPU seconds of one process.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

from tableguard import settings
from tableguard.local import estate
from tableguard.local.watch import watch
from tests.benchmarks.figures import Figure

_ROUNDS = 5
_WRITES = 500


def figures() -> Iterator[Figure]:
    """One estate, watched and unwatched in turn."""
    chosen = settings.example()
    with estate.running(chosen, 0, lambda step: None) as running:
        running.poller.stop()  # its calls would come now with one side, now with the other
        dynamodb = running.roles["application"].client("dynamodb")
        writes = _Writes(dynamodb, chosen.table_name)
        watching = running.watch
        watching.tick()
        for name, deliver in (
            ("recorded", watching.calls.take),
            ("recorded and delivered", lambda: watching.run(300, 300)),
        ):
            watched, unwatched = _in_turn(watching, writes, deliver)
            case = f"{_WRITES} messages written and changed, {name}: CPU time"
            yield Figure("recording", case, watched, unwatched, "s")


def _in_turn(watching: Any, writes: "_Writes", deliver: Callable[[], object]) -> tuple[float, float]:
    pairs = []
    for _ in range(_ROUNDS):
        watch.use(watching)
        began = time.process_time()
        writes()
        deliver()
        watched = time.process_time() - began
        watch.use(None)
        began = time.process_time()
        writes()
        pairs.append((watched, time.process_time() - began))
    watch.use(watching)
    return statistics.median(pair[0] for pair in pairs), statistics.median(pair[1] for pair in pairs)


class _Writes:
    """Writes messages as the application does: a PutItem and an UpdateItem each."""

    def __init__(self, dynamodb: Any, table: str) -> None:
        self.dynamodb, self.table = dynamodb, table

    def __call__(self) -> None:
        for number in range(_WRITES):
            key = {"pk": {"S": "MSG#recording"}, "sk": {"S": f"2026-12-01T00:00:00.{number:06}Z"}}
            self.dynamodb.put_item(TableName=self.table, Item={**key, "message": {"S": "hello" * 20}})
            self.dynamodb.update_item(
                TableName=self.table,
                Key=key,
                UpdateExpression="SET message = :text",
                ExpressionAttributeValues={":text": {"S": "hello again" * 20}},
            )
