"""The table of steps, steps.toml: which calls are a step, and what an attacker has after it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, get_args

from tableguard.errors import PolicyError
from tableguard.prove.reach.account import FactKind
from tableguard.reading.toml_table import Table, is_text_or_texts, read_toml

_FILE = Path(__file__).with_name("steps.toml")
_FACTS: dict[str, FactKind] = {kind: kind for kind in get_args(FactKind)}
UNKNOWN_SERVICE = "*"


@dataclass(frozen=True)
class StepKind:
    """One row of the table; a `service` makes it one by which a role is handed over.

    One of the actions of each entry of `calls` is needed.
    """

    name: str
    on: str
    calls: tuple[tuple[str, ...], ...]
    gives: FactKind
    source: str
    says: str = ""
    service: str = ""
    at: str = ""
    condition: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@cache
def table() -> tuple[StepKind, ...]:
    """Read the table of steps."""
    rows = Table(_FILE.name, read_toml(_FILE))
    acts = tuple(_act(Table(f"{_FILE.name}: act {n}", row)) for n, row in enumerate(rows.tables("act"), start=1))
    passes = tuple(_pass(Table(f"{_FILE.name}: pass {n}", row)) for n, row in enumerate(rows.tables("pass"), start=1))
    rows.close()
    return (*acts, *passes)


def services() -> frozenset[str]:
    """Return the services to which the table hands roles."""
    return frozenset(kind.service for kind in table() if kind.service) - {UNKNOWN_SERVICE}


def chosen(without: tuple[str, ...], place: str) -> tuple[StepKind, ...]:
    """Return the table without some of its steps; PolicyError for one that it does not have."""
    names = [kind.name for kind in table()]
    for name in without:
        if name not in names:
            raise PolicyError(f"{place}: {name!r} is no step; accepted: {', '.join(names)}")
    return tuple(kind for kind in table() if kind.name not in without)


def _act(row: Table) -> StepKind:
    gives = _FACTS[row.choice("gives", tuple(_FACTS))]
    texts = (row.text("id"), row.text("on"), _calls(row), gives, row.text("source"), row.text("says"))
    kind = StepKind(*texts, condition=row.table("condition", {}))
    row.close()
    return kind


def _pass(row: Table) -> StepKind:
    name, calls, source = row.text("id"), _calls(row), row.text("source")
    at = row.text("at", "")
    kind = StepKind(name, "role", calls, "is", source, service=row.text("service"), at=at)
    row.close()
    return kind


def _calls(row: Table) -> tuple[tuple[str, ...], ...]:
    entries = row.take("calls", "a list of actions, or of lists of them", _are_calls)
    return tuple((entry,) if isinstance(entry, str) else tuple(entry) for entry in entries)


def _are_calls(value: object) -> bool:
    return isinstance(value, list) and all(is_text_or_texts(entry) for entry in value)
