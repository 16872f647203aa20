"""The records of a failed batch: which messages they name, and whether the table says the same of them.

A batch is a file, and whoever can write that file could have forged it. So of a record only the key counts, and what
the file says of the message is compared with the table, never written.
"""

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from stream_lambda.items import (
    GROUP_BYTES,
    Item,
    ItemError,
    Message,
    is_message_pk,
    message_item,
    message_key,
    messages_pk,
)
from stream_lambda.records import sequence_number
from tableguard.store.newest_message import usable
from tableguard.store.rows import is_hidden

_CHANGES = ("INSERT", "MODIFY")  # a removal leaves nothing to show
_SORT_KEY_BYTES = 1024  # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
_NUMBER_DIGITS = 40  # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_StreamRecord.html
# what a conversation row takes from a message; its times of expiry may change without an edit
_SHOWN = ("message", "preview", "message_uuid", "user_uuid", "edited_at", "deleted")
_FIXED = ("message_uuid", "user_uuid")  # an edit changes neither


@dataclass(frozen=True)
class NamedMessage:
    """The message that a record names by its key, and what the file says of it."""

    record: str  # its sequence number, or its place in the batch
    group_uuid: str
    created_at: str
    image: Mapping[str, Any] = field(repr=False)

    @property
    def key(self) -> Item:
        """Return the message's key in the table."""
        return message_key(self.group_uuid, self.created_at)


class ImageComparison(Enum):
    """A comparison of the file with the table."""

    SAME = "the table says the same"
    EDITED = "the message was edited or deleted since"
    DIFFERENT = "the table says something else"
    GONE = "the message is not there, or has expired"


def named_messages(records: Iterable[object]) -> tuple[list[NamedMessage], list[str]]:
    """Return the messages that records announce, and a reason against each record that cannot be one of the stream."""
    messages: list[NamedMessage] = []
    bad: list[str] = []
    for place, record in enumerate(records, start=1):
        name = _name(record, place)
        try:
            message = _named(record, name)
        except ItemError as error:
            bad.append(f"record {name}: {error}")
        else:
            messages += [message] if message else []
    return messages, bad


def compare(message: NamedMessage, item: Item | None, now: datetime) -> ImageComparison:
    """Compare what the file says of a message with the item in the table; ItemError if that is of no use."""
    if item is None or is_hidden(item, now):
        return ImageComparison.GONE
    content = usable(item, now)
    if isinstance(content, str):
        raise ItemError(content)
    stored, image = _image(item), message.image
    if all(image.get(name) == stored.get(name) for name in _SHOWN):
        return ImageComparison.SAME
    fixed = all(image.get(name) == stored.get(name) for name in _FIXED)
    return ImageComparison.EDITED if fixed and _version(image) < _version(stored) else ImageComparison.DIFFERENT


def record_of(message: Message, name: str) -> dict[str, Any]:
    """Return a record that announces a message as the table has it, for the stream function's own code."""
    image = _image(message_item(message))
    keys = {part: image[part] for part in ("pk", "sk")}
    return {"eventName": "MODIFY", "dynamodb": {"Keys": keys, "NewImage": image, "SequenceNumber": name}}


def _image(item: Item) -> dict[str, Any]:
    """Return an item as an event holds it: bytes are base64 text there."""
    return {
        name: {"B": base64.b64encode(value["B"]).decode()} if "B" in value else value for name, value in item.items()
    }


def _name(record: object, place: int) -> str:
    """Return a record's sequence number; its place if it has none that AWS would give."""
    number = sequence_number(record)
    plain = number is not None and number.isascii() and number.isdigit() and len(number) <= _NUMBER_DIGITS
    return str(number) if plain else f"#{place}"


def _named(record: object, name: str) -> NamedMessage | None:
    """Return the message that a record names; None for a removal or another item, ItemError without a usable key."""
    change = _map(record, "dynamodb")
    keys = _map(change, "Keys")
    pk = _key_text(keys, "pk", len(messages_pk("")) + GROUP_BYTES)
    if not is_message_pk(pk) or _map(record).get("eventName") not in _CHANGES:
        return None
    group_uuid = pk.removeprefix(messages_pk(""))
    image = change.get("NewImage")
    return NamedMessage(
        name, group_uuid, _key_text(keys, "sk", _SORT_KEY_BYTES), image if isinstance(image, Mapping) else {}
    )


def _map(node: object, name: str = "") -> Mapping[str, Any]:
    value = _map(node).get(name) if name else node
    if not isinstance(value, Mapping):
        raise ItemError(f"{name or 'record'}: absent or not a map")
    return value


def _key_text(keys: Mapping[str, Any], name: str, most: int) -> str:
    """Return a part of a key; ItemError if DynamoDB would refuse it, and with it the call for all other keys."""
    text = _map(keys, name).get("S")
    if not isinstance(text, str) or not text:
        raise ItemError(f"{name}: absent or not of type S")
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:  # half of a surrogate pair, which JSON can write
        raise ItemError(f"{name}: not valid Unicode") from error
    if size > most:
        raise ItemError(f"{name}: more than {most} bytes")
    return text


def _version(image: Mapping[str, Any]) -> str:
    value = image.get("edited_at")
    text = value.get("S") if isinstance(value, Mapping) else None
    return text if isinstance(text, str) else ""
