"""Paths into a policy document: keys and indices for line numbers, the statement's Sid for readers."""

from collections.abc import Callable, Mapping
from typing import Any

from tableguard.reading.line_numbers import Key

Document = Mapping[str, Any]
Path = tuple[Key, ...]
LineOf = Callable[[Path], int | None]


def no_line(path: Path) -> None:
    """Tell no line: for a document that no file holds."""


def statements(document: Document) -> list[tuple[Path, Document]]:
    """Return each statement with its path; one that stands alone, as IAM allows, has no index."""
    element = document.get("Statement")
    if isinstance(element, dict):
        return [(("Statement",), element)]
    listed = element if isinstance(element, list) else []
    return [(("Statement", index), item) for index, item in enumerate(listed) if isinstance(item, dict)]


def shown(path: Path, document: Document) -> str:
    """Write a path as readers know it: `statement SID: Condition/StringEquals/aws:userid`, with a number for no Sid."""
    if path[:1] != ("Statement",):
        return "/".join(map(str, path)) or "document"
    element = document.get("Statement")
    index = path[1] if len(path) > 1 and isinstance(path[1], int) else None
    if isinstance(element, list) and index is None:
        return "/".join(map(str, path))
    statement = element[index] if isinstance(element, list) and isinstance(index, int) else element
    sid = statement.get("Sid") if isinstance(statement, Mapping) else None
    name = f"statement {sid or (index or 0) + 1}"
    rest = "/".join(map(str, path[1:] if index is None else path[2:]))
    return f"{name}: {rest}" if rest else name
