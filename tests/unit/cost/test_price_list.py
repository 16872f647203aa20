"""AWS's price files are understood: the right product, the first tier that costs something, in USD."""

from typing import Any

import pytest

from tableguard.cost.catalogue import catalogue
from tableguard.cost.price_list import PriceFile
from tableguard.errors import CostError
from tests.worlds import price_files
from tests.worlds.price_files import REGION, price_file, product, term

PAGE = "https://example.com/index.json"


def read(document: dict[str, Any], region: str = REGION) -> PriceFile:
    return PriceFile(document, region, PAGE, "2026-12-01")


def test_a_price_has_its_sku_and_the_day_of_publication() -> None:
    price = read(price_files.dynamodb()).price(catalogue()["dynamodb-write-request-unit"])
    assert price
    assert (price.usd, price.per, price.sku, price.published) == (0.7625, 1_000_000, "W", "2026-08-14")
    assert price.source == f"{PAGE} (SKU W, published 2026-08-14, read 2026-12-01)"


@pytest.mark.parametrize(
    ("name", "usd"),
    [("dynamodb-write-capacity-unit", 0.000793), ("dynamodb-storage", 0.306), ("dynamodb-read-request-unit", 0.1525)],
)
def test_the_first_tier_that_costs_something_is_taken(name: str, usd: float) -> None:
    price = read(price_files.dynamodb()).price(catalogue()[name])
    assert price
    assert price.usd == usd


def test_a_product_that_is_not_there_has_no_price() -> None:
    assert read(price_files.dynamodb()).price(catalogue()["dynamodb-point-in-time-recovery"]) is None


@pytest.mark.parametrize(
    ("usage", "operation", "region", "is_it"),
    [
        ("WriteRequestUnits", "PayPerRequestThroughput", REGION, True),  # as in us-east-1
        ("UGW1-WriteRequestUnits", "PayPerRequestThroughput", REGION, True),
        ("EU-WriteRequestUnits", "PayPerRequestThroughput", REGION, True),
        ("IA-WriteRequestUnits", "PayPerRequestThroughput", REGION, False),
        ("EUC1-WriteRequestUnits", "CommittedThroughput", REGION, False),
        ("EUC1-WriteRequestUnits", "PayPerRequestThroughput", "eu-west-1", False),
        ("EUC1-WriteRequestUnits-Not", "PayPerRequestThroughput", REGION, False),
    ],
)
def test_a_product_is_known_by_usage_type_operation_and_region(
    usage: str, operation: str, region: str, is_it: bool
) -> None:
    document = price_file("AmazonDynamoDB", [product("A", usage, operation, region)], {"A": term("A", ("0", "1"))})
    assert bool(read(document).price(catalogue()["dynamodb-write-request-unit"])) is is_it


@pytest.mark.parametrize(("second", "several"), [("1", False), ("2", True)])
def test_several_prices_for_one_thing_are_refused(second: str, several: bool) -> None:
    products = [product(sku, "EUC1-KMS-Keys") for sku in ("A", "B")]
    document = price_file("awskms", products, {"A": term("A", ("0", "1")), "B": term("B", ("0", second))})
    if several:
        with pytest.raises(CostError, match=f"{PAGE}: has several prices for kms-key: SKUs A, B"):
            read(document).price(catalogue()["kms-key"])
    else:
        assert read(document).price(catalogue()["kms-key"])


def test_another_currency_is_refused() -> None:
    document = price_file("awskms", [product("A", "CNN1-KMS-Keys")], {"A": term("A", ("0", "7"), currency="CNY")})
    with pytest.raises(CostError, match="its prices are in CNY, and a bill is in USD"):
        read(document).price(catalogue()["kms-key"])


@pytest.mark.parametrize("gone", ["publicationDate", "products", "terms"])
def test_a_file_of_another_shape_is_refused(gone: str) -> None:
    document = price_files.keys()
    assert read(document).price(catalogue()["kms-key"])
    del document[gone]
    with pytest.raises(CostError, match=f"{PAGE}: is not a price file as AWS describes it"):
        read(document).price(catalogue()["kms-key"])


def test_every_offer_names_a_usage_type_with_its_service_or_neither() -> None:
    for name, offer in catalogue().items():
        assert bool(offer.service) == bool(offer.usage), name
        assert offer.unit, name
        assert offer.per >= 1, name
