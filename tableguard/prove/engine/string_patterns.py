"""The values of string and ARN operators as patterns."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

from tableguard.policy.conditions import Condition
from tableguard.policy.matching import VARIABLE
from tableguard.prove.engine.automaton import Pattern
from tableguard.prove.engine.statement_set import StatementSet

_KINDS: dict[str, Literal["exactly", "in any case", "like", "like an ARN"]] = {
    "StringEquals": "exactly",
    "StringNotEquals": "exactly",
    "StringEqualsIgnoreCase": "in any case",
    "StringNotEqualsIgnoreCase": "in any case",
    "StringLike": "like",
    "StringNotLike": "like",
    "BinaryEquals": "exactly",
    "ArnEquals": "like an ARN",
    "ArnLike": "like an ARN",
    "ArnNotEquals": "like an ARN",
    "ArnNotLike": "like an ARN",
}


def is_text(line: Condition) -> bool:
    """Return True if the operator compares texts."""
    return line.operator in _KINDS


def patterns(lines: Iterable[tuple[StatementSet, Condition]], key: str) -> tuple[Pattern, ...]:
    """Return the values that a key is compared with as a text, each once."""
    compared = (
        Pattern(_KINDS[line.operator], value)
        for _, line in lines
        if line.key == key and is_text(line)
        for value in line.values
    )
    return tuple(dict.fromkeys(compared))


@lru_cache(maxsize=65536)
def variables_in(value: str) -> frozenset[str]:
    """Return the keys, in lower case, whose values stand in a value; ${*}, ${?} and ${$} are characters, not keys.

    A default, as in ${key, 'none'}, is no part of the key's name.
    """
    if "${" not in value:
        return frozenset()
    names = (name.partition(",")[0].strip().lower() for name in VARIABLE.findall(value))
    return frozenset(name for name in names if name not in ("*", "?", "$"))
