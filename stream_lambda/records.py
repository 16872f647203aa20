"""Read a stream record as a message, as nothing to do, or as poison; no record can stop the stream."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from .items import ItemError, Message, is_message_pk, message_of, timestamp

# A row shows the newest message for ever, so one message dated 2999 would hide all that follow it.
CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True)
class Poison:
    """A record that cannot be used: why, in words that never hold its text, and which."""

    reason: str
    sequence_number: str | None


def read(record: object, now: datetime) -> Message | Poison | None:
    """Return the message that a record announces, None for nothing to do, or Poison for a record of no use."""
    try:
        return _read(record, now)
    except ItemError as error:
        return poison(record, str(error))
    except (ValueError, OverflowError) as error:  # their texts could quote the record
        return poison(record, type(error).__name__)


def poison(record: object, reason: str) -> Poison:
    """Return a record as poison."""
    return Poison(reason, sequence_number(record))


def sequence_number(record: object) -> str | None:
    """Return the number by which Lambda knows the record, or None if the record has none."""
    change = record.get("dynamodb") if isinstance(record, Mapping) else None
    number = change.get("SequenceNumber") if isinstance(change, Mapping) else None
    return number if isinstance(number, str) and number else None


def _read(record: object, now: datetime) -> Message | None:
    if sequence_number(record) is None:
        raise ItemError("SequenceNumber: absent")
    change = _mapping(record, "dynamodb")
    keys = _mapping(change, "Keys")
    pk = _mapping(keys, "pk").get("S")
    if not isinstance(pk, str):
        raise ItemError("pk: absent or not of type S")
    # The event source mapping filters likewise; a change to it must not make the function read its own rows.
    if not is_message_pk(pk) or _mapping(record).get("eventName") not in ("INSERT", "MODIFY"):
        return None
    message = message_of(_decode(_mapping(change, "NewImage")) | dict(keys))
    latest = timestamp(_write_time(change, now) + CLOCK_SKEW)
    if max(message.stamp) > latest:
        raise ItemError("created_at or edited_at: in the future")
    return message


def _mapping(node: object, name: str | None = None) -> Mapping[str, Any]:
    value = node if name is None else _mapping(node).get(name)
    if not isinstance(value, Mapping):
        raise ItemError(f"{name or 'record'}: absent or not a map")
    return value


def _decode(image: Mapping[str, Any]) -> dict[str, Any]:
    """Decode the bytes of an event, which are base64 text there: botocore would encode them once more."""
    return {name: _decode_value(name, value) for name, value in image.items()}


def _decode_value(name: str, value: object) -> object:
    if not isinstance(value, Mapping) or not isinstance(value.get("B"), str):
        return value
    try:
        return {"B": base64.b64decode(value["B"], validate=True)}
    except ValueError as error:
        raise ItemError(f"{name}: not base64") from error


def _write_time(change: Mapping[str, Any], now: datetime) -> datetime:
    seconds = change.get("ApproximateCreationDateTime")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return now
    return datetime.fromtimestamp(seconds, UTC)
