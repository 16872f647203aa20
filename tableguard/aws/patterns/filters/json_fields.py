"""Filter patterns in braces, which ask for the fields of a log event that is a JSON object.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/matching-terms-json-log-events.html
That page does not say whether `!=` holds for a field that is absent, null or a Boolean. `unsaid` is the answer then.
"""

import json
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from tableguard.aws.patterns.filters.conditions import Condition, Tokens, expression
from tableguard.aws.patterns.filters.errors import FilterPatternError
from tableguard.aws.patterns.filters.values import REGEX, SIGNS, TEXT, WORD, comparison, unquoted

REGEXES = 2
WILDCARDS = 3  # of a pattern; a selector has one

_STEP = r"\.[\w-]+|\.\*|\.?\['[^']+'\]|\[[0-9]+\]|\[\*\]"
_TOKEN = re.compile(
    rf"\s*(\$(?:{_STEP})+|{TEXT}|{REGEX}|\|\||&&|{'|'.join(SIGNS)}|[(){{}}]|NOT\s+EXISTS|IS\s+(?:TRUE|FALSE|NULL)|{WORD})"
)
_NAMED = {"TRUE": True, "FALSE": False, "NULL": None}
_ANY = object()


class Term(NamedTuple):
    """What a pattern in braces asks of one selector; `NOT EXISTS`, `IS NULL` and their like have no operand."""

    selector: str
    sign: str
    operand: str = ""


def json_terms(text: str) -> tuple[Term, ...]:
    """Return the terms of a pattern in braces, in their order; FilterPatternError if AWS refuses it."""
    json_filter(text, unsaid=False)
    tokens = _TOKEN.findall(text)
    places = [place for place, token in enumerate(tokens) if token.startswith("$")]
    return tuple(Term(tokens[place], *_asked(*tokens[place + 1 : place + 3])) for place in places)


def _asked(sign: str, operand: str) -> tuple[str, ...]:
    if sign not in SIGNS:
        return (" ".join(sign.split()),)
    return sign, unquoted(operand) if operand.startswith('"') else operand


def json_filter(text: str, *, unsaid: bool) -> Callable[[str], bool]:
    """Return what matches a pattern in braces; FilterPatternError if AWS refuses it."""
    condition = _condition(text, lambda of: _term(of, unsaid=unsaid))

    def matches(line: str) -> bool:
        fields = fields_of(line)
        return fields is not None and condition(fields)

    return matches


def necessary_condition(text: str, selectors: frozenset[str]) -> Condition:
    """Return what a pattern in braces asks of some fields: no condition is negated, so the rest counts as fulfilled."""

    def term(tokens: Tokens) -> Condition:
        selector, holds = tokens.next, _term(tokens, unsaid=True)
        return holds if selector in selectors else lambda _: True

    return _condition(text, term)


def _condition(text: str, term: Callable[[Tokens], Condition]) -> Condition:
    tokens = Tokens(text, _TOKEN)
    _check_quotas(text)
    tokens.take("{")
    condition = expression(tokens, term)
    tokens.take("}")
    if tokens.next:
        raise tokens.error("")
    return condition


def _check_quotas(text: str) -> None:
    tokens = _TOKEN.findall(text)
    selectors = [len(re.findall(r"\.\*|\[\*\]", token)) for token in tokens if token.startswith("$")]
    if max(selectors, default=0) > 1 or sum(selectors) > WILDCARDS:
        raise FilterPatternError(f"{text}: a selector has at most one wildcard, and a pattern {WILDCARDS}")
    if sum(token.startswith("%") for token in tokens) > REGEXES:
        raise FilterPatternError(f"{text}: a pattern has at most {REGEXES} regular expressions")


@lru_cache(maxsize=8)  # every metric filter of a log group asks for the same line, one after the other
def fields_of(line: str) -> dict[str, Any] | None:
    """Return the fields of a line; None if it is no JSON object."""
    try:
        # numbers keep how they were written, for a text may be compared with them
        fields = json.loads(line, parse_int=Decimal, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError):
        return None
    return fields if isinstance(fields, dict) else None


def _term(tokens: Tokens, *, unsaid: bool) -> Condition:
    if not tokens.next.startswith("$"):
        raise tokens.error("expected a selector, such as $.eventName")
    steps = _steps(tokens.take())
    holds = _question(tokens, unsaid=unsaid)
    if all(isinstance(step, str) for step in steps):
        return lambda fields: holds(_named(fields, steps))
    return lambda fields: holds(list(_selected(fields, steps)))


def _question(tokens: Tokens, *, unsaid: bool) -> Callable[[list[Any]], bool]:
    """Return what is asked of the values that a selector leads to: none, one, or those that a wildcard stands for."""
    sign = tokens.take()
    if re.fullmatch(r"NOT\s+EXISTS", sign):
        return lambda values: not values
    if named := re.fullmatch(r"IS\s+(TRUE|FALSE|NULL)", sign):
        return lambda values: any(value is _NAMED[named[1]] for value in values)
    if sign not in SIGNS:
        raise tokens.error(f"{sign} is no comparison; there are {' '.join(SIGNS)}, IS NULL and NOT EXISTS")
    compare = comparison(sign, _operand(tokens))
    if sign != "!=":
        return lambda values: any(_is_value(value) and compare(value) for value in values)
    return lambda values: any(_differs(value, compare, unsaid=unsaid) for value in values or [None])


def _operand(tokens: Tokens) -> str:
    if not re.fullmatch(rf"{TEXT}|{REGEX}|{WORD}", tokens.next, re.DOTALL):
        raise tokens.error("expected a text, a number or a regular expression")
    return tokens.take()


def _is_value(value: Any) -> bool:
    return isinstance(value, str | Decimal)


def _differs(value: Any, compare: Callable[[Any], bool], *, unsaid: bool) -> bool:
    if isinstance(value, dict | list):
        return False  # "If a property selector points to an array or object, the filter pattern won't match"
    return compare(value) if _is_value(value) else unsaid


def _steps(selector: str) -> list[Any]:
    """Return the names, places and wildcards of a selector, in their order."""
    steps: list[Any] = []
    for step in re.findall(_STEP, selector):
        if step in (".*", "[*]"):
            steps.append(_ANY)
        elif "'" in step:
            steps.append(step[step.index("'") + 1 : -2])
        else:
            steps.append(step[1:] if step.startswith(".") else int(step[1:-1]))
    if isinstance(steps[0], int):
        raise FilterPatternError(f"{selector}: a place in an array stands after a property")
    return steps


def _named(node: Any, names: list[str]) -> list[Any]:
    """Return the value to which names lead, or none: what `_selected` yields, in a third of its time."""
    for name in names:
        if not isinstance(node, dict) or name not in node:
            return []
        node = node[name]
    return [node]


def _selected(node: Any, steps: list[Any]) -> Iterator[Any]:
    if not steps:
        yield node
        return
    step, *rest = steps
    if step is _ANY:
        below = list(node.values()) if isinstance(node, dict) else node if isinstance(node, list) else []
    elif isinstance(step, int):
        below = node[step : step + 1] if isinstance(node, list) else []
    else:
        below = [node[step]] if isinstance(node, dict) and step in node else []
    for inner in below:
        yield from _selected(inner, rest)
