"""The context keys that are neither caller's nor resource's: each alone, or together where a variable ties them.

A variable `${key}` is replaced by whatever the request holds. All values of the key that no other pattern tells apart
are alike, so one fresh value of each class stands for them: what holds for it holds for every one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from tableguard.policy.conditions import Condition
from tableguard.policy.matching import VARIABLE, substituted
from tableguard.prove.engine import callers, resources
from tableguard.prove.engine.automaton import ANY, Universe, classes, exactly
from tableguard.prove.engine.context_values import Lines, choices, context_of, may_be_empty
from tableguard.prove.engine.dimension import Dimension, Option, distinct, judged
from tableguard.prove.engine.question import ALWAYS_PRESENT, Play
from tableguard.prove.engine.string_patterns import is_text, patterns
from tableguard.prove.engine.unproved import NotProvedError

_ELSEWHERE = callers.KEYS | resources.KEYS


def dimensions(play: Play) -> Iterator[Dimension]:
    """One dimension for each key, or for the keys that variables tie together."""
    lines: dict[str, list[tuple[int, Condition]]] = {}
    for bit, line in play.lines:
        _refuse_tied(line.key)
        if line.key not in _ELSEWHERE:
            lines.setdefault(line.key, []).append((bit, line))
    tied = {key: found for key in lines if (found := _variables(lines[key]))}
    sources = {source for found in tied.values() for source in found}
    for key in sorted(lines):
        if key not in tied and key not in sources:
            yield _alone(key, lines[key])
    for key, found in sorted(tied.items()):
        source = _only_source(key, found, tied)
        yield _together(key, lines[key], source, lines.get(source, ()))


def _only_source(key: str, found: frozenset[str], tied: Mapping[str, frozenset[str]]) -> str:
    """The one key that another is compared with, and nothing else is."""
    (source, *others) = sorted(found)
    shared = sum(source in each for each in tied.values()) > 1
    if others or shared or source in tied or source in _ELSEWHERE | callers.TIED:
        raise NotProvedError(f"{key} is compared with ${{{source}}}, which is tied to more than this key")
    return source


def _refuse_tied(key: str) -> None:
    if key in callers.TIED:
        raise NotProvedError(f"{key} is tied to the caller in a way that is not modelled")


def _variables(lines: Lines) -> frozenset[str]:
    """The keys whose values stand in the values of these lines."""
    names = (name for _, line in lines if is_text(line) for value in line.values for name in VARIABLE.findall(value))
    # a default, as in ${key, 'none'}, is no part of the key's name
    return frozenset(name.partition(",")[0].strip().lower() for name in names if name not in ("*", "?", "$"))


def _alone(key: str, lines: Lines) -> Dimension:
    options = (
        Option(*judged(lines, context_of(key, values)), (), context_of(key, values))
        for values in choices(key, lines, key in ALWAYS_PRESENT)
    )
    return Dimension(distinct(options), sum({bit for bit, _ in lines}))


def _together(key: str, lines: Lines, source: str, own: Lines) -> Dimension:
    """A key whose values are compared with those of one other key, `source`, which may have lines of its own."""
    if any(line.operator != "Null" for _, line in own):
        raise NotProvedError(f"{source} is compared itself, and {key} with it")
    options = (
        Option(*judged((*own, *lines), context), (), context)
        for value in ((), *((value,) for value in _fresh(source, lines)))
        for values in choices(key, _filled(lines, context_of(source, value)), key in ALWAYS_PRESENT)
        for context in ({**context_of(source, value), **context_of(key, values)},)
    )
    return Dimension(distinct(options), sum({bit for bit, _ in (*own, *lines)}))


def _filled(lines: Lines, context: Mapping[str, tuple[str, ...]]) -> Lines:
    """The lines with the variable's value in its place; a value that cannot be filled covers nothing."""
    filled = []
    for bit, line in lines:
        values = tuple(text for value in line.values if (text := substituted(value, context)) is not None)
        if values or line.operator == "Null":
            filled.append((bit, replace(line, values=values)))
    return filled or [(0, Condition("Null", lines[0][1].key, ("true",)))]


def _fresh(source: str, lines: Lines) -> tuple[str, ...]:
    """A value of the variable for each set of the other patterns that cover the text it becomes part of."""
    templates = {value for _, line in lines for value in line.values if VARIABLE.search(value)}
    parts = {tuple(VARIABLE.split(template)) for template in templates}
    if len(parts) > 1 or any(len(part) != 3 or set("*?") & set(part[0] + part[2]) for part in parts):
        raise NotProvedError(f"${{{source}}} stands in more than one text, or beside a wildcard")
    ((before, _, after),) = parts
    others = tuple(each for each in patterns(lines, lines[0][1].key) if not VARIABLE.search(each.text))
    found = classes(Universe((*exactly(before), *ANY, *exactly(after))), others)
    values = tuple(text[len(before) : len(text) - len(after)] for _, text in found)
    return (*values, "") if may_be_empty(source) else values
