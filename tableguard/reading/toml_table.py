"""TOML files that people write, read strictly: every key is taken once, and an unknown one refused."""

import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tableguard.errors import PolicyError
from tableguard.reading import json_file


class Table:
    """One table of a TOML file; `close` refuses the keys that nobody asked for."""

    def __init__(self, place: str, data: Mapping[str, Any]) -> None:
        self.place, self.data = place, dict(data)
        self.known: set[str] = set()

    def take(self, key: str, accepted: str, test: Callable[[Any], bool], default: Any = None) -> Any:
        self.known.add(key)
        if key not in self.data and default is not None:
            return default
        if key not in self.data or not test(self.data[key]):
            found = f"{self.data[key]!r} is not accepted" if key in self.data else "missing"
            raise PolicyError(f"{self.place}: {key}: {found}; accepted: {accepted}")
        return self.data.pop(key)

    def text(self, key: str, default: str | None = None) -> str:
        return str(self.take(key, "a text, not empty", is_text, default))

    def texts(self, key: str, pattern: re.Pattern[str] | None = None, accepted: str = "texts") -> tuple[str, ...]:
        def test(found: object) -> bool:
            return isinstance(found, list) and all(
                is_text(item) and (pattern is None or pattern.fullmatch(item)) for item in found
            )

        return tuple(self.take(key, f"a list of {accepted}", test))

    def tables(self, key: str, optional: bool = False) -> list[dict[str, Any]]:
        self.known.add(key)
        if optional and key not in self.data:
            return []

        def test(found: object) -> bool:
            return isinstance(found, list) and bool(found) and all(isinstance(item, dict) for item in found)

        return list(self.take(key, f"[[{key}]] sections, at least one", test))

    def table(self, key: str, default: dict[str, Any] | None = None) -> dict[str, Any]:
        return dict(self.take(key, f"a table, {key} = {{…}}", lambda found: isinstance(found, dict), default))

    def close(self) -> None:
        for key in sorted(self.data):
            raise PolicyError(f"{self.place}: {key}: unknown key; accepted: {', '.join(sorted(self.known))}")


def is_text(found: object) -> bool:
    return isinstance(found, str) and bool(found.strip())


def is_text_or_texts(found: object) -> bool:
    return is_text(found) or (isinstance(found, list) and bool(found) and all(map(is_text, found)))


def read_toml(path: Path) -> dict[str, Any]:
    """The content of a TOML file; PolicyError names the file and what is wrong with it."""
    try:
        return tomllib.loads(json_file.without_mark(path, path.read_text(encoding="utf-8")))
    except OSError as error:
        raise PolicyError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise PolicyError(f"{path}: not UTF-8 text (byte {error.start})") from error
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"{path}: not TOML: {error}") from error


def refuse_repetition(place: str, names: list[str]) -> None:
    """PolicyError for a name that is given twice."""
    for name in names:
        if names.count(name) > 1:
            raise PolicyError(f"{place}: {name!r} is the name of two")
