"""IAM's condition operators, one function each, in the manual's order.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
"""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cached_property, lru_cache

from tableguard.errors import PolicyError
from tableguard.policy.matching import (
    Test,
    Values,
    arn_matches,
    arn_pattern,
    arn_test,
    like_test,
    literal,
    substituted,
    wildcard,
)

Compare = Callable[[str, str], bool]  # (policy value, request value)

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2}))?")
_EPOCH = re.compile(r"[0-9]{9,13}(\.[0-9]+)?")  # fewer digits could be a year, or a date without hyphens
_FRACTION = re.compile(r"\.([0-9]+)")
_START = datetime(1970, 1, 1, tzinfo=UTC)


def _string_equals(policy: str, request: str) -> bool:
    return literal(policy) == request


def _string_equals_ignore_case(policy: str, request: str) -> bool:
    return literal(policy).lower() == request.lower()


def _string_like(policy: str, request: str) -> bool:
    return bool(wildcard(policy)(request))


def _numbers(compare: Callable[[Decimal, Decimal], bool]) -> Compare:
    return lambda policy, request: compare(number(request), number(policy))


@lru_cache(maxsize=4096)
def number(text: str) -> Decimal:
    """Return an integer or a decimal number, exactly: "123456.4" is not 123456; PolicyError if it is none."""
    if not _NUMBER.fullmatch(text):
        raise PolicyError(f"{text!r} is not a number")
    return Decimal(text)


def _dates(compare: Callable[[Decimal, Decimal], bool]) -> Compare:
    return lambda policy, request: compare(instant(request), instant(policy))


@lru_cache(maxsize=4096)
def instant(text: str) -> Decimal:
    """Return the seconds since 1970, exactly, of an ISO 8601 date, or of a number that already counts them.

    PolicyError if it is neither. A number of thirteen digits counts seconds too: AWS's page says nothing of others.
    """
    if _EPOCH.fullmatch(text):
        return Decimal(text)
    if not _DATE.fullmatch(text):
        raise PolicyError(f"{text!r} is neither an ISO 8601 date with its zone nor seconds since 1970")
    fraction = _FRACTION.search(text)
    try:
        moment = datetime.fromisoformat(_FRACTION.sub("", text))
    except ValueError as error:
        raise PolicyError(f"{text!r} is not a date: {error}") from error
    whole = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _START
    return Decimal(whole // timedelta(seconds=1)) + Decimal(f"0.{fraction[1]}" if fraction else 0)


def _bool(policy: str, request: str) -> bool:
    return _truth(policy) == _truth(request)


def _truth(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise PolicyError(f"{text!r} is neither true nor false")
    return text.lower() == "true"


def _ip_address(policy: str, request: str) -> bool:
    block, address = _block(policy), _block(request)
    if block.version != address.version:
        return False
    return address.subnet_of(block)  # type: ignore[arg-type]  # the versions are equal: the line above


@lru_cache(maxsize=4096)
def _block(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise PolicyError(f"{text!r} is not an address or a CIDR block") from error


@dataclass(frozen=True)
class ConditionOperator:
    """One operator: its comparison, the reader of its values, and whether it negates and may hold ${variables}.

    `test` makes one test of all values, where that takes less time than to compare with one after the other.
    """

    compare: Compare
    read: Callable[[str], object] = str
    negated: bool = False
    variables: bool = False
    test: Callable[[tuple[str, ...]], Test] | None = None


def _equality_test(values: tuple[str, ...]) -> Test:
    return frozenset(map(literal, values)).__contains__


_LESS: Callable[[Decimal, Decimal], bool] = Decimal.__lt__
_AT_MOST: Callable[[Decimal, Decimal], bool] = Decimal.__le__
_MORE: Callable[[Decimal, Decimal], bool] = Decimal.__gt__
_AT_LEAST: Callable[[Decimal, Decimal], bool] = Decimal.__ge__
_EQUAL: Callable[[Decimal, Decimal], bool] = Decimal.__eq__

OPERATORS = {
    "StringEquals": ConditionOperator(_string_equals, variables=True, test=_equality_test),
    "StringNotEquals": ConditionOperator(_string_equals, negated=True, variables=True, test=_equality_test),
    "StringEqualsIgnoreCase": ConditionOperator(_string_equals_ignore_case, variables=True),
    "StringNotEqualsIgnoreCase": ConditionOperator(_string_equals_ignore_case, negated=True, variables=True),
    "StringLike": ConditionOperator(_string_like, variables=True, test=like_test),
    "StringNotLike": ConditionOperator(_string_like, negated=True, variables=True, test=like_test),
    "NumericEquals": ConditionOperator(_numbers(_EQUAL), number),
    "NumericNotEquals": ConditionOperator(_numbers(_EQUAL), number, negated=True),
    "NumericLessThan": ConditionOperator(_numbers(_LESS), number),
    "NumericLessThanEquals": ConditionOperator(_numbers(_AT_MOST), number),
    "NumericGreaterThan": ConditionOperator(_numbers(_MORE), number),
    "NumericGreaterThanEquals": ConditionOperator(_numbers(_AT_LEAST), number),
    "DateEquals": ConditionOperator(_dates(_EQUAL), instant),
    "DateNotEquals": ConditionOperator(_dates(_EQUAL), instant, negated=True),
    "DateLessThan": ConditionOperator(_dates(_LESS), instant),
    "DateLessThanEquals": ConditionOperator(_dates(_AT_MOST), instant),
    "DateGreaterThan": ConditionOperator(_dates(_MORE), instant),
    "DateGreaterThanEquals": ConditionOperator(_dates(_AT_LEAST), instant),
    "Bool": ConditionOperator(_bool, _truth),
    "BinaryEquals": ConditionOperator(_string_equals, test=_equality_test),
    "IpAddress": ConditionOperator(_ip_address, _block),
    "NotIpAddress": ConditionOperator(_ip_address, _block, negated=True),
    # ArnEquals and ArnLike behave identically
    "ArnEquals": ConditionOperator(arn_matches, arn_pattern, variables=True, test=arn_test),
    "ArnLike": ConditionOperator(arn_matches, arn_pattern, variables=True, test=arn_test),
    "ArnNotEquals": ConditionOperator(arn_matches, arn_pattern, negated=True, variables=True, test=arn_test),
    "ArnNotLike": ConditionOperator(arn_matches, arn_pattern, negated=True, variables=True, test=arn_test),
}
_BY_LOWER_NAME = {name.lower(): name for name in OPERATORS}
_SETS = {"forallvalues": "ForAllValues", "foranyvalue": "ForAnyValue"}


@dataclass(frozen=True)
class Condition:
    """One line of a Condition block: an operator, a context key in lower case, the policy's values."""

    operator: str
    key: str
    values: tuple[str, ...]
    quantifier: str = ""  # ForAllValues, ForAnyValue or none
    if_exists: bool = False

    def holds(self, context: Values) -> bool:
        """Return True if the request's context satisfies this line; PolicyError where AWS leaves it undefined."""
        values = context.get(self.key)
        if self.operator == "Null":
            # the policy's value says whether the key must be absent; a key without any value counts as absent
            return ("false" if values else "true") in self._lowered
        # "a null dataset, such as an empty string": to set operators as if the key were not there
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
        if not values or (self.quantifier and values == ("",)):
            return self._holds_when_absent()
        try:
            if len(values) == 1 and not self._has_variables:
                return bool(self._test(values[0])) != self._operator.negated
            return self._compared(self._filled(context), values)
        except PolicyError as error:
            prefix = f"{self.quantifier}:" if self.quantifier else ""
            raise PolicyError(f"{prefix}{self.operator} on {self.key}: {error}") from error

    @cached_property
    def _lowered(self) -> tuple[str, ...]:
        return tuple(value.lower() for value in self.values)

    @cached_property
    def _operator(self) -> ConditionOperator:
        return OPERATORS[self.operator]

    @cached_property
    def _test(self) -> Test:
        """A test for the values that one of the policy's covers, where none of these depends on the request."""
        if self._operator.test is not None:
            return self._operator.test(self.values)
        compare, values = self._operator.compare, self.values
        return lambda value: any(compare(pattern, value) for pattern in values)

    @cached_property
    def _has_variables(self) -> bool:
        return self._operator.variables and any("${" in value for value in self.values)

    def _holds_when_absent(self) -> bool:
        if self.quantifier == "ForAnyValue" and self.if_exists:
            raise PolicyError(
                f"ForAnyValue:{self.operator}IfExists on {self.key}: the request does not have the key, and AWS does "
                "not say which of ForAnyValue (no) and IfExists (yes) then counts"
            )
        if self.if_exists or self.quantifier == "ForAllValues":
            return True
        return self.quantifier != "ForAnyValue" and self._operator.negated

    def _filled(self, context: Values) -> tuple[str, ...]:
        """Return the policy's values, without those whose variables have no value.

        Nothing is equal to such a value or like it, and so a negated operator holds of it:
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-no-value
        """
        if not self._has_variables:
            return self.values
        return tuple(text for value in self.values if (text := substituted(value, context)) is not None)

    def _compared(self, wanted: tuple[str, ...], values: tuple[str, ...]) -> bool:
        compare, negated = self._operator.compare, self._operator.negated
        if len(values) > 1 and not self.quantifier:
            raise PolicyError(
                f"the request has {len(values)} values, and AWS defines the answer only with ForAllValues or "
                "ForAnyValue"
            )
        if len(values) == 1:
            return any(compare(pattern, values[0]) for pattern in wanted) != negated
        matches = (any(compare(pattern, value) for pattern in wanted) != negated for value in values)
        return any(matches) if self.quantifier == "ForAnyValue" else all(matches)


@lru_cache(maxsize=16384)
def parsed(operator: str, key: str, values: tuple[str, ...]) -> Condition:
    """Parse a condition line; PolicyError for an operator that AWS does not know or values it cannot take."""
    quantifier, _, rest = operator.rpartition(":")
    name, if_exists = rest, False
    if rest.lower().endswith("ifexists"):
        name, if_exists = rest[: -len("ifexists")], True
    as_aws_writes = "Null" if name.lower() == "null" else _BY_LOWER_NAME.get(name.lower())
    if as_aws_writes is None or (quantifier and quantifier.lower() not in _SETS):
        raise PolicyError(f"unknown condition operator {operator!r}; AWS refuses the document")
    if as_aws_writes == "Null" and (if_exists or quantifier):
        raise PolicyError(f"{operator!r}: Null takes neither IfExists nor a set operator")
    _refuse_unreadable(operator, key, as_aws_writes, values)
    return Condition(as_aws_writes, key.lower(), values, _SETS.get(quantifier.lower(), ""), if_exists)


def _refuse_unreadable(written: str, key: str, operator: str, values: tuple[str, ...]) -> None:
    read = _truth if operator == "Null" else OPERATORS[operator].read
    for value in values:
        try:
            read(value)
        except PolicyError as error:
            raise PolicyError(f"{written} {key}: {error}") from error
