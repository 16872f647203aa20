"""Every resource: ARNs of every service, region, account and name, and calls without one."""

import string
from collections.abc import Iterable, Iterator
from functools import lru_cache

from tableguard.errors import PolicyError
from tableguard.policy.conditions import Condition
from tableguard.policy.matching import wildcard
from tableguard.prove.engine.automaton import ANY_TEXT, TWELVE_DIGITS, Pattern, Token, Universe, classes, exactly, word
from tableguard.prove.engine.callers import known_accounts
from tableguard.prove.engine.dimension import EVERY, Dimension, Option, distinct, judged
from tableguard.prove.engine.question import Play, Scope
from tableguard.prove.engine.string_patterns import patterns as compared
from tableguard.prove.engine.unproved import NotProvedError

KEYS = frozenset(("aws:resourceaccount",))

MOST_RESOURCES = 20_000
_LOWER = string.ascii_lowercase + string.digits + "-"
_DIGITS = Universe(TWELVE_DIGITS)
# the six components of an ARN; prefix lists and managed policies are in the account `aws`
_UNIVERSES: tuple[tuple[Universe, ...], ...] = (
    (Universe(exactly("arn")),),
    (Universe(exactly("aws")),),
    (Universe(word(_LOWER)),),
    (Universe((Token(frozenset(_LOWER), inverted=False, repeats=True),)),),
    (_DIGITS, Universe(()), Universe(exactly("aws"))),
    (ANY_TEXT,),
)


def dimension(scope: Scope, play: Play, service: str) -> Dimension:
    """The classes of resources that the statements in play tell apart."""
    for each in play.placed:
        if each.statement.resource.has_variables:
            raise NotProvedError(
                f"statement {each.statement.sid or '(no Sid)'}: a variable in Resource ties it to the caller or a key"
            )
    lines = play.lines_on(KEYS)
    preferred = ((), (), (service,), (scope.estate.home_region,), known_accounts(scope, play), ())
    arns = ["*", *_arns(_patterns(play), preferred)]
    options = (
        _option(play, lines, arn, account)
        for arn in arns
        for account in _accounts(arn, known_accounts(scope, play), lines)
    )
    named = sum(1 << n for n, each in enumerate(play.placed) if each.statement.resource.values != ("*",))
    return Dimension(distinct(options), named | sum({bit for bit, _ in lines}))


def _option(play: Play, lines: tuple[tuple[int, Condition], ...], arn: str, account: str) -> Option:
    passes, undefined = judged(lines, {"aws:resourceaccount": (account,)})
    for n, each in enumerate(play.placed):
        try:
            covered = each.statement.covers_resource(arn, {})
        except PolicyError:
            undefined |= 1 << n
        else:
            passes &= EVERY if covered else ~(1 << n)
    return Option(passes, undefined, (account,), (arn, account))


def _patterns(play: Play) -> tuple[str, ...]:
    found = {value for each in play.placed for value in each.statement.resource.values if value != "*"}
    return tuple(sorted(found))


def _arns(patterns: tuple[str, ...], preferred: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """One ARN of each class: component by component, as AWS compares them."""
    parts = [pattern.split(":", 5) for pattern in patterns]
    found: dict[tuple[int, str], tuple[str, ...]] = {((1 << len(patterns)) - 1, ""): ()}
    for n, (universes, names) in enumerate(zip(_UNIVERSES, preferred, strict=True)):
        choices = _components(tuple(part[n] for part in parts), universes, names)
        following: dict[tuple[int, str], tuple[str, ...]] = {}
        for (covering, account), texts in found.items():
            for mask, text in choices:
                key = (covering & mask, text if n == 4 else account)
                following.setdefault(key, (*texts, text))
        if len(following) > MOST_RESOURCES:
            raise NotProvedError(f"more than {MOST_RESOURCES} classes of resources")
        found = following
    return (":".join(texts) for texts in found.values())


@lru_cache(maxsize=4096)
def _components(
    patterns: tuple[str, ...], universes: tuple[Universe, ...], preferred: tuple[str, ...]
) -> list[tuple[int, str]]:
    """The classes of one component: which ARN patterns it leaves possible, with a text for each."""
    different = tuple(dict.fromkeys(patterns))
    tests = [wildcard(pattern) for pattern in different]
    found: list[tuple[int, str]] = [(_bits(test(text) for test in tests), text) for text in preferred]
    for universe in universes:
        found += classes(universe, tuple(Pattern("like", text) for text in different))
    places = [different.index(pattern) for pattern in patterns]
    masks = {covering: _bits(covering >> place & 1 for place in places) for covering, _ in found}
    named = {(covering, len(text) > 0) for covering, text in found[: len(preferred)]}
    kept = found[: len(preferred)] + [
        each for each in found[len(preferred) :] if (each[0], len(each[1]) > 0) not in named
    ]
    return [(masks[covering], text) for covering, text in kept]


def _bits(truths: Iterable[object]) -> int:
    return sum(1 << n for n, truth in enumerate(truths) if truth)


def _accounts(arn: str, known: tuple[str, ...], lines: tuple[tuple[int, Condition], ...]) -> tuple[str, ...]:
    """The accounts that a resource may be in: its ARN's, or any where that does not tell."""
    parts = arn.split(":", 5)
    if len(parts) == 6 and parts[4].isdigit():
        return (parts[4],)
    others = (text for _, text in classes(_DIGITS, compared(lines, "aws:resourceaccount")))
    return tuple(dict.fromkeys((*known, *others)))
