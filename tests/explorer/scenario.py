"""What happens in one exploration: the messages, how they are delivered, and what may go wrong how often."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from stream_lambda.items import Group, Message, message_item
from tests.explorer.program import Row
from tests.worlds.messages import PAIR, stream_record

Batch = tuple[int, ...]  # indexes of messages
Pair = tuple[str, str]  # user, group
Stamp = tuple[str, str]


@dataclass(frozen=True)
class Scenario:
    """Messages, their delivery, and budgets of what may go wrong; whatever may happen next, in any order, is tried."""

    messages: tuple[Message, ...]
    batches: tuple[Batch, ...]  # a record may be in several: redelivered, redriven
    groups: tuple[Group, ...] = (PAIR,)
    begun: tuple[Message, ...] = ()  # messages whose rows are there from the start
    in_order: bool = False  # one batch is begun after the other, and one that failed comes again first
    workers: int = 1
    crashes: int = 0  # of a function, between any two calls; its batch comes again
    faults: int = 0  # of single calls: refused, done without an answer, done later than answered
    lagging_index: bool = False
    members_lag: bool = False  # a read that may be stale does not find the groups yet

    @property
    def records(self) -> tuple[Any, ...]:
        """The stream's records of the messages."""
        return tuple(
            stream_record(message_item(message), number, "MODIFY" if message.edited_at else "INSERT")
            for number, message in enumerate(self.messages, start=1)
        )

    @property
    def newest(self) -> dict[str, Message]:
        """Group -> the message that its rows have to show in the end."""
        ordered = sorted((*self.begun, *self.messages), key=lambda message: message.stamp)
        return {message.group_uuid: message for message in ordered}

    @property
    def conversations(self) -> dict[Pair, Message]:
        """(user, group) -> the message that the row has to show in the end."""
        return {
            (member.user_uuid, group.group_uuid): self.newest[group.group_uuid]
            for group in self.groups
            if group.group_uuid in self.newest
            for member in group.members
        }


class Judge:
    """What is wrong with the rows of a state, or with a change of them."""

    def __init__(self, scenario: Scenario) -> None:
        sent = (*scenario.begun, *scenario.messages)
        self._stamps = {(said.group_uuid, said.created_at, said.summary): said.stamp for said in sent}
        self._wanted = {pair: newest.stamp for pair, newest in scenario.conversations.items()}

    def always(self, rows: Iterable[Row]) -> set[str]:
        """What no state may show."""
        rows = list(rows)
        wrong = set()
        if len({(row.user_uuid, row.group_uuid) for row in rows}) < len(rows):
            wrong.add("a conversation has two rows")
        if any((row.group_uuid, row.created_at, row.text) not in self._stamps for row in rows):
            wrong.add("a row shows what was never sent")
        if any((row.user_uuid, row.group_uuid) not in self._wanted for row in rows):
            wrong.add("somebody else has a row")
        return wrong

    def at_rest(self, rows: Iterable[Row]) -> set[str]:
        """What may not be once everything is delivered and nothing is under way."""
        shown = self._shown(rows)
        wrong = set()
        if self._wanted.keys() - shown.keys():
            wrong.add("a conversation is gone for ever")
        if any(shown[pair] < stamp for pair, stamp in self._wanted.items() if pair in shown):
            wrong.add("an older message is shown for ever")
        return wrong

    def between(self, before: Iterable[Row], after: Iterable[Row]) -> set[str]:
        """What no single step may do."""
        earlier, later = self._shown(before), self._shown(after)
        wrong = set()
        if earlier.keys() - later.keys():
            wrong.add("a conversation vanishes")
        if any(later[pair] < stamp for pair, stamp in earlier.items() if pair in later):
            wrong.add("a row goes back to an older message")
        return wrong

    def _shown(self, rows: Iterable[Row]) -> dict[Pair, Stamp]:
        nothing = ("", "")
        return {
            (row.user_uuid, row.group_uuid): self._stamps.get((row.group_uuid, row.created_at, row.text), nothing)
            for row in rows
        }
