"""Prices with their sources: those of prices.toml, and those a user gives instead."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from math import isfinite
from pathlib import Path
from typing import Any

from tableguard.errors import CostError

_FILE = Path(__file__).with_name("prices.toml")
OLD_DAYS = 180  # after so many days a reader should look again


@dataclass(frozen=True)
class Price:
    """What one unit costs, and who says so."""

    name: str
    usd: float
    per: float  # so many units cost that much
    unit: str
    region: str
    page: str
    read: str  # the day, 2026-11-21
    as_of: str = ""  # the month that the page speaks of, if it tells

    @property
    def each(self) -> float:
        """USD of one unit."""
        return self.usd / self.per

    @property
    def is_given(self) -> bool:
        """Whether the user gave it."""
        return not self.page

    @property
    def source(self) -> str:
        """Page and dates in one line."""
        if self.is_given:
            return "given with --price"
        return f"{self.page} (read {self.read}{f', as of {self.as_of}' if self.as_of else ''})"


Prices = Mapping[str, Price]


@cache
def shipped() -> Prices:
    """Every price that a page could be found for."""
    data: dict[str, dict[str, Any]] = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {name: Price(name, **facts) for name, facts in data.items()}


def chosen(region: str, given: Iterable[str] = ()) -> Prices:
    """The prices of a region, the user's NAME=USD before ours; CostError if there is none, or a name is unknown."""
    own = [_given(text, region) for text in given]
    prices = [price for price in shipped().values() if price.region == region]
    if not own and not prices:
        there = ", ".join(sorted({price.region for price in shipped().values()}))
        raise CostError(f"region {region!r}: only prices of {there} are shipped; give those of yours: --price NAME=USD")
    return {price.name: price for price in (*prices, *own)}


def _given(text: str, region: str) -> Price:
    name, _, usd = text.partition("=")
    known = shipped().get(name)
    if known is None:
        raise CostError(f"price {name!r}: no such price; there are: {', '.join(sorted(shipped()))}")
    try:
        value = float(usd)
    except ValueError as error:
        raise CostError(f"price {name}: {usd!r} is not a number of USD for {known.per:,.0f} {known.unit}") from error
    if not isfinite(value) or value < 0:
        raise CostError(f"price {name}: {usd!r} is not accepted; it must be 0 or more")
    return Price(name, value, known.per, known.unit, region, page="", read="")


def old(prices: Prices, today: date) -> tuple[Price, ...]:
    """The prices that were read long ago."""
    return tuple(
        price
        for price in prices.values()
        if not price.is_given and (today - date.fromisoformat(price.read)).days > OLD_DAYS
    )
