"""Compute the bytes for which an item counts, by DynamoDB's rules.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
"""

import base64
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

AttributeValue = Mapping[str, Any]  # {"S": "…"}, as the API writes it
Image = Mapping[str, AttributeValue]  # an item, or a part of one, by attribute name


def item_size(image: Image) -> int:
    """Return the bytes of an item's names and values."""
    return sum(len(name.encode()) + value_size(value) for name, value in image.items())


def value_size(value: AttributeValue) -> int:
    """Return the bytes of one value, without its name."""
    ((kind, content),) = value.items()
    return _SIZES[kind](content)


def levels(value: AttributeValue) -> int:
    """Return how many maps and lists there are one within another."""
    nested = value["M"].values() if "M" in value else value.get("L")
    return 0 if nested is None else 1 + max(map(levels, nested), default=0)


def significant_digits(number: str) -> int:
    """Count the digits of a number without the zeroes before and after them."""
    return len("".join(map(str, Decimal(number).as_tuple().digits)).strip("0"))


def _number_size(number: str) -> int:
    # a byte for two digits, one for the exponent, and one more for a sign
    return (significant_digits(number) + 1) // 2 + 1 + number.startswith("-")


def _binary_size(content: bytes | str) -> int:
    return len(content if isinstance(content, bytes) else base64.b64decode(content))


def _map_size(content: Image) -> int:
    return 3 + sum(len(name.encode()) + value_size(nested) + 1 for name, nested in content.items())


_SIZES: dict[str, Callable[[Any], int]] = {
    "S": lambda content: len(content.encode()),
    "N": _number_size,
    "B": _binary_size,
    "BOOL": lambda content: 1,
    "NULL": lambda content: 1,
    "M": _map_size,
    "L": lambda content: 3 + sum(value_size(nested) + 1 for nested in content),
    "SS": lambda content: sum(map(_SIZES["S"], content)),
    "NS": lambda content: sum(map(_number_size, content)),
    "BS": lambda content: sum(map(_binary_size, content)),
}
