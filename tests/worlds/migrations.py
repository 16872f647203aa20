"""A table of the former layout, its migration, and what happens between any two of its calls."""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from stream_lambda.decide import NewestInBatch, conversation
from stream_lambda.decide import rows as rows_of
from stream_lambda.items import (
    Group,
    Item,
    Message,
    User,
    conversation_item,
    group_of,
    message_item,
    row_of_key,
)
from stream_lambda.table import ProjectionTable
from tableguard.aws.capacity import Index
from tableguard.projection.migration import census
from tableguard.projection.migration.direction import Direction
from tableguard.projection.migration.plan import MigrationPlan, plan
from tableguard.projection.migration.report import MigrationReport
from tableguard.projection.migration.run import Migration
from tableguard.projection.views import Reader
from tableguard.store.members import add_member
from tableguard.store.messages import MessageTable
from tableguard.store.rows import is_hidden
from tests.engines import MOTO
from tests.worlds.messages import ADA, EVE, NOW, TABLE, all_items, emulated_table, said
from tests.worlds.rows import write

FURTHER = (Index("further-conversations", ("pk", "further_at"), None, is_global=True),)
THERE, BACK = Direction(2), Direction(2, back=True)


def groups(count: int) -> list[Group]:
    """Ada's conversations with so many others, the last of them with the newest message."""
    return [Group(f"group-{n}", (ADA, User(f"user-{n}", f"User {n}", f"user{n}"))) for n in range(count)]


@contextmanager
def former_table(count: int = 4, engine: str = MOTO) -> Iterator[Any]:
    """A table in which Ada has so many conversations, all of them first rows, each at its newest message."""
    present = groups(count)
    with emulated_table(*present, engine=engine) as client:
        messages = [said(f"hello {group.group_uuid}", second, group) for second, group in enumerate(present)]
        pairs = list(zip(messages, present, strict=True))
        rows = [
            conversation_item(conversation(message, user, group)) for message, group in pairs for user in group.members
        ]
        write(client, [*map(message_item, messages), *rows])
        yield client


def planned(client: Any, direction: Direction = THERE) -> MigrationPlan:
    reader = reader_of(client)
    return plan(reader, direction, census.count(reader), FURTHER)


def migrated(
    client: Any, direction: Direction = THERE, sleep: Callable[[float], object] = lambda seconds: None
) -> MigrationReport:
    """MigrationPlan and run a migration; `sleep` is all that happens while it waits."""
    migration = Migration(reader_of(client), under_way=65.0, sleep=sleep)
    return migration.run(planned(client, direction))


def reader_of(client: Any) -> Reader:
    return Reader(client, TABLE, lambda: NOW, workers=1)


def placed(client: Any, user: User = ADA) -> dict[str, list[bool]]:
    """Group -> whether each row that the user is shown of it is a further one."""
    rows: dict[str, list[bool]] = {}
    for item in all_items(client):
        key = row_of_key(item)
        if key and key.user_uuid == user.user_uuid and not is_hidden(item, NOW):
            rows.setdefault(key.group_uuid, []).append(key.further)
    return rows


class Killed(BaseException):
    """The process ended here."""


@dataclass
class Stepping:
    """A client before and after each of whose calls something happens; pages of a listing are calls too."""

    client: Any
    before: Callable[[int], None] = lambda call: None
    after: Callable[[int], None] = lambda call: None
    calls: int = 0

    @property
    def exceptions(self) -> Any:
        return self.client.exceptions

    def __getattr__(self, operation: str) -> Any:
        def call(**request: Any) -> Any:
            number, self.calls = self.calls, self.calls + 1
            self.before(number)
            answer = getattr(self.client, operation)(**request)
            self.after(number)
            return answer

        return call

    def get_paginator(self, operation: str) -> "_Pages":
        return _Pages(self, operation)


@dataclass(frozen=True)
class _Pages:
    stepping: Stepping
    operation: str

    def paginate(self, **request: Any) -> Iterator[Any]:
        while True:
            answer = getattr(self.stepping, self.operation)(**request)
            yield answer
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


@dataclass
class Batch:
    """A batch of the stream function that has read its groups, and not yet written the rows."""

    client: Any
    newest: dict[str, NewestInBatch]
    groups: dict[str, Group] = field(init=False)

    def __post_init__(self) -> None:
        """Read the groups."""
        self.groups = self._table.groups(self.newest).by_uuid

    def finish(self) -> None:
        """Write the rows, at the places that were read."""
        for row in rows_of(self.newest, self.groups):
            self._table.write(row)

    @property
    def _table(self) -> ProjectionTable:
        return ProjectionTable(self.client, TABLE, workers=1)


def batch(client: Any, messages: Sequence[Message]) -> Batch:
    """Begin a batch of messages, the newest of a group last."""
    return Batch(client, {message.group_uuid: NewestInBatch(message, 0) for message in messages})


@dataclass
class Traffic:
    """Messages that are written, a member who joins, and batches that are begun and finished, at random moments."""

    client: Any
    groups: Sequence[Group]
    chance: random.Random
    most: int = 2  # first rows, for the application
    joined: int = 0
    sent: int = 0
    waiting: list[Message] = field(default_factory=list)
    under_way: list[Batch] = field(default_factory=list)

    def step(self, _call: int = 0) -> None:
        """Do up to three things."""
        things = (self.send, self.begin, self.finish, self.join)
        for thing in self.chance.choices(things, (4, 3, 3, 1), k=self.chance.randrange(4)):
            thing()

    def send(self) -> None:
        """Write a message."""
        self.sent += 1
        message = said(f"news {self.sent}", 100 + self.sent, self.chance.choice(self.groups))
        self.client.put_item(TableName=TABLE, Item=message_item(message))
        self.waiting.append(message)

    def join(self) -> None:
        """Let Eve join the next of the conversations, which changes its members."""
        if self.joined < len(self.groups):
            table = MessageTable(self.client, TABLE, lambda: NOW, conversations_in_table=self.most)
            add_member(table, self.groups[self.joined].group_uuid, ADA.user_uuid, EVE)
            self.joined += 1

    def begin(self) -> None:
        """Begin a batch of all messages that wait."""
        if self.waiting:
            self.under_way.append(batch(self.client, self.waiting))
            self.waiting.clear()

    def finish(self) -> None:
        """Finish one of the batches, not always the oldest."""
        if self.under_way:
            self.under_way.pop(self.chance.randrange(len(self.under_way))).finish()

    def wait(self, seconds: float) -> None:
        """Let a time pass: in a second and more, whatever is under way is finished."""
        while seconds >= 1 and (self.waiting or self.under_way):
            self.begin()
            self.finish()


def wrong_rows(client: Any, now: datetime = NOW) -> set[tuple[str, str]]:
    """(group, user) of which not exactly one row is shown, with the newest message: read without our reader."""
    newest: dict[str, Item] = {}
    shown: dict[tuple[str, str], list[Any]] = {}
    members: list[tuple[str, str]] = []
    for item in all_items(client):
        kind, _, name = item["pk"]["S"].partition("#")
        if kind == "MSG":
            newest[name] = max(newest.get(name, item), item, key=lambda message: message["sk"]["S"])
        elif kind == "META":
            members += [(name, user.user_uuid) for user in group_of(item).members]
        elif (key := row_of_key(item)) and not is_hidden(item, now):
            shown.setdefault((key.group_uuid, key.user_uuid), []).append(item["last_message_uuid"])
    due = {(name, user): [newest[name]["message_uuid"]] for name, user in members if name in newest}
    return {place for place in due.keys() | shown.keys() if due.get(place) != shown.get(place)}
