"""The rule of a composite alarm: an expression over the states of other alarms.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

_TOKEN = re.compile(
    r'\s*(?:(OK|ALARM|INSUFFICIENT_DATA)\s*\(\s*("(?:[^"\\]|\\.)*"|[^\s()"]+)\s*\)|(AND|OR|NOT|TRUE|FALSE|[()]))'
)

StateOf = Callable[[str], str | None]  # by name or ARN; None where there is no such alarm
Condition = Callable[[StateOf], bool]


class AlarmRuleError(ValueError):
    """A rule that CloudWatch refuses, or that is not understood here."""


@dataclass(frozen=True)
class AlarmRule:
    """A rule that was read, with the alarms that it names."""

    holds: Condition
    alarms: tuple[str, ...]


def parse(text: str) -> AlarmRule:
    """Return the rule that a text is; AlarmRuleError if it is none."""
    reader = _Reader(text)
    condition = reader.either()
    if reader.next:
        raise reader.error()
    return AlarmRule(condition, tuple(dict.fromkeys(reader.alarms)))


class _Reader:
    """Reads a rule by recursive descent: NOT binds most closely, then AND."""

    def __init__(self, text: str) -> None:
        self.text, self.alarms = text, list[str]()
        self._tokens = list(_tokens(text))

    @property
    def next(self) -> str:
        """Return the keyword that comes next; empty at the end."""
        return self._tokens[0][0] if self._tokens else ""

    def error(self) -> AlarmRuleError:
        """Return what is wrong at this place."""
        return AlarmRuleError(f"AlarmRule: not understood at {self.next or 'its end'}: {self.text}")

    def either(self) -> Condition:
        """Read what OR joins."""
        conditions = [self._both()]
        while self.next == "OR":
            self._tokens.pop(0)
            conditions.append(self._both())
        return lambda state_of: any(condition(state_of) for condition in conditions)

    def _both(self) -> Condition:
        conditions = [self._term()]
        while self.next == "AND":
            self._tokens.pop(0)
            conditions.append(self._term())
        return lambda state_of: all(condition(state_of) for condition in conditions)

    def _term(self) -> Condition:
        if not self._tokens or self.next in ("AND", "OR", ")"):
            raise self.error()
        word, alarm = self._tokens.pop(0)
        if word == "NOT":
            negated = self._term()
            return lambda state_of: not negated(state_of)
        if word == "(":
            within = self.either()
            if self.next != ")":
                raise self.error()
            self._tokens.pop(0)
            return within
        if word in ("TRUE", "FALSE"):
            return lambda _: word == "TRUE"
        self.alarms.append(alarm)
        return lambda state_of: state_of(alarm) == word


def _tokens(text: str) -> list[tuple[str, str]]:
    """Return keywords, each with the alarm that it is about."""
    tokens, place = list[tuple[str, str]](), 0
    while text[place:].strip():
        token = _TOKEN.match(text, place)
        if token is None:
            raise AlarmRuleError(f"AlarmRule: not understood at {text[place:].strip()}")
        alarm = re.sub(r"\\(.)", r"\1", token[2].strip('"')) if token[2] else ""
        tokens.append((token[1] or token[3], alarm))
        place = token.end()
    return tokens
