"""The comparisons of filter patterns with one value: a text with asterisks, a number, or a regular expression.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/matching-terms-json-log-events.html
An asterisk stands for any text at the beginning and at the end; within a text it stands for itself. A number is a text
too, as it is written: `"12"` equals 12 and not 12.0, and 12 without quotes equals both.
"""

import operator
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from tableguard.aws.patterns.filters.errors import FilterPatternError
from tableguard.aws.patterns.filters.regex import expression

Compare = Callable[[str | Decimal], bool]  # a value of a log event: a text, or a number that keeps how it was written

TEXT = r'"(?:[^"\\]|\\.)*"'
REGEX = r"%(?:[^%\\]|\\.)*%"
WORD = r"[\w*.+-]+"
SIGNS = ("!=", "<=", ">=", "=", "<", ">")

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def comparison(sign: str, operand: str) -> Compare:
    """Return what a sign and its operand, as they are written, ask of a value; FilterPatternError if nothing."""
    if sign in _ORDERS:
        return _ordered(sign, operand)
    equal = _equal(operand)
    return equal if sign == "=" else lambda value: not equal(value)


def number(text: str) -> Decimal | None:
    """Return the number that a text is; None of any other."""
    if not _NUMBER.fullmatch(text):
        return None
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent beyond all bounds
        return None


def unquoted(text: str) -> str:
    """Return what stands between two quotes, where a backslash takes the meaning of what follows it."""
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)


def _ordered(sign: str, operand: str) -> Compare:
    bound = number(operand)
    if bound is None:
        raise FilterPatternError(f"{sign} {operand}: write a number without quotes")
    return lambda value: isinstance(value, Decimal) and _ORDERS[sign](value, bound)


def _equal(operand: str) -> Compare:
    if operand.startswith("%"):
        matches = expression(operand[1:-1])
        return lambda value: matches(str(value))
    if operand.startswith('"'):
        return _like(unquoted(operand))
    wanted = number(operand)
    like = _like(operand)
    return lambda value: like(value) or (wanted is not None and isinstance(value, Decimal) and value == wanted)


def _like(text: str) -> Compare:
    before, after = text.startswith("*"), text.endswith("*")
    within = text[before : len(text) - after]
    if before and after:
        return lambda value: within in str(value)
    if before:
        return lambda value: str(value).endswith(within)
    if after:
        return lambda value: str(value).startswith(within)
    return lambda value: str(value) == text
