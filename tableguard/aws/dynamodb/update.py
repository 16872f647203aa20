"""DynamoDB's update expressions: which changes they state, and an item after them.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
"""

import copy
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tableguard.aws.dynamodb import number
from tableguard.aws.dynamodb.expression import (
    END,
    Expression,
    FunctionForm,
    Operand,
    Path,
    Reading,
    check_apart,
    value_at,
    wrong_operand,
)
from tableguard.aws.item_size import AttributeValue, Image

_SETS = ("SS", "NS", "BS")
_INCORRECT = "An operand in the update expression has an incorrect data type"


@dataclass(frozen=True)
class AttributeChange:
    """One change of an expression: the verb of its section, the path, and what the value is; None is removed."""

    verb: str
    path: Path
    value: Reading


def parse(
    text: str, names: Mapping[str, str], values: Mapping[str, AttributeValue], reserved: Collection[str]
) -> list[AttributeChange]:
    """Return the changes that an expression states; ValueError says why it states none."""
    expression = Expression(text, names, values, reserved)
    changes: list[AttributeChange] = []
    while expression.next != END:
        verb = expression.need(*_SECTIONS)
        if verb in {change.verb for change in changes}:
            raise ValueError(f'The "{verb}" section can only be used once in an update expression;')
        changes.append(_change(verb, expression))
        while expression.take(","):
            changes.append(_change(verb, expression))
    check_apart([change.path for change in changes])
    return changes


def _change(verb: str, expression: Expression) -> AttributeChange:
    path = expression.path()
    return AttributeChange(verb, path, _SECTIONS[verb](expression, path))


def apply(changes: Sequence[AttributeChange], image: Image) -> Image:
    """Return an item after changes, which all read it as it was; ValueError says why it cannot be changed so."""
    changed = {name: _copy(value) for name, value in image.items()}
    results = [(change.path, change.value(image)) for change in changes]
    results.sort(key=lambda result: _place(result[0]))
    for path, value in results:
        if value is not None:
            _put(changed, path, _copy(value))
    # the last element first: the places of those before it are then still theirs
    for path in (path for path, value in reversed(results) if value is None):
        _put(changed, path, None)
    return changed


def _copy(value: AttributeValue) -> AttributeValue:
    """Return a value that may be changed; strings and numbers never are, but others put in their place."""
    return value if "S" in value or "N" in value else copy.deepcopy(value)


def parts(paths: Sequence[Path], image: Image) -> Image:
    """Return of an item what lies at these paths, in maps and lists of their own."""
    partial: Image = {}
    for path in sorted(paths, key=_place):
        if (value := value_at(path, image)) is not None:
            _graft(partial, path, value)
    return partial


def _graft(image: Any, path: Path, value: AttributeValue) -> None:
    """Put a value at a path into an item that lacks what leads there; an element of a list comes to the list's end."""
    content = image
    for step, following in zip(path, (*path[1:], None), strict=True):
        kind = "L" if isinstance(following, int) else "M"
        child = value if following is None else {kind: [] if kind == "L" else {}}
        if isinstance(step, str):
            child = content.setdefault(step, child)
        else:
            content.append(child)
        content = child.get(kind)


def _place(path: Path) -> list[tuple[bool, Any]]:
    return [(isinstance(step, int), step) for step in path]


def _put(image: Image, path: Path, value: AttributeValue | None) -> None:
    step, parent = path[-1], value_at(path[:-1], image) or {}
    content: Any = parent.get("M" if isinstance(step, str) else "L")
    if content is None:
        raise ValueError("The document path provided in the update expression is invalid for update")
    if isinstance(step, str):
        content.update({step: value}) if value else content.pop(step, None)
    elif step < len(content):
        content[step : step + 1] = [value] if value else []
    elif value:
        content.append(value)


def _set(expression: Expression, _: Path) -> Reading:
    expression.need("=")
    left = expression.operand(_FUNCTIONS)
    sign = expression.take("+", "-")
    if not sign:
        return lambda image: _present(left, image)
    right = expression.operand(_FUNCTIONS)
    for operand in (left, right):
        if operand.kind not in (None, "N"):
            raise wrong_operand(sign, operand)
    return lambda image: _sum(_present(left, image), _present(right, image), -1 if sign == "-" else 1)


def _present(operand: Operand, image: Image) -> AttributeValue:
    value: AttributeValue | None = operand.read(image)
    if value is None:
        raise ValueError("The provided expression refers to an attribute that does not exist in the item")
    return value


def _sum(left: AttributeValue, right: AttributeValue, sign: int) -> AttributeValue:
    if "N" not in left or "N" not in right:
        raise ValueError(_INCORRECT)
    return {"N": number.total(left["N"], right["N"] if sign > 0 else str(Decimal(right["N"]).copy_negate()))}


def _remove(_expression: Expression, _: Path) -> Reading:
    return lambda _: None


def _literal(expression: Expression, verb: str, kinds: Collection[str]) -> AttributeValue:
    operand = expression.operand({})
    if operand.kind not in kinds:
        raise wrong_operand(verb, operand)
    return operand.literal or {}


def _add(expression: Expression, path: Path) -> Reading:
    amount = _literal(expression, "ADD", ("N", *_SETS))
    return lambda image: _added(value_at(path, image), amount)


def _added(before: AttributeValue | None, amount: AttributeValue) -> AttributeValue:
    if before is None:
        return amount
    if before.keys() != amount.keys():
        raise ValueError(_INCORRECT)
    if "N" in amount:
        return _sum(before, amount, 1)
    ((kind, elements),) = before.items()
    return {kind: [*elements, *(element for element in amount[kind] if element not in elements)]}


def _delete(expression: Expression, path: Path) -> Reading:
    elements = _literal(expression, "DELETE", _SETS)
    return lambda image: _without(value_at(path, image), elements)


def _without(before: AttributeValue | None, elements: AttributeValue) -> AttributeValue | None:
    if before is None:
        return None
    if before.keys() != elements.keys():
        raise ValueError(_INCORRECT)
    ((kind, gone),) = elements.items()
    left = [element for element in before[kind] if element not in gone]
    return {kind: left} if left else None


def _if_not_exists(operand: Operand, otherwise: Operand) -> Reading:
    if operand.path is None:
        raise ValueError("Operator or function requires a document path; operator or function: if_not_exists")

    def read(image: Image) -> Any:
        value = operand.read(image)
        return otherwise.read(image) if value is None else value

    return read


def _list_append(first: Operand, second: Operand) -> Reading:
    for operand in (first, second):
        if operand.kind not in (None, "L"):
            raise wrong_operand("list_append", operand)
    return lambda image: _joined(_present(first, image), _present(second, image))


def _joined(first: AttributeValue, second: AttributeValue) -> AttributeValue:
    if "L" not in first or "L" not in second:
        raise ValueError(_INCORRECT)
    return {"L": [*first["L"], *second["L"]]}


_FUNCTIONS = {"if_not_exists": FunctionForm(2, _if_not_exists), "list_append": FunctionForm(2, _list_append)}
_SECTIONS: dict[str, Callable[[Expression, Path], Reading]] = {
    "SET": _set,
    "REMOVE": _remove,
    "ADD": _add,
    "DELETE": _delete,
}
