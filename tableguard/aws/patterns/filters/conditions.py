"""Reads conditions that `&&` and `||` join, with parentheses, for the filter patterns in braces and in brackets."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from tableguard.aws.patterns.filters.errors import FilterPatternError

Condition = Callable[[Any], bool]


class Tokens:
    """The tokens of a pattern that are still to be read."""

    def __init__(self, text: str, token: re.Pattern[str]) -> None:
        self._text = text
        self._tokens = list(_tokens(text, token))

    @property
    def next(self) -> str:
        """The token that is read next; empty at the end."""
        return self._tokens[0] if self._tokens else ""

    def take(self, *expected: str) -> str:
        """Read one token; FilterPatternError if it is not among those expected."""
        if not self._tokens or (expected and self.next not in expected):
            raise self.error(f"expected {' or '.join(expected)}" if expected else "")
        return self._tokens.pop(0)

    def error(self, why: str) -> FilterPatternError:
        """Return the error that names the place."""
        place = f"at {self.next}" if self._tokens else "at its end"
        return FilterPatternError(f"{self._text}: not understood {place}{'; ' if why else ''}{why}")


def expression(tokens: Tokens, term: Callable[[Tokens], Condition]) -> Condition:
    """Return the condition that the tokens hold: `&&` binds more closely than `||`."""
    conditions = [_both(tokens, term)]
    while tokens.next == "||":
        tokens.take()
        conditions.append(_both(tokens, term))
    return conditions[0] if len(conditions) == 1 else lambda of: any(condition(of) for condition in conditions)


def _both(tokens: Tokens, term: Callable[[Tokens], Condition]) -> Condition:
    conditions = [_one(tokens, term)]
    while tokens.next == "&&":
        tokens.take()
        conditions.append(_one(tokens, term))
    return conditions[0] if len(conditions) == 1 else lambda of: all(condition(of) for condition in conditions)


def _one(tokens: Tokens, term: Callable[[Tokens], Condition]) -> Condition:
    if tokens.next != "(":
        return term(tokens)
    tokens.take()
    condition = expression(tokens, term)
    tokens.take(")")
    return condition


def _tokens(text: str, token: re.Pattern[str]) -> Iterator[str]:
    place = 0
    while text[place:].strip():
        read = token.match(text, place)
        if read is None:
            raise FilterPatternError(f"{text}: not understood at {text[place:].strip()}")
        yield read[1]
        place = read.end()
