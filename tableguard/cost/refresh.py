"""Read AWS's public price files of a Region, and write what a bill needs of them into a file for `cost --prices`."""

import json
import os
import re
import ssl
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import urlopen

from tableguard import partitions
from tableguard.cost.catalogue import Offer, catalogue
from tableguard.cost.price_list import PriceFile
from tableguard.cost.prices import Price
from tableguard.errors import CostError

# needs no account: https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-the-aws-price-list-bulk-api-fetching-price-list-files-manually.html
SOURCE = "https://pricing.us-east-1.amazonaws.com"
_SECONDS = 60  # without an answer; the largest file has some tens of megabytes
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class Refreshed:
    """The prices of a Region that AWS's files say, and why others are not among them, by name."""

    region: str
    prices: tuple[Price, ...]
    missing: Mapping[str, str]

    def text(self, today: date) -> str:
        """Return the file that `cost --prices` reads, the same for the same files of AWS."""
        head = f"# AWS's list prices of {self.region}, read by `tableguard prices refresh` on {today}.\n"
        absent = [f"# not in it: {name}: {reason}\n" for name, reason in sorted(self.missing.items())]
        return head + "".join(absent) + "".join(_section(price) for price in self.prices)


def refresh(region: str, source: str, today: date, progress: Callable[[str], None]) -> Refreshed:
    """Return the prices of a Region from AWS's files, or from a mirror of them; CostError if one cannot be read."""
    _refuse(region, source)
    prices: list[Price] = []
    missing = {offer.name: "AWS's usage type is not known here" for offer in catalogue().values() if not offer.service}
    for service, offers in _by_service().items():
        page = f"{source.rstrip('/')}/offers/v1.0/aws/{service}/current/{region}/index.json"
        progress(f"reading {page}")
        file = _read(page, region, today)
        for offer in offers:
            price = file.price(offer) if file else None
            if price:
                prices.append(price)
            else:
                missing[offer.name] = f"not in {page}" if file else f"{service} has no price file for {region}"
    if not prices:
        raise CostError(f"{source}: has no prices of {region}; is that the name of a Region?")
    return Refreshed(region, tuple(sorted(prices, key=lambda price: price.name)), missing)


def write(text: str, file: Path) -> None:
    """Write a file whole or not at all; CostError if it cannot be written."""
    partial = file.with_name(f".{file.name}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, file)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise CostError(f"{file}: cannot be written ({error.strerror})") from error


def _refuse(region: str, source: str) -> None:
    if not re.fullmatch(r"[a-z]{2}(?:-[a-z]+)+-[0-9]", region):
        raise CostError(f"region {region!r}: is not the name of a Region, such as eu-central-1")
    if partitions.of_region(region) == "aws-cn":
        raise CostError(f"region {region!r}: AWS's prices in China are in CNY, and a bill is in USD: --price NAME=USD")
    url = urlsplit(source)
    if url.scheme != "https" and not (url.scheme == "http" and url.hostname in _LOOPBACK):
        raise CostError(f"--from {source}: prices are read by https, or from this machine")


def _by_service() -> Mapping[str, list[Offer]]:
    services: dict[str, list[Offer]] = defaultdict(list)
    for offer in catalogue().values():
        if offer.service:
            services[offer.service].append(offer)
    return services


def _read(page: str, region: str, today: date) -> PriceFile | None:
    """Return a price file, or None where AWS has none of the service in the Region."""
    trusted = ssl.create_default_context(cafile=os.environ.get("AWS_CA_BUNDLE") or None)
    try:
        with urlopen(page, timeout=_SECONDS, context=trusted) as answer:  # noqa: S310  # https or loopback, see _refuse
            return PriceFile(json.load(answer), region, page, today.isoformat())
    except HTTPError as error:
        with error:
            # AWS answers with either of them for what is not there
            if error.code in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
                return None
            raise CostError(f"{page}: answers {error.code} {error.reason}; try again later") from error
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise CostError(
            f"{page}: cannot be read ({reason}); where there is no network, use --price NAME=USD"
        ) from error
    except ValueError as error:
        raise CostError(f"{page}: is not JSON ({error}); does a proxy answer in AWS's place?") from error


def _section(price: Price) -> str:
    texts = {"page": price.page, "sku": price.sku, "published": price.published, "read": price.read}
    return "".join(_lines(price, texts))


def _lines(price: Price, texts: Mapping[str, str]) -> Iterator[str]:
    yield f"\n[{json.dumps(price.region)}.{json.dumps(price.name)}]\n"
    yield f"usd = {Decimal(str(price.usd)):f}\n"
    yield f"per = {price.per:.0f}\n"
    yield from (f"{key} = {json.dumps(text)}\n" for key, text in texts.items())
