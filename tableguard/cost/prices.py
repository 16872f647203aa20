"""Prices with their sources, from prices.toml or from the user."""

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
    """The price of a unit, with its source."""

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
        """Return the USD of one unit."""
        return self.usd / self.per

    @property
    def is_own(self) -> bool:
        """Tell whether the price is the user's own."""
        return not self.page

    @property
    def source(self) -> str:
        """Return page and dates in one line."""
        if self.is_own:
            return "given with --price"
        return f"{self.page} (read {self.read}{f', as of {self.as_of}' if self.as_of else ''})"


Prices = Mapping[str, Price]


@cache
def shipped_prices() -> Prices:
    """Return every price of prices.toml by its name."""
    data: dict[str, dict[str, Any]] = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {name: Price(name, **facts) for name, facts in data.items()}


def prices_of(region: str, overrides: Iterable[str] = ()) -> Prices:
    """Return the prices of a region, the user's NAME=USD in the place of ours.

    CostError if there is none for the region, or a name is unknown.
    """
    own = [_override(text, region) for text in overrides]
    prices = [price for price in shipped_prices().values() if price.region == region]
    if not own and not prices:
        there = ", ".join(sorted({price.region for price in shipped_prices().values()}))
        raise CostError(f"region {region!r}: only prices of {there} are shipped; give those of yours: --price NAME=USD")
    return {price.name: price for price in (*prices, *own)}


def _override(text: str, region: str) -> Price:
    name, _, usd = text.partition("=")
    ours = shipped_prices().get(name)
    if ours is None:
        raise CostError(f"price {name!r}: no such price; there are: {', '.join(sorted(shipped_prices()))}")
    try:
        value = float(usd)
    except ValueError as error:
        raise CostError(f"price {name}: {usd!r} is not a number of USD for {ours.per:,.0f} {ours.unit}") from error
    if not isfinite(value) or value < 0:
        raise CostError(f"price {name}: {usd!r} is not accepted; it must be 0 or more")
    return Price(name, value, ours.per, ours.unit, region, page="", read="")


def old(prices: Prices, today: date) -> tuple[Price, ...]:
    """Return the prices that were read more than OLD_DAYS ago."""
    return tuple(
        price
        for price in prices.values()
        if not price.is_own and (today - date.fromisoformat(price.read)).days > OLD_DAYS
    )
