"""JSON files that people write, read strictly: an error is one line with the file, the place and the problem."""

import json
from pathlib import Path
from typing import Any

from tableguard.errors import PolicyError, TableguardError


def without_mark(path: Path, text: str, error: type[TableguardError] = PolicyError) -> str:
    """Return the text of a file; refuse one that a byte order mark precedes, as AWS does."""
    if text.startswith("\ufeff"):
        raise error(f"{path}: begins with a byte order mark; save it as UTF-8 without one")
    return text


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file; PolicyError names the file and the line that is wrong."""
    try:
        document = json.loads(without_mark(path, path.read_text(encoding="utf-8")), object_pairs_hook=no_duplicates)
    except OSError as error:
        raise PolicyError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise PolicyError(f"{path}: not UTF-8 text (byte {error.start})") from error
    except json.JSONDecodeError as error:
        raise PolicyError(f"{path}:{error.lineno}:{error.colno}: not JSON: {error.msg}") from error
    except RecursionError as error:
        raise PolicyError(f"{path}: nested too deeply to be a policy document") from error
    except _DuplicateKeyError as error:
        raise PolicyError(f"{path}: key {error} is written twice in one object; AWS keeps only one of them") from error
    if not isinstance(document, dict):
        raise PolicyError(f"{path}: a policy document is a JSON object, not {type(document).__name__}")
    return document


class _DuplicateKeyError(ValueError):
    pass


def no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object of these pairs; ValueError names a key that is written twice. A hook for `json.loads`."""
    document = dict(pairs)
    if len(document) != len(pairs):
        keys = [key for key, _ in pairs]
        raise _DuplicateKeyError(next(repr(key) for key in keys if keys.count(key) > 1))
    return document
