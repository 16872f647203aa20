"""What is written to the table: the messages of the traffic, and poison among them."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from stream_lambda.items import Item, Message, message_item, timestamp
from tests.cases.message_batches import Traffic
from tests.drill.kinds import Kind
from tests.drill.plan import Chunk

Key = tuple[str, str]
DISORDER = 8  # messages that one may be late by
_POISON = "poison "


@dataclass(frozen=True)
class Written:
    """One chunk as it is written."""

    messages: tuple[Message, ...]
    poison: tuple[Item, ...]

    @property
    def items(self) -> list[Item]:
        """All of it, somewhat out of order, as from writers side by side; poison spread among the messages."""
        chance = random.Random(len(self.messages))  # noqa: S311  # disorder, not a secret
        places = {index: index + chance.uniform(0, DISORDER) for index in range(len(self.messages))}
        items = [message_item(self.messages[index]) for index in sorted(places, key=places.__getitem__)]
        for number, item in enumerate(self.poison):
            items.insert((2 * number + 1) * len(items) // (2 * len(self.poison)), item)
        return items


def written(traffic: Traffic, chunks: Sequence[Chunk]) -> Iterator[Written]:
    """The messages chunk by chunk, poison beside one of them each."""
    begin = number = 0
    for chunk in chunks:
        messages = tuple(traffic.messages[begin : begin + chunk.messages])
        begin += chunk.messages
        poison = []
        for fault in chunk.faults:
            if fault.kind is Kind.POISON:
                poison.append(_poison(messages[int(fault.at * len(messages))], number))
                number += 1
        yield Written(messages, tuple(poison))


def key_of(item: Item) -> Key:
    """Where an item lies."""
    return item["pk"]["S"], item["sk"]["S"]


def is_poison(item: Item) -> bool:
    """Whether an item is one of those that no handler can use."""
    return str(item["message_uuid"]["S"]).startswith(_POISON)


def _poison(beside: Message, number: int) -> Item:
    # half a second later no message of the traffic is written: those of a group in one second are microseconds apart
    when = datetime.fromisoformat(beside.created_at) + timedelta(microseconds=500_000 + number)
    item = message_item(beside) | {"sk": {"S": timestamp(when)}, "message_uuid": {"S": f"{_POISON}{number}"}}
    return _SPOILED[number % len(_SPOILED)](item, number)


def _without_author(item: Item, _: int) -> Item:
    return {name: value for name, value in item.items() if name != "user_uuid"}


def _with_a_number_for_text(item: Item, number: int) -> Item:
    return item | {"message": {"N": str(number)}}


def _at_no_time(item: Item, number: int) -> Item:
    return item | {"sk": {"S": f"no time {number}"}}


def _in_the_future(item: Item, number: int) -> Item:
    return item | {"sk": {"S": f"2099-01-01T00:00:00.{number:06}+00:00"}}


def _of_no_group(item: Item, number: int) -> Item:
    return item | {"pk": {"S": f"MSG#no group {number}"}}


_SPOILED: tuple[Callable[[Item, int], Item], ...] = (
    _of_no_group,
    _without_author,
    _with_a_number_for_text,
    _at_no_time,
    _in_the_future,
)
