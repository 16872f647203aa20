"""List the conversations of a user, newest first (Pattern B).

One query reads the first rows, from the table, with their read markers. Where the flag is among them there are further
rows, and one more query reads a page of these from the index. Both are merged by time. So a page takes two queries at
most, and one for most people, who have few conversations. How far further rows were read takes one more.
docs/inbox.md has the costs.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from stream_lambda.items import (
    FIRST_ROWS,
    FURTHER_AT,
    INDEX,
    Conversation,
    Item,
    ItemError,
    RowKey,
    conversation_of,
    group_of_marker,
    is_flag,
    marker_key,
    row_key,
    row_of_key,
    rows_pk,
)
from tableguard.store.batch_get import batch_get
from tableguard.store.cache.reader import ListingReader
from tableguard.store.consumed import ReadCost
from tableguard.store.listing import UNEXPIRED, Listing, ListingPage, check_limit, readable

Position = tuple[str, str]  # the time of the newest message, and the group: what conversations are sorted by
_MARKERS = 640  # read in one query: so many of 100 bytes take eight units, and each by its key half a unit or more
_LAST = "\U0010ffff"  # sorts behind every time and every group
_THE_END = ""


@dataclass(frozen=True)
class ConversationPage(ListingPage[Conversation]):
    """A page of conversations, and whether all of it was strongly consistent.

    `read_until` is how far the user has read, by group, if that was asked for.
    """

    read_until: Mapping[str, str] = field(default_factory=dict)
    consistent: bool = False


@dataclass(frozen=True)
class _Partition:
    """Items of a user's partition by what they are."""

    rows: tuple[Item, ...]
    markers: tuple[Item, ...]
    has_further: bool


@dataclass(frozen=True)
class Inbox:
    """The conversations of one user in a table, as they are at a moment."""

    client: Any  # botocore makes its classes at run time
    table_name: str
    user_uuid: str
    now: datetime
    seconds_old: int = 0  # where the client is a cache's

    def page(self, limit: int, token: str | None, consistent: bool, unread: bool = False) -> ConversationPage:
        """Return a page. A damaged row hides no other: it is among the refusals.

        A conversation that a message moves up while pages are read stands before the pages that follow. Only where
        there are no further rows can a page be strongly consistent: an index never is.
        """
        check_limit(limit)
        cost = ReadCost()
        after = (_LAST, _LAST) if token is None else _position(self._listing.start_key(token))
        partition = _sorted_out(self._query(cost, FIRST_ROWS, consistent))
        further, end = self._further(limit, after, cost) if partition.has_further else ([], _THE_END)
        rows = (*partition.rows, *further)
        # at the end of the index's page and behind it there may be rows of the index that were not read
        within = (row for row in rows if end < _position(row)[0] and _position(row) < after)
        ordered = _without_copies(sorted(within, key=_position, reverse=True))
        damaged = [] if token else [row for row in rows if not _position(row)[0]]
        last = _position(ordered[limit - 1]) if len(ordered) > limit else (end, _LAST)
        token = None if last[0] == _THE_END else self._token(last)
        shown = [*ordered[:limit], *damaged]
        markers = (*partition.markers, *self._markers_of_further(shown, cost)) if unread else ()
        return _page(shown, markers, cost, token, consistent and not partition.has_further)

    def all(self, unread: bool = False) -> ConversationPage:
        """Return all conversations, read strongly consistently from the table."""
        cost = ReadCost()
        partition = _sorted_out(self._query(cost, None, consistent=True))
        rows = _without_copies(sorted(partition.rows, key=_position, reverse=True))
        return _page(rows, partition.markers if unread else (), cost, None, consistent=True)

    @property
    def _reader(self) -> ListingReader:
        return ListingReader(self.client, self.seconds_old)

    @property
    def _listing(self) -> Listing:
        return Listing(self.table_name, INDEX, rows_pk(self.user_uuid), (FURTHER_AT, "sk"))

    def _token(self, position: Position) -> str | None:
        at, group_uuid = position
        key = row_key(RowKey(self.user_uuid, group_uuid, further=True))
        return self._listing.token(key | {FURTHER_AT: {"S": at}})

    def _query(self, cost: ReadCost, first: str | None, consistent: bool) -> Iterator[Item]:
        """Yield the items of the user's partition, those before `first` left out."""
        request = {
            "TableName": self.table_name,
            "KeyConditionExpression": "pk = :pk" + (" AND sk >= :first" if first else ""),
            "FilterExpression": UNEXPIRED,
            "ExpressionAttributeValues": self._values() | ({":first": {"S": first}} if first else {}),
            "ConsistentRead": consistent,
            "ReturnConsumedCapacity": "TOTAL",
        }
        for page in self._reader.pages(request):
            cost.add(page.get("ConsumedCapacity"))
            yield from self._reader.unexpired(page["Items"], self.now)

    def _further(self, limit: int, after: Position, cost: ReadCost) -> tuple[list[Item], str]:
        """Return further rows of a time and before, and the time down to which these are all; one query is enough.

        The row that a token names comes once more, and the last one only says how far the answer reaches.

        An index does not say in which order rows of the same time come. Only where more than a page have the time
        that is begun with, another query reads on to the next.
        """
        newest, group_uuid = after
        request: dict[str, Any] = {
            "TableName": self.table_name,
            "IndexName": INDEX,
            "KeyConditionExpression": f"pk = :pk AND {FURTHER_AT} <= :newest",
            "FilterExpression": UNEXPIRED,
            "ExpressionAttributeValues": self._values() | {":newest": {"S": newest}},
            "ScanIndexForward": False,
            "Limit": limit + (1 if group_uuid == _LAST else 2),
            "ReturnConsumedCapacity": "TOTAL",
        }
        rows: list[Item] = []
        while True:
            answer = self.client.query(**request)
            cost.add(answer.get("ConsumedCapacity"))
            rows += self._reader.unexpired(answer["Items"], self.now)
            last = answer.get("LastEvaluatedKey")
            if last is None:
                return rows, _THE_END
            if _position(last)[0] < newest:
                return rows, _position(last)[0]
            request["ExclusiveStartKey"] = last

    def _values(self) -> Item:
        return {":pk": {"S": rows_pk(self.user_uuid)}, ":now": self._reader.moment(self.now)}

    def _markers_of_further(self, rows: Iterable[Item], cost: ReadCost) -> Iterator[Item]:
        """Yield the markers of the further rows among these: from the first to the last, and what is left by key."""
        keys = (key for row in rows if (key := row_of_key(row)) is not None and key.further)
        wanted = sorted(map(marker_key, keys), key=_sort_key)
        if not wanted:
            return
        answer = self.client.query(
            TableName=self.table_name,
            KeyConditionExpression="pk = :pk AND sk BETWEEN :first AND :last",
            ExpressionAttributeValues={
                ":pk": wanted[0]["pk"],
                ":first": wanted[0]["sk"],
                ":last": wanted[-1]["sk"],
            },
            Limit=_MARKERS,
            ReturnConsumedCapacity="TOTAL",
        )
        cost.add(answer.get("ConsumedCapacity"))
        yield from answer["Items"]
        end = answer.get("LastEvaluatedKey")
        left = [key for key in wanted if end and _sort_key(key) > _sort_key(end)]
        yield from batch_get(self.client, self.table_name, left, cost)


def _page(
    rows: Iterable[Item], markers: Iterable[Item], cost: ReadCost, token: str | None, consistent: bool
) -> ConversationPage:
    entries, refusals = readable(conversation_of, rows)
    read, unreadable = readable(_last_read_at, markers)
    reasons = refusals + unreadable
    # one at either place, of before and after the row was moved: the later one counts
    return ConversationPage(
        entries, token, cost.units, reasons, len(reasons), read_until=dict(sorted(read)), consistent=consistent
    )


def _sort_key(item: Item) -> bytes:
    """Return what DynamoDB sorts a partition by."""
    return str(item["sk"]["S"]).encode()


def _sorted_out(partition: Iterable[Item]) -> _Partition:
    items = tuple(partition)
    rows = tuple(item for item in items if row_of_key(item) is not None)
    markers = tuple(item for item in items if group_of_marker(item) is not None)
    return _Partition(rows, markers, any(map(is_flag, items)))


def _position(row: Item) -> Position:
    """Return the place of a row, or of a key of the index, in a listing; the time of a damaged one may be empty."""
    key = row_of_key(row)
    at = row.get("last_message_at", row.get(FURTHER_AT, {})).get("S", "")
    return at, key.group_uuid if key else ""


def _without_copies(rows: Iterable[Item]) -> list[Item]:
    """Leave out all but the newest row of each group: while a table is migrated there may be one at both places."""
    newest: dict[str, Item] = {}
    for row in rows:
        newest.setdefault(_position(row)[1], row)
    return list(newest.values())


def _last_read_at(marker: Item) -> tuple[str, str]:
    group_uuid, value = group_of_marker(marker), marker.get("last_read_at", {}).get("S")
    if group_uuid is None or not isinstance(value, str):
        raise ItemError("last_read_at: absent or not of type S")
    return group_uuid, value
