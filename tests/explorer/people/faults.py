"""Faults that the product's code could have, put into it where it is loaded."""

import importlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

_ROOMS = ("tableguard.store", "stream_lambda")


class Change(NamedTuple):
    """One place in a module, and what could stand there by mistake."""

    module: str
    right: str
    wrong: str


@contextmanager
def with_changes(*changes: Change) -> Iterator[None]:
    """The product with these changes, in all modules that have imported what is changed."""
    before = {module: dict(vars(module)) for module in _loaded()}
    try:
        for name in dict.fromkeys(change.module for change in changes):
            _apply(importlib.import_module(name), [change for change in changes if change.module == name])
        yield
    finally:
        for module, names in before.items():
            vars(module).clear()
            vars(module).update(names)


def _loaded() -> list[ModuleType]:
    return [module for name, module in sys.modules.items() if name.startswith(_ROOMS)]


def _apply(module: ModuleType, changes: Sequence[Change]) -> None:
    path = Path(str(module.__file__))
    source = path.read_text()
    for change in changes:
        assert source.count(change.right) == 1, f"{path.name} says {change.right!r} {source.count(change.right)} times"
        source = source.replace(change.right, change.wrong)
    old = dict(vars(module))
    exec(compile(source, str(path), "exec"), vars(module))  # noqa: S102  # the product's own code
    _hand_on(old, vars(module))


def _hand_on(old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """Give the changed classes and functions to the modules that have imported them."""
    replaced = {id(value): new[name] for name, value in old.items() if callable(value) and new[name] is not value}
    for module in _loaded():
        for name, value in list(vars(module).items()):
            if id(value) in replaced:
                setattr(module, name, replaced[id(value)])


_MESSAGES, _MEMBERS, _INBOX = ("tableguard.store." + name for name in ("messages", "members", "inbox"))
_PLACES, _TABLE = "tableguard.store.places", "stream_lambda.table"

FAULTS = {
    "the flag is written after the row": (
        Change(
            _PLACES, "            self.flag(user_uuid)\n        return True", "            pass\n        return True"
        ),
        Change(
            _MESSAGES,
            "            else:\n                write_units = places",
            "            else:\n                [places.flag(user_uuid) for user_uuid in sorted(group.further)]\n"
            "                write_units = places",
        ),
    ),
    "the place is not stored with the members of a new conversation": (
        Change(
            _MESSAGES,
            "items.group_item(group), *rows",
            "items.group_item(Group(group.group_uuid, group.members)), *rows",
        ),
    ),
    "the place is not stored with a new member": (
        Change(_MEMBERS, "members=(*group.members, user), further=further)", "members=(*group.members, user))"),
    ),
    "the place is decided anew when somebody comes back": (
        Change(_MEMBERS, "    if left:\n", "    if False:\n"),
        Change(_MEMBERS, "joined, place.absent)", "joined)"),
    ),
    "a row that comes while the place is decided is overlooked": (
        Change(_MEMBERS, "joined, place.absent)", "joined)"),
    ),
    "a row that comes back while its owner does is left as it is": (
        Change(
            _MEMBERS, "if rows.replace_if_unchanged(row, seen):", "if rows.replace_if_unchanged(row, seen) or True:"
        ),
    ),
    "a conversation that is there is begun again": (
        Change(_MESSAGES, '"attribute_not_exists(pk)"', '"pk = pk OR attribute_not_exists(pk)"'),
    ),
    "members are written whatever they are by now": (
        Change(
            _MEMBERS,
            '"ConditionExpression": "members = :seen"',
            '"ConditionExpression": "members = :seen OR attribute_exists(members)"',
        ),
    ),
    "a row moves in the table and not in the index": (
        Change(_TABLE, 'name.startswith("other_")', 'name.startswith(("other_", "further_"))'),
    ),
    "a page goes on after the index's page": (
        Change(
            _INBOX,
            "last = _position(ordered[limit - 1]) if len(ordered) > limit else (end, _LAST)",
            "last = (end, _LAST)",
        ),
    ),
    "a page goes on after its first conversation": (Change(_INBOX, "ordered[limit - 1]", "ordered[0]"),),
    "a page begins with the rows of the table again": (Change(_INBOX, " and _position(row) < after)", ")"),),
    "a page goes on in the index only": (
        Change(
            _INBOX,
            "rows = (*partition.rows, *further)\n        # at",
            "rows = (*(partition.rows if token is None else ()), *further)\n        # at",
        ),
    ),
    "rows of the table are shown before those of the index are read": (
        Change(_INBOX, "if end < _position(row)[0] and", "if"),
    ),
    "the flag is not looked for": (
        Change(_INBOX, " if partition.has_further else ([], _THE_END)", " if False else ([], _THE_END)"),
    ),
}
