"""A recorded trace of private messages -> the same messages in the table, with texts drawn from a seed.

The trace is in KONECT's format (http://konect.cc): one line a message, `sender recipient weight unix-time`, and
header lines that begin with %.
"""

import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from uuid import NAMESPACE_URL, uuid5

from tqdm import tqdm

from stream_lambda.items import Group, Item, Message, User, group_item, message_item, timestamp
from tableguard.encryption import Cipher
from tableguard.errors import MessageError
from tableguard.messages import pair_group_uuid

T = TypeVar("T")

# Transactions, because they need no more than PutItem: BatchWriteItem would cost half of the write units, and its
# permission includes deleting, which the application does not have. They may hold 100 items, and are not faster then.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
BATCH = 25
ATTEMPTS = 8  # for a transaction that DynamoDB cancels because it is busy: 0.05 s, then twice as long each time
_BUSY = {"None", "ThrottlingError", "ProvisionedThroughputExceeded", "TransactionConflict"}
# Lengths of chat messages are about log-normal: a median of e^3.9 = 49 characters, one in 2,500 reaches the ceiling
LENGTH_MEAN, LENGTH_DEVIATION, LENGTH_CEILING = 3.9, 0.9, 1000
LATEST = 253_370_764_799  # the end of the year 9998: the table's timestamps have four-digit years
_TRACE = uuid5(NAMESPACE_URL, "urn:tableguard:trace")
_PROSE = (
    "hey did you get home safe last night we should do this again some time soon I think the train was late as ever "
    "so what are you up to on Friday there is a concert in the park and everybody is going bring a jacket it gets "
    "cold thanks for the notes they saved me see you at the library around four or later if you like no worries "
)
_STARTS = tuple(found.start() for found in re.finditer(r"\b\w", _PROSE))


@dataclass(frozen=True)
class Line:
    """One message of a trace: who wrote to whom, and when."""

    sender: int
    recipient: int
    unix_time: int


@dataclass(frozen=True)
class Replayed:
    """How much of what was written, and the write units it took."""

    users: int
    groups: int
    messages: int
    write_units: float


def read_trace(path: Path) -> tuple[Line, ...]:
    """The messages of a trace file; MessageError names the line that is not one."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MessageError(f"{path}: cannot be read: {error}") from error
    lines = enumerate(text.splitlines(), start=1)
    found = tuple(_line(line, f"{path}:{number}") for number, line in lines if line and not line.startswith("%"))
    if not found:
        raise MessageError(f"{path}: holds no message")
    return found


def _line(line: str, place: str) -> Line:
    fields = line.split()
    if len(fields) != 4 or not all(re.fullmatch("[0-9]{1,12}", field) for field in fields):
        raise MessageError(f"{place}: not `sender recipient weight unix-time`, four whole numbers")
    sender, recipient, weight, unix_time = map(int, fields)
    if weight != 1:
        raise MessageError(f"{place}: weight {weight}; a line is one message, of weight 1")
    if sender == recipient:
        raise MessageError(f"{place}: sender and recipient are both {sender}")
    if unix_time > LATEST:
        raise MessageError(f"{place}: unix-time {unix_time} is after the year 9998")
    return Line(sender, recipient, unix_time)


def member(number: int) -> User:
    """A member of the trace as a user of the table."""
    return User(str(uuid5(_TRACE, f"member {number}")), f"Member {number}", f"member{number}")


def groups(trace: Iterable[Line]) -> tuple[Group, ...]:
    """The conversations of a trace, in the order they begin."""
    members = cache(member)
    found: dict[str, Group] = {}
    for line in trace:
        pair = members(line.sender), members(line.recipient)
        group_uuid = _pair(pair[0].user_uuid, pair[1].user_uuid)
        found.setdefault(group_uuid, Group(group_uuid, pair))
    return tuple(found.values())


def messages(trace: Iterable[Line], seed: int = 0) -> Iterator[Message]:
    """The messages of a trace; those of one pair in one second are a microsecond apart, in the trace's order."""
    members = cache(member)
    seen: Counter[tuple[str, int]] = Counter()
    for index, line in enumerate(trace):
        author = members(line.sender)
        moment = _pair(author.user_uuid, members(line.recipient).user_uuid), line.unix_time
        when = datetime.fromtimestamp(line.unix_time, UTC) + timedelta(microseconds=seen[moment])
        seen[moment] += 1
        message_uuid = str(uuid5(_TRACE, f"message {index}"))
        yield Message(moment[0], timestamp(when), message_uuid, author, text(seed, index))


def text(seed: int, index: int) -> str:
    """The text of one message: the same for the same seed and index."""
    chance = random.Random(f"{seed} {index}")  # noqa: S311 - prose, not a secret
    length = min(LENGTH_CEILING, max(1, round(chance.lognormvariate(LENGTH_MEAN, LENGTH_DEVIATION))))
    start = chance.choice(_STARTS)
    return (_PROSE * (2 + length // len(_PROSE)))[start : start + length].rstrip()


def expected_rows(trace: Sequence[Line], seed: int = 0) -> Mapping[tuple[str, str], Message]:
    """(user, group) -> the message that the row must show once everything has flowed through."""
    newest: dict[str, Message] = {}
    for message in messages(trace, seed):
        known = newest.setdefault(message.group_uuid, message)
        newest[message.group_uuid] = max(known, message, key=lambda found: found.stamp)
    return {
        (user.user_uuid, group.group_uuid): newest[group.group_uuid]
        for group in groups(trace)
        for user in group.members
    }


def replay(
    client: Any,
    table_name: str,
    trace: Sequence[Line],
    *,
    seed: int = 0,
    workers: int = 4,
    progress: bool = True,
    sleep: Callable[[float], None] = time.sleep,
    cipher: Cipher | None = None,
) -> Replayed:
    """Write every group and then every message of a trace, encrypted if there is a cipher; rows are left to Pattern D.

    Transactions are written side by side, so messages arrive somewhat out of order; written again, a trace changes
    nothing.
    """

    def write(batch: Sequence[Item]) -> tuple[int, float]:
        return len(batch), _write(client, table_name, batch, sleep)

    def said(batch: Sequence[Message]) -> tuple[int, float]:
        return write([message_item(cipher.sealed(message) if cipher else message) for message in batch])

    conversations = groups(trace)
    write_units = 0.0
    with ThreadPoolExecutor(workers) as pool, tqdm(total=len(trace), unit="message", disable=not progress) as bar:
        for _, units in pool.map(write, _batches([group_item(group) for group in conversations])):
            write_units += units
        for count, units in pool.map(said, _batches(list(messages(trace, seed)))):
            write_units += units
            bar.update(count)
    users = {user.user_uuid for group in conversations for user in group.members}
    return Replayed(len(users), len(conversations), len(trace), write_units)


_pair = cache(pair_group_uuid)


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[start : start + BATCH] for start in range(0, len(items), BATCH))


def _write(client: Any, table_name: str, batch: Sequence[Item], sleep: Callable[[float], None]) -> float:
    puts = [{"Put": {"TableName": table_name, "Item": item}} for item in batch]
    for attempt in range(ATTEMPTS):
        if attempt:
            sleep(0.05 * 2 ** (attempt - 1))
        try:
            answer = client.transact_write_items(TransactItems=puts, ReturnConsumedCapacity="TOTAL")
        except client.exceptions.TransactionCanceledException as error:
            if not {reason["Code"] for reason in error.response["CancellationReasons"]} <= _BUSY:
                raise
        else:
            return sum(float(consumed["CapacityUnits"]) for consumed in answer.get("ConsumedCapacity", []))
    raise MessageError(f"table {table_name}: too busy for {len(batch)} items, {ATTEMPTS} times; write more slowly")
