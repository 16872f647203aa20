"""Evaluate JSON filter patterns of CloudWatch Logs, as far as our metric filters use the language.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html does not say whether `!=` holds
for a field that is absent, so both answers are tried, and a pattern on which they differ is refused.
"""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

_TOKEN = re.compile(r'\s*(\$\.[\w.\[\]]+|"[^"]*"|\d+|\|\||&&|!=|=|<|NOT EXISTS|IS (?:TRUE|FALSE|NULL)|[(){}])')
_ABSENT = object()


def matches(pattern: str, event: dict[str, Any]) -> bool:
    """Tell whether a metric filter counts a log event."""
    first, second = (_Pattern(pattern, event, differs).value() for differs in (True, False))
    assert first == second, f"{pattern}: it would matter whether an absent field differs from a value"
    return first


class _Pattern:
    def __init__(self, pattern: str, event: dict[str, Any], absent_differs: bool) -> None:
        self.tokens, self.event, self.absent_differs = list(_tokens(pattern)), event, absent_differs

    def value(self) -> bool:
        self.take("{")
        value = self.either()
        self.take("}")
        assert not self.tokens, f"left over: {self.tokens}"
        return value

    def take(self, *expected: str) -> str:
        token = self.tokens.pop(0) if self.tokens else "the end"
        assert not expected or token in expected, f"{token} where {' or '.join(expected)} is expected"
        return token

    def either(self) -> bool:
        holds = self.both()
        while self.tokens[:1] == ["||"]:
            self.take()
            holds = self.both() or holds
        return holds

    def both(self) -> bool:
        holds = self.term()
        while self.tokens[:1] == ["&&"]:
            self.take()
            holds = self.term() and holds
        return holds

    def term(self) -> bool:
        if self.tokens[:1] == ["("]:
            self.take()
            holds = self.either()
            self.take(")")
            return holds
        return self.comparison()

    def comparison(self) -> bool:
        field, operator = _at(self.event, self.take()), self.take()
        if operator == "NOT EXISTS":
            return field is _ABSENT
        if operator.startswith("IS "):
            return field is {"IS TRUE": True, "IS FALSE": False, "IS NULL": None}[operator]
        value = self.take().strip('"')
        if operator == "<":
            return isinstance(field, int) and field < int(value)
        if field is _ABSENT:
            return operator == "!=" and self.absent_differs
        same = isinstance(field, str) and fnmatchcase(field, value)
        return same if operator == "=" else not same


def _tokens(pattern: str) -> Iterator[str]:
    place = 0
    while pattern[place:].strip():
        token = _TOKEN.match(pattern, place)
        assert token, f"not understood: {pattern[place:]}"
        yield token[1]
        place = token.end()


def _at(event: Any, path: str) -> Any:
    for step in re.findall(r"\w+", path.removeprefix("$.")):
        if isinstance(event, list):
            event = event[int(step)] if int(step) < len(event) else _ABSENT
        else:
            event = event.get(step, _ABSENT) if isinstance(event, dict) else _ABSENT
    return event
