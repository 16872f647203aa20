"""Matches log events against CloudWatch Logs' filter patterns, as metric filters and FilterLogEvents do.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html and the pages that it lists.
A pattern is terms and phrases, a regular expression between percent signs, fields of JSON in braces, or fields that
spaces separate in brackets.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from tableguard.aws.patterns.filters.errors import FilterPatternError
from tableguard.aws.patterns.filters.json_fields import Term, fields_of, json_filter, json_terms, necessary_condition
from tableguard.aws.patterns.filters.regex import expression
from tableguard.aws.patterns.filters.spaced_fields import space_delimited_filter
from tableguard.aws.patterns.filters.values import REGEX, unquoted

__all__ = ["FilterPatternError", "Match", "Term", "fields_of", "necessary", "parse", "terms"]

Match = Callable[[str], bool]

_TERM = re.compile(r'\s*([?-]?)("(?:[^"\\]|\\.)*"|\w+)(?=\s|$)', re.DOTALL)


@lru_cache(maxsize=512)
def parse(pattern: str, *, unsaid: bool = False) -> Match:
    """Return what matches a filter pattern; FilterPatternError if CloudWatch Logs refuses it.

    `unsaid` is what `!=` answers of a JSON field that is absent, null or a Boolean, which no page says: a pattern by
    which an alarm is to ring should answer the same both ways.
    """
    text = pattern.strip()
    if text.startswith("{"):
        return json_filter(text, unsaid=unsaid)
    if text.startswith("["):
        return space_delimited_filter(text)
    if text.startswith("%"):
        if not re.fullmatch(REGEX, text, re.DOTALL):
            raise FilterPatternError(f"{text}: a regular expression stands alone between two percent signs")
        return expression(text[1:-1])
    return _terms(text)


@lru_cache(maxsize=512)
def necessary(pattern: str, selectors: frozenset[str]) -> Callable[[Mapping[str, Any]], bool]:
    """Return what some fields must fulfil, such as $.eventName, for a pattern to match whatever the other fields are.

    By it most filters of a log group need not look at a line. A pattern that asks for no fields asks nothing of them.
    """
    text = pattern.strip()
    return necessary_condition(text, selectors) if text.startswith("{") else lambda _: True


def terms(pattern: str) -> tuple[Term, ...]:
    """Return what a pattern asks of fields of JSON; nothing, if it asks for none."""
    text = pattern.strip()
    return json_terms(text) if text.startswith("{") else ()


def _terms(text: str) -> Match:
    signed: dict[str, list[str]] = {"": [], "-": [], "?": []}
    place = 0
    while place < len(text):
        term = _TERM.match(text, place)
        if term is None:
            raise FilterPatternError(f"{text[place:].strip()}: write a term that is not letters and digits in quotes")
        signed[term[1]].append(_phrase(term[2]))
        place = term.end()
    every, none, some = signed[""], signed["-"], signed["?"]
    if every or none:
        some = []  # "If you combine ? with other filter patterns, all question mark terms will be ignored"

    def matches(line: str) -> bool:
        wanted = all(term in line for term in every) and not any(term in line for term in none)
        return wanted and (not some or any(term in line for term in some))

    return matches


def _phrase(term: str) -> str:
    """Return what a line must contain: nothing, if only blanks stand between the quotes."""
    phrase = unquoted(term) if term.startswith('"') else term
    return phrase if phrase.strip() else ""
