"""The documents under policies/: JSON as deployed, with <placeholders> where an organisation must choose."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tableguard.errors import PolicyError
from tableguard.paths import POLICIES
from tableguard.reading.json_file import read_json

KINDS = ("scp", "rcp", "endpoint", "resource", "role")
_PLACEHOLDER = re.compile(r"<([a-z][a-z0-9-]*)>")

Values = Mapping[str, str | tuple[str, ...]]


@dataclass(frozen=True)
class PolicyDocument:
    """One document: its kind (scp, rcp, endpoint, resource, role), its name, and the JSON as written."""

    kind: str
    name: str
    path: Path
    document: dict[str, Any]

    @property
    def place(self) -> str:
        """What errors and reports call it: kind/name.json."""
        return f"{self.kind}/{self.name}.json"


def names(kind: str, root: Path = POLICIES) -> tuple[str, ...]:
    """The names of all documents of a kind, sorted."""
    return tuple(sorted(path.stem for path in (root / kind).glob("*.json")))


def load(kind: str, name: str, root: Path = POLICIES) -> PolicyDocument:
    """One document as written, placeholders unfilled."""
    path = root / kind / f"{name}.json"
    return PolicyDocument(kind, name, path, read_json(path))


def load_all(root: Path = POLICIES) -> tuple[PolicyDocument, ...]:
    """Every document, in the order of KINDS and then by name."""
    return tuple(load(kind, name, root) for kind in KINDS for name in names(kind, root))


def placeholders(document: Any) -> frozenset[str]:
    """The names of all <placeholders> in a document."""
    if isinstance(document, dict):
        parts: list[Any] = [*document.keys(), *document.values()]
    elif isinstance(document, list):
        parts = document
    else:
        return frozenset(_PLACEHOLDER.findall(document)) if isinstance(document, str) else frozenset()
    return frozenset().union(*map(placeholders, parts))


def fill(policy: PolicyDocument, values: Values) -> dict[str, Any]:
    """The document with every placeholder replaced; a list item that holds a list becomes one item per value."""
    filled: dict[str, Any] = _fill(policy.document, values, policy.place)
    return filled


def fill_element(element: Mapping[str, Any], values: Values, place: str) -> dict[str, Any]:
    """A statement, or another part of a document, with its placeholders replaced."""
    filled: dict[str, Any] = _fill(dict(element), values, place)
    return filled


def fill_text(text: str, values: Values, place: str) -> str:
    """A text with its placeholders replaced; PolicyError if one of them stands for a list."""
    return _fill_text(text, values, place)


def _fill(node: Any, values: Values, place: str) -> Any:
    if isinstance(node, dict):
        return {key: _fill(value, values, place) for key, value in node.items()}
    if isinstance(node, list):
        return [filled for item in node for filled in _fill_item(item, values, place)]
    return _fill_text(node, values, place) if isinstance(node, str) else node


def _fill_item(item: Any, values: Values, place: str) -> list[Any]:
    lists = _lists_in(item, values, place) if isinstance(item, str) else []
    if not lists:
        return [_fill(item, values, place)]
    if len(lists) > 1:
        raise PolicyError(f"{place}: {item!r} holds {len(lists)} lists; one list item takes one of them")
    name, found = lists[0]
    if not found:
        # under a negated operator an empty exemption list would turn the statement round
        raise PolicyError(f"{place}: the list for <{name}> is empty; name at least one value")
    return [_fill_text(item, {**values, name: value}, place) for value in found]


def _lists_in(text: str, values: Values, place: str) -> list[tuple[str, tuple[str, ...]]]:
    found = [(name, _value(name, values, place)) for name in _PLACEHOLDER.findall(text)]
    return [(name, value) for name, value in found if not isinstance(value, str)]


def _fill_text(text: str, values: Values, place: str) -> str:
    def replace(match: re.Match[str]) -> str:
        found = _value(match[1], values, place)
        if not isinstance(found, str):
            raise PolicyError(f"{place}: <{match[1]}> is a list and stands inside a text; write it in a list")
        return found

    return _PLACEHOLDER.sub(replace, text)


def _value(name: str, values: Values, place: str) -> str | tuple[str, ...]:
    if name not in values:
        raise PolicyError(f"{place}: no value for <{name}>; known placeholders: {', '.join(sorted(values))}")
    return values[name]
