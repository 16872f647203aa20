"""What is wrong with a table, with a change of it, with its listings, and with those that were read meanwhile."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from stream_lambda.items import (
    FURTHER_AT,
    Group,
    Item,
    Message,
    RowKey,
    flag_key,
    group_of,
    group_of_key,
    is_message_pk,
    message_of,
    row_of_key,
)
from tableguard.store import inbox
from tableguard.store.rows import is_hidden
from tests.explorer.model_table import Items, key_of
from tests.explorer.people.acts import PAGES
from tests.explorer.people.client import TableClient
from tests.explorer.people.requests import query
from tests.explorer.people.scene import Listed
from tests.worlds.messages import NOW, TABLE

LATER = NOW + timedelta(hours=1)
Owner = tuple[str, str]  # user, group


class Finished(TableClient):
    """A client for a table that nobody changes any more."""

    def __init__(self, rows: Items) -> None:
        super().__init__({})
        self._rows = rows

    def query(self, **request: Any) -> Any:
        """Answer at once."""
        return self.answer(query(request, self._rows, self._rows).value)


class PeoplesJudge:
    """What people may rely on."""

    def always(self, rows: Items) -> set[str]:
        """What no state may show."""
        wrong = set()
        visible = _visible(rows)
        if any(key.further and key_of(flag_key(key.user_uuid)) not in rows for key in visible):
            wrong.add("a further row is invisible")
        if any(count > 1 for count in Counter((key.user_uuid, key.group_uuid) for key in visible).values()):
            wrong.add("a conversation has two rows")
        return wrong

    def between(self, before: Items, after: Items) -> set[str]:
        """What no single step may do to members who are members before and after."""
        members = set(_members(before)) & set(_members(after))
        earlier, later = _times(before), _times(after)
        wrong = set()
        if any(owner in earlier and owner not in later for owner in members):
            wrong.add("a conversation vanishes")
        if any(later[owner] < earlier[owner] for owner in members & earlier.keys() & later.keys()):
            wrong.add("a row goes back to an older message")
        return wrong

    def at_rest(self, rows: Items) -> set[str]:
        """What may not be once everything is delivered and nobody does anything."""
        return {*_of_rows(rows), *_of_listings(rows)}

    def told(self, listed: Listed, still: frozenset[str]) -> str:
        """What is wrong with a listing that was read meanwhile; nothing happens to some conversations."""
        counts = Counter(row.group_uuid for page in listed for row in page.items)
        if any(counts[group_uuid] > 1 for group_uuid in counts):
            return "a conversation is listed twice"
        if any(not counts[group_uuid] for group_uuid in still):
            return "a conversation that does not move is not listed"
        times = [row.last_message_at for page in listed for row in page.items]
        return "" if times == sorted(times, reverse=True) else "a listing is out of order"


def _of_rows(rows: Items) -> Iterator[str]:
    visible = _visible(rows)
    newest = _newest(rows)
    for group in _groups(rows):
        if group.group_uuid not in newest:
            continue
        for member in group.members:
            right = RowKey(member.user_uuid, group.group_uuid, member.user_uuid in group.further)
            if right not in visible:
                yield "a member has no row at the place that the group says"
            elif _stamp(visible[right]) != newest[group.group_uuid].stamp:
                yield "an older message is shown for ever"
            if right._replace(further=not right.further) in visible:
                yield "a conversation has two rows for ever"
    for key, row in visible.items():
        if row.get(FURTHER_AT) != (row["last_message_at"] if key.further else None):
            yield "the index has a row at another time, or one that is a first row"


def _of_listings(rows: Items) -> Iterator[str]:
    """Pages of any size show what `all` shows: each of the user's conversations once, newest first."""
    for user_uuid in sorted({key.user_uuid for key in _visible(rows)}):
        whole = inbox.Inbox(Finished(rows), TABLE, user_uuid, LATER)
        wanted = sorted(_times(rows, user_uuid).values(), reverse=True)
        for limit in (1, 2, 3):
            pages = [whole.page(limit, None, consistent=False)]
            while pages[-1].token and len(pages) < PAGES:
                pages.append(whole.page(limit, pages[-1].token, consistent=False))
            listed = [row for page in pages for row in page.items]
            if [(row.last_message_at, row.last_message_version) for row in listed] != wanted:
                yield "pages do not show all conversations, newest first"
            if len({row.group_uuid for row in listed}) < len(listed):
                yield "pages show a conversation twice"
        if [(row.last_message_at, row.last_message_version) for row in whole.all().items] != wanted:
            yield "not all conversations are shown"


def _visible(rows: Items) -> dict[RowKey, Item]:
    keyed = ((row_of_key(item), item) for item in rows.values())
    return {key: item for key, item in keyed if key and not is_hidden(item, LATER)}


def _times(rows: Items, user_uuid: str = "") -> dict[Owner, tuple[str, str]]:
    return {
        (key.user_uuid, key.group_uuid): _stamp(item)
        for key, item in _visible(rows).items()
        if key.user_uuid == user_uuid or not user_uuid
    }


def _stamp(row: Item) -> tuple[str, str]:
    return row["last_message_at"]["S"], row["last_message_version"]["S"]


def _groups(rows: Items) -> list[Group]:
    return [group_of(item) for item in rows.values() if group_of_key(item) is not None]


def _members(rows: Items) -> Iterator[Owner]:
    for group in _groups(rows):
        yield from ((member.user_uuid, group.group_uuid) for member in group.members)


def _newest(rows: Items) -> dict[str, Message]:
    messages = [message_of(item) for item in rows.values() if is_message_pk(item["pk"]["S"])]
    return {message.group_uuid: message for message in sorted(messages, key=lambda message: message.stamp)}
