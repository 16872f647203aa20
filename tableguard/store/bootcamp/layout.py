"""Keys and items of the bootcamp's table, and what they are in ours.

message  MSG#<group> / <time>  as in ours, but the time is often without an offset, as the writer's own clock had it
row      GRP#<user>  / <time>  one person's view of a group, by the time of its newest message; its function deletes it
                               and puts it again with each message. Index message-group-sk-index finds it by its group.

Nothing names the members of a group: only the rows say who it is between.
https://github.com/omenking/aws-bootcamp-cruddur-2023 has them in backend-flask/lib/ddb.py and bin/ddb/schema-load.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from stream_lambda import items
from stream_lambda.items import ROW_PREFIX, Item, ItemError, Message, User

GROUP_INDEX = "message-group-sk-index"
_GROUP = "message_group_uuid"


@dataclass(frozen=True)
class GroupRow:
    """One person's row of a group: whose it is, whom it names, the time as the table has it, and the last message."""

    owner_uuid: str
    group_uuid: str
    other: User
    at: str
    text: str


def is_message(key: Mapping[str, Any]) -> bool:
    """Tell whether an item is a message, by its key."""
    return items.is_message_pk(str(key["pk"]["S"]))


def is_row(key: Mapping[str, Any]) -> bool:
    """Tell whether an item is a row of this layout, by its key."""
    return str(key["pk"]["S"]).startswith(ROW_PREFIX) and items.begins_with_time(str(key["sk"]["S"]))


def instant(text: str, zone: tzinfo) -> str:
    """Return a time as our table has it; one without an offset was written by a clock of this zone.

    Of an hour that occurs twice, when summer time ends, the first is taken.
    """
    when = datetime.fromisoformat(text)
    try:
        return items.timestamp(when if when.tzinfo else when.replace(tzinfo=zone))
    except OverflowError as error:  # the offset leads out of the years 1 to 9999
        raise ValueError("out of range") from error


def local_time(created_at: str, zone: tzinfo) -> str:
    """Return a time of our table as a clock of this zone writes it with its offset: it sorts among those without."""
    return datetime.fromisoformat(created_at).astimezone(zone).isoformat(timespec="microseconds")


def message_of(item: Item, zone: tzinfo) -> Message:
    """Return the message that an item holds, at its instant; ItemError if it is not one."""
    try:
        at = instant(_text(item, "sk"), zone)
    except ValueError as error:
        raise ItemError("sk: not an ISO 8601 timestamp") from error
    return items.message_of(item | {"sk": {"S": at}})


def row_of(item: Item) -> GroupRow:
    """Return the row that an item holds; ItemError if it is not one."""
    other = User(_text(item, "user_uuid"), _text(item, "user_display_name"), _text(item, "user_handle"))
    group_uuid, owner_uuid = _text(item, _GROUP), _text(item, "pk").removeprefix(ROW_PREFIX)
    if not (owner_uuid and group_uuid and other.user_uuid):
        raise ItemError(f"pk, {_GROUP} or user_uuid: empty")
    return GroupRow(owner_uuid, group_uuid, other, _text(item, "sk"), _text(item, "message"))


def row_key(row: GroupRow) -> Item:
    """Return the key of a row."""
    return {"pk": {"S": items.rows_pk(row.owner_uuid)}, "sk": {"S": row.at}}


def row_item(row: GroupRow) -> Item:
    """Return a row as the bootcamp's table holds it."""
    return row_key(row) | {
        _GROUP: {"S": row.group_uuid},
        "message": {"S": row.text},
        "user_uuid": {"S": row.other.user_uuid},
        "user_display_name": {"S": row.other.display_name},
        "user_handle": {"S": row.other.handle},
    }


def _text(item: Item, name: str) -> str:
    text = item.get(name, {}).get("S")
    if not isinstance(text, str):
        raise ItemError(f"{name}: absent or not of type S")
    return text
