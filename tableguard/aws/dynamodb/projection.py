"""DynamoDB's projections: which parts of an item a ProjectionExpression names.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ProjectionExpressions.html
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from tableguard.aws.dynamodb.expression import END, Expression, Path, check_apart
from tableguard.aws.item_size import AttributeValue

Steps = Sequence[str | int]


def parse(text: str, names: Mapping[str, str], reserved: Collection[str]) -> list[Path]:
    """Return the paths of a projection, its placeholders by their names; ValueError says why there are none."""
    expression = Expression(text, names, {}, reserved)
    paths = [expression.path()]
    while expression.take(","):
        paths.append(expression.path())
    expression.need(END)
    check_apart(paths)
    return paths


def selected(
    attributes: Mapping[Any, AttributeValue], paths: Sequence[Sequence[str | int]]
) -> dict[Any, AttributeValue]:
    """Return those of an item's attributes, or of the parts of a map or list, to which paths lead."""
    leading: dict[Any, AttributeValue] = {}
    for step, value in attributes.items():
        rests = [path[1:] for path in paths if path[0] == step]
        if any(not rest for rest in rests):
            leading[step] = value
        elif rests and "M" in value and (parts := selected(value["M"], rests)):
            leading[step] = {"M": parts}
        elif rests and "L" in value and (parts := selected(dict(enumerate(value["L"])), rests)):
            leading[step] = {"L": list(parts.values())}
    return leading
