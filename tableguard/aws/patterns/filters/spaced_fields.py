"""Filter patterns in brackets, which name the fields of a log event that spaces separate.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/matching-terms-space-delimited-log-events.html
By that page's examples `[w1=ERROR, w2]` selects lines of more than two words: so the last field holds what is left of
the line. A line with fewer fields than the pattern names is not selected.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from tableguard.aws.patterns.filters.conditions import Condition, Tokens, expression
from tableguard.aws.patterns.filters.errors import FilterPatternError
from tableguard.aws.patterns.filters.values import REGEX, SIGNS, TEXT, WORD, comparison, number

REGEXES = 2

_ELLIPSES = ("...", "…")
# commas stand within a regular expression and within quotes too
_INDICATOR = re.compile(rf"(?:{TEXT}|{REGEX}|[^,\"%])*", re.DOTALL)
_TOKEN = re.compile(rf"\s*({TEXT}|{REGEX}|\|\||&&|{'|'.join(SIGNS)}|[()]|{WORD})", re.DOTALL)
_FIELD = re.compile(r'\s*(?:\[([^\]]*)\]|"((?:[^"\\]|\\.)*)"|(\S+))(?=\s|$)|\s*(\S+)')


@dataclass(frozen=True)
class _Field:
    value: str
    start: int


def space_delimited_filter(text: str) -> Callable[[str], bool]:
    """Return what matches a pattern in brackets; FilterPatternError if AWS refuses it."""
    if not text.endswith("]"):
        raise FilterPatternError(f"{text}: no bracket closes it")
    indicators = [indicator.strip() for indicator in _indicators(text)]
    if sum(len(re.findall(REGEX, indicator)) for indicator in indicators) > REGEXES:
        raise FilterPatternError(f"{text}: a pattern has at most {REGEXES} regular expressions")
    ellipses = [place for place, indicator in enumerate(indicators) if indicator in _ELLIPSES]
    if len(ellipses) > 1:
        raise FilterPatternError(f"{text}: more than one ellipsis")
    if not ellipses:
        return _counted([_condition(indicator) for indicator in indicators])
    (place,) = ellipses
    before, after = indicators[:place], indicators[place + 1 :]
    return _elliptic([_condition(indicator) for indicator in before], [_condition(indicator) for indicator in after])


def _indicators(text: str) -> list[str]:
    inner, place, indicators = text[1:-1], 0, []
    while True:
        read = _INDICATOR.match(inner, place)
        end = read.end() if read else place
        indicators.append(inner[place:end])
        if end == len(inner):
            return indicators
        if inner[end] != ",":
            raise FilterPatternError(f"{text}: not understood at {inner[end:]}")
        place = end + 1


def _condition(indicator: str) -> Condition:
    """Return what an indicator asks of its field: nothing, if it is a name or blank."""
    if re.fullmatch(r"[\w-]*", indicator):
        return lambda field: True
    name = _name(indicator)
    tokens = Tokens(indicator, _TOKEN)
    condition = expression(tokens, lambda of: _term(of, name))
    if tokens.next:
        raise tokens.error("")
    return condition


def _name(indicator: str) -> str:
    named = re.match(r"[(\s]*([\w-]+)", indicator)
    if named is None:
        raise FilterPatternError(f"{indicator}: a condition begins with the name of its field")
    return named[1]


def _term(tokens: Tokens, name: str) -> Condition:
    if tokens.next != name:
        raise tokens.error(f"expected {name}: a condition is about its own field")
    tokens.take()
    sign = tokens.take(*SIGNS)
    if tokens.next in ("", "(", ")", "||", "&&", *SIGNS):
        raise tokens.error("expected a text, a number or a regular expression")
    compare = comparison(sign, tokens.take())
    return lambda field: _holds(compare, sign, field)


def _holds(compare: Callable[..., bool], sign: str, field: str) -> bool:
    """Ask a field as a text, and as the number that it may be: of two answers to `!=` both must hold."""
    as_number = number(field)
    answers = [compare(field), *([compare(as_number)] if as_number is not None else [])]
    return all(answers) if sign == "!=" else any(answers)


def _counted(conditions: list[Condition]) -> Callable[[str], bool]:
    def matches(line: str) -> bool:
        fields = _fields(line)
        if len(fields) < len(conditions):
            return False
        last = len(conditions) - 1
        values = [field.value for field in fields[:last]]
        rest = fields[last].value if len(fields) == len(conditions) else line[fields[last].start :].rstrip()
        return all(condition(value) for condition, value in zip(conditions, [*values, rest], strict=True))

    return matches


def _elliptic(before: list[Condition], after: list[Condition]) -> Callable[[str], bool]:
    def matches(line: str) -> bool:
        fields = [field.value for field in _fields(line)]
        if len(fields) < len(before) + len(after):
            return False
        ends = fields[: len(before)] + fields[len(fields) - len(after) :]
        return all(condition(value) for condition, value in zip([*before, *after], ends, strict=True))

    return matches


@lru_cache(maxsize=8)
def _fields(line: str) -> tuple[_Field, ...]:
    """Return the fields of a line; what stands between brackets, or between quotes, is one field."""
    return tuple(_Field(_value(read), read.end() - len(read[0].lstrip())) for read in _FIELD.finditer(line))


def _value(read: re.Match[str]) -> str:
    return next(part for part in read.groups() if part is not None)
