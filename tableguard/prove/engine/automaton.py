"""The classes into which patterns divide all texts, each with its shortest text.

Two texts are in one class if the same patterns cover both. All patterns are read at once, character by character, as
one nondeterministic automaton whose states are the bits of an integer; every reachable set of states is visited once,
shortest text first. So no class is missed, whatever text somebody will think of.
"""

import re
import string
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, NamedTuple

from tableguard.aws.arn import components
from tableguard.prove.engine.unproved import NotProvedError

MOST_STATES = 100_000  # beyond it there is no proof: a second's work, and more patterns than organisations have

_FIRST = "xzqwyvjk0"  # these read as stand-ins in examples
_READABLE = string.ascii_lowercase + string.digits + string.ascii_uppercase + "-_./#:@+=,~ "
# every printable character, and DEL, which the paths of roles may have
_ASCII = _READABLE + "".join(c for c in map(chr, range(0x21, 0x80)) if c not in _READABLE)
# and letters that no policy spells out, so that one is left however many are
_ALPHABET = _FIRST + "".join(c for c in _ASCII if c not in _FIRST) + "".join(map(chr, range(0x100, 0x180)))
_DIGITS = frozenset(string.digits)
_PLACES = {character: place for place, character in enumerate(_ALPHABET)}


def _order(character: str) -> tuple[int, str]:
    """Return the order of a character in examples: those first that read as a stand-in."""
    return _PLACES.get(character, len(_PLACES)), character


@dataclass(frozen=True)
class Token:
    """A place of a text: it takes these characters, or any but these; if it `repeats`, any number of times."""

    characters: frozenset[str] = frozenset()
    inverted: bool = True
    repeats: bool = False

    @property
    def is_set(self) -> bool:
        """Return True if it takes more characters than one in both cases: a universe's letters or digits."""
        return len(self.characters) > 2

    def takes(self, character: str) -> bool:
        """Return True if the character may stand here."""
        return (character in self.characters) != self.inverted


_ANYTHING = Token(repeats=True)
Tokens = tuple[Token, ...]


class Pattern(NamedTuple):
    """A text of a policy that covers itself, itself in any case, or what its wildcards stand for."""

    kind: Literal["exactly", "in any case", "like", "like an ARN"]
    text: str


class AnyOf(NamedTuple):
    """A group of patterns that covers what one of them covers: which of them does so, nothing tells apart."""

    patterns: tuple[Pattern, ...]


@dataclass(frozen=True, eq=False)
class Universe:
    """The texts that are looked at; not those of another universe, even if they are the same."""

    tokens: Tokens


ANY: Tokens = (Token(), Token(repeats=True))  # one character at least: the empty text is asked by itself
ANY_TEXT = Universe(ANY)
TWELVE_DIGITS: Tokens = (Token(_DIGITS, inverted=False),) * 12


def word(characters: str) -> Tokens:
    """Return the tokens of texts of one or more of these characters."""
    one = frozenset(characters)
    return (Token(one, inverted=False), Token(one, inverted=False, repeats=True))


def exactly(text: str) -> Tokens:
    """Return the tokens of a text itself."""
    return tokens_of(Pattern("exactly", text))


@lru_cache(maxsize=16384)
def tokens_of(pattern: Pattern) -> Tokens:
    """Return the tokens of a pattern; its escaped wildcards `${*}` are the characters they stand for."""
    text = pattern.text
    match pattern.kind:
        case "like":
            return _tokens(text, Token())
        case "like an ARN":
            # in the first five components a wildcard does not reach beyond the colon
            *parts, resource = components(text) or (text,)
            within = Token(frozenset(":"))
            return (*(token for part in parts for token in _tokens(f"{part}:", within)), *_tokens(resource, Token()))
        case _:
            return _tokens(text, None, pattern.kind == "in any case")


def _tokens(text: str, wild: Token | None, ignore_case: bool = False) -> Tokens:
    parts = re.findall(r"\$\{[*?$]\}|.", text, re.DOTALL)
    return tuple(
        replace(wild, repeats=part == "*")
        if wild and part in ("*", "?")
        else _literal(part if len(part) == 1 else part[2], ignore_case)
        for part in parts
    )


def _literal(character: str, ignore_case: bool) -> Token:
    both = {character.lower(), character.upper()} if ignore_case else {character}
    return Token(frozenset(both), inverted=False)


@dataclass(frozen=True)
class Explored:
    """Achievable sets of covering groups, each with its shortest text; `complete` if these are all."""

    texts: tuple[tuple[int, str], ...]
    complete: bool


def classes(
    universe: Universe, patterns: tuple[Pattern | AnyOf | Tokens, ...], most: int = MOST_STATES
) -> tuple[tuple[int, str], ...]:
    """Return each achievable set of covering patterns (bit k for pattern k) with its shortest text of the universe."""
    reached = explored(universe, patterns, most)
    if not reached.complete:
        raise NotProvedError(too_many(patterns, most))
    return reached.texts


def too_many(patterns: tuple[Pattern | AnyOf | Tokens, ...], most: int) -> str:
    """Say that patterns need more states than are looked at."""
    count = sum(len(one.patterns) if isinstance(one, AnyOf) else 1 for one in patterns)
    return f"more than {most} states are needed to tell {count} patterns apart"


@lru_cache(maxsize=8192)
def explored(universe: Universe, patterns: tuple[Pattern | AnyOf | Tokens, ...], most: int) -> Explored:
    """Return the achievable sets of covering patterns that so many states lead to, shortest texts first."""
    machine = Machine(universe, patterns)
    reached = {machine.start}
    queue = deque([(machine.start, "")])
    shortest: dict[int, str] = {}
    while queue:
        state, text = queue.popleft()
        if machine.accepts(state):
            shortest.setdefault(machine.covering(state), text)
        for following, character in machine.steps(state):
            if following not in reached:
                if len(reached) >= most:
                    return Explored(tuple(shortest.items()), complete=False)
                reached.add(following)
                queue.append((following, text + character))
    return Explored(tuple(shortest.items()), complete=True)


class Machine:
    """All tokens in a row, one bit each and one for the end of each text; the first text is the universe's.

    Where a pattern that ends with `*` is at its end, its group covers whatever follows: the group's other places say no
    more, and are left out of the state.
    """

    def __init__(self, universe: Universe, patterns: tuple[Pattern | AnyOf | Tokens, ...]) -> None:
        self.tokens: dict[int, Token] = {}
        self.ends: list[int] = []
        self.groups: list[int] = []  # the places of each group
        self.sunk: dict[int, int] = {}  # the last place of a pattern that ends with `*`, as bit: its group
        starts = 0
        for texts in ((universe.tokens,), *(_alternatives(one) for one in patterns)):
            starts |= self._lay_out(texts)
        for group, ends in zip(self.groups[1:], self.ends[1:], strict=True):
            for end in _places(ends):
                if self.tokens.get(end - 1) == _ANYTHING:
                    self.sunk[1 << end - 1] = group
        self.sinks = sum(self.sunk)
        self.universe = self.groups[0]
        self.repeating = sum(1 << place for place, token in self.tokens.items() if token.repeats)
        self.broad = {place: token for place, token in self.tokens.items() if token.inverted or token.is_set}
        self.literal: dict[str, int] = {}
        for place in self.tokens.keys() - self.broad.keys():
            for character in self.tokens[place].characters:
                self.literal[character] = self.literal.get(character, 0) | 1 << place
        self.taking: dict[str, int] = {}
        self.start = self._spread(starts)

    def _lay_out(self, texts: tuple[Tokens, ...]) -> int:
        """Add the places of one group, and return those where its texts begin."""
        starts, ends = 0, 0
        begin = place = self.groups[-1].bit_length() if self.groups else 0
        for tokens in texts:
            starts |= 1 << place
            for token in tokens:
                self.tokens[place] = token
                place += 1
            ends |= 1 << place
            place += 1
        self.ends.append(ends)
        self.groups.append((1 << place) - (1 << begin))
        return starts

    def accepts(self, state: int) -> bool:
        """Return True if the text read so far is one of the universe."""
        return bool(state & self.ends[0])

    def covering(self, state: int) -> int:
        """Return the patterns, or groups, that cover the text read so far, as bits."""
        return sum(1 << k for k, end in enumerate(self.ends[1:]) if state & end)

    def filled(self, state: int) -> int:
        """Return the state with every place of the groups that cover whatever follows."""
        for sink in _bits(state & self.sinks):
            state |= self.sunk[sink]
        return state

    def steps(self, state: int) -> Iterator[tuple[int, str]]:
        """Yield every state that one more character leads to, with a character for each."""
        here = [self.tokens[place] for place in _places(state) if place in self.tokens]
        mentioned = {character for token in here if not token.is_set for character in token.characters}
        sets = tuple(self.broad[place] for place in _places(state & self.universe) if place in self.broad)
        for alphabet in _alphabets(sets) if sets else ():
            mentioned.add(next((character for character in alphabet if character not in mentioned), alphabet[0]))
        for character in sorted(mentioned, key=_order):
            following = self._after(state, character)
            if following & self.universe:
                yield following, character

    def _after(self, state: int, character: str) -> int:
        taking = self.taking.get(character)
        if taking is None:
            broad = sum(1 << place for place, token in self.broad.items() if token.takes(character))
            taking = self.taking[character] = self.literal.get(character, 0) | broad
        here = state & taking
        return self._spread((here & self.repeating) | ((here & ~self.repeating) << 1))

    def _spread(self, state: int) -> int:
        """Return the state with every place behind a token that may be repeated no time."""
        while (wider := state | ((state & self.repeating) << 1)) != state:
            state = wider
        sinks = state & self.sinks
        while sinks:
            sink = sinks & -sinks
            group = self.sunk[sink]
            state = (state & ~group) | sink | sink << 1
            sinks &= ~group
        return state


@lru_cache(maxsize=1024)
def _alphabets(sets: tuple[Token, ...]) -> tuple[str, ...]:
    """Group the characters that some of these tokens take: those together that none of them tells apart."""
    together: dict[tuple[bool, ...], str] = {}
    for character in _ALPHABET:
        taken = tuple(token.takes(character) for token in sets)
        if any(taken):
            together[taken] = together.get(taken, "") + character
    return tuple(together.values())


def _alternatives(pattern: Pattern | AnyOf | Tokens) -> tuple[Tokens, ...]:
    if isinstance(pattern, AnyOf):
        return tuple(map(tokens_of, pattern.patterns))
    return (tokens_of(pattern) if isinstance(pattern, Pattern) else pattern,)


def _places(state: int) -> Iterator[int]:
    return (bit.bit_length() - 1 for bit in _bits(state))


def _bits(state: int) -> Iterator[int]:
    while state:
        lowest = state & -state
        yield lowest
        state ^= lowest
