"""How DynamoDB reads a KeyConditionExpression: one comparison a key, in either order, parentheses as one likes.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.KeyConditionExpressions.html
"""

import re
from collections.abc import Mapping

_BEGINS_WITH = re.compile(r"\bbegins_with\s*\(([^(),]+),([^(),]+)\)")
_FUNCTION = re.compile(r"\b(?!(?:and|or|not|in|between)\b)([A-Za-z_]\w*)\s*\(", re.IGNORECASE)
_WORD = re.compile(r"[#:]?[\w.\[\]]+|<>|<=|>=|[<>=]|\S")
_MIRRORED = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_FORBIDDEN = ("<>", "IN", "OR", "NOT", "CONTAINS")

Condition = tuple[str, str, list[str]]


def conditions(expression: str, names: Mapping[str, str]) -> list[Condition]:
    """Return (key, comparison, placeholders of values) of each condition; ValueError says why there are none."""
    text = _BEGINS_WITH.sub(r"\1 begins_with \2", expression)
    if function := _FUNCTION.search(text):
        raise ValueError(f"Invalid KeyConditionExpression: Invalid function name; function: {function[1]}")
    words = _WORD.findall(re.sub("[()]", " ", text))
    if forbidden := [word for word in words if word.upper() in _FORBIDDEN]:
        raise ValueError(f"Invalid operator used in KeyConditionExpression: {forbidden[0]}")
    read: list[Condition] = []
    while words:
        length = 5 if len(words) > 1 and words[1].upper() == "BETWEEN" else 3
        read.append(_condition(words[:length], names))
        joint, words = words[length : length + 1], words[length + 1 :]
        if [word.upper() for word in joint] != ["AND"] * bool(words):
            raise ValueError(f'Invalid KeyConditionExpression: Syntax error; token: "{" ".join(joint) or "<EOF>"}"')
    if len({key for key, *_ in read}) < len(read):
        raise ValueError("KeyConditionExpressions must only contain one condition per key")
    return read


def _condition(words: list[str], names: Mapping[str, str]) -> Condition:
    if len(words) == 5 and words[3].upper() == "AND":
        key, comparison, values = words[0], "BETWEEN", [words[2], words[4]]
    elif len(words) == 3 and words[1] in (*_MIRRORED, "begins_with"):
        key, comparison, values = words[0], words[1], [words[2]]
    else:
        raise ValueError(f'Invalid KeyConditionExpression: Syntax error; near: "{" ".join(words)}"')
    if key.startswith(":") and comparison in _MIRRORED:
        key, comparison, values = values[0], _MIRRORED[comparison], [key]
    if "." in key or "[" in key:
        raise ValueError("KeyConditionExpressions cannot have conditions on nested attributes")
    if key.startswith(":") or not all(value.startswith(":") for value in values):
        raise ValueError("Invalid condition in KeyConditionExpression: a condition compares one key with values")
    return names.get(key, key), comparison, values
