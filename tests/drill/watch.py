"""Rows looked at after every delivery: a later one must not make good for a row that was wrong before it."""

from collections import defaultdict
from collections.abc import Collection, Sequence

from stream_lambda.items import Message, RowKey, row_key, row_of_key
from tableguard.store.batch_get import batch_get
from tableguard.store.consumed import ReadCost
from tests.cases.message_batches import Traffic
from tests.drill.algorithms import Shown
from tests.drill.material import Key, Written
from tests.drill.world import World

Owner = tuple[str, str]  # user, group


class Watch:
    """Knows what was written; a message that the function has settled must be shown, or a newer one of its group."""

    def __init__(self, world: World, traffic: Traffic) -> None:
        self._world = world
        self._members = {group.group_uuid: [member.user_uuid for member in group.members] for group in traffic.groups}
        self._further = {(user_uuid, group.group_uuid) for group in traffic.groups for user_uuid in group.further}
        self._messages: dict[str, list[Message]] = defaultdict(list)

    def wrote(self, written: Written) -> None:
        """These messages are in the table."""
        for message in written.messages:
            self._messages[message.group_uuid].append(message)

    def look(self, group_uuids: Sequence[str]) -> list[Owner]:
        """Owners of rows of these groups that show less than was settled, or what nobody has written."""
        self._world.passthrough.settle()
        owners = [(user_uuid, group_uuid) for group_uuid in group_uuids for user_uuid in self._members[group_uuid]]
        keys = [row_key(RowKey(*owner, further=owner in self._further)) for owner in owners]
        found = batch_get(self._world.dynamodb, self._world.table, keys, ReadCost())
        shown = {
            (row.user_uuid, row.group_uuid): self._world.algorithm.shown(item)
            for item in found
            if (row := row_of_key(item))
        }
        given_up = self._world.ledger.keys_given_up
        return [owner for owner in owners if shown.get(owner) not in self._allowed(owner[1], given_up)]

    def _allowed(self, group_uuid: str, given_up: Collection[Key]) -> list[Shown | None]:
        """What a row may show.

        An older message counts as settled when a newer one of the same batch failed, as that one brings both. Where
        the newer one was given up, both wait for the redrive, and the row may show anything before them, or nothing.
        """
        settled = self._world.ledger.settled
        messages = {(f"MSG#{group_uuid}", message.created_at): message for message in self._messages[group_uuid]}
        newest = max((created_at for pk, created_at in messages.keys() & settled), default="")
        waits = any(created_at > newest for pk, created_at in (messages.keys() & given_up) - settled)
        allowed = [message for message in messages.values() if waits or message.created_at >= newest]
        nothing: list[Shown | None] = [None] if waits or not newest else []
        return nothing + [self._world.algorithm.expected(message) for message in allowed]
