"""Assumptions about the messages, and the settings of the event source mapping."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache, cached_property
from math import ceil, isfinite

from stream_lambda.decide import conversation
from stream_lambda.items import Group, Item, Message, User, conversation_item, group_item, message_item, timestamp
from tableguard.aws.item_size import item_size
from tableguard.errors import CostError
from tableguard.scale.traffic import DAY, Daily, Zipf

WRITE_UNIT, READ_UNIT = 1024, 4096  # bytes
PAGE = 20  # messages or conversations on a screen


@dataclass(frozen=True)
class Bound:
    """The meaning of an assumption, and the range in which it is accepted."""

    says: str
    low: float
    high: float


def check(assumptions: object, bounds: Mapping[str, Bound]) -> None:
    """Refuse an assumption that is out of its bounds."""
    for name, bound in bounds.items():
        value = getattr(assumptions, name)
        if not isfinite(value) or not bound.low <= value <= bound.high:
            raise CostError(f"{name.replace('_', '-')} {value:g}: accepted is from {bound.low:,g} to {bound.high:,g}")


@dataclass(frozen=True)
class Workload:
    """Number and kind of the messages: the assumptions under every figure of scale and cost."""

    messages_a_day: float = 1_000_000
    members: int = 2
    characters: int = 100
    messages_a_group: float = 10
    exponent: float = 0.8
    conversations: float = 20
    table_rows: int = 50  # a test holds it to the setting conversations_in_table
    further: float = 0.15  # on a recorded trace of private messages it is 0.155: docs/inbox.md
    views: float = 2
    peak_to_mean: float = 3
    retention_days: float = 365
    batch_size: int = 1000
    window: float = 1
    lanes: int = 1

    def __post_init__(self) -> None:
        check(self, BOUNDS)

    @cached_property
    def daily(self) -> Daily:
        """Return the rate of messages over a day."""
        return Daily(self.messages_a_day / DAY, self.peak_to_mean)

    @cached_property
    def popularity(self) -> Zipf:
        """Return the popularity of the groups."""
        return Zipf(max(1, round(self.messages_a_day / self.messages_a_group)), self.exponent)

    @cached_property
    def sizes(self) -> "Sizes":
        """Return the bytes of the workload's items."""
        return sizes(self.characters, self.members)

    def at(self, **changes: float) -> "Workload":
        """Return the same workload with these changes."""
        return replace(self, **changes)  # type: ignore[arg-type]  # by name, and checked in __post_init__


# of batch size, window and lanes AWS accepts no more: https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html
BOUNDS = {
    "messages_a_day": Bound("messages sent in a day", 1, 1e10),
    "members": Bound("members of a group", 1, 50),
    "characters": Bound("characters of a message", 1, 100_000),
    "messages_a_group": Bound("messages that a group has in a day, on average", 0.001, 1e6),
    "exponent": Bound("of Zipf's law for the groups: 0 is all alike", 0, 2),
    "conversations": Bound("conversations of a person, whose rows a listing reads", 1, 100_000),
    "table_rows": Bound("rows of a person that are listed from the table, at most", 1, 1000),
    "further": Bound("part of the row updates, and of the listings, that is of further rows, in the index", 0, 1),
    "views": Bound("times that someone opens the list and one conversation, for each message sent", 0, 10_000),
    "peak_to_mean": Bound("the day's highest rate, divided by its mean", 1, 24),
    "retention_days": Bound("days that messages are kept", 1, 36_500),
    "batch_size": Bound("BatchSize of the event source mapping", 1, 10_000),
    "window": Bound("its MaximumBatchingWindowInSeconds", 0, 300),
    "lanes": Bound("its ParallelizationFactor", 1, 10),
}


@dataclass(frozen=True)
class Sizes:
    """Bytes of one item of each kind, as DynamoDB counts them, and the units that follow."""

    message: int
    row: int
    further_row: int
    group: int

    @property
    def message_units(self) -> int:
        """Return the units to write a message."""
        return ceil(self.message / WRITE_UNIT)

    @property
    def row_units(self) -> int:
        """Return the units to update a row in the table; a first row costs no more."""
        return ceil(self.row / WRITE_UNIT)

    @property
    def index_units(self) -> int:
        """Return the units to move a further row in the index: it is deleted at one place and inserted at another.

        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html#GSI.ThroughputConsiderations.Writes
        """
        return 2 * ceil(self.further_row / WRITE_UNIT)

    @property
    def group_read_units(self) -> int:
        """Return the units to read a group's members strongly consistently."""
        return ceil(self.group / READ_UNIT)

    @property
    def message_page_units(self) -> float:
        """Return the units to read a page of messages, eventually consistently."""
        return 0.5 * ceil(PAGE * self.message / READ_UNIT)

    def first_rows_units(self, rows: float) -> float:
        """Return the units to read so many first rows from the table, eventually consistently."""
        return 0.5 * ceil(rows * self.row / READ_UNIT)

    @property
    def further_page_units(self) -> float:
        """Return the units to read a page of further rows from the index."""
        return 0.5 * ceil(PAGE * self.further_row / READ_UNIT)


@cache
def sizes(characters: int, members: int) -> Sizes:
    """Return the sizes of items as the product's own code writes them, for so many characters and members."""
    users = tuple(User(f"{number:036}", "Mina Alexandra Berg", "mina.berg") for number in range(members))
    group = Group("0" * 36, users)
    message = _message(users[0], characters)
    row = conversation(message, users[-1], group)
    further = conversation_item(replace(row, further=True))
    items: tuple[Item, ...] = (message_item(message), conversation_item(row), further, group_item(group))
    return Sizes(*map(item_size, items))


def _message(author: User, characters: int) -> Message:
    return Message("0" * 36, timestamp(datetime(2026, 1, 1, tzinfo=UTC)), "0" * 36, author, "x" * characters)
