"""JSON files that people write, read strictly: what is wrong is said in one line."""

import json
from pathlib import Path
from typing import Any

from tableguard.errors import PolicyError


def without_mark(path: Path, text: str) -> str:
    """The text of a file; PolicyError if a byte order mark precedes it, which AWS refuses as well."""
    if text.startswith("\ufeff"):
        raise PolicyError(f"{path}: begins with a byte order mark; save it as UTF-8 without one")
    return text


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a file; PolicyError names the file and the line that is wrong."""
    try:
        found = json.loads(without_mark(path, path.read_text(encoding="utf-8")), object_pairs_hook=no_duplicates)
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
    if not isinstance(found, dict):
        raise PolicyError(f"{path}: a policy document is a JSON object, not {type(found).__name__}")
    return found


class _DuplicateKeyError(ValueError):
    pass


def no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        raise _DuplicateKeyError(next(repr(key) for key in keys if keys.count(key) > 1))
    return found
