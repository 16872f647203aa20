"""Read all of the bootcamp's table: its messages and rows, and whatever else is in it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any

from stream_lambda.items import Item, ItemError, Message
from tableguard.errors import TableError
from tableguard.projection.scan import UnknownItems
from tableguard.store.bootcamp import layout
from tableguard.store.bootcamp.layout import GroupRow
from tableguard.store.consumed import ReadCost

_KEY = ["pk", "sk"]


@dataclass
class SourcePage:
    """One page of the table: messages with their items, rows, and what cannot be understood, with the reason."""

    messages: list[Message] = field(default_factory=list)
    rows: list[GroupRow] = field(default_factory=list)
    malformed: list[str] = field(default_factory=list)
    unknown: list[Item] = field(default_factory=list)


@dataclass(frozen=True)
class Source:
    """The bootcamp's table, and the zone of the clock that wrote times without an offset."""

    client: Any  # botocore makes its classes at run time
    table_name: str
    zone: tzinfo
    observe: Callable[[Iterable[SourcePage]], Iterable[SourcePage]] = iter
    cost: ReadCost = field(default_factory=ReadCost)

    def check(self) -> None:
        """Raise TableError if the table is not there or has other keys."""
        try:
            table = self.client.describe_table(TableName=self.table_name)["Table"]
        except self.client.exceptions.ResourceNotFoundException as error:
            raise TableError(
                f"no table {self.table_name} at {self.client.meta.endpoint_url}; correct --from"
            ) from error
        keys = [key["AttributeName"] for key in table["KeySchema"]]
        if keys != _KEY:
            raise TableError(f"table {self.table_name}: its key is {', '.join(keys)}; the bootcamp's is pk, sk")

    def pages(self) -> Iterable[SourcePage]:
        """Read the table strongly consistently: what was written before a page was read is in it."""
        return self.observe(self._pages())

    def _pages(self) -> Iterator[SourcePage]:
        pages = self.client.get_paginator("scan").paginate(
            TableName=self.table_name, ConsistentRead=True, ReturnConsumedCapacity="TOTAL"
        )
        for answer in pages:
            self.cost.add(answer.get("ConsumedCapacity"))
            page = SourcePage()
            for item in answer["Items"]:
                self._sort_in(page, item)
            yield page

    def _sort_in(self, page: SourcePage, item: Item) -> None:
        try:
            if layout.is_message(item):
                page.messages.append(layout.message_of(item, self.zone))
            elif layout.is_row(item):
                page.rows.append(layout.row_of(item))
            else:
                page.unknown.append(item)
        except ItemError as error:
            page.malformed.append(f"{item['pk']['S']} / {item['sk']['S']}: {error}")


@dataclass
class Evidence:
    """What rows and messages say of a group: whom its rows name, who writes, and how many messages there are."""

    named: set[str] = field(default_factory=set)
    authors: set[str] = field(default_factory=set)
    messages: int = 0


@dataclass
class SourceContents:
    """All groups, and the newest names of everybody: some 1 KB a group."""

    groups: dict[str, Evidence] = field(default_factory=dict)
    names: dict[str, tuple[str, str, str]] = field(default_factory=dict)  # user -> time, display name, handle
    rows: int = 0
    messages: int = 0
    malformed: list[str] = field(default_factory=list)
    unknown: UnknownItems = field(default_factory=UnknownItems)

    def add(self, page: SourcePage) -> None:
        """Count what a page has."""
        for row in page.rows:
            self._group(row.group_uuid).named.update((row.owner_uuid, row.other.user_uuid))
            self._name(row.at, row.other.user_uuid, row.other.display_name, row.other.handle)
        for message in page.messages:
            group, author = self._group(message.group_uuid), message.author
            group.authors.add(author.user_uuid)
            group.messages += 1
            self._name(message.created_at, author.user_uuid, author.display_name, author.handle)
        self.rows += len(page.rows)
        self.messages += len(page.messages)
        self.malformed += page.malformed
        self.unknown.add(page.unknown)

    def _group(self, group_uuid: str) -> Evidence:
        return self.groups.setdefault(group_uuid, Evidence())

    def _name(self, at: str, user_uuid: str, display_name: str, handle: str) -> None:
        self.names[user_uuid] = max(self.names.get(user_uuid, ("", "", "")), (at, display_name, handle))


def count(source: Source) -> SourceContents:
    """Read the whole table once."""
    contents = SourceContents()
    for page in source.pages():
        contents.add(page)
    return contents
