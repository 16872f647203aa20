"""Prices with their sources: of prices.toml, of a file that `tableguard prices refresh` wrote, or the user's own."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from math import isfinite
from pathlib import Path
from typing import Any

from tableguard import partitions
from tableguard.cost.catalogue import catalogue
from tableguard.errors import CostError

_FILE = Path(__file__).with_name("prices.toml")
FULLEST = "us-east-1"  # the Region whose shipped prices have the fewest gaps
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
    sku: str = ""  # of AWS's price file
    published: str = ""  # the day of AWS's price file

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
        sku = f"SKU {self.sku}, published {self.published}, " if self.sku else ""
        return f"{self.page} ({sku}read {self.read}{f', as of {self.as_of}' if self.as_of else ''})"


Prices = Mapping[str, Price]


@cache
def shipped_prices(region: str) -> Prices:
    """Return every price of a Region in prices.toml by its name."""
    return _of_region(tomllib.loads(_FILE.read_text(encoding="utf-8")), region, _FILE.name)


@cache
def shipped_regions() -> tuple[str, ...]:
    """Return the Regions that prices.toml has prices of."""
    return tuple(sorted(tomllib.loads(_FILE.read_text(encoding="utf-8"))))


def prices_in(file: Path, region: str) -> Prices:
    """Return the prices of a Region in a file of the user's; CostError says what is amiss with it."""
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise CostError(f"{file}: cannot be read ({getattr(error, 'strerror', None) or 'not UTF-8'})") from error
    except tomllib.TOMLDecodeError as error:
        raise CostError(f"{file}: is not TOML ({error}); `tableguard prices refresh` writes one") from error
    if region not in data:
        there = ", ".join(sorted(data)) or "none"
        raise CostError(f"{file}: has no prices of {region}, only of {there}; `tableguard prices refresh` reads them")
    return _of_region(data, region, str(file))


def prices_of(region: str, overrides: Iterable[str] = (), file: Path | None = None) -> Prices:
    """Return the prices of a Region: the user's NAME=USD stand before the file's, and the file's before ours.

    CostError if there is none for the Region, or a name is unknown.
    """
    own = {price.name: price for price in (_override(text, region) for text in overrides)}
    prices = {**shipped_prices(region), **(prices_in(file, region) if file else {}), **own}
    if not prices:
        raise CostError(
            f"region {region!r}: only prices of {', '.join(shipped_regions())} are shipped; "
            f"`tableguard prices refresh --region {region}` reads those of yours, or give them: --price NAME=USD"
        )
    return prices


def default_region(home_region: str, file: Path | None) -> str:
    """Return the home Region where there are prices of it, shipped or in a file of the user's, else us-east-1."""
    return home_region if file or home_region in shipped_regions() else FULLEST


def with_substitutes(prices: Prices, region: str) -> Prices:
    """Return the prices, and us-east-1's for those that a Region of AWS's main partition lacks."""
    if partitions.of_region(region) != partitions.of_region(FULLEST):
        return prices  # what is sold elsewhere, and in what currency, says nothing there
    return {**shipped_prices(FULLEST), **prices}


def _of_region(data: Mapping[str, Any], region: str, where: str) -> Prices:
    prices = data.get(region, {})
    if not isinstance(prices, dict):
        raise CostError(f"{where}: [{region}] is not a table of prices")
    return {name: _price(name, facts, region, f"{where}: [{region}.{name}]") for name, facts in prices.items()}


def _price(name: str, facts: Any, region: str, where: str) -> Price:
    offer = catalogue().get(name)
    if offer is None:
        raise CostError(f"{where}: no such price; there are: {', '.join(sorted(catalogue()))}")
    texts = dict.fromkeys(("page", "read"), True) | dict.fromkeys(("as_of", "sku", "published"), False)
    if not isinstance(facts, dict) or set(facts) - {"usd", "per", *texts}:
        raise CostError(f"{where}: accepted are usd, per, {', '.join(texts)}")
    wrong = [key for key, needed in texts.items() if not isinstance(facts.get(key, None if needed else ""), str)]
    if wrong:
        raise CostError(f"{where}: {wrong[0]} is missing, or no text")
    try:
        date.fromisoformat(facts["read"])
    except ValueError as error:
        raise CostError(f"{where}: read {facts['read']!r} is no day, such as 2026-12-01") from error
    return Price(
        name,
        _number(facts.get("usd"), f"{where}: usd", least=0),
        _number(facts.get("per", offer.per), f"{where}: per", least=1),
        offer.unit,
        region,
        **{key: facts[key] for key in texts if key in facts},
    )


def _number(value: Any, where: str, least: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or value < least:
        raise CostError(f"{where} {value!r} is not accepted; it must be a number, {least:g} or more")
    return value


def _override(text: str, region: str) -> Price:
    name, _, usd = text.partition("=")
    offer = catalogue().get(name)
    if offer is None:
        raise CostError(f"price {name!r}: no such price; there are: {', '.join(sorted(catalogue()))}")
    try:
        value = float(usd)
    except ValueError as error:
        raise CostError(f"price {name}: {usd!r} is not a number of USD for {offer.per:,.0f} {offer.unit}") from error
    if not isfinite(value) or value < 0:
        raise CostError(f"price {name}: {usd!r} is not accepted; it must be 0 or more")
    return Price(name, value, offer.per, offer.unit, region, page="", read="")


def old(prices: Prices, today: date) -> tuple[Price, ...]:
    """Return the prices that were read more than OLD_DAYS ago."""
    return tuple(
        price
        for price in prices.values()
        if not price.is_own and (today - date.fromisoformat(price.read)).days > OLD_DAYS
    )
