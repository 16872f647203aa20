"""Sorts the files of a folder: those that are read, those that are left out, and those that must not be.

A policy that is left out makes a promise that something is allowed false, so what looks like one and cannot be read is
an error: another suffix, an element's name in another case, a document inside something unknown, a link to nothing.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tableguard.errors import PolicyError

MOST_BYTES = 1_000_000  # the largest template that CloudFormation takes; the largest policy is 20,480 characters
JSON = (".json", ".template")
YAML = (".yaml", ".yml")
_ACCEPTED = ", ".join((*JSON, *YAML))
_PROSE = (".md", ".rst", ".adoc", ".html", ".toml", ".py")  # may show policies, and is none
_ELEMENT = re.compile(r"""\b(statements?|effect)\b["'\\]*\s*[:={\[]""", re.IGNORECASE)


def files(path: Path) -> tuple[list[Path], list[str]]:
    """Return the files to read in a file or folder, sorted, and those left out; PolicyError for what must not be."""
    if not path.exists():
        raise PolicyError(f"{path}: no such file or folder")
    if not path.is_dir():
        return [path], []
    read: list[Path] = []
    others: list[str] = []
    for file in _inside(path, others):
        if file.suffix.lower() in (*JSON, *YAML):
            read.append(file)
        else:
            _refuse_policy(file)
            others.append(str(file))
    return read, others


def _inside(folder: Path, others: list[str]) -> Iterator[Path]:
    """Yield every file below a folder; hidden ones, of version control for instance, are left out."""
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith("."):
            others.append(str(entry))
        elif not entry.exists():
            raise PolicyError(f"{entry}: a link to nothing; remove it, or put the file in its place")
        elif entry.is_dir():
            if entry.is_symlink():
                raise PolicyError(f"{entry}: a link to a folder is not followed; put the folder in its place")
            yield from _inside(entry, others)
        elif entry.is_file():
            yield entry


def _refuse_policy(file: Path) -> None:
    """Raise PolicyError for a file that is not read and looks like a policy."""
    if file.suffix.lower() not in _PROSE and _ELEMENT.search(_start_of(file)):
        raise PolicyError(f"{file}: looks like a policy, and only {_ACCEPTED} are read; render or rename it")


def _start_of(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return opened.read(MOST_BYTES).decode("utf-8", "ignore")
    except OSError as error:
        raise PolicyError(f"{file}: cannot be read ({error.strerror})") from error


def refuse_unread(file: Path, content: Any, read: int) -> None:
    """Raise PolicyError if a file's content holds more policies than were read from it."""
    held = _policies_in(content)
    if held > read:
        raise PolicyError(
            f"{file}: holds {held} policies, {read} of which can be read; a file holds one document with a Statement, "
            "bare or as Content or Policy, or is a CloudFormation template"
        )


def _policies_in(node: Any) -> int:
    """Count the policies in some content, however they are wrapped and their elements written."""
    if isinstance(node, str):
        return _policies_in(_unwrapped(node)) if node.lstrip().startswith(("{", "[")) else 0
    if isinstance(node, list):
        return sum(map(_policies_in, node))
    if not isinstance(node, dict):
        return 0
    return sum(
        1 if str(key).lower() in ("statement", "statements") and has_effect(value) else _policies_in(value)
        for key, value in node.items()
    )


def has_effect(value: Any) -> bool:
    """Return True if a Statement is a policy's: those of AWS WAF have no Effect."""
    listed = value if isinstance(value, list) else [value]
    return any(isinstance(item, dict) and any(str(key).lower() == "effect" for key in item) for item in listed)


def _unwrapped(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
