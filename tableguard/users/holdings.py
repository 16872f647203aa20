"""What the table holds of one person, found by a scan that reads no text.

The person's own rows do not tell all of it: they expire, and messages stay in groups that the person has left. So the
whole table is scanned, strongly consistently, and only keys, uuids, names and versions are answered.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from stream_lambda.items import (
    GROUP_PREFIX,
    MESSAGE_PREFIX,
    Group,
    Item,
    ItemError,
    User,
    group_key,
    group_of,
    group_of_key,
    group_of_marker,
    is_message_pk,
    messages_pk,
    row_of_key,
    rows_pk,
)
from tableguard.store.batch_get import batch_get
from tableguard.store.consumed import ReadCost
from tableguard.store.table_admin import no_table

# what may be scanned for: policies/role/member_services.json names the same
SCANNED = (
    "edited_at",
    "expires_at",
    "further_at",
    "last_message_at",
    "last_message_uuid",
    "last_message_version",
    "last_user_uuid",
    "members",
    "message_uuid",
    "other_user_display_name",
    "other_user_handle",
    "other_user_uuid",
    "pk",
    "sk",
    "user_display_name",
    "user_handle",
    "user_uuid",
)
_UNIT_BYTES = 4096  # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
_UUIDS = ("user_uuid", "other_user_uuid", "last_user_uuid")
_HANDLES = ("user_handle", "other_user_handle")
_DISPLAY_NAMES = ("user_display_name", "other_user_display_name")


@dataclass
class Holdings:
    """What the table holds of a person, as items with the scanned attributes alone.

    `groups` are those of every message and row here, by uuid, as read and as `stored`; of `unreadable` ones it is only
    known that they are there. `deserted` are the keys and authors of all messages of groups in which nobody else is a
    member. `namesakes` counts the items that have the person's handle or display name under another uuid. `foreign`
    are items with the person's uuid that are not of the message store.
    """

    user: User
    partition: list[Item] = field(default_factory=list)
    messages: list[Item] = field(default_factory=list)
    rows: list[Item] = field(default_factory=list)  # of others, that name the person or show their message
    groups: dict[str, Group] = field(default_factory=dict)
    stored: dict[str, Item] = field(default_factory=dict)
    unreadable: set[str] = field(default_factory=set)
    deserted: dict[str, list[Item]] = field(default_factory=dict)
    namesakes: Counter[str] = field(default_factory=Counter)
    foreign: list[Item] = field(default_factory=list)
    scanned: int = 0

    @property
    def memberships(self) -> list[Group]:
        """Return the groups of which the person is a member."""
        return [group for group in self.groups.values() if self.user.user_uuid in map(_uuid, group.members)]

    @property
    def erasable(self) -> int:
        """Return how many items an erasure would change or delete."""
        memberships = len(self.memberships)
        return len(self.partition) + len(self.messages) + len(self.rows) + memberships

    def others(self, group_uuid: str) -> tuple[User, ...]:
        """Return the other members of a group; of one that is not there nobody."""
        group = self.groups.get(group_uuid)
        return tuple(one for one in group.members if one.user_uuid != self.user.user_uuid) if group else ()

    def add(self, item: Item) -> None:
        """Sort one scanned item in."""
        if item["pk"] == {"S": rows_pk(self.user.user_uuid)}:
            self.partition.append(item)
        elif group_of_key(item) is not None:
            self._add_group(item)
        elif not self._is_about(item):
            self._count_namesake(item)
        elif is_message_pk(item["pk"]["S"]):
            self.messages.append(item)
        elif row_of_key(item) is not None and "user_uuid" not in item:
            self.rows.append(item)
        else:
            self.foreign.append(item)

    def _add_group(self, item: Item) -> None:
        try:
            group = group_of(item)
        except ItemError:
            if self.user.user_uuid in str(item):
                self.foreign.append(item)
            return
        if self.user.user_uuid in map(_uuid, group.members):
            self.keep_group(item)
        for member in group.members:
            if member.user_uuid != self.user.user_uuid and _same_name(member, self.user):
                self.namesakes[member.user_uuid] += 1

    def keep_group(self, item: Item) -> None:
        """Note a group of a message or row, or that it cannot be understood."""
        try:
            group = group_of(item)
        except ItemError:
            self.unreadable.add(group_of_key(item) or "")
        else:
            self.groups[group.group_uuid], self.stored[group.group_uuid] = group, item

    def _is_about(self, item: Item) -> bool:
        return any(item.get(name) == {"S": self.user.user_uuid} for name in _UUIDS)

    def _count_namesake(self, item: Item) -> None:
        for prefix in ("user", "other_user"):
            uuid, name, handle = (_text(item, f"{prefix}_{part}") for part in ("uuid", "display_name", "handle"))
            if uuid and _same_name(User(uuid, name, handle), self.user):
                self.namesakes[uuid] += 1


@dataclass(frozen=True)
class TableScan:
    """The table, a client for it, and the read units taken so far; `observe` sees each scanned page's item count."""

    client: Any  # botocore makes its classes at run time
    table_name: str
    cost: ReadCost = field(default_factory=ReadCost)
    observe: Callable[[Iterable[int]], Iterable[int]] = iter

    def units_of_a_scan(self) -> int:
        """Return what reading the whole table takes, by its size, which DynamoDB brings up to date every six hours."""
        try:
            table = self.client.describe_table(TableName=self.table_name)["Table"]
        except self.client.exceptions.ResourceNotFoundException as error:
            raise no_table(self.client, self.table_name) from error
        return math.ceil(int(table["TableSizeBytes"]) / _UNIT_BYTES)

    def holdings(self, user: User) -> Holdings:
        """Return what the table holds of a person; a name that is empty is not looked for."""
        holdings = Holdings(user)
        for scanned in self.observe(self._scan(holdings)):
            holdings.scanned += scanned
        names = {group_of_item(item) for item in (*holdings.messages, *holdings.rows)}
        unread = [group_key(name) for name in sorted(names - holdings.groups.keys())]
        for item in batch_get(self.client, self.table_name, unread, self.cost):
            holdings.keep_group(item)
        for group in holdings.memberships:
            if not holdings.others(group.group_uuid):
                holdings.deserted[group.group_uuid] = list(self._messages(group.group_uuid))
        return holdings

    def _scan(self, holdings: Holdings) -> Iterator[int]:
        for page in self.client.get_paginator("scan").paginate(**self._request(holdings.user)):
            self.cost.add(page.get("ConsumedCapacity"))
            for item in page["Items"]:
                holdings.add(item)
            yield page["ScannedCount"]

    def _request(self, user: User) -> dict[str, Any]:
        wanted = {":uuid": (user.user_uuid, _UUIDS), ":handle": (user.handle, _HANDLES)}
        wanted[":name"] = (user.display_name, _DISPLAY_NAMES)
        terms = [f"{name} = {value}" for value, (text, names) in wanted.items() if text for name in names]
        values = {value: {"S": text} for value, (text, _) in wanted.items() if text}
        return {
            "TableName": self.table_name,
            "FilterExpression": " OR ".join((*terms, "pk = :rows", "begins_with(pk, :groups)")),
            "ExpressionAttributeValues": {
                **values,
                ":rows": {"S": rows_pk(user.user_uuid)},
                ":groups": {"S": GROUP_PREFIX},
            },
            "ProjectionExpression": ", ".join(SCANNED),
            "Select": "SPECIFIC_ATTRIBUTES",
            "ConsistentRead": True,
            "ReturnConsumedCapacity": "TOTAL",
        }

    def _messages(self, group_uuid: str) -> Iterator[Item]:
        """Yield keys and authors of all messages of a group."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table_name,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": messages_pk(group_uuid)}},
            ProjectionExpression="pk, sk, user_uuid",
            Select="SPECIFIC_ATTRIBUTES",
            ConsistentRead=True,
            ReturnConsumedCapacity="TOTAL",
        )
        for page in pages:
            self.cost.add(page.get("ConsumedCapacity"))
            yield from page["Items"]


def kind_of_own(item: Item) -> str:
    """Return what an item of a person's own partition is."""
    if group_of_marker(item) is not None:
        return "read marker"
    return "conversation row" if row_of_key(item) is not None else "flag"


def group_of_item(item: Item) -> str:
    """Return the group of a message or a conversation row."""
    row = row_of_key(item)
    return row.group_uuid if row else str(item["pk"]["S"]).removeprefix(MESSAGE_PREFIX)


def _uuid(user: User) -> str:
    return user.user_uuid


def _same_name(one: User, other: User) -> bool:
    same_handle = one.handle == other.handle != ""
    return same_handle or one.display_name == other.display_name != ""


def _text(item: Item, name: str) -> str:
    return str(item.get(name, {}).get("S", ""))
