"""Numbers as DynamoDB keeps them.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
"""

import re
from decimal import Context, Decimal, Inexact

from tableguard.aws.item_size import significant_digits

DIGITS = 38
LARGEST, SMALLEST = 125, -130  # powers of ten
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,9})?", re.ASCII)
_OVERFLOW = "Number overflow. Attempting to store a number with magnitude larger than supported range"
_EXACT = Context(prec=DIGITS, traps=[Inexact])


def canonical(text: str) -> str:
    """Return a number as DynamoDB returns it, without exponent or idle zeroes; ValueError says why it is none."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"The parameter cannot be converted to a numeric value: {text}")
    number = Decimal(text)
    if number.is_zero():
        return "0"
    if number.adjusted() > LARGEST:
        raise ValueError(_OVERFLOW)
    if number.adjusted() < SMALLEST:
        raise ValueError("Number underflow. Attempting to store a number with magnitude smaller than supported range")
    if significant_digits(text) > DIGITS:
        raise ValueError(f"Attempting to store more than {DIGITS} significant digits in a Number")
    return format(number.normalize(_EXACT), "f")


def total(one: str, other: str) -> str:
    """Return a sum; ValueError, as AWS words it, where it has more digits than a number may have."""
    try:
        return canonical(str(_EXACT.add(Decimal(one), Decimal(other))))
    except Inexact as error:
        raise ValueError(_OVERFLOW) from error
