"""The classes of actions that statements tell apart, actions that AWS does not have yet among them."""

import string
from collections.abc import Iterable, Iterator, Mapping, Set
from functools import lru_cache
from itertools import islice

from tableguard.policy.matching import wildcard
from tableguard.policy.service_reference import NEVER_UNDER_RCPS, load
from tableguard.policy.statements import Patterns, Statement
from tableguard.prove.engine.automaton import Pattern, Universe, classes, word

_NAME = Universe(word(string.ascii_lowercase + string.digits))
_SERVICE = Universe(word(string.ascii_lowercase + string.digits + "-"))


def representatives(
    statements: Iterable[Statement], scope: Statement, apart: frozenset[str] = frozenset()
) -> tuple[str, ...]:
    """Return one action of each class that the scope covers; a known one, as AWS writes it, where the class has one.

    `apart` are further patterns of actions, in lower case, that are told apart.
    """
    own = (statement.action.lowered for statement in (*statements, scope))
    return _representatives(apart.union(*own), scope.action)


@lru_cache(maxsize=1024)
def _representatives(patterns: frozenset[str], scope: Patterns) -> tuple[str, ...]:
    own: dict[str, set[str]] = {}
    for pattern in patterns:
        named, _, name = pattern.partition(":")
        own.setdefault(named, set()).add("*" if pattern == "*" else name)
    names = (
        f"{service}:{name}"
        for service in _services(patterns, scope)
        for name in _names(service, _names_for(service, own))
    )
    reference = load().actions
    return tuple(str(reference.get(name, name)) for name in names if scope.takes_in(name))


@lru_cache(maxsize=1)
def under_rcps() -> frozenset[str]:
    """Return the patterns that tell the actions that RCPs apply to from the others."""
    return frozenset(f"{service}:*" for service in load().rcp_services) | NEVER_UNDER_RCPS


def is_known(action: str) -> bool:
    """Return True if AWS has the action, or its service is one whose actions are not listed here."""
    universe = load()
    return action.lower() in universe.actions or action.partition(":")[0] not in universe.services


def _services(patterns: frozenset[str], scope: Patterns) -> list[str]:
    """Return every service that is named, and one of each class of the others."""
    names = {service for pattern in patterns if pattern != "*" for service in (pattern.partition(":")[0],)}
    literal = sorted(name for name in names if not _is_pattern(name))
    wild = tuple(sorted(name for name in names if _is_pattern(name)))
    if not scope.inverted and not any(_is_pattern(value.partition(":")[0]) for value in scope.values):
        return sorted({value.partition(":")[0] for value in scope.lowered})
    return [*literal, *_texts(_SERVICE, wild, frozenset(literal))]


def _names_for(service: str, own: Mapping[str, Set[str]]) -> frozenset[str]:
    """Return the names, or patterns of names, that are written beside a service or a pattern that covers it."""
    wild = (names for named, names in own.items() if _is_pattern(named) and wildcard(named)(service))
    return frozenset(own.get(service, ())).union(*wild)


def _names(service: str, patterns: frozenset[str]) -> list[str]:
    """Return the literal names, and one name of every class that the patterns make of the rest."""
    literal = frozenset(pattern for pattern in patterns if not _is_pattern(pattern))
    wild = tuple(sorted(pattern for pattern in patterns if _is_pattern(pattern)))
    return [*sorted(literal), *_known_names(service, wild, literal), *_texts(_NAME, wild, literal)]


def _known_names(service: str, wild: tuple[str, ...], literal: frozenset[str]) -> Iterator[str]:
    """Yield a known action of each class, where there is one: examples read better with it."""
    for names in _known_classes(service, wild):
        yield from islice((name for name in names if name not in literal), 1)


@lru_cache(maxsize=1024)
def _known_classes(service: str, wild: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Group the known actions of a service that the patterns do not tell apart."""
    universe, tests = load(), [wildcard(pattern) for pattern in wild]
    groups: dict[tuple[bool, ...], list[str]] = {}
    for action in universe.matching(f"{service}:*") if service in universe.services else ():
        name = action.name.lower()
        groups.setdefault(tuple(bool(test(name)) for test in tests), []).append(name)
    return tuple(map(tuple, groups.values()))


def _texts(universe: Universe, wild: tuple[str, ...], literal: frozenset[str]) -> tuple[str, ...]:
    """Return one text of each class of the wildcards that is none of the literal texts."""
    avoided: list[str] = []
    while True:
        patterns = (*(Pattern("like", text) for text in wild), *(Pattern("exactly", text) for text in avoided))
        uncovered = 1 << len(wild)  # the first bit of the texts to avoid
        texts = [text for covering, text in classes(universe, patterns) if covering < uncovered]
        taken = [text for text in texts if text in literal]
        if not taken:
            return tuple(texts)
        avoided += taken


def _is_pattern(text: str) -> bool:
    return "*" in text or "?" in text
