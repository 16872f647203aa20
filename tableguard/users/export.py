"""A person's data as it is handed over: account, conversations and own messages, read and written bit by bit.

What others wrote is theirs, and is not in it. Of a conversation it says with whom it is, as the person is shown.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from stream_lambda import items
from stream_lambda.batch_get import chunks
from stream_lambda.items import Group, Item, Message
from tableguard.store.batch_get import batch_get
from tableguard.store.encryption import Cipher
from tableguard.store.listing import readable
from tableguard.users.cognito import attributes_of
from tableguard.users.holdings import Holdings, TableScan

Facts = dict[str, Any]


@dataclass
class Export:
    """One person's holdings, where to read them, and the cipher of texts; `not_shown` fills while it is read."""

    scan: TableScan
    holdings: Holdings
    cipher: Cipher | None = None
    not_shown: list[str] = field(default_factory=list)

    def conversations(self) -> Iterator[Facts]:
        """Yield each conversation of which the person is a member, with its other members."""
        read_until = dict(self._read_until())
        for group in sorted(self.holdings.memberships, key=lambda group: group.group_uuid):
            yield {
                "group_uuid": group.group_uuid,
                "with": _names(self.holdings, group),
                "read_until": read_until.get(group.group_uuid),
            }

    def messages(self) -> Iterator[Facts]:
        """Yield the person's messages, group by group and in order of time."""
        keys = sorted(({name: item[name] for name in ("pk", "sk")} for item in self.holdings.messages), key=_position)
        for chunk in chunks(keys):
            stored = batch_get(self.scan.client, self.scan.table_name, chunk, self.scan.cost)
            messages, refusals = readable(items.message_of, sorted(stored, key=_position))
            self.not_shown += refusals
            yield from map(_message, self._opened(messages))

    def _opened(self, messages: tuple[Message, ...]) -> tuple[Message, ...]:
        if self.cipher is None:
            sealed = [one for one in messages if isinstance(one.text, bytes)]
            where = (f"group {one.group_uuid}: the message at {one.created_at}" for one in sealed)
            self.not_shown += [f"{place} is encrypted; name its key with --message-key" for place in where]
            return messages
        opened = self.cipher.open_messages(messages)
        self.not_shown += opened.refusals
        return opened.items

    def _read_until(self) -> Iterator[tuple[str, str]]:
        markers = [item for item in self.holdings.partition if items.group_of_marker(item) is not None]
        for marker in batch_get(
            self.scan.client,
            self.scan.table_name,
            [{name: item[name] for name in ("pk", "sk")} for item in markers],
            self.scan.cost,
        ):
            yield items.group_of_marker(marker) or "", marker.get("last_read_at", {}).get("S", "")


def account(profile: Mapping[str, Any] | None) -> Facts | None:
    """Return what the user pool says of a person; None where it has no account of them."""
    if profile is None:
        return None
    times = {name: profile[name].isoformat() for name in ("UserCreateDate", "UserLastModifiedDate") if name in profile}
    return {
        "username": profile["Username"],
        "enabled": profile["Enabled"],
        "status": profile["UserStatus"],
        "created": times.get("UserCreateDate"),
        "modified": times.get("UserLastModifiedDate"),
        "attributes": attributes_of(profile),
    }


def _names(holdings: Holdings, group: Group) -> list[Facts]:
    others = holdings.others(group.group_uuid)
    return [{"name": user.display_name, "handle": user.handle} for user in others]


def _message(message: Message) -> Facts:
    return {
        "group_uuid": message.group_uuid,
        "created_at": message.created_at,
        "message_uuid": message.message_uuid,
        "edited_at": message.edited_at or None,
        "deleted": message.deleted,
        "expires_at": message.expires_at,
        "text": message.text if isinstance(message.text, str) else None,
        "name": message.author.display_name,
        "handle": message.author.handle,
    }


def _position(item: Item) -> tuple[str, str]:
    return item["pk"]["S"], item["sk"]["S"]
