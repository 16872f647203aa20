"""Keys and items of the one table. Nothing else in the product spells the prefixes of its keys.

message      MSG#<group>  / created_at   one message; never changed but by an edit
first row    GRP#<user>   / <group>      one member's view of a group, changed in place by Pattern D; in no index
further row  GRP#<user>   / !<group>     the same for a member with many conversations; in the index by further_at
flag         GRP#<user>   / #FURTHER     the user has further rows, or had some
read marker  GRP#<user>   / READ#<group> how far the member has read; in no index; !READ#<group> beside a further row
group        META#<group> / META         the members, and whose rows are further ones: the truth about who may read

One query of `sk >= FIRST_ROWS` reads a user's first rows, markers and flag, and no further row.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

Value = dict[str, Any]  # one attribute value in DynamoDB's notation, {"S": "text"}
Item = dict[str, Value]
Content = str | bytes  # bytes are text that the client encrypted

INDEX, FURTHER_AT = "further-conversations", "further_at"
FORMER_INDEX = "conversations"  # of all rows, by last_message_at: kept while a table is taken over
MESSAGE_PREFIX, ROW_PREFIX, GROUP_PREFIX = "MSG#", "GRP#", "META#"
_FURTHER, FIRST_ROWS, _FLAG, _MARKER = "!", '"', "#FURTHER", "READ#"
_FIRST_LETTER = "$"  # of groups' names, so that none of their rows is taken for a flag or a further row
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T")  # how the sort keys of messages begin, and no name of a group
_GROUP_SORT_KEY = "META"
PREVIEW_CHARACTERS = 140  # keeps a row under 1 KB, one write unit
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html: 1024 bytes of a sort key, and the
# longest that a group stands in is a read marker's
GROUP_BYTES = 1024 - len(_FURTHER + _MARKER)


class ItemError(ValueError):
    """An item lacks an attribute or holds a wrong one; the text names the attribute, never its value."""


@dataclass(frozen=True)
class User:
    """A person who writes and reads, with the names that others are shown."""

    user_uuid: str
    display_name: str
    handle: str


# of those who were erased or have left, where nobody else is there to name: the nil UUID of RFC 9562 is nobody's
FORMER = User("00000000-0000-0000-0000-000000000000", "former member", "former-member")


@dataclass(frozen=True)
class Message:
    """One message; `created_at` and `edited_at` are canonical, so that their text order is time order."""

    group_uuid: str
    created_at: str
    message_uuid: str
    author: User
    text: Content
    preview: Content | None = None  # written by clients that encrypt: ciphertext cannot be cut
    edited_at: str = ""
    deleted: bool = False
    expires_at: int | None = None

    @property
    def stamp(self) -> tuple[str, str]:
        """Return what orders messages by age, and an edit after the original."""
        return self.created_at, self.edited_at

    @property
    def summary(self) -> Content:
        """Return what a conversation list shows of the message."""
        if self.deleted:
            return ""
        shown = self.text if self.preview is None else self.preview
        return shown[:PREVIEW_CHARACTERS] if isinstance(shown, str) else shown


@dataclass(frozen=True)
class Group:
    """A group, its members, and the uuids of those whose rows are further ones; of two people it is a direct one."""

    group_uuid: str
    members: tuple[User, ...]
    further: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Conversation:
    """One member's row of a group: whom it is with, the newest message, and whether it is a further row."""

    user_uuid: str
    group_uuid: str
    other: User
    last_message: Content
    last_message_at: str
    last_message_version: str
    last_message_uuid: str
    last_user_uuid: str
    expires_at: int | None = None
    further: bool = False


class RowKey(NamedTuple):
    """The key of a conversation row: whose it is, of which group, and whether it is a further row."""

    user_uuid: str
    group_uuid: str
    further: bool = False

    @property
    def other_place(self) -> "RowKey":
        """Return the key that the row has if it is a further row instead of a first one, or the other way round."""
        return self._replace(further=not self.further)


def timestamp(when: datetime) -> str:
    """Write an instant as the table has it: UTC, always six digits, so that text order is time order."""
    return when.astimezone(UTC).isoformat(timespec="microseconds")


def canonical(text: str) -> str:
    """Rewrite a timestamp of any ISO 8601 form as the table has it; one without an offset is taken as UTC."""
    when = datetime.fromisoformat(text)
    try:
        return timestamp(when if when.tzinfo else when.replace(tzinfo=UTC))
    except OverflowError as error:  # the offset leads out of the years 1 to 9999
        raise ValueError("out of range") from error


def microsecond_later(created_at: str) -> str:
    """Return the next instant at which another message can have been written."""
    return timestamp(datetime.fromisoformat(created_at) + timedelta(microseconds=1))


def messages_pk(group_uuid: str) -> str:
    """Return the partition of a group's messages."""
    return MESSAGE_PREFIX + group_uuid


def rows_pk(user_uuid: str) -> str:
    """Return the partition of a user's conversation rows, in the table and in its index."""
    return ROW_PREFIX + user_uuid


def message_key(group_uuid: str, created_at: str) -> Item:
    """Return the key of a message."""
    return {"pk": {"S": messages_pk(group_uuid)}, "sk": {"S": created_at}}


def row_key(row: RowKey) -> Item:
    """Return the key of a member's conversation row."""
    sk = _FURTHER + row.group_uuid if row.further else row.group_uuid
    return {"pk": {"S": rows_pk(row.user_uuid)}, "sk": {"S": sk}}


def flag_key(user_uuid: str) -> Item:
    """Return the key of the flag of a user who has further rows."""
    return {"pk": {"S": rows_pk(user_uuid)}, "sk": {"S": _FLAG}}


def is_flag(item: Mapping[str, Any]) -> bool:
    """Tell whether an item of a user's partition is the flag."""
    return _text(item, "sk") == _FLAG


def marker_key(row: RowKey) -> Item:
    """Return the key of the marker for how far a member has read in the group of a row."""
    return row_key(row._replace(group_uuid=_MARKER + row.group_uuid))


def group_of_marker(item: Mapping[str, Any]) -> str | None:
    """Return the group of a read marker; None for any other item, such as a conversation row."""
    sk = _text(item, "sk").removeprefix(_FURTHER)
    return sk.removeprefix(_MARKER) if sk.startswith(_MARKER) else None


def group_key(group_uuid: str) -> Item:
    """Return the key of a group."""
    return {"pk": {"S": GROUP_PREFIX + group_uuid}, "sk": {"S": _GROUP_SORT_KEY}}


def row_of_key(key: Mapping[str, Any]) -> RowKey | None:
    """Return whose row of which group a key is; None for the key of anything else."""
    pk, sk = _text(key, "pk"), _text(key, "sk")
    further = sk.startswith(_FURTHER)
    group_uuid = sk.removeprefix(_FURTHER) if further else sk
    if not pk.startswith(ROW_PREFIX) or not is_group_name(group_uuid):
        return None
    return RowKey(pk.removeprefix(ROW_PREFIX), group_uuid, further)


def is_group_name(text: str) -> bool:
    """Tell whether a group can have this name, so that the keys of its rows are taken for nothing else."""
    return text >= _FIRST_LETTER and not text.startswith(_MARKER) and not begins_with_time(text)


def begins_with_time(text: str) -> bool:
    """Tell whether a text begins as a time does, like the sort keys of messages, and of rows in other layouts."""
    return _TIME.match(text) is not None


def group_of_key(key: Mapping[str, Any]) -> str | None:
    """Return the group of a group's key; None for any other key."""
    pk = _text(key, "pk")
    return (
        pk.removeprefix(GROUP_PREFIX) if pk.startswith(GROUP_PREFIX) and key["sk"] == {"S": _GROUP_SORT_KEY} else None
    )


def is_message_pk(pk: str) -> bool:
    """Tell whether a partition key is that of a group's messages."""
    return pk.startswith(MESSAGE_PREFIX)


def message_item(message: Message) -> Item:
    """Return a message as the table holds it."""
    item = message_key(message.group_uuid, message.created_at) | {
        "message_uuid": {"S": message.message_uuid},
        "message": _content(message.text),
        "user_uuid": {"S": message.author.user_uuid},
        "user_display_name": {"S": message.author.display_name},
        "user_handle": {"S": message.author.handle},
    }
    if message.preview is not None:
        item["preview"] = _content(message.preview)
    if message.edited_at:
        item["edited_at"] = {"S": message.edited_at}
    if message.deleted:
        item["deleted"] = {"BOOL": True}
    return item | _expiry(message.expires_at)


def message_of(item: Mapping[str, Any]) -> Message:
    """Return the message that an item holds; ItemError if it is not one."""
    return Message(
        group_uuid=_group_name(item, MESSAGE_PREFIX),
        created_at=_instant(item, "sk"),
        message_uuid=_text(item, "message_uuid"),
        author=User(
            _text(item, "user_uuid"),
            _text(item, "user_display_name", default=""),
            _text(item, "user_handle", default=""),
        ),
        text="" if "message" not in item and _flag(item, "deleted") else _read_content(item, "message"),
        preview=_read_content(item, "preview") if "preview" in item else None,
        edited_at=_instant(item, "edited_at") if "edited_at" in item else "",
        deleted=_flag(item, "deleted"),
        expires_at=_epoch(item, "expires_at"),
    )


def group_item(group: Group) -> Item:
    """Return a group as the table holds it."""
    members = [
        {
            "M": {
                "user_uuid": {"S": user.user_uuid},
                "display_name": {"S": user.display_name},
                "handle": {"S": user.handle},
                **({"further": {"BOOL": True}} if user.user_uuid in group.further else {}),
            }
        }
        for user in group.members
    ]
    kind = "dm" if len(members) <= 2 else "group"
    return group_key(group.group_uuid) | {"members": {"L": members}, "kind": {"S": kind}}


def group_of(item: Mapping[str, Any]) -> Group:
    """Return the group that an item holds; ItemError if it is not one."""
    members = [_map(member) for member in _value_of_type(item, "members", "L", list)]
    further = frozenset(_text(member, "user_uuid") for member in members if _flag(member, "further"))
    return Group(_group_name(item, GROUP_PREFIX), tuple(map(_member, members)), further)


def _map(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise ItemError("members: not a list of maps")
    return dict(_value_of_type({"members": value}, "members", "M", dict))


def _member(member: Mapping[str, Any]) -> User:
    return User(_text(member, "user_uuid"), _text(member, "display_name"), _text(member, "handle"))


def conversation_item(row: Conversation) -> Item:
    """Return a conversation row as the table holds it."""
    return (
        row_key(RowKey(row.user_uuid, row.group_uuid, row.further))
        | {
            "last_message_at": {"S": row.last_message_at},
            "last_message_version": {"S": row.last_message_version},
            "last_message": _content(row.last_message),
            "last_message_uuid": {"S": row.last_message_uuid},
            "last_user_uuid": {"S": row.last_user_uuid},
            "other_user_uuid": {"S": row.other.user_uuid},
            "other_user_display_name": {"S": row.other.display_name},
            "other_user_handle": {"S": row.other.handle},
        }
        | ({FURTHER_AT: {"S": row.last_message_at}} if row.further else {})
        | _expiry(row.expires_at)
    )


def conversation_of(item: Mapping[str, Any]) -> Conversation:
    """Return the conversation row that an item holds; ItemError if it is not one."""
    key = row_of_key(item)
    if key is None:
        raise ItemError("sk: not that of a conversation row")
    return Conversation(
        user_uuid=_owner(item, ROW_PREFIX),
        group_uuid=key.group_uuid,
        other=User(
            _text(item, "other_user_uuid"), _text(item, "other_user_display_name"), _text(item, "other_user_handle")
        ),
        last_message=_read_content(item, "last_message"),
        last_message_at=_text(item, "last_message_at"),
        last_message_version=_text(item, "last_message_version"),
        last_message_uuid=_text(item, "last_message_uuid"),
        last_user_uuid=_text(item, "last_user_uuid"),
        expires_at=_epoch(item, "expires_at"),
        further=key.further,
    )


def _content(content: Content) -> Value:
    return {"S": content} if isinstance(content, str) else {"B": content}


def _expiry(expires_at: int | None) -> Item:
    return {} if expires_at is None else {"expires_at": {"N": str(expires_at)}}


def _value_of_type(item: Mapping[str, Any], name: str, kind: str, python: type) -> Any:
    value = item.get(name)
    content = value.get(kind) if isinstance(value, Mapping) else None
    if not isinstance(content, python):
        raise ItemError(f"{name}: absent or not of type {kind}")
    return content


def _text(item: Mapping[str, Any], name: str, default: str | None = None) -> str:
    if default is not None and name not in item:
        return default
    return str(_value_of_type(item, name, "S", str))


def _read_content(item: Mapping[str, Any], name: str) -> Content:
    value = item.get(name)
    if isinstance(value, Mapping) and isinstance(value.get("B"), bytes):
        return bytes(value["B"])
    return _text(item, name)


def _owner(item: Mapping[str, Any], prefix: str) -> str:
    pk = _text(item, "pk")
    owner = pk.removeprefix(prefix)
    if not owner or not pk.startswith(prefix):
        raise ItemError(f"pk: not {prefix} and a name")
    if len(owner.encode()) > GROUP_BYTES:
        raise ItemError(f"pk: more than {GROUP_BYTES} bytes after {prefix}")
    return owner


def _group_name(item: Mapping[str, Any], prefix: str) -> str:
    name = _owner(item, prefix)
    if not is_group_name(name):
        raise ItemError(
            f"pk: after {prefix} no name of a group: not below a $, and begun neither by {_MARKER} nor a time"
        )
    return name


def _instant(item: Mapping[str, Any], name: str) -> str:
    text = _text(item, name)
    try:
        return canonical(text)
    except ValueError as error:
        raise ItemError(f"{name}: not an ISO 8601 timestamp") from error


def _flag(item: Mapping[str, Any], name: str) -> bool:
    return name in item and bool(_value_of_type(item, name, "BOOL", bool))


def _epoch(item: Mapping[str, Any], name: str) -> int | None:
    if name not in item:
        return None
    number = _value_of_type(item, name, "N", str)
    if not number.isascii() or not number.isdigit():
        raise ItemError(f"{name}: not a whole number of seconds")
    return int(number)
