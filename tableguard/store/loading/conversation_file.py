"""A conversation written down in a file -> the same conversation in the table."""

import tomllib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from stream_lambda.items import User
from tableguard.errors import MessageError
from tableguard.store.messages import MessageTable, Posted, pair_group_uuid


@dataclass(frozen=True)
class Said:
    """One message of the file: who, what, and how many minutes after the first."""

    by: User
    minute: int
    text: str


@dataclass(frozen=True)
class Script:
    """Two users and what they said, oldest first."""

    users: tuple[User, User]
    said: tuple[Said, ...]


@dataclass(frozen=True)
class Loaded:
    """The group, how many messages were written to it now, and the units they took."""

    group_uuid: str
    messages: int
    read_units: float
    write_units: float


def read(path: Path) -> Script:
    """The conversation in a file; MessageError says what is wrong with it."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        first, second = (User(**user) for user in data["user"])
        by_handle = {first.handle: first, second.handle: second}
        said = tuple(Said(by_handle[entry["by"]], entry["minute"], entry["text"]) for entry in data["message"])
    except OSError as error:
        raise MessageError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, TypeError, KeyError) as error:
        raise MessageError(f"{path}: not two users and their messages: {error}") from error
    return _in_order(Script((first, second), said), path)


def _in_order(script: Script, path: Path) -> Script:
    minutes = [said.minute for said in script.said]
    if not minutes or not all(isinstance(minute, int) for minute in minutes) or minutes != sorted(set(minutes)):
        raise MessageError(f"{path}: messages need whole minutes, each later than the one before")
    return script


def load(table: MessageTable, script: Script, until: datetime) -> Loaded:
    """Write the conversation so that its last message is of `until`, with rows; once it is there, write nothing."""
    sender, other = script.users
    group_uuid = pair_group_uuid(sender.user_uuid, other.user_uuid)
    if table.group(group_uuid) is not None:
        return Loaded(group_uuid, 0, 0.0, 0.0)
    posted = [_say(table, script, said, until) for said in script.said]
    table.refresh(group_uuid)
    return Loaded(group_uuid, len(posted), sum(p.read_units for p in posted), sum(p.write_units for p in posted))


def _say(table: MessageTable, script: Script, said: Said, until: datetime) -> Posted:
    when = until - timedelta(minutes=script.said[-1].minute - said.minute)
    then = replace(table, clock=lambda: when)
    others = [user for user in script.users if user != said.by]
    if said is script.said[0]:
        return then.create_conversation(said.by, others, said.text)
    return then.post(pair_group_uuid(*(user.user_uuid for user in script.users)), said.by.user_uuid, said.text)
