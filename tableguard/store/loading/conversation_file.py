"""Read a conversation from a file and write it to the table."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from stream_lambda.items import User
from tableguard.errors import MessageError
from tableguard.reading.toml_table import read_toml
from tableguard.store.messages import MessageTable, PostResult, pair_group_uuid


@dataclass(frozen=True)
class ScriptLine:
    """One message of the file: its author, its text, and how many minutes after the first."""

    by: User
    minute: int
    text: str


@dataclass(frozen=True)
class Script:
    """Two users and their messages, oldest first."""

    users: tuple[User, User]
    lines: tuple[ScriptLine, ...]


@dataclass(frozen=True)
class LoadResult:
    """The group, how many messages were written to it now, and the units they took."""

    group_uuid: str
    messages: int
    read_units: float
    write_units: float


def read(path: Path) -> Script:
    """Read the conversation in a file; MessageError says what is wrong with it."""
    data = read_toml(path, MessageError)
    try:
        first, second = (User(**user) for user in data["user"])
        by_handle = {first.handle: first, second.handle: second}
        lines = tuple(ScriptLine(by_handle[entry["by"]], entry["minute"], entry["text"]) for entry in data["message"])
    except (ValueError, TypeError, KeyError) as error:
        raise MessageError(f"{path}: not two users and their messages: {error}") from error
    return _in_order(Script((first, second), lines), path)


def _in_order(script: Script, path: Path) -> Script:
    minutes = [line.minute for line in script.lines]
    if not minutes or not all(isinstance(minute, int) for minute in minutes) or minutes != sorted(set(minutes)):
        raise MessageError(f"{path}: messages need whole minutes, each later than the one before")
    return script


def load(table: MessageTable, script: Script, until: datetime) -> LoadResult:
    """Write the conversation and its rows so that its last message is of `until`; if it is there, write nothing."""
    sender, other = script.users
    group_uuid = pair_group_uuid(sender.user_uuid, other.user_uuid)
    if table.group(group_uuid) is not None:
        return LoadResult(group_uuid, 0, 0.0, 0.0)
    posted = [_post(table, script, line, until) for line in script.lines]
    table.refresh(group_uuid)
    return LoadResult(group_uuid, len(posted), sum(p.read_units for p in posted), sum(p.write_units for p in posted))


def _post(table: MessageTable, script: Script, line: ScriptLine, until: datetime) -> PostResult:
    when = until - timedelta(minutes=script.lines[-1].minute - line.minute)
    then = replace(table, clock=lambda: when)
    others = [user for user in script.users if user != line.by]
    if line is script.lines[0]:
        return then.create_conversation(line.by, others, line.text)
    return then.post(pair_group_uuid(*(user.user_uuid for user in script.users)), line.by.user_uuid, line.text)
