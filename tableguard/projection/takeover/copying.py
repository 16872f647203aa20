"""Copy messages into our table: each once, under its own uuid, and never over anything that is there."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Any

from stream_lambda import items
from stream_lambda.batch_get import KEYS_PER_CALL, chunks
from stream_lambda.items import Item, ItemError, Message
from stream_lambda.records import CLOCK_SKEW
from tableguard.errors import TableError
from tableguard.projection.views import Reader
from tableguard.store.batch_get import batch_get
from tableguard.store.encryption import Cipher

_INSTANTS = 100  # at as many microseconds, as for two messages of one instant in `store/messages.py`


class Standing(Enum):
    """How a message of theirs stands in our table."""

    MISSING = "not there yet"
    COPIED = "copied"
    SAME = "there"
    EDITED = "there, and edited or deleted since"
    DIFFERENT = "there with another text or author"
    FUTURE = "of the future, so that it would hide all that follow: is --zone the zone of its writer?"


@dataclass(frozen=True)
class Standings:
    """A message at the time that it has in our table, how it stands there, and the write units that it took."""

    message: Message
    standing: Standing
    write_units: float = 0.0


@dataclass(frozen=True)
class Copier:
    """Looks for messages in our table, and writes those that are not there."""

    reader: Reader
    cipher: Cipher | None = None

    def look(self, messages: Sequence[Message]) -> Iterator[Standings]:
        """Yield how each message stands; one whose instant another message has is looked for a microsecond later."""
        now = self.reader.clock()
        for _ in range(_INSTANTS):
            occupied: list[Message] = []
            for chunk in chunks(messages, KEYS_PER_CALL):
                stored = self._stored(chunk)
                for message in chunk:
                    item = stored.get(_key(message))
                    if item is not None and not _is_same(item, message):
                        occupied.append(later(message))
                    else:
                        yield Standings(message, self._standing(message, item, now))
            messages = occupied
            if not messages:
                return
        raise TableError(f"group {messages[0].group_uuid}: {_INSTANTS} messages at the same instant")

    def copy(self, missing: Iterable[Message]) -> Iterator[Standings]:
        """Write messages that are not there, several at once."""
        with ThreadPoolExecutor(self.reader.workers) as pool:
            yield from pool.map(self._put, missing)

    def _stored(self, messages: Sequence[Message]) -> dict[tuple[str, str], Item]:
        keys = [items.message_key(*key) for key in sorted(set(map(_key, messages)))]
        stored = batch_get(self.reader.client, self.reader.table_name, keys, self.reader.cost)
        return {(item["pk"]["S"].removeprefix(items.MESSAGE_PREFIX), item["sk"]["S"]): item for item in stored}

    def _standing(self, message: Message, item: Item | None, now: datetime) -> Standing:
        if item is None:
            late = message.created_at > items.timestamp(now + CLOCK_SKEW)
            return Standing.FUTURE if late else Standing.MISSING
        try:
            ours = items.message_of(item)
        except ItemError:
            return Standing.DIFFERENT
        if ours.deleted:  # perhaps with its author, who was erased
            return Standing.EDITED
        if ours.author.user_uuid != message.author.user_uuid:
            return Standing.DIFFERENT
        if ours.edited_at:
            return Standing.EDITED
        # ciphertext to which there is no key here cannot be compared
        unopened = isinstance(ours.text, bytes) and self.cipher is None
        return Standing.SAME if unopened or self.opened(ours).text == message.text else Standing.DIFFERENT

    def opened(self, ours: Message) -> Message:
        """Return a message of ours with its text decrypted, where there is a cipher and it fits."""
        if isinstance(ours.text, str) or self.cipher is None:
            return ours
        (opened,) = self.cipher.open_messages([ours]).items
        return opened

    def _put(self, message: Message) -> Standings:
        for _ in range(_INSTANTS):
            sealed = self.cipher.seal(message) if self.cipher else message
            try:
                answer = self.reader.client.put_item(
                    TableName=self.reader.table_name,
                    Item=items.message_item(sealed),
                    ConditionExpression="attribute_not_exists(pk)",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    ReturnConsumedCapacity="TOTAL",
                )
            except self.reader.client.exceptions.ConditionalCheckFailedException as error:
                # the answer was lost and botocore asked again, or another run was first
                if _is_same(error.response.get("Item", {}), message):
                    return Standings(message, Standing.SAME)
                message = later(message)
            else:
                return Standings(message, Standing.COPIED, _units(answer))
        raise TableError(f"group {message.group_uuid}: {_INSTANTS} messages at the same instant")


def later(message: Message) -> Message:
    """Return the message a microsecond later."""
    return replace(message, created_at=items.microsecond_later(message.created_at))


def _key(message: Message) -> tuple[str, str]:
    return message.group_uuid, message.created_at


def _is_same(item: Item, message: Message) -> bool:
    return item.get("message_uuid") == {"S": message.message_uuid}


def _units(answer: Any) -> float:
    return float((answer.get("ConsumedCapacity") or {}).get("CapacityUnits", 0.0))
