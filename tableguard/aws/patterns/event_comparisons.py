"""The comparisons of an event pattern with one value of an event: texts, numbers, addresses, and what is excluded.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
Where that page is silent, as on empty operands or on `/32`, the answer is that of AWS's engine, Event Ruler 1.8.1.
"""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from ipaddress import IPv6Address
from typing import Any

Value = Any  # a text, number, boolean or None of a JSON event
Comparison = Callable[[Value], bool]

_IPV4 = re.compile(r"([0-9]+)\.([0-9]+)\.([0-9]+)\.([0-9]+)", re.ASCII)
_IPV6 = re.compile(r"[0-9a-fA-F:]*:[0-9a-fA-F:]*")


class EventPatternError(ValueError):
    """A pattern that AWS refuses with InvalidEventPatternException."""


def exactly(expected: Value) -> Comparison:
    """Return what holds for a value of the same kind: `true` is not 1, "1" is not 1, and 1.0 is 1."""
    if isinstance(expected, str):
        address = _address(expected)
        return _same_text(expected) if address is None else _addresses(address, address)
    if _is_number(expected):
        return lambda value: _is_number(value) and Decimal(str(value)) == Decimal(str(expected))
    return lambda value: value is expected


def comparison(rule: Any) -> Comparison:
    """Return what an object of a pattern's array compares, such as {"prefix": "a"}; EventPatternError if nothing."""
    if not isinstance(rule, dict) or len(rule) != 1:
        raise EventPatternError(f"{_shown(rule)}: a comparison is an object with one key; there are: {_names()}")
    ((name, operand),) = rule.items()
    if name not in _COMPARISONS:
        raise EventPatternError(f"{_shown(rule)} is no comparison; there are: {_names()}")
    return _COMPARISONS[name](operand)


def comparable(number: Any) -> Decimal | None:
    """Return a number as the engine compares it; None of one that no double-precision number equals."""
    exact = Decimal(str(number))
    try:
        return exact if Decimal(repr(float(exact))) == exact else None
    except OverflowError:
        return None


def _shown(operand: Any) -> str:
    return json.dumps(operand, default=str)


def _names() -> str:
    return ", ".join([*_COMPARISONS, "exists"])


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _text(operand: Any, name: str) -> str:
    if not isinstance(operand, str):
        raise EventPatternError(f"{name} takes a text, not {_shown(operand)}")
    return operand


def _texts_like(pattern: str) -> Comparison:
    expression = re.compile(pattern, re.DOTALL)
    return lambda value: isinstance(value, str) and expression.fullmatch(value) is not None


def _ignoring_case(text: str) -> str:
    # letter by letter in its two cases, as the engine has it: a letter with neither, such as ǅ, is only itself's
    return "".join(f"(?:{re.escape(letter.lower())}|{re.escape(letter.upper())})" for letter in text)


def _end(name: str, expression: Callable[[str], str]) -> Callable[[Any], Comparison]:
    """Return the reader of a prefix or suffix, whose operand may be a text or {"equals-ignore-case": a text}."""

    def read(operand: Any) -> Comparison:
        if not isinstance(operand, dict):
            return _texts_like(expression(re.escape(_text(operand, name))))
        if set(operand) != {"equals-ignore-case"}:
            raise EventPatternError(f"{name} takes a text or equals-ignore-case, not {_shown(operand)}")
        return _texts_like(expression(_ignoring_case(_text(operand["equals-ignore-case"], "equals-ignore-case"))))

    return read


_prefix = _end("prefix", lambda text: text + ".*")
_suffix = _end("suffix", lambda text: ".*" + text)


def _equals_ignore_case(operand: Any) -> Comparison:
    return _texts_like(_ignoring_case(_text(operand, "equals-ignore-case")))


def _wildcard(operand: Any) -> Comparison:
    text = _text(operand, "wildcard")
    parts = re.findall(r"\\.?|\*+|[^\\*]+", text, re.DOTALL)
    for part in parts:
        if part.startswith("**"):
            raise EventPatternError(f"wildcard {text}: two wildcards side by side")
        if part.startswith("\\") and part[1:] not in ("*", "\\"):
            raise EventPatternError(f"wildcard {text}: a backslash stands before an asterisk or another backslash")
    return _texts_like("".join(".*" if part == "*" else re.escape(re.sub(r"\\(.)", r"\1", part)) for part in parts))


def _cidr(operand: Any) -> Comparison:
    text = _text(operand, "cidr")
    before, slash, bits = text.partition("/")
    address = _address(before)
    if address is None or not slash or not re.fullmatch(r"\+?[0-9]+", bits, re.ASCII):
        raise EventPatternError(f"cidr {text}: write an address, a slash and a number of bits")
    size = 8 * len(address)
    if int(bits) >= size:
        raise EventPatternError(f"cidr {text}: fewer than {size} bits; write one address as a text")
    open_bits = (1 << (size - int(bits))) - 1
    number = int.from_bytes(address)
    return _addresses((number & ~open_bits).to_bytes(len(address)), (number | open_bits).to_bytes(len(address)))


def _addresses(lowest: bytes, highest: bytes) -> Comparison:
    """Return what holds for the addresses of a range.

    The engine compares hexadecimal digits from the left, as soon as they decide. So a range of IPv4 holds an IPv6
    address that begins with the same digits, such as every one for 0.0.0.0/0.
    """
    bottom, top = lowest.hex(), highest.hex()

    def holds(value: Value) -> bool:
        address = _address(value)
        if address is None:
            return False
        digits = address.hex()[: len(bottom)]
        if len(digits) == len(bottom):
            return bottom <= digits <= top
        return bottom[: len(digits)] < digits < top[: len(digits)]

    return holds


def _address(value: Value) -> bytes | None:
    """Return the 4 or 16 bytes of the address that a text is, as Java reads it: 010.0.0.1 is 10.0.0.1."""
    if not isinstance(value, str):
        return None
    if parts := _IPV4.fullmatch(value):
        numbers = [int(part) for part in parts.groups()]
        return bytes(numbers) if max(numbers) < 256 else None
    try:
        address = IPv6Address(value) if _IPV6.fullmatch(value) else None
    except ValueError:
        return None
    return (address.ipv4_mapped or address).packed if address else None


_BOUNDS: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "=": lambda value, bound: value == bound,
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
}
_RANGES = {("=",), (">",), (">=",), ("<",), ("<=",), (">", "<"), (">", "<="), (">=", "<"), (">=", "<=")}


def _numeric(operand: Any) -> Comparison:
    signs, numbers = (operand[::2], operand[1::2]) if isinstance(operand, list) else ([], [])
    if not all(isinstance(sign, str) for sign in signs) or tuple(signs) not in _RANGES or len(signs) != len(numbers):
        raise EventPatternError(f"numeric {_shown(operand)}: write [sign, number], or the lower bound and the upper")
    bounds = [_bound(number) for number in numbers]
    if bounds != sorted(set(bounds)):
        raise EventPatternError(f"numeric {_shown(operand)}: the lower bound is to be less than the upper")

    def within(value: Value) -> bool:
        number = comparable(value) if _is_number(value) else None
        return number is not None and all(
            _BOUNDS[sign](number, bound) for sign, bound in zip(signs, bounds, strict=True)
        )

    return within


def _bound(number: Any) -> Decimal:
    bound = comparable(number) if _is_number(number) else None
    if bound is None:
        raise EventPatternError(f"{_shown(number)} is no number, or one too precise to compare")
    return bound


_EXCLUDABLE = {
    "prefix": _prefix,
    "suffix": _suffix,
    "equals-ignore-case": _equals_ignore_case,
    "wildcard": _wildcard,
}


def _anything_but(operand: Any) -> Comparison:
    excluded = _excluded_alike(operand) if isinstance(operand, dict) else _excluded_values(operand)
    return lambda value: not any(excludes(value) for excludes in excluded)


def _excluded_alike(operand: dict[str, Any]) -> list[Comparison]:
    """Return what {"prefix": …} and its like exclude: one text, or each of a list."""
    if len(operand) != 1 or not set(operand) <= set(_EXCLUDABLE):
        raise EventPatternError(f"anything-but takes {', '.join(_EXCLUDABLE)}, not {_shown(operand)}")
    ((name, within),) = operand.items()
    texts = within if isinstance(within, list) else [within]
    if not texts or (name in ("prefix", "suffix") and "" in texts):
        raise EventPatternError(f"anything-but {name}: an empty {name} would exclude everything or nothing")
    return [_EXCLUDABLE[name](_text(text, name)) for text in texts]


def _excluded_values(operand: Any) -> list[Comparison]:
    values = operand if isinstance(operand, list) else [operand]
    if values and all(isinstance(value, str) for value in values):
        return [_same_text(value) for value in values]
    if values and all(map(_is_number, values)):
        return [_numeric(["=", value]) for value in values]
    raise EventPatternError(f"anything-but takes texts or numbers, of one kind, not {_shown(operand)}")


def _same_text(excluded: str) -> Comparison:
    return lambda value: value == excluded  # also of an address, which `exactly` would compare as an address


_COMPARISONS: dict[str, Callable[[Any], Comparison]] = {
    "equals-ignore-case": _equals_ignore_case,
    "anything-but": _anything_but,
    "numeric": _numeric,
    "prefix": _prefix,
    "suffix": _suffix,
    "wildcard": _wildcard,
    "cidr": _cidr,
}
