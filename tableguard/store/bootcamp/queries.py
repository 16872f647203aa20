"""The queries of the bootcamp's application, answered by our table in the same shape.

Its lib/ddb.py has them as functions of a client; here they are methods. Two things differ. Whoever lists messages is
named and must be a member: there, anybody who knows a group's uuid reads it. And lists do not end with the year.
"""

from dataclasses import dataclass

from stream_lambda.items import Content, Message, User
from tableguard.store.bootcamp.pairs import post_to_pair
from tableguard.store.messages import MessageTable

Answer = dict[str, str]
_LIMIT = 20  # as there


@dataclass(frozen=True)
class BootcampQueries:
    """List message groups, list messages, create a message, create a message group."""

    table: MessageTable

    def list_message_groups(self, my_user_uuid: str) -> list[Answer]:
        """Return the newest groups of a user, newest first, each with the other's names and the last message."""
        rows = self.table.conversations(my_user_uuid, _LIMIT).items
        return [
            _names(row.other)
            | {"uuid": row.group_uuid, "message": _shown(row.last_message), "created_at": row.last_message_at}
            for row in rows
        ]

    def list_messages(self, message_group_uuid: str, my_user_uuid: str) -> list[Answer]:
        """Return the newest messages of a group, oldest first; MessageError to who is no member."""
        page = self.table.messages(message_group_uuid, my_user_uuid, _LIMIT)
        return [
            _names(message.author)
            | {"uuid": message.message_uuid, "message": _shown(message.text), "created_at": message.created_at}
            for message in reversed(page.items)
        ]

    def create_message(
        self,
        *,
        message_group_uuid: str,
        message: str,
        my_user_uuid: str,
        my_user_display_name: str = "",
        my_user_handle: str = "",
    ) -> Answer:
        """Write a message of a member into a group, under the names that the group has of the member."""
        del my_user_display_name, my_user_handle  # taken so that calls need not change
        return _created(self.table.post(message_group_uuid, my_user_uuid, message).message)

    def create_message_group(
        self,
        *,
        message: str,
        my_user_uuid: str,
        my_user_display_name: str,
        my_user_handle: str,
        other_user_uuid: str,
        other_user_display_name: str,
        other_user_handle: str,
    ) -> Answer:
        """Begin a group of two with a message; where these two have one, the message is written into it."""
        me = User(my_user_uuid, my_user_display_name, my_user_handle)
        other = User(other_user_uuid, other_user_display_name, other_user_handle)
        return {"message_group_uuid": post_to_pair(self.table, me, [other], message).message.group_uuid}


def _names(user: User) -> Answer:
    return {"display_name": user.display_name, "handle": user.handle}


def _created(message: Message) -> Answer:
    # the uuid there is the author's, not the message's, and its frontend goes by it
    return _names(message.author) | {
        "message_group_uuid": message.group_uuid,
        "uuid": message.author.user_uuid,
        "message": _shown(message.text),
        "created_at": message.created_at,
    }


def _shown(text: Content) -> str:
    """Return the text; "" for ciphertext that must not be shown."""
    return text if isinstance(text, str) else ""
