"""Settings files made from the shipped examples by a change, and how they are read or refused."""

import copy
import json
import tomllib
from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import Any

import pytest

from tableguard.errors import SettingsError
from tableguard.paths import EXAMPLE_SETTINGS
from tableguard.settings import Settings, parse

Data = dict[str, Any]

EXAMPLES = tuple(sorted(path.stem for path in EXAMPLE_SETTINGS.glob("*.toml")))
ABSENT = object()


@cache
def data(name: str = "default") -> Data:
    """An example as TOML gives it; `changed` copies it."""
    return tomllib.loads((EXAMPLE_SETTINGS / f"{name}.toml").read_text(encoding="utf-8"))


def toml(value: Any) -> str:
    """A value as TOML writes it; JSON's forms but for tables."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(key)} = {toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    return value.isoformat() if isinstance(value, date) else json.dumps(value, ensure_ascii=False)


def text(settings: Data) -> str:
    """A settings file that says all this."""
    return "\n".join(f"{toml(key)} = {toml(value)}" for key, value in settings.items())


def changed(settings: Data, path: str, value: Any) -> Data:
    """A copy with one value replaced, added or, if ABSENT, removed."""
    found = copy.deepcopy(settings)
    *sections, key = path.split(".")
    place = found
    for section in sections:
        place = place[section]
    if value is ABSENT:
        del place[key]
    else:
        place[key] = value
    return found


def with_own_roles(settings: Data) -> Data:
    """The same with the deployer and the break-glass role of this workload and account exempt, as they must be."""
    workload = settings["workload"]
    own = f"arn:aws:iam::{workload['account_id']}:role/{workload['name']}"
    roles = {"exempt": [f"{own}-deployer"], "break_glass": [f"{own}-break-glass"]}
    return {**settings, "roles": {**settings["roles"], **roles}}


def read(settings: Data) -> Settings:
    return parse(text(settings), "settings.toml")


def refusal(settings: Data) -> str:
    """The line in which these settings are refused."""
    with pytest.raises(SettingsError) as refused:
        read(settings)
    line = str(refused.value)
    assert "\n" not in line
    return line


def leaves(settings: Data, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every key that is not a section, with its value."""
    for key, value in settings.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
