"""DynamoDB's conditions and filters: what an expression says of an item, by the types of its values.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
"""

import operator
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from typing import Any

from tableguard.aws.dynamodb.expression import BOOLEAN, END, Expression, FunctionForm, Operand, Reading, wrong_operand
from tableguard.aws.item_size import AttributeValue, Image

Condition = Callable[[Image], bool]
Comparable = tuple[str, Any]
_TYPES = ("S", "SS", "N", "NS", "B", "BS", "BOOL", "NULL", "L", "M")
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_EQUALITY, _ORDERED = ("=", "<>"), ("S", "N", "B")


def parse(
    text: str, names: Mapping[str, str], values: Mapping[str, AttributeValue], reserved: Collection[str]
) -> Condition:
    """Return the condition that an expression states; ValueError says why it states none."""
    expression = Expression(text, names, values, reserved)
    condition = _any_of(expression)
    expression.need(END)
    return condition


def _any_of(expression: Expression) -> Condition:
    parts = [_all_of(expression)]
    while expression.take("OR"):
        parts.append(_all_of(expression))
    return parts[0] if len(parts) == 1 else lambda image: any(part(image) for part in parts)


def _all_of(expression: Expression) -> Condition:
    parts = [_negation(expression)]
    while expression.take("AND"):
        parts.append(_negation(expression))
    return parts[0] if len(parts) == 1 else lambda image: all(part(image) for part in parts)


def _negation(expression: Expression) -> Condition:
    is_negative = False
    while expression.take("NOT"):
        is_negative = not is_negative
    if expression.take("("):
        condition = _any_of(expression)
        expression.need(")")
    else:
        condition = _statement(expression)
    return (lambda image: not condition(image)) if is_negative else condition


def _statement(expression: Expression) -> Condition:
    if expression.is_call and expression.next in BOOLEAN:
        says = expression.call(_FUNCTIONS).read
        return lambda image: bool(says(image))
    left = expression.operand(_FUNCTIONS)
    how = expression.need(*_COMPARISONS, "BETWEEN", "IN")
    if how in _COMPARISONS:
        return _comparison(how, left, expression.operand(_FUNCTIONS))
    if how == "BETWEEN":
        low = expression.operand(_FUNCTIONS)
        expression.need("AND")
        return _between(left, low, expression.operand(_FUNCTIONS))
    expression.need("(")
    equal = [_comparison("=", left, expression.operand(_FUNCTIONS))]
    while expression.need(",", ")") == ",":
        equal.append(_comparison("=", left, expression.operand(_FUNCTIONS)))
    return lambda image: any(condition(image) for condition in equal)


def _comparison(how: str, left: Operand, right: Operand) -> Condition:
    _check_distinct(how, left, right)
    compare = _COMPARISONS[how]
    if how in _EQUALITY:
        return lambda image: _both(left, right, image, compare, absent=how == "<>")
    for operand in (left, right):
        if operand.kind not in (None, *_ORDERED):
            raise wrong_operand(how, operand)

    def ordered(one: Comparable, other: Comparable) -> bool:
        return one[0] == other[0] and one[0] in _ORDERED and compare(one[1], other[1])

    return lambda image: _both(left, right, image, ordered)


def _both(
    left: Operand, right: Operand, image: Image, compare: Callable[[Any, Any], bool], *, absent: bool = False
) -> bool:
    """Return what a comparison says of two operands; `absent` where one is not there."""
    one, other = left.read(image), right.read(image)
    return absent if one is None or other is None else compare(comparable(one), comparable(other))


def _between(operand: Operand, low: Operand, high: Operand) -> Condition:
    if low.literal and high.literal:
        bounds = f"lower bound operand: AttributeValue: {low.literal}, upper bound operand: {high.literal}"
        if low.kind != high.kind:
            raise ValueError(f"The BETWEEN operator requires same data type for lower and upper bounds; {bounds}")
        if low.kind in _ORDERED and comparable(low.literal) > comparable(high.literal):
            raise ValueError(
                f"The BETWEEN operator requires upper bound to be greater than or equal to lower bound; {bounds}"
            )
    over, under = _comparison(">=", operand, low), _comparison("<=", operand, high)
    return lambda image: over(image) and under(image)


def _check_distinct(how: str, *operands: Operand) -> None:
    paths = [operand.path for operand in operands]
    if paths[0] is not None and paths[0] in paths[1:]:
        raise ValueError(
            "The first operand must be distinct from the remaining operands for this operator or function; "
            f"operator: {how}, first operand: [{operands[0].text}]"
        )


def comparable(value: AttributeValue) -> Comparable:
    """Return a value so that Python compares it as DynamoDB does those of the same type."""
    ((kind, content),) = value.items()
    match kind:
        case "N":
            return kind, Decimal(content)
        case "NS":
            return kind, frozenset(map(Decimal, content))
        case "SS" | "BS":
            return kind, frozenset(content)
        case "L":
            return kind, [comparable(element) for element in content]
        case "M":
            return kind, {name: comparable(element) for name, element in content.items()}
    return kind, content


def _exists(operand: Operand) -> Reading:
    if operand.path is None:
        raise ValueError("Operator or function requires a document path; operator or function: attribute_exists")
    return lambda image: operand.read(image) is not None


def _not_exists(operand: Operand) -> Reading:
    exists = _exists(operand)
    return lambda image: not exists(image)


def _has_type(operand: Operand, kind: Operand) -> Reading:
    if kind.kind != "S":
        raise wrong_operand("attribute_type", kind)
    wanted = (kind.literal or {})["S"]
    if wanted not in _TYPES:
        raise ValueError(f"Invalid attribute type name found; type: {wanted}, valid types: {{{','.join(_TYPES)}}}")
    return lambda image: wanted in (operand.read(image) or ())


def _begins_with(operand: Operand, prefix: Operand) -> Reading:
    _check_distinct("begins_with", operand, prefix)
    for each in (operand, prefix):
        if each.kind not in (None, "S", "B"):
            raise wrong_operand("begins_with", each)
    return lambda image: _both(operand, prefix, image, _starts)


def _starts(whole: Comparable, part: Comparable) -> bool:
    return whole[0] == part[0] and whole[0] in ("S", "B") and whole[1].startswith(part[1])


def _contains(operand: Operand, part: Operand) -> Reading:
    _check_distinct("contains", operand, part)
    return lambda image: _both(operand, part, image, _holds)


def _holds(whole: Comparable, part: Comparable) -> bool:
    if whole[0] == "L":
        return part in whole[1]
    return whole[0] in (part[0], f"{part[0]}S") and whole[0] in ("S", "B", "SS", "NS", "BS") and part[1] in whole[1]


def _size(operand: Operand) -> Reading:
    if operand.kind in ("N", "BOOL", "NULL"):
        raise wrong_operand("size", operand)
    return lambda image: _length(operand.read(image) or {})


def _length(value: AttributeValue) -> AttributeValue | None:
    kinds = value.keys() - {"N", "BOOL", "NULL"}
    return {"N": str(len(value[kind]))} if (kind := min(kinds, default="")) else None


_FUNCTIONS = {
    "attribute_exists": FunctionForm(1, _exists),
    "attribute_not_exists": FunctionForm(1, _not_exists),
    "attribute_type": FunctionForm(2, _has_type),
    "begins_with": FunctionForm(2, _begins_with),
    "contains": FunctionForm(2, _contains),
    "size": FunctionForm(1, _size),
}
