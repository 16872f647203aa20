"""TOML files that people write, read strictly: each key is taken once, and a key that nothing takes is refused."""

import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tableguard.errors import PolicyError, TableguardError
from tableguard.reading import json_file

_Error = type[TableguardError]
_NOT_EMPTY = r"(?s).*\S.*"


class Table:
    """A table of a TOML file; its errors read `PLACE: KEY: problem; accepted: values`."""

    def __init__(self, place: str, data: Mapping[str, Any], error: _Error = PolicyError) -> None:
        self.place, self.data, self.error = place, dict(data), error
        self.taken: set[str] = set()

    def place_of(self, key: str) -> str:
        """Return what an error calls a key of this table."""
        return f"{self.place}: {key}"

    def refusal(self, key: str, accepted: str) -> TableguardError:
        """Return the error for a key that is missing or has a value other than the accepted ones."""
        problem = f"{self.data[key]!r} is not accepted" if key in self.data else "missing"
        return self.error(f"{self.place_of(key)}: {problem}; accepted: {accepted}")

    def take(self, key: str, accepted: str, test: Callable[[Any], bool], default: Any = None) -> Any:
        """Return the value of a key; without a default (None) the key must be there."""
        self.taken.add(key)
        if key not in self.data and default is not None:
            return default
        if key not in self.data or not test(self.data[key]):
            raise self.refusal(key, accepted)
        return self.data[key]

    def present(self, *keys: str) -> dict[str, Any]:
        """Take those of the keys that are there, whatever their values are: the caller tests them."""
        self.taken.update(keys)
        return {key: self.data[key] for key in keys if key in self.data}

    def text(
        self, key: str, default: str | None = None, *, pattern: str = _NOT_EMPTY, accepted: str = "a text, not empty"
    ) -> str:
        """Return a text that matches a pattern as a whole."""
        return str(self.take(key, accepted, lambda value: _matches(pattern, value), default))

    def texts(self, key: str, pattern: re.Pattern[str] | None = None, accepted: str = "texts") -> tuple[str, ...]:
        """Return a list of texts, which may be empty."""

        def test(value: object) -> bool:
            return isinstance(value, list) and all(
                is_text(item) and (pattern is None or pattern.fullmatch(item)) for item in value
            )

        return tuple(self.take(key, f"a list of {accepted}", test))

    def distinct_texts(
        self, key: str, pattern: str, accepted: str, default: tuple[str, ...] | None = None
    ) -> tuple[str, ...]:
        """Return a list that holds at least one text and none twice; the default if there is one and no such key."""

        def test(value: object) -> bool:
            return (
                isinstance(value, list)
                and bool(value)
                and all(_matches(pattern, item) for item in value)
                and len(set(value)) == len(value)
            )

        return tuple(self.take(key, f"a list, not empty and without repetition, of {accepted}", test, default))

    def choice(self, key: str, choices: tuple[Any, ...], default: Any = None) -> Any:
        """Return one of the choices."""

        def test(value: object) -> bool:
            # `in` alone would take True for 1
            return any(value == choice and type(value) is type(choice) for choice in choices)

        return self.take(key, ", ".join(map(str, choices)), test, default)

    def flag(self, key: str, default: bool | None = False) -> bool:
        """Return true or false; without a default (None) the key must be there."""
        return bool(self.take(key, "true or false", lambda value: isinstance(value, bool), default))

    def number(self, key: str, low: int, high: int, default: int | None = None) -> int:
        """Return a whole number from `low` to `high`."""
        accepted = f"a whole number from {low} to {high}"
        return int(self.take(key, accepted, lambda value: _within(value, low, high), default))

    def span(self, key: str, low: int, high: int) -> tuple[int, int]:
        """Return a pair of whole numbers, the lower first."""

        def test(value: object) -> bool:
            return (
                isinstance(value, list)
                and len(value) == 2
                and all(_within(item, low, high) for item in value)
                and value[0] <= value[1]
            )

        lowest, highest = self.take(key, f"[lowest, highest], whole numbers from {low} to {high}", test)
        return lowest, highest

    def tables(self, key: str, optional: bool = False) -> list[dict[str, Any]]:
        """Return the content of all [[key]] sections."""
        self.taken.add(key)
        if optional and key not in self.data:
            return []

        def test(value: object) -> bool:
            return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)

        return list(self.take(key, f"[[{key}]] sections, at least one", test))

    def table(self, key: str, default: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the content of a nested table."""
        return dict(self.take(key, f"a table, {key} = {{…}}", lambda value: isinstance(value, dict), default))

    def close(self) -> None:
        """Refuse the first key that nothing has taken."""
        for key in sorted(self.data.keys() - self.taken):
            raise self.error(f"{self.place_of(key)}: unknown key; {self._takes()} {', '.join(sorted(self.taken))}")

    def _takes(self) -> str:
        return "accepted:"


class Section(Table):
    """A section of a TOML file, or the whole file (no name); its errors read `FILE: SECTION.KEY: problem`."""

    def __init__(self, file: str, name: str, data: Mapping[str, Any], error: _Error) -> None:
        super().__init__(file, data, error)
        self.name = name

    def place_of(self, key: str) -> str:
        """Return the file and the dotted path of a key."""
        return f"{self.place}: {self._path(key)}"

    def section(self, key: str) -> "Section":
        """Return a section within this one."""
        data = self.take(key, f"a [{self._path(key)}] section", lambda value: isinstance(value, dict))
        return Section(self.place, self._path(key), data, self.error)

    def _path(self, key: str) -> str:
        return f"{self.name}.{key}" if self.name else key

    def _takes(self) -> str:
        return f"{f'[{self.name}]' if self.name else 'the file'} here takes"


def is_text(value: object) -> bool:
    """Tell whether a value is a text with more than white space in it."""
    return isinstance(value, str) and bool(value.strip())


def is_text_or_texts(value: object) -> bool:
    """Tell whether a value is a text, or a list of texts that is not empty."""
    return is_text(value) or (isinstance(value, list) and bool(value) and all(map(is_text, value)))


def _matches(pattern: str, value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(pattern, value) is not None


def _within(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def read_toml(path: Path, error: _Error = PolicyError, remedy: str = "") -> dict[str, Any]:
    """Return the content of a TOML file; the error names the file, what is wrong, and a remedy if it is unreadable."""
    try:
        text = json_file.without_mark(path, path.read_text(encoding="utf-8"), error)
    except OSError as problem:
        raise error(f"{path}: cannot be read ({problem.strerror}){remedy and f'; {remedy}'}") from problem
    except UnicodeDecodeError as problem:
        raise error(f"{path}: not UTF-8 text (byte {problem.start})") from problem
    return parse_toml(text, str(path), error)


def parse_toml(text: str, source: str, error: _Error = PolicyError) -> dict[str, Any]:
    """Return the content of TOML text; the error begins with `source`."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as problem:  # also a number too long, or brackets too deep, for Python
        raise error(f"{source}: not TOML: {problem}") from problem


def refuse_repetition(place: str, names: list[str]) -> None:
    """Raise PolicyError for a name that is given twice."""
    for name in names:
        if names.count(name) > 1:
            raise PolicyError(f"{place}: {name!r} is the name of two")
