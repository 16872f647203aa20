"""Texts of policies with a variable, and what the values of the variable must tell apart for them.

A template is literal text, the variable, and anything behind it. Of the patterns that the same key is compared with, a
value of the variable only ever reads a part: the one that is left when the text before the variable has been read, and
the text behind it is still to come. Two values that the same parts cover are alike.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from tableguard.policy.matching import VARIABLE, literal
from tableguard.prove.engine.automaton import Pattern, Token, Tokens, tokens_of
from tableguard.prove.engine.statement_set import Lines
from tableguard.prove.engine.string_patterns import is_text, patterns, variables_in
from tableguard.prove.engine.unproved import NotProvedError


@dataclass(frozen=True)
class VariableText:
    """The text before a variable, without wildcards, the variable's key, and the text behind it."""

    before: str
    key: str
    after: str

    @property
    def ends_literally(self) -> bool:
        """Return True if no wildcard stands behind the variable."""
        return not _has_wildcards(self.after)


def template(value: str) -> VariableText:
    """Return a value with one variable as a template; NotProvedError if it has more, or a wildcard before it."""
    variables = [match for match in VARIABLE.finditer(value) if variables_in(match[0])]
    (key,) = variables_in(variables[0][0])
    before, after = value[: variables[0].start()], value[variables[0].end() :]
    if len(variables) > 1:
        raise NotProvedError(f"{value} has two variables: how they run into each other is not modelled")
    if _has_wildcards(before):
        raise NotProvedError(f"{value} has a wildcard before its variable: where its value begins is open")
    return VariableText(literal(before), key, after)


def _has_wildcards(text: str) -> bool:
    return bool(set("*?") & set(VARIABLE.sub("", text)))


def templates(values: Iterable[str]) -> list[VariableText]:
    """Return the templates among values; NotProvedError where the text before one goes on where another's ends."""
    texts = [template(value) for value in values if variables_in(value)]
    for one in texts:
        if any(other.before != one.before and other.before.startswith(one.before) for other in texts):
            raise NotProvedError(f"${{{one.key}}} stands behind {one.before!r}, and what begins so has a variable too")
    return texts


def parts_of_values(key: str, values: Iterable[str], others: Iterable[Tokens]) -> Iterator[Tokens]:
    """Yield the parts of the other patterns that a value of `key` reads where it stands in one of these values."""
    own = [one for one in templates(values) if one.key == key]
    for tokens in others:
        for one in own:
            ends = _ends(tokens, one)
            yield from (tokens[begin:end] for begin in _read(tokens, one.before) for end in ends if begin <= end)


def parts(key: str, lines: Lines) -> Iterator[Tokens]:
    """Yield the parts that a value of `key` reads of the patterns which another key is compared with in these lines."""
    texts = [line for _, line in lines if is_text(line)]
    others = [tokens_of(pattern) for pattern in patterns(lines, lines[0][1].key) if not variables_in(pattern.text)]
    if any("IgnoreCase" in line.operator and any(map(variables_in, line.values)) for line in texts):
        others += [tuple(map(_in_any_case, tokens)) for tokens in others]
    yield from parts_of_values(key, (value for line in texts for value in line.values), others)


def _in_any_case(token: Token) -> Token:
    both = {case for character in token.characters for case in (character.lower(), character.upper())}
    return token if token.inverted else replace(token, characters=frozenset(both))


def _ends(tokens: Tokens, one: VariableText) -> set[int]:
    if not one.ends_literally:
        return set(range(len(tokens) + 1))
    behind = _read(tokens[::-1], literal(one.after)[::-1])
    return {len(tokens) - place for place in behind}


def _read(tokens: Tokens, text: str) -> set[int]:
    """Return the places that may have been reached when a text was read from the beginning."""
    places = _closed(tokens, {0})
    for character in text:
        taking = {place for place in places if place < len(tokens) and tokens[place].takes(character)}
        places = _closed(tokens, {place if tokens[place].repeats else place + 1 for place in taking})
    return places


def _closed(tokens: Tokens, places: set[int]) -> set[int]:
    reached = set(places)
    for place in range(len(tokens)):
        if place in reached and tokens[place].repeats:
            reached.add(place + 1)
    return reached


def covers(tokens: Tokens, text: str) -> bool:
    """Return True if tokens cover a text from end to end."""
    return len(tokens) in _read(tokens, text)


def like(values: Iterable[str]) -> list[Tokens]:
    """Return patterns with wildcards as tokens."""
    return [tokens_of(Pattern("like", value)) for value in values]
