"""The names that a price may have, with their units, and where AWS's price files have them."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).with_name("catalogue.toml")


@dataclass(frozen=True)
class Offer:
    """What AWS sells by a unit; without a service's code it is not looked for in AWS's price files."""

    name: str
    per: float  # so many units are what a price is for
    unit: str
    service: str = ""
    usage: str = ""  # the usage type without its Region
    operation: str = ""


@cache
def catalogue() -> Mapping[str, Offer]:
    """Return everything that a bill may hold, by its name."""
    data: dict[str, dict[str, Any]] = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {name: Offer(name, **facts) for name, facts in data.items()}
