"""Write a recorded trace to the table, each message once, with texts drawn from a seed."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from stream_lambda.batch_get import chunks
from stream_lambda.items import Group, Item, Message, group_item, group_key, message_item, message_key
from tableguard.errors import MessageError
from tableguard.findings.counts import counted
from tableguard.store.batch_get import batch_get
from tableguard.store.consumed import ReadCost
from tableguard.store.encryption import Cipher
from tableguard.store.loading.recording import TraceLine, groups, messages
from tableguard.store.places import Places

BATCH = 25  # items of a transaction; docs/decisions/0003-transactions-instead-of-batch-writes.md says why transactions
ATTEMPTS = 8  # for a transaction that DynamoDB cancels because it is busy: 0.05 s, then twice as long each time
_EXISTS = "ConditionalCheckFailed"
_PASSING = {"None", "ThrottlingError", "ProvisionedThroughputExceeded", "TransactionConflict", _EXISTS}


@dataclass(frozen=True)
class ReplayResult:
    """The size of the trace, the messages of it that were new to the table, and the capacity units it took."""

    users: int
    groups: int
    messages: int
    new_messages: int
    read_units: float
    write_units: float | None  # None where the engine does not report those of transactions


@dataclass(frozen=True)
class _Addition:
    """The number of items that were new to the table, and the write units they took."""

    items: int
    write_units: float | None

    def __add__(self, other: "_Addition") -> "_Addition":
        unknown = self.write_units is None or other.write_units is None
        units = None if unknown else (self.write_units or 0.0) + (other.write_units or 0.0)
        return _Addition(self.items + other.items, units)


_NOTHING = _Addition(0, 0.0)


def replay(
    client: Any,
    table_name: str,
    trace: Sequence[TraceLine],
    places: Places,
    *,
    seed: int = 0,
    workers: int = 4,
    observe_groups: Callable[[Iterable[Group]], Iterable[Group]] = iter,
    observe: Callable[[Iterable[Message]], Iterable[Message]] = iter,
    sleep: Callable[[float], None] = time.sleep,
    cipher: Cipher | None = None,
) -> ReplayResult:
    """Write the groups and then the messages of a trace that are absent, encrypted if there is a cipher.

    Existing items stay as they are; rows are left to Pattern D. Transactions are written side by side, so messages
    arrive somewhat out of order. `observe_groups` sees each absent group pass before it is written, `observe` each
    message once it is in the table. Interrupted, it can be run again.
    """
    writer = _Writer(client, table_name, sleep, cipher)
    conversations = groups(trace)
    messages_added: list[_Addition] = []

    def written(pool: ThreadPoolExecutor) -> Iterator[Message]:
        batches = list(chunks(messages(trace, seed), BATCH))
        for batch, added in zip(batches, pool.map(writer.add_messages, batches), strict=True):
            messages_added.append(added)
            yield from batch

    with ThreadPoolExecutor(workers) as pool:
        new = chain.from_iterable(pool.map(writer.absent_groups, chunks(conversations, BATCH)))
        # one after the other, so that the same trace gives the same places
        placed = [_placed(group, places) for group in observe_groups(new)]
        groups_added = list(pool.map(writer.put_groups, chunks(placed, BATCH)))
        for _ in observe(written(pool)):
            pass
    users = {user.user_uuid for group in conversations for user in group.members}
    new_messages = sum(added.items for added in messages_added)
    flags = _Addition(0, places.write_units)
    write_units = sum((flags, *groups_added, *messages_added), _NOTHING).write_units
    read_units = writer.read_cost.units + places.cost.units
    return ReplayResult(len(users), len(conversations), len(trace), new_messages, read_units, write_units)


def _placed(group: Group, places: Places) -> Group:
    return replace(group, further=places.further(member.user_uuid for member in group.members))


@dataclass(frozen=True)
class _Writer:
    """Writes to the table the items that are absent from it."""

    client: Any
    table_name: str
    sleep: Callable[[float], None]
    cipher: Cipher | None
    read_cost: ReadCost = field(default_factory=ReadCost)

    def absent_groups(self, batch: Sequence[Group]) -> list[Group]:
        absent = self._absent(group_key(group.group_uuid) for group in batch)
        return [group for group, is_absent in zip(batch, absent, strict=True) if is_absent]

    def put_groups(self, batch: Sequence[Group]) -> _Addition:
        return self._put(list(map(group_item, batch)))

    def add_messages(self, batch: Sequence[Message]) -> _Addition:
        absent = self._absent(message_key(message.group_uuid, message.created_at) for message in batch)
        new = (message for message, is_absent in zip(batch, absent, strict=True) if is_absent)
        return self._put([message_item(self.cipher.seal(message) if self.cipher else message) for message in new])

    def _absent(self, keys: Iterable[Item]) -> list[bool]:
        wanted = list(keys)
        existing = list(
            batch_get(self.client, self.table_name, wanted, self.read_cost, projection="pk, sk", sleep=self.sleep)
        )
        return [key not in existing for key in wanted]

    def _put(self, new: Sequence[Item]) -> _Addition:
        """Write the items, but for those that another writer puts there meanwhile."""
        left = new
        for attempt in range(ATTEMPTS):
            if not left:
                return _NOTHING
            if attempt:
                self.sleep(0.05 * 2 ** (attempt - 1))
            try:
                return self._transact(left)
            except self.client.exceptions.TransactionCanceledException as error:
                reasons = [reason["Code"] for reason in error.response["CancellationReasons"]]
                if not set(reasons) <= _PASSING:
                    raise
                left = [item for item, reason in zip(left, reasons, strict=True) if reason != _EXISTS]
        raise MessageError(
            f"table {self.table_name}: too busy for {counted(len(left), 'item')}, {ATTEMPTS} times; write more slowly"
        )

    def _transact(self, new: Sequence[Item]) -> _Addition:
        put = {"TableName": self.table_name, "ConditionExpression": "attribute_not_exists(pk)"}
        answer = self.client.transact_write_items(
            TransactItems=[{"Put": put | {"Item": item}} for item in new], ReturnConsumedCapacity="TOTAL"
        )
        return _Addition(len(new), _write_units(answer.get("ConsumedCapacity", [])))


def _write_units(consumed: Sequence[Mapping[str, Any]]) -> float | None:
    """Return the write units of a transaction; None for DynamoDB Local, whose CapacityUnits are not AWS's."""
    if not consumed or any("WriteCapacityUnits" not in part for part in consumed):
        return None
    return sum(float(part["WriteCapacityUnits"]) for part in consumed)
