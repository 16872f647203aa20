"""What happens in one exploration: who does what at the same time, and what is there before."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from stream_lambda.decide import conversation
from stream_lambda.items import Group, Item, Message, conversation_item, flag_key, group_item, message_item
from tableguard.store.inbox import ConversationPage
from tests.explorer.model_table import Key, key_of

Listed = tuple[ConversationPage, ...]
Act = Callable[[Any], Listed | None]  # with a client for the table; a listing returns its pages


@dataclass(frozen=True)
class Scene:
    """Acts that begin together, over conversations that are there; whatever may happen next, in any order, is tried."""

    acts: tuple[Act, ...]
    groups: tuple[Group, ...] = ()
    shown: tuple[Message, ...] = ()  # the newest messages of groups, which their rows show
    sent: tuple[Message, ...] = ()  # messages that the function has not had yet
    still: frozenset[str] = frozenset()  # groups to which nothing happens
    workers: int = 1
    crashes: int = 0  # of the function, between any two calls; its batch comes again
    deaths: int = 0  # of acts, between any two calls: nobody completes them
    lag: bool = False  # what is read eventually consistent may be what was there before

    @property
    def items(self) -> dict[Key, Item]:
        """The table as it is at the beginning."""
        groups = {group.group_uuid: group for group in self.groups}
        flags = [flag_key(user_uuid) for group in self.groups for user_uuid in sorted(group.further)]
        rows = [
            conversation_item(conversation(message, member, groups[message.group_uuid]))
            for message in self.shown
            for member in groups[message.group_uuid].members
        ]
        messages = [message_item(message) for message in (*self.shown, *self.sent)]
        return {key_of(item): item for item in (*map(group_item, self.groups), *flags, *rows, *messages)}
