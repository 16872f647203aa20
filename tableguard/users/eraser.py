"""Erase a person from the table: every write on condition that what it changes is as it was read.

It can be interrupted anywhere and made again: each time it begins with what the table then holds. Messages and rows
that are under way while it runs are seen by the next scan. The order of the writes:

1. the person leaves the groups, so that no new row comes to them,
2. own messages are emptied, and the rows of others show it as Pattern D would, whether or not it runs,
3. conversations that nobody reads are deleted, the group last, so that what is left of one is found again,
4. the person's own rows, read markers and flag are deleted.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from stream_lambda.decide import other_member
from stream_lambda.items import (
    FORMER,
    Group,
    Item,
    ItemError,
    Message,
    Value,
    group_key,
    message_item,
    message_key,
    message_of,
    microsecond_later,
    row_of_key,
    timestamp,
)
from tableguard.store.batch_get import batch_get
from tableguard.store.consumed import ReadCost
from tableguard.store.rows import OTHER, unchanged
from tableguard.users.erasure import Fate, fate
from tableguard.users.holdings import Holdings, TableScan, group_of_item

PASSES = 5
_SHOWN = ("last_message_at", "last_message_uuid", "last_message_version", "last_user_uuid")  # of the newest message
_VERSION = ("pk", "sk", "message_uuid", "edited_at")  # of a message that a row shows


@dataclass(frozen=True)
class Erasure:
    """How an erasure ended: what the last scan still saw, how many writes were made, and the write units."""

    left: Holdings
    writes: int
    passes: int
    write_units: float


@dataclass(frozen=True)
class Eraser:
    """A table's scan, the clock, how many writes run at once, and how long messages may be under way."""

    scan: TableScan
    clock: Callable[[], datetime]
    workers: int = 8
    settle: float = 5.0
    sleep: Callable[[float], object] = time.sleep
    observe: Callable[[Iterable[bool]], Iterable[bool]] = iter  # sees each write pass

    def erase(self, holdings: Holdings) -> Erasure:
        """Erase what a person has, again as long as a scan sees something new, at most PASSES times."""
        cost, writes, passes = ReadCost(), 0, 0
        while holdings.erasable and passes < PASSES:
            passes += 1
            writes += sum(self.observe(self._pass(holdings, cost)))
            self.sleep(self.settle)
            holdings = self.scan.holdings(holdings.user)
        return Erasure(holdings, writes, passes, cost.units)

    def _pass(self, holdings: Holdings, cost: ReadCost) -> Iterator[bool]:
        """Make all writes, phase after phase; yield of each whether it was made."""
        writer = _ErasurePass(self.scan, holdings, timestamp(self.clock()), cost)
        deserted = list(holdings.deserted)
        phases: tuple[tuple[Callable[[Any], bool], Sequence[Any]], ...] = (
            (writer.leave, [group for group in holdings.memberships if group.group_uuid not in holdings.deserted]),
            (writer.erase_message, [item for item in holdings.messages if group_of_item(item) not in deserted]),
            (writer.clear_row, holdings.rows),
            (writer.delete, [item for group_uuid in deserted for item in holdings.deserted[group_uuid]]),
            (writer.delete_group, [holdings.groups[group_uuid] for group_uuid in deserted]),
            (writer.delete, holdings.partition),
        )
        with ThreadPoolExecutor(self.workers) as pool:
            for write, subjects in phases:
                yield from pool.map(write, subjects)


@dataclass(frozen=True)
class _ErasurePass:
    """The writes of one pass; each returns whether it was made, which it is not where something changed."""

    scan: TableScan
    holdings: Holdings
    now: str
    cost: ReadCost

    @property
    def _person(self) -> Value:
        return {"S": self.holdings.user.user_uuid}

    def leave(self, group: Group) -> bool:
        """Take the person from a group's members."""
        seen = self.holdings.stored[group.group_uuid]["members"]
        left = [one for one in seen["L"] if one["M"]["user_uuid"] != self._person]
        return self._write(
            "update_item",
            Key=group_key(group.group_uuid),
            UpdateExpression="SET members = :left",
            ConditionExpression="members = :seen",
            ExpressionAttributeValues={":left": {"L": left}, ":seen": seen},
        )

    def erase_message(self, item: Item) -> bool:
        """Empty a message of the person, or delete one that nobody reads or that cannot be understood."""
        emptied = _emptied(item, self.now)
        if emptied is None or fate(self.holdings, group_of_item(item)) is Fate.ORPHANED:
            return self.delete(item)
        unedited = "edited_at = :seen" if "edited_at" in item else "attribute_not_exists(edited_at)"
        seen = {":seen": item["edited_at"]} if "edited_at" in item else {}
        return self._write(
            "put_item",
            Item=_without_text(message_item(emptied)) | _key(item),  # whose time may be written in another form
            ConditionExpression=f"user_uuid = :person AND {unedited}",
            ExpressionAttributeValues={":person": self._person, **seen},
        )

    def clear_row(self, row: Item) -> bool:
        """Let another's row name and show what there is without the person."""
        values: Item = {}
        if row.get("other_user_uuid") == self._person:
            values |= self._other(row)
        if row.get("last_user_uuid") == self._person:
            values |= self._shown(row)
        condition, compared = unchanged(row, (*OTHER, *_SHOWN))
        return self._write(
            "update_item",
            Key=_key(row),
            UpdateExpression="SET " + ", ".join(f"{name} = :{name}" for name in values),
            ConditionExpression=condition,
            ExpressionAttributeValues=compared | {f":{name}": value for name, value in values.items()},
        )

    def delete(self, item: Item) -> bool:
        """Delete an item that is the person's, or of a conversation that nobody reads."""
        return self._write("delete_item", Key=_key(item))

    def delete_group(self, group: Group) -> bool:
        """Delete a group of the person alone, unless somebody has come."""
        return self._write(
            "delete_item",
            Key=group_key(group.group_uuid),
            ConditionExpression="members = :seen",
            ExpressionAttributeValues={":seen": self.holdings.stored[group.group_uuid]["members"]},
        )

    def _other(self, row: Item) -> Item:
        """Return whom a row names from now on."""
        key = row_of_key(row)
        left = self.holdings.others(key.group_uuid) if key else ()
        reader = next((one for one in left if key and one.user_uuid == key.user_uuid), None)
        other = other_member(reader, Group("", left)) if reader else FORMER
        return {
            name: {"S": text}
            for name, text in zip(OTHER, (other.user_uuid, other.display_name, other.handle), strict=True)
        }

    def _shown(self, row: Item) -> Item:
        """Return what a row shows of the message that was emptied: nothing, by nobody, in the version that it has."""
        cleared = {"last_message": {"S": ""}, "last_user_uuid": {"S": FORMER.user_uuid}}
        key = message_key(group_of_item(row), row.get("last_message_at", {}).get("S", ""))
        if not key["sk"]["S"]:
            return cleared
        scan = self.scan
        for message in batch_get(scan.client, scan.table_name, [key], scan.cost, projection=", ".join(_VERSION)):
            if message.get("message_uuid") == row.get("last_message_uuid") and "edited_at" in message:
                cleared["last_message_version"] = message["edited_at"]
        return cleared

    def _write(self, operation: str, **request: Any) -> bool:
        client = self.scan.client
        try:
            answer = getattr(client, operation)(
                TableName=self.scan.table_name, ReturnConsumedCapacity="TOTAL", **request
            )
        except client.exceptions.ConditionalCheckFailedException:
            return False
        self.cost.add(answer.get("ConsumedCapacity"))
        return True


def _key(item: Item) -> Item:
    return {name: item[name] for name in ("pk", "sk")}


def _without_text(message: Item) -> Item:
    """Leave out what could hold a text: policies/role/member_services.json lets nobody erase by writing one."""
    return {name: value for name, value in message.items() if name not in ("message", "preview")}


def _emptied(item: Item, now: str) -> Message | None:
    """Return a message without text and author; None if an item is no message."""
    try:
        message = message_of({**item, "message": {"S": ""}})
    except ItemError:
        return None
    edited_at = now if message.edited_at < now else microsecond_later(message.edited_at)
    return replace(message, author=FORMER, edited_at=edited_at, deleted=True)
