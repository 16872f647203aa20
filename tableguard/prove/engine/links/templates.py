"""Texts of policies with a variable, and what the values of the variable must tell apart for them.

A template is literal text, the variable, and anything behind it. Of the patterns that the same key is compared with, a
value of the variable only ever reads a part: the one that is left when the text before the variable has been read, and
the text behind it is still to come. Two values that the same parts cover are alike.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tableguard.policy.matching import VARIABLE, literal
from tableguard.prove.engine.automaton import Pattern, Token, Tokens, exactly, tokens_of
from tableguard.prove.engine.statement_set import Lines
from tableguard.prove.engine.string_patterns import is_text, patterns, variables_in
from tableguard.prove.engine.unproved import NotProvedError

MOST_ROUNDS = 6


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


@dataclass(frozen=True)
class Compared:
    """What a key is compared with, or the names of resources: the texts that hold variables, and the other patterns."""

    key: str
    texts: tuple[str, ...]
    others: tuple[Tokens, ...]


def compared(key: str, lines: Lines) -> Compared:
    """Return what a key is compared with as a text."""
    own = [line for _, line in lines if line.key == key and is_text(line)]
    texts = tuple(value for line in own for value in line.values if variables_in(value))
    others = [tokens_of(pattern) for pattern in patterns(lines, key) if not variables_in(pattern.text)]
    if any("IgnoreCase" in line.operator and any(map(variables_in, line.values)) for line in own):
        others += [tuple(map(_in_any_case, tokens)) for tokens in others]
    return Compared(key, texts, tuple(others))


def told_apart(everything: Sequence[Compared], keys: Iterable[str]) -> dict[str, tuple[Tokens, ...]]:
    """Return what the values of keys must tell apart: what they are compared with, and what others read of them.

    Where two variables stand in what one key is compared with, what tells one apart may tell the other apart.
    """
    own = {one.key: one.others for one in everything}
    apart = {key: dict.fromkeys(own.get(key, ())) for key in keys}
    for _ in range(MOST_ROUNDS):
        further = {
            key: dict.fromkeys(
                part
                for one in everything
                for part in parts_of_values(key, one.texts, (*one.others, *_by_others(key, one, apart)))
            )
            for key in apart
        }
        if all(parts.keys() <= apart[key].keys() for key, parts in further.items()):
            return {key: tuple(parts) for key, parts in apart.items()}
        apart = {key: apart[key] | parts for key, parts in further.items()}
    raise NotProvedError(f"{' and '.join(f'${{{key}}}' for key in apart)} stand in too many texts together")


def _by_others(key: str, one: Compared, apart: Mapping[str, Mapping[Tokens, None]]) -> Iterator[Tokens]:
    """Yield the patterns that the values of other variables tell apart, where they stand in the same texts."""
    for other in templates(one.texts):
        if other.key != key:
            for tokens in apart.get(other.key, {}):
                yield (*exactly(other.before), *tokens, *tokens_of(Pattern("like", other.after)))


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
