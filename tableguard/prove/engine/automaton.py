"""The classes into which patterns divide all texts, each with its shortest text.

Two texts are in one class if the same patterns cover both. All patterns are read at once, character by character, as
one nondeterministic automaton whose states are the bits of an integer; every reachable set of states is visited once,
shortest text first. So no class is missed, whatever text somebody will think of.
"""

import re
import string
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, NamedTuple, TypeVar

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


@lru_cache(maxsize=65536)
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


_Key = TypeVar("_Key", Token, str)
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


class _Layout(NamedTuple):
    """The tokens of one text: the places that each takes part in, as bits from its beginning."""

    length: int
    repeating: int
    sinks: bool  # it ends with `*`
    broad: Mapping[Token, int]
    literal: Mapping[str, int]
    mentioned: Mapping[str, int]


@lru_cache(maxsize=16384)
def _layout_of(text: Universe | Pattern | Tokens) -> _Layout:
    tokens = text.tokens if isinstance(text, Universe) else tokens_of(text) if isinstance(text, Pattern) else text
    broad: dict[Token, int] = {}
    literal: dict[str, int] = {}
    mentioned: dict[str, int] = {}
    for place, token in enumerate(tokens):
        if token.inverted or token.is_set:
            bare = replace(token, repeats=False)
            broad[bare] = broad.get(bare, 0) | 1 << place
        for character in () if token.is_set else token.characters:
            mentioned[character] = mentioned.get(character, 0) | 1 << place
            if not token.inverted:
                literal[character] = literal.get(character, 0) | 1 << place
    repeating = sum(1 << place for place, token in enumerate(tokens) if token.repeats)
    return _Layout(len(tokens), repeating, tokens[-1:] == (_ANYTHING,), broad, literal, mentioned)


def _add(places: dict[_Key, int], own: Mapping[_Key, int], begin: int) -> None:
    """Add the places of one text that begins at a place."""
    for key, bits in own.items():
        places[key] = places.get(key, 0) | bits << begin


class Machine:
    """All tokens in a row, one bit each and one for the end of each text; the first text is the universe's.

    Where a pattern that ends with `*` is at its end, its group covers whatever follows: the group's other places say no
    more, and are left out of the state.
    """

    def __init__(self, universe: Universe, patterns: tuple[Pattern | AnyOf | Tokens, ...]) -> None:
        self.ends: list[int] = []
        self.groups: list[int] = []  # the places of each group
        self.sunk: dict[int, int] = {}  # the last place of a pattern that ends with `*`, as bit: its group
        self.repeating = 0
        self.broad: dict[Token, int] = {}
        self.literal: dict[str, int] = {}
        self.mentioned: dict[str, int] = {}
        starts = self._lay_out((_layout_of(universe),))
        self.sunk.clear()  # a universe covers nothing
        for one in patterns:
            alternatives = one.patterns if isinstance(one, AnyOf) else (one,)
            starts |= self._lay_out(tuple(map(_layout_of, alternatives)))
        self.sinks = sum(self.sunk)
        self.universe = self.groups[0]
        self.taking: dict[str, int] = {}
        self.next: dict[int, tuple[tuple[tuple[str, int], ...], tuple[str, ...]]] = {}
        self.start = self._spread(starts)

    def _lay_out(self, texts: tuple[_Layout, ...]) -> int:
        """Add the places of one group, and return those where its texts begin."""
        begin = place = self.groups[-1].bit_length() if self.groups else 0
        starts, ends, sinks = 0, 0, []
        for text in texts:
            starts |= 1 << place
            self.repeating |= text.repeating << place
            _add(self.broad, text.broad, place)
            _add(self.literal, text.literal, place)
            _add(self.mentioned, text.mentioned, place)
            place += text.length
            sinks += [1 << place - 1] if text.sinks else []
            ends |= 1 << place
            place += 1
        self.ends.append(ends)
        self.groups.append((1 << place) - (1 << begin))
        self.sunk |= dict.fromkeys(sinks, self.groups[-1])
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
        mentions, alphabets = self._next(state & self.universe)
        characters = {character for character, places in mentions if places & state}
        for alphabet in alphabets:
            characters.add(next((one for one in alphabet if one not in characters), alphabet[0]))
        for character in sorted(characters, key=_order):
            here = state & (self.taking.get(character) or self._taking(character))
            yield self._spread((here & self.repeating) | ((here & ~self.repeating) << 1)), character

    def _next(self, universe: int) -> tuple[tuple[tuple[str, int], ...], tuple[str, ...]]:
        """Return the characters that may follow where the universe is at these places.

        They are those that some pattern mentions, each with its places, and the alphabets of the universe's sets.
        """
        if universe not in self.next:
            mentions = tuple(pair for pair in self.mentioned.items() if self._taking(pair[0]) & universe)
            sets = tuple(token for token, places in self.broad.items() if places & universe)
            self.next[universe] = mentions, _alphabets(sets) if sets else ()
        return self.next[universe]

    def _taking(self, character: str) -> int:
        """Return the places at which the character may stand."""
        if character not in self.taking:
            broad = sum(places for token, places in self.broad.items() if token.takes(character))
            self.taking[character] = self.literal.get(character, 0) | broad
        return self.taking[character]

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


def _bits(state: int) -> Iterator[int]:
    while state:
        lowest = state & -state
        yield lowest
        state ^= lowest
