"""Keys of a caller that its ARN does not tell, or tells in part: aws:username, aws:userid, the names of a service.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#principaltable
"""

import string
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations

from tableguard.policy.matching import Values
from tableguard.policy.principals import Principal
from tableguard.prove.engine.automaton import ANY, Pattern, Token, Tokens, Universe, classes, exactly, tokens_of, word
from tableguard.prove.engine.dominance.aim import Aim
from tableguard.prove.engine.links.joint import Apart
from tableguard.prove.engine.statement_set import Lines
from tableguard.prove.engine.string_patterns import patterns
from tableguard.prove.engine.unproved import NotProvedError

USER_ID, USER_NAME, SERVICES = "aws:userid", "aws:username", "aws:principalservicenameslist"
MOST_NAMES = 8
_UNIQUE = word(string.ascii_uppercase + string.digits)
_USER_IDS = Universe(_UNIQUE)
_SESSION_IDS = Universe((*_UNIQUE, *exactly(":"), *word(string.ascii_letters + string.digits + "+=,.@_-")))
_SERVICES = Universe((*word(string.ascii_lowercase + string.digits + ".-"), *exactly(".amazonaws.com")))
_ANYTHING = Token(repeats=True)


@dataclass(frozen=True)
class Comparisons:
    """What the keys of a caller are compared with: in conditions, and by way of keys that take their values.

    Without an `aim` every class is told apart.
    """

    lines: Lines
    apart: Apart
    aim: Aim | None = None

    def of(self, key: str) -> tuple[Pattern | Tokens, ...]:
        """Return the patterns that tell the values of a key apart."""
        return (*patterns(self.lines, key), *self.apart.get(key, ()))

    def mention(self, key: str) -> bool:
        """Return True if a condition or another key depends on this one."""
        return key in self._mentioned

    @cached_property
    def _mentioned(self) -> frozenset[str]:
        return frozenset((*self.apart, *(line.key for _, line in self.lines)))


def within_arns(comparisons: Comparisons) -> Iterator[Tokens]:
    """Yield the patterns of ARNs that tell apart the values of keys which are parts of them."""
    yield from comparisons.apart.get("aws:principalarn", ())
    for tokens in map(_tokens, comparisons.of(USER_NAME)):
        # the name is what stands behind the last slash
        yield (_ANYTHING, *exactly("/"), *_without("/", tokens))
    for tokens in comparisons.apart.get("aws:principalaccount", ()):
        yield (
            *exactly("arn:"),
            *_without(":", (_ANYTHING,)),
            *exactly(":"),
            *_without(":", (_ANYTHING,)),
            *exactly("::"),
            *_without(":", tokens),
            *exactly(":"),
            _ANYTHING,
        )


def _tokens(pattern: Pattern | Tokens) -> Tokens:
    return tokens_of(pattern) if isinstance(pattern, Pattern) else pattern


def _without(character: str, tokens: Tokens) -> Tokens:
    """Return tokens whose wildcards do not take a character."""
    return tuple(
        replace(token, characters=token.characters | {character}) if token.inverted else token for token in tokens
    )


def services(comparisons: Comparisons) -> Iterator[str]:
    """Yield one service of every class of names."""
    told_apart = (*comparisons.of("aws:principalservicename"), *comparisons.of(SERVICES))
    yield from (service for _, service in classes(_SERVICES, told_apart))


def options(caller: Principal, comparisons: Comparisons) -> Iterator[Values]:
    """Yield the further keys that a caller's requests may have, one of each class; nothing depends on other keys."""
    for ids in _user_ids(caller, comparisons) if comparisons.mention(USER_ID) else ((),):
        for names in _names(caller, comparisons) if comparisons.mention(SERVICES) else ((),):
            yield {**({USER_ID: ids} if ids else {}), **({SERVICES: names} if names else {})}


def _user_ids(caller: Principal, comparisons: Comparisons) -> Iterator[tuple[str, ...]]:
    if USER_ID in caller.context():
        yield ()  # the caller has its own
    elif caller.kind in ("role", "user"):
        universe = _SESSION_IDS if caller.kind == "role" else _USER_IDS
        yield from ((text,) for _, text in classes(universe, comparisons.of(USER_ID)))
    else:
        # AWS's table has "anonymous", its text about variables no value; of services it says nothing
        yield from ((), ("anonymous",))
        yield from ((text,) for _, text in classes(Universe(ANY), comparisons.of(USER_ID)) if caller.kind == "service")


def _names(caller: Principal, comparisons: Comparisons) -> Iterator[tuple[str, ...]]:
    """Yield the lists of a service's names: its own among them, and none for callers that are no service.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalservicenameslist
    """
    if caller.kind != "service":
        yield ()
        return
    others = sorted({text for _, text in classes(_SERVICES, comparisons.of(SERVICES))} - {caller.arn})
    if len(others) > MOST_NAMES:
        raise NotProvedError(f"{SERVICES}: {len(others)} different values, in any combination, are too many")
    for size in range(len(others) + 1):
        yield from ((caller.arn, *subset) for subset in combinations(others, size))
