"""The access patterns of an application: list messages (A), list conversations (B), create messages (C).

Pattern D, which keeps the conversation rows, is the stream function's; its keys and items are used here.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from stream_lambda import items
from stream_lambda.decide import conversation
from stream_lambda.items import Group, Item, Message, User
from stream_lambda.table import ProjectionTable
from tableguard.aws.item_size import item_size
from tableguard.errors import MessageError
from tableguard.store.cache.reader import ListingReader
from tableguard.store.consumed import ReadCost
from tableguard.store.encryption import Cipher, Decryption
from tableguard.store.inbox import ConversationPage, Inbox
from tableguard.store.listing import UNEXPIRED, Listing, ListingPage, check_limit, parse, readable
from tableguard.store.newest_message import newest_message
from tableguard.store.places import CONVERSATIONS_IN_TABLE, Places

Page = TypeVar("Page", bound=ListingPage[Any])

MEMBERS = 50  # a message costs a write unit a member, or three, and a transaction takes 100 items
ITEM_BYTES = 400 * 1024  # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
ATTEMPTS = 100  # at as many microseconds, or for as many transactions that conflict

# Two people have one conversation, whoever begins it and however often: its name follows from theirs.
_PAIRS = uuid.uuid5(uuid.NAMESPACE_URL, "urn:tableguard:pair")
_EXISTS, _CONFLICT = "ConditionalCheckFailed", "TransactionConflict"  # reasons for which a transaction is cancelled


@dataclass(frozen=True)
class PostResult:
    """The message that was written, whether it created its conversation, and the capacity units it took."""

    message: Message
    created: bool
    read_units: float
    write_units: float


def pair_group_uuid(one: str, other: str) -> str:
    """Return the uuid of the group of two people, the same whoever begins it."""
    return str(uuid.uuid5(_PAIRS, "\n".join(sorted((one, other)))))


@dataclass(frozen=True)
class MessageTable:
    """The table, a boto3 client for it, the clock, a source of uuids, and the cipher if texts are encrypted.

    Without a cipher an encrypted text is read as bytes. So many conversations of a user are listed from the table, the
    further ones from the index.

    With a cache, messages and conversations are listed through it, unless strongly consistently; each page says how old
    it may be. Whether the reader is a member, and all that is written, is always asked of the table: writes do not pass
    through the cache, so what was edited, deleted or erased may be listed for as long as the cache keeps an answer.
    """

    client: Any  # botocore makes its classes at run time
    name: str
    clock: Callable[[], datetime]
    new_uuid: Callable[[], str] = lambda: str(uuid.uuid4())
    cipher: Cipher | None = None
    conversations_in_table: int = CONVERSATIONS_IN_TABLE
    cache: ListingReader | None = None

    def group(self, group_uuid: str) -> Group | None:
        """Read a group and its members; None if there is no such group."""
        _check_name("group", group_uuid)
        item, _ = self._get(items.group_key(group_uuid))
        return None if item is None else parse(items.group_of, item)

    def messages(
        self, group_uuid: str, reader_uuid: str, limit: int = 20, token: str | None = None, consistent: bool = False
    ) -> ListingPage[Message]:
        """Return a page of a group's messages for one of its members, newest first (Pattern A)."""
        _, read_units = self.member(group_uuid, reader_uuid)
        page = self._page(group_uuid, limit, token, consistent)
        if page.damaged:
            raise MessageError(page.refusals[0])
        page = replace(page, read_units=page.read_units + read_units)
        return page if self.cipher is None else _with_texts(page, self.cipher.open_messages(page.items))

    def conversations(
        self,
        user_uuid: str,
        limit: int = 20,
        token: str | None = None,
        consistent: bool = False,
        unread: bool = False,
    ) -> ConversationPage:
        """Return a page of a user's conversations, newest first (Pattern B).

        `consistent` reads them strongly consistently; the page says whether it was so, which it is not where the user
        has further rows. `unread` asks how far the user has read, at the price of one more query where further rows
        are shown. A damaged row hides no other: it is among the refusals.
        """
        reader = self._reader(consistent)
        page = self._inbox(user_uuid, reader).page(limit, token, consistent, unread)
        return self._open_rows(replace(page, seconds_old=reader.seconds_old))

    def all_conversations(self, user_uuid: str, unread: bool = False) -> ConversationPage:
        """Return all conversations of a user, newest first, read strongly consistently from the table.

        `unread` asks how far the user has read, which costs nothing more here.
        """
        return self._open_rows(self._inbox(user_uuid, self._reader(consistent=True)).all(unread))

    def _reader(self, consistent: bool) -> ListingReader:
        """Return the cache, if there is one and it may answer; else the table."""
        return ListingReader(self.client) if consistent or self.cache is None else self.cache

    def _inbox(self, user_uuid: str, reader: ListingReader) -> Inbox:
        name = _check_name("user", user_uuid)
        return Inbox(reader.client, self.name, name, self.clock(), reader.seconds_old)

    def places(self) -> Places:
        """Return what decides the places of new rows now."""
        return Places(self.client, self.name, self.conversations_in_table, self.clock())

    def create_conversation(
        self, sender: User, others: Sequence[User], text: str, expires_at: int | None = None
    ) -> PostResult:
        """Create a group with its rows and first message, in one transaction (Pattern C).

        To a pair that has a conversation the message is posted instead.
        """
        group = self._new_group((sender, *others))
        message = self._new_message(group.group_uuid, sender, text, expires_at)
        places = self.places()
        group = replace(group, further=places.further(member.user_uuid for member in group.members))
        sealed = self._seal(message)
        rows = [items.conversation_item(conversation(sealed, member, group)) for member in group.members]
        writes = [items.group_item(group), *rows, items.message_item(sealed)]
        for _ in range(ATTEMPTS):
            try:
                answer = self.client.transact_write_items(
                    TransactItems=[{"Put": self._new_item(item)} for item in writes], ReturnConsumedCapacity="TOTAL"
                )
            except self.client.exceptions.TransactionCanceledException as error:
                reasons = [reason["Code"] for reason in error.response["CancellationReasons"]]
                if reasons[0] == _EXISTS:
                    return self.post(group.group_uuid, sender.user_uuid, text, expires_at)
                if _EXISTS in reasons:
                    raise MessageError(f"group {group.group_uuid}: rows or messages of it exist without it") from error
                if _CONFLICT not in reasons:
                    raise
            else:
                write_units = places.write_units + sum(map(_units, answer.get("ConsumedCapacity", [])))
                return PostResult(message, True, places.cost.units, write_units)
        raise MessageError(f"group {group.group_uuid}: {ATTEMPTS} transactions in conflict; try again")

    def post(self, group_uuid: str, sender_uuid: str, text: str, expires_at: int | None = None) -> PostResult:
        """Write a message of a member to an existing group (Pattern C)."""
        author, read_units = self.member(group_uuid, sender_uuid)
        message = self._new_message(group_uuid, author, text, expires_at)
        for _ in range(ATTEMPTS):
            try:
                answer = self.client.put_item(
                    **self._new_item(items.message_item(self._seal(message))),
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    ReturnConsumedCapacity="TOTAL",
                )
            except self.client.exceptions.ConditionalCheckFailedException as error:
                # botocore repeats a call whose answer was lost: then the message in the way is this one
                if error.response.get("Item", {}).get("message_uuid") == {"S": message.message_uuid}:
                    return PostResult(message, False, read_units, 0.0)
                message = replace(message, created_at=items.microsecond_later(message.created_at))
            else:
                return PostResult(message, False, read_units, _units(answer.get("ConsumedCapacity")))
        raise MessageError(f"group {group_uuid}: {ATTEMPTS} messages at the same instant; try again")

    def edit(self, group_uuid: str, created_at: str, editor_uuid: str, text: str) -> PostResult:
        """Replace the text of the editor's own message; a deleted one stays deleted."""
        return self._replace(group_uuid, created_at, editor_uuid, _check_text(text), deleted=False)

    def delete(self, group_uuid: str, created_at: str, editor_uuid: str) -> PostResult:
        """Empty the editor's own message; the empty message stays, so that no list goes back in time."""
        return self._replace(group_uuid, created_at, editor_uuid, "", deleted=True)

    def refresh(self, group_uuid: str) -> int:
        """Write the rows as Pattern D would, where no stream function runs. Return how many were behind."""
        group, _ = self.existing_group(group_uuid)
        newest = newest_message(self.client, self.name, group_uuid, self.clock(), ReadCost()).message
        rows = [conversation(newest, member, group) for member in group.members] if newest else []
        table = ProjectionTable(self.client, self.name, workers=1)
        return [table.write(row) for row in rows].count("written")

    def _replace(self, group_uuid: str, created_at: str, editor_uuid: str, text: str, deleted: bool) -> PostResult:
        stored, read_units = self._own_message(group_uuid, created_at, editor_uuid)
        old = parse(items.message_of, stored)
        edited_at = items.timestamp(self.clock())
        if old.edited_at >= edited_at:  # two edits within a tick of the clock
            edited_at = items.microsecond_later(old.edited_at)
        new = replace(old, text=text, preview=None, edited_at=edited_at, deleted=deleted)
        changed = items.message_item(self._seal(new))
        _check_size(stored | changed)
        write_units = self._update_message(group_uuid, created_at, changed)
        return PostResult(new, False, read_units, write_units)

    def _own_message(self, group_uuid: str, created_at: str, editor_uuid: str) -> tuple[Item, float]:
        """Read the item of a message that the editor wrote, and return the read units too; MessageError otherwise."""
        _, member_units = self.member(group_uuid, editor_uuid)
        stored, read_units = self._get(items.message_key(group_uuid, created_at))
        if stored is None:
            raise MessageError(f"group {group_uuid!r}: no message at {created_at!r}")
        if parse(items.message_of, stored).author.user_uuid != editor_uuid:
            raise MessageError(f"group {group_uuid}: the message at {created_at} was not written by {editor_uuid!r}")
        return stored, member_units + read_units

    def _update_message(self, group_uuid: str, created_at: str, changed: Item) -> float:
        """Write a message's new text if it is neither deleted nor edited since, and return the write units."""
        preview = {":preview": changed["preview"]} if "preview" in changed else {}
        try:
            answer = self.client.update_item(
                TableName=self.name,
                Key=items.message_key(group_uuid, created_at),
                UpdateExpression="SET message = :text, edited_at = :now, deleted = :deleted"
                + (", preview = :preview" if preview else " REMOVE preview"),
                ConditionExpression=(
                    "attribute_exists(pk) AND (attribute_not_exists(edited_at) OR edited_at < :now) "
                    "AND (attribute_not_exists(deleted) OR deleted = :no)"
                ),
                ExpressionAttributeValues={
                    **preview,
                    ":text": changed["message"],
                    ":now": changed["edited_at"],
                    ":deleted": changed.get("deleted", {"BOOL": False}),
                    ":no": {"BOOL": False},
                },
                ReturnConsumedCapacity="TOTAL",
            )
        except self.client.exceptions.ConditionalCheckFailedException as error:
            raise MessageError(
                f"group {group_uuid}: the message at {created_at} is deleted, or edited since"
            ) from error
        return _units(answer.get("ConsumedCapacity"))

    def _new_group(self, members: tuple[User, ...]) -> Group:
        uuids = [check_user(user).user_uuid for user in members]
        twice = sorted({user_uuid for user_uuid in uuids if uuids.count(user_uuid) > 1})
        if twice:
            raise MessageError(f"user {twice[0]!r} is named twice among the members")
        if not 2 <= len(uuids) <= MEMBERS:
            raise MessageError(f"{len(uuids)} members: a conversation has from 2 to {MEMBERS}")
        return Group(pair_group_uuid(*uuids) if len(uuids) == 2 else self.new_uuid(), members)

    def _new_message(self, group_uuid: str, author: User, text: str, expires_at: int | None) -> Message:
        now = self.clock()
        if expires_at is not None and expires_at <= now.timestamp():
            raise MessageError(f"expires_at {expires_at}: is in the past")
        message = Message(
            group_uuid, items.timestamp(now), self.new_uuid(), author, _check_text(text), expires_at=expires_at
        )
        _check_size(items.message_item(message))
        return message

    def _seal(self, message: Message) -> Message:
        if self.cipher is None:
            return message
        sealed = self.cipher.seal(message)
        _check_size(items.message_item(sealed))
        return sealed

    def _open_rows(self, page: ConversationPage) -> ConversationPage:
        return page if self.cipher is None else _with_texts(page, self.cipher.open_rows(page.items))

    def _new_item(self, item: Item) -> dict[str, Any]:
        return {"TableName": self.name, "Item": item, "ConditionExpression": "attribute_not_exists(pk)"}

    def _get(self, key: Item) -> tuple[Item | None, float]:
        answer = self.client.get_item(TableName=self.name, Key=key, ConsistentRead=True, ReturnConsumedCapacity="TOTAL")
        return answer.get("Item"), _units(answer.get("ConsumedCapacity"))

    def existing_group(self, group_uuid: str) -> tuple[Group, float]:
        """Read a group and its members, and return the read units too; MessageError if there is no such group."""
        _check_name("group", group_uuid)
        item, read_units = self._get(items.group_key(group_uuid))
        if item is None:
            raise MessageError(f"table {self.name}: no group {group_uuid!r}")
        return parse(items.group_of, item), read_units

    def member(self, group_uuid: str, user_uuid: str) -> tuple[User, float]:
        """Read the user from the group's members, and return the read units too; MessageError if not a member.

        The group is read because a row can expire and membership does not.
        """
        group, read_units = self.existing_group(group_uuid)
        return member_of(group, user_uuid), read_units

    def _page(self, group_uuid: str, limit: int, token: str | None, consistent: bool) -> ListingPage[Message]:
        check_limit(limit)
        listing = Listing(self.name, None, items.messages_pk(group_uuid), ("sk",))
        reader, now = self._reader(consistent), self.clock()
        answer = reader.client.query(
            TableName=self.name,
            KeyConditionExpression="pk = :pk",
            FilterExpression=UNEXPIRED,
            ExpressionAttributeValues={":pk": {"S": listing.pk}, ":now": reader.moment(now)},
            ScanIndexForward=False,
            Limit=limit,
            ConsistentRead=consistent,
            ReturnConsumedCapacity="TOTAL",
            **({"ExclusiveStartKey": listing.start_key(token)} if token is not None else {}),
        )
        entries, refusals = readable(items.message_of, reader.unexpired(answer["Items"], now))
        token, units = listing.token(answer.get("LastEvaluatedKey")), _units(answer.get("ConsumedCapacity"))
        return ListingPage(entries, token, units, refusals, len(refusals), reader.seconds_old)


def _with_texts(page: Page, opened: Decryption[Any]) -> Page:
    return replace(page, items=opened.items, refusals=page.refusals + opened.refusals)


def _units(consumed: Mapping[str, Any] | None) -> float:
    return float(consumed["CapacityUnits"]) if consumed else 0.0


def _check_size(item: Item) -> None:
    size = item_size(item)
    if size > ITEM_BYTES:
        raise MessageError(f"item of {size} bytes: DynamoDB takes at most {ITEM_BYTES}; shorten the text")


def _check_text(text: str) -> str:
    if not text.strip():
        raise MessageError("a message needs a text")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise MessageError(f"the text is not valid Unicode at character {error.start + 1}") from error
    return text


def _check_name(what: str, name: str) -> str:
    if what == "group" and name and not items.is_group_name(name):
        raise MessageError(f"group {name[:40]!r}: begins like what is no name of a group; it is a uuid")
    if not name or not name.isprintable() or len(name.encode()) > items.GROUP_BYTES:
        raise MessageError(f"{what} {name[:40]!r}: from 1 to {items.GROUP_BYTES} bytes of printable characters")
    return name


def member_of(group: Group, user_uuid: str) -> User:
    """Return the member with this uuid; MessageError if there is none."""
    for user in group.members:
        if user.user_uuid == user_uuid:
            return user
    raise MessageError(f"user {user_uuid!r} is not a member of group {group.group_uuid}")


def check_user(user: User) -> User:
    """Return the user; MessageError if a name cannot be stored or shown."""
    _check_name("user", user.user_uuid)
    _check_name("display name", user.display_name)
    _check_name("handle", user.handle)
    return user
