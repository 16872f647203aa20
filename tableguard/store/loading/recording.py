"""Read a recorded trace of private messages in KONECT format (http://konect.cc) as groups and messages.

One line a message, `sender recipient weight unix-time`; header lines begin with %.
"""

import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from stream_lambda.items import Group, Message, User, timestamp
from stream_lambda.records import CLOCK_SKEW
from tableguard.errors import MessageError
from tableguard.store.messages import pair_group_uuid

# Lengths of chat messages are about log-normal: a median of e^3.9 = 49 characters, one in 2,500 reaches the ceiling
LENGTH_MEAN, LENGTH_DEVIATION, LENGTH_CEILING = 3.9, 0.9, 1000
_TRACE = uuid5(NAMESPACE_URL, "urn:tableguard:trace")
_PROSE = (
    "hey did you get home safe last night we should do this again some time soon I think the train was late as ever "
    "so what are you up to on Friday there is a concert in the park and everybody is going bring a jacket it gets "
    "cold thanks for the notes they saved me see you at the library around four or later if you like no worries "
)
_STARTS = tuple(word.start() for word in re.finditer(r"\b\w", _PROSE))


@dataclass(frozen=True)
class TraceLine:
    """One message of a trace: sender, recipient, and time."""

    sender: int
    recipient: int
    unix_time: int


def read_trace(path: Path, clock: Callable[[], float] = time.time) -> tuple[TraceLine, ...]:
    """Read the messages of a trace file; MessageError names the line that is not one."""
    # Pattern D turns away what is later. A stream dates its records in whole seconds, rounded down, and the messages
    # of one second fill it up, so the second itself must be over by then.
    # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_StreamRecord.html
    end = int(clock() + CLOCK_SKEW.total_seconds())
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise MessageError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise MessageError(f"{path}: not UTF-8 text (byte {error.start})") from error
    lines = enumerate(text.splitlines(), start=1)
    trace = tuple(_line(line, f"{path}:{number}", end) for number, line in lines if line and not line.startswith("%"))
    if not trace:
        raise MessageError(f"{path}: holds no message")
    return trace


def _line(line: str, place: str, end: int) -> TraceLine:
    fields = line.split()
    if len(fields) != 4 or not all(re.fullmatch("[0-9]{1,12}", field) for field in fields):
        raise MessageError(f"{place}: not `sender recipient weight unix-time`, four whole numbers")
    sender, recipient, weight, unix_time = map(int, fields)
    if weight != 1:
        raise MessageError(f"{place}: weight {weight}; a line is one message, of weight 1")
    if sender == recipient:
        raise MessageError(f"{place}: sender and recipient are both {sender}")
    if unix_time >= end:
        raise MessageError(f"{place}: unix-time {unix_time} is in the future")
    return TraceLine(sender, recipient, unix_time)


def member(number: int) -> User:
    """Return a member of the trace as a user of the table."""
    return User(str(uuid5(_TRACE, f"member {number}")), f"Member {number}", f"member{number}")


def groups(trace: Iterable[TraceLine]) -> tuple[Group, ...]:
    """Return the conversations of a trace, in the order they begin."""
    members = cache(member)
    conversations: dict[str, Group] = {}
    for line in trace:
        pair = members(line.sender), members(line.recipient)
        group_uuid = _pair(pair[0].user_uuid, pair[1].user_uuid)
        conversations.setdefault(group_uuid, Group(group_uuid, pair))
    return tuple(conversations.values())


def messages(trace: Iterable[TraceLine], seed: int = 0) -> Iterator[Message]:
    """Yield the messages of a trace; those of one pair in one second are a microsecond apart, in the trace's order."""
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
    """Return the text of one message: the same for the same seed and index."""
    chance = random.Random(f"{seed} {index}")  # noqa: S311 - prose, not a secret
    length = min(LENGTH_CEILING, max(1, round(chance.lognormvariate(LENGTH_MEAN, LENGTH_DEVIATION))))
    start = chance.choice(_STARTS)
    return (_PROSE * (2 + length // len(_PROSE)))[start : start + length].rstrip()


_pair = cache(pair_group_uuid)
