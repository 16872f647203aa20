"""Understand one of AWS's price files: an offer's price, by its usage type, in the first tier that costs something.

https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/reading-service-price-list-file-for-services.html
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from tableguard.cost.catalogue import Offer
from tableguard.cost.prices import Price
from tableguard.errors import CostError

# EUC1-, USE1-, EU-, or none in us-east-1, and the Region's own name before keys; IA- is the class of infrequent access
_REGION = r"(?:(?!IA-)[A-Z]{2,4}[0-9]?-|[a-z]{2}(?:-[a-z]+)+-[0-9]-)?"


@dataclass(frozen=True)
class PriceFile:
    """AWS's price file of one service in one Region, and where it was read on which day."""

    document: Mapping[str, Any]
    region: str
    page: str
    read: str

    @property
    def published(self) -> str:
        """Return the day of publication."""
        return str(self.document["publicationDate"])[:10]

    def price(self, offer: Offer) -> Price | None:
        """Return the price of an offer, or None where the file has no such product.

        CostError where the file is not one of prices, has several prices for the offer, or another currency.
        """
        try:
            prices = {sku: self._first_paid_tier(sku) for sku in self._skus(offer)}
            published = self.published
        except (AttributeError, KeyError, TypeError, ValueError, InvalidOperation) as error:
            raise CostError(f"{self.page}: is not a price file as AWS describes it ({error!r})") from error
        if len(set(prices.values())) > 1:
            raise CostError(f"{self.page}: has several prices for {offer.name}: SKUs {', '.join(sorted(prices))}")
        if not prices:
            return None
        sku, each = min(prices.items())
        usd = float(each * Decimal(offer.per))
        return Price(
            offer.name, usd, offer.per, offer.unit, self.region, self.page, self.read, sku=sku, published=published
        )

    def _skus(self, offer: Offer) -> Iterator[str]:
        usage = re.compile(_REGION + re.escape(offer.usage))
        for sku, product in self.document["products"].items():
            facts = product["attributes"]
            if facts.get("regionCode", self.region) != self.region or not usage.fullmatch(facts.get("usagetype", "")):
                continue
            if not offer.operation or facts.get("operation") == offer.operation:
                yield sku

    def _first_paid_tier(self, sku: str) -> Decimal:
        tiers = [
            (Decimal(tier["beginRange"]), self._usd(tier["pricePerUnit"]))
            for term in self.document["terms"]["OnDemand"][sku].values()
            for tier in term["priceDimensions"].values()
        ]
        paid = [tier for tier in tiers if tier[1] > 0]
        return min(paid or tiers)[1]

    def _usd(self, price: Mapping[str, str]) -> Decimal:
        if "USD" not in price:
            raise CostError(f"{self.page}: its prices are in {', '.join(sorted(price))}, and a bill is in USD")
        return Decimal(price["USD"])
