"""Document paths of a DynamoDB projection, such as `a.#name[0]`: how they are read, and which may stand together.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.Attributes.html
"""

import re
from collections.abc import Collection, Mapping
from itertools import combinations
from typing import Any

from tableguard.aws.item_size import AttributeValue

LEVELS, INDEX_DIGITS = 32, 9
_NAME = r"(#\w+|[A-Za-z_]\w*)"
_PATH = re.compile(rf"{_NAME}(\.{_NAME}|\[\d+\])*")
_STEP = re.compile(r"#?\w+|\[\d+\]")

Path = list[str | int]


def paths(projection: str, names: Mapping[str, str], reserved: Collection[str]) -> list[Path]:
    """Return the paths of a projection, its placeholders by their names; ValueError says why there are none."""
    read = [_path(part.strip(), names, reserved) for part in projection.split(",")]
    for one, other in combinations(read, 2):
        fork = next(((a, b) for a, b in zip(one, other, strict=False) if a != b), None)
        if fork is None or type(fork[0]) is not type(fork[1]):
            how = "conflict" if fork else "overlap"
            raise ValueError(f"Two document paths {how} with each other; path one: {one}, path two: {other}")
    return read


def _path(text: str, names: Mapping[str, str], reserved: Collection[str]) -> Path:
    steps = _STEP.findall(text)
    if not _PATH.fullmatch(text):
        raise ValueError(f'Syntax error; token: "{text}"')
    if len(steps) > LEVELS:
        raise ValueError(f"The document path has too many nesting levels; nesting levels: {len(steps)}")
    for step in steps:
        if step.upper() in reserved:
            raise ValueError(f"Attribute name is a reserved keyword; reserved keyword: {step}")
        if step.startswith("[") and len(step) > INDEX_DIGITS + len("[]"):
            raise ValueError(f"List index is not within the allowable range; index: {step}")
    return [int(step[1:-1]) if step.startswith("[") else names.get(step, step) for step in steps]


def selected(attributes: Mapping[Any, AttributeValue], paths: list[Path]) -> dict[Any, AttributeValue]:
    """Return those of an item's attributes, or of the parts of a map or list, to which paths lead."""
    leading: dict[Any, AttributeValue] = {}
    for step, value in attributes.items():
        rests = [path[1:] for path in paths if path[0] == step]
        if [] in rests:
            leading[step] = value
        elif rests and "M" in value and (parts := selected(value["M"], rests)):
            leading[step] = {"M": parts}
        elif rests and "L" in value and (parts := selected(dict(enumerate(value["L"])), rests)):
            leading[step] = {"L": list(parts.values())}
    return leading
