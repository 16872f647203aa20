"""IAM's condition operators, one function each, in the manual's order.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
"""

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from tableguard.errors import PolicyError
from tableguard.iam.matching import Values, arn_matches, literal, substituted, wildcard

Compare = Callable[[str, str], bool]  # (policy value, request value)


def _string_equals(policy: str, request: str) -> bool:
    return literal(policy) == request


def _string_equals_ignore_case(policy: str, request: str) -> bool:
    return literal(policy).lower() == request.lower()


def _string_like(policy: str, request: str) -> bool:
    return bool(wildcard(policy)(request))


def _numbers(compare: Callable[[float, float], bool]) -> Compare:
    def test(policy: str, request: str) -> bool:
        wanted, found = _number(policy), _number(request)
        return wanted is not None and found is not None and compare(found, wanted)

    return test


@lru_cache(maxsize=4096)
def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _dates(compare: Callable[[float, float], bool]) -> Compare:
    def test(policy: str, request: str) -> bool:
        wanted, found = _instant(policy), _instant(request)
        return wanted is not None and found is not None and compare(found, wanted)

    return test


@lru_cache(maxsize=4096)
def _instant(text: str) -> float | None:
    """Seconds since 1970 of an ISO 8601 date, or of a number that already counts them."""
    number = _number(text)
    if number is not None:
        return number
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _bool(policy: str, request: str) -> bool:
    return policy.lower() == request.lower() and policy.lower() in ("true", "false")


def _ip_address(policy: str, request: str) -> bool:
    block, address = _block(policy), _block(request)
    if block is None or address is None or block.version != address.version:
        return False
    return address.subnet_of(block)  # type: ignore[arg-type]  # the versions are equal: the line above


@lru_cache(maxsize=4096)
def _block(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


@dataclass(frozen=True)
class Operator:
    """One operator: how it compares, whether it is a negation, and whether its values may hold ${variables}."""

    compare: Compare
    negated: bool = False
    variables: bool = False


_LESS: Callable[[float, float], bool] = float.__lt__
_AT_MOST: Callable[[float, float], bool] = float.__le__
_MORE: Callable[[float, float], bool] = float.__gt__
_AT_LEAST: Callable[[float, float], bool] = float.__ge__
_EQUAL: Callable[[float, float], bool] = float.__eq__

OPERATORS = {
    "StringEquals": Operator(_string_equals, variables=True),
    "StringNotEquals": Operator(_string_equals, negated=True, variables=True),
    "StringEqualsIgnoreCase": Operator(_string_equals_ignore_case, variables=True),
    "StringNotEqualsIgnoreCase": Operator(_string_equals_ignore_case, negated=True, variables=True),
    "StringLike": Operator(_string_like, variables=True),
    "StringNotLike": Operator(_string_like, negated=True, variables=True),
    "NumericEquals": Operator(_numbers(_EQUAL)),
    "NumericNotEquals": Operator(_numbers(_EQUAL), negated=True),
    "NumericLessThan": Operator(_numbers(_LESS)),
    "NumericLessThanEquals": Operator(_numbers(_AT_MOST)),
    "NumericGreaterThan": Operator(_numbers(_MORE)),
    "NumericGreaterThanEquals": Operator(_numbers(_AT_LEAST)),
    "DateEquals": Operator(_dates(_EQUAL)),
    "DateNotEquals": Operator(_dates(_EQUAL), negated=True),
    "DateLessThan": Operator(_dates(_LESS)),
    "DateLessThanEquals": Operator(_dates(_AT_MOST)),
    "DateGreaterThan": Operator(_dates(_MORE)),
    "DateGreaterThanEquals": Operator(_dates(_AT_LEAST)),
    "Bool": Operator(_bool),
    "BinaryEquals": Operator(_string_equals),
    "IpAddress": Operator(_ip_address),
    "NotIpAddress": Operator(_ip_address, negated=True),
    # ArnEquals and ArnLike behave identically
    "ArnEquals": Operator(arn_matches, variables=True),
    "ArnLike": Operator(arn_matches, variables=True),
    "ArnNotEquals": Operator(arn_matches, negated=True, variables=True),
    "ArnNotLike": Operator(arn_matches, negated=True, variables=True),
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
        """Whether the request's context satisfies this line; PolicyError where AWS leaves it undefined."""
        found = context.get(self.key)
        if self.operator == "Null":
            # the policy's value says whether the key must be absent
            return any(value.lower() == ("false" if found is not None else "true") for value in self.values)
        if found is None:
            return self._holds_when_absent()
        operator = OPERATORS[self.operator]
        wanted = [substituted(value, context) if operator.variables else value for value in self.values]
        known = [value for value in wanted if value is not None]
        if operator.negated and len(known) < len(wanted):
            return False  # a variable that cannot be filled makes a negation undefined: it never matches
        return self._compared(operator, known, found)

    def _holds_when_absent(self) -> bool:
        if self.if_exists or self.quantifier == "ForAllValues":
            return True
        return self.quantifier != "ForAnyValue" and OPERATORS[self.operator].negated

    def _compared(self, operator: Operator, wanted: list[str], found: tuple[str, ...]) -> bool:
        matches = (any(operator.compare(value, each) for value in wanted) != operator.negated for each in found)
        if self.quantifier == "ForAllValues":
            return all(matches)
        if self.quantifier == "ForAnyValue":
            return any(matches)
        if len(found) != 1:
            raise PolicyError(
                f"{self.operator} on {self.key}: the request has {len(found)} values, and without ForAllValues or "
                "ForAnyValue AWS does not define the answer"
            )
        return next(matches)


def parsed(operator: str, key: str, values: tuple[str, ...]) -> Condition:
    """A condition line from its text; PolicyError for an operator that AWS does not know."""
    quantifier, _, rest = operator.rpartition(":")
    name, if_exists = rest, False
    if rest.lower().endswith("ifexists"):
        name, if_exists = rest[: -len("ifexists")], True
    known = "Null" if name.lower() == "null" else _BY_LOWER_NAME.get(name.lower())
    if known is None or (quantifier and quantifier.lower() not in _SETS):
        raise PolicyError(f"unknown condition operator {operator!r}; AWS refuses the document")
    if known == "Null" and (if_exists or quantifier):
        raise PolicyError(f"{operator!r}: Null takes neither IfExists nor a set operator")
    return Condition(known, key.lower(), values, _SETS.get(quantifier.lower(), ""), if_exists)
