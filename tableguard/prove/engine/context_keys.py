"""Equivalence classes of the remaining context keys; keys that a policy variable links are classed together.

A variable `${key}` is replaced by whatever the request holds. All values of the key that no other pattern tells apart
are alike, so one value of each class represents them: what holds for it holds for every one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from tableguard.policy.conditions import Condition
from tableguard.policy.matching import VARIABLE, substituted
from tableguard.prove.engine import callers, resources
from tableguard.prove.engine.automaton import ANY, Universe, classes, exactly
from tableguard.prove.engine.context_values import choices, context_of, may_be_empty
from tableguard.prove.engine.dimension import Dimension, Option, distinct, judged
from tableguard.prove.engine.dominance.aim import Aim
from tableguard.prove.engine.question import ALWAYS_PRESENT, ApplicableStatements
from tableguard.prove.engine.statement_set import NONE, Lines, StatementSet, union
from tableguard.prove.engine.string_patterns import is_text, patterns, variables_in
from tableguard.prove.engine.unproved import NotProvedError

_ELSEWHERE = callers.KEYS | resources.KEYS


def dimensions(applicable: ApplicableStatements) -> Iterator[Dimension]:
    """Yield one dimension for each key, or for two keys that a variable links."""
    lines: dict[str, list[tuple[StatementSet, Condition]]] = {}
    for statement, line in applicable.lines:
        _refuse_tied(line.key)
        if line.key not in _ELSEWHERE:
            lines.setdefault(line.key, []).append((statement, line))
    linked = {key: variables for key in lines if (variables := _variables(lines[key]))}
    sources = {source for variables in linked.values() for source in variables}
    for key in sorted(lines):
        if key not in linked and key not in sources:
            yield _single_key(key, lines[key], applicable.aim)
    for key, variables in sorted(linked.items()):
        source = _only_source(key, variables, linked)
        yield _linked_keys(key, lines[key], source, lines.get(source, ()))


def _only_source(key: str, variables: frozenset[str], linked: Mapping[str, frozenset[str]]) -> str:
    """Return the one key that another is compared with, and nothing else is."""
    (source, *others) = sorted(variables)
    shared = sum(source in sources for sources in linked.values()) > 1
    if others or shared or source in linked or source in _ELSEWHERE | callers.TIED:
        raise NotProvedError(f"{key} is compared with ${{{source}}}, which is tied to more than this key")
    return source


def _refuse_tied(key: str) -> None:
    if key in callers.TIED:
        raise NotProvedError(f"{key} is tied to the caller in a way that is not modelled")


def _variables(lines: Lines) -> frozenset[str]:
    """Return the keys whose values stand in the values of these lines."""
    return frozenset(key for _, line in lines if is_text(line) for value in line.values for key in variables_in(value))


def _single_key(key: str, lines: Lines, aim: Aim | None) -> Dimension:
    options = (
        Option(*judged(lines, context_of(key, values)), (), context_of(key, values))
        for values in choices(key, lines, key in ALWAYS_PRESENT, aim)
    )
    return Dimension(distinct(options), union(statement for statement, _ in lines))


def _linked_keys(key: str, lines: Lines, source: str, own: Lines) -> Dimension:
    """Return the classes of a key whose values are compared with those of `source`, which may have lines of its own."""
    if any(line.operator != "Null" for _, line in own):
        raise NotProvedError(f"{source} is compared itself, and {key} with it")
    options = (
        Option(*judged((*own, *lines), context), (), context)
        for value in ((), *((value,) for value in _representatives(source, lines)))
        for values in choices(key, _filled(lines, context_of(source, value)), key in ALWAYS_PRESENT)
        for context in ({**context_of(source, value), **context_of(key, values)},)
    )
    return Dimension(distinct(options), union(statement for statement, _ in (*own, *lines)))


def _filled(lines: Lines, context: Mapping[str, tuple[str, ...]]) -> Lines:
    """Return the lines with the variable's value in its place; a value that cannot be filled covers nothing."""
    filled = []
    for statement, line in lines:
        values = tuple(text for value in line.values if (text := substituted(value, context)) is not None)
        if values or line.operator == "Null":
            filled.append((statement, replace(line, values=values)))
    return filled or [(NONE, Condition("Null", lines[0][1].key, ("true",)))]


def _representatives(source: str, lines: Lines) -> tuple[str, ...]:
    """Return a value of the variable for each set of other patterns that cover the text it becomes part of."""
    before, after = _around_variable(source, lines)
    others = tuple(pattern for pattern in patterns(lines, lines[0][1].key) if not VARIABLE.search(pattern.text))
    texts = (text for _, text in classes(Universe((*exactly(before), *ANY, *exactly(after))), others))
    values = tuple(text[len(before) : len(text) - len(after)] for text in texts)
    return (*values, "") if may_be_empty(source) else values


def _around_variable(source: str, lines: Lines) -> tuple[str, str]:
    """Return the texts before and after the variable; NotProvedError unless they are one literal pair."""
    templates = {value for _, line in lines for value in line.values if VARIABLE.search(value)}
    parts = {tuple(VARIABLE.split(template)) for template in templates}
    if len(parts) > 1 or any(len(part) != 3 or set("*?") & set(part[0] + part[2]) for part in parts):
        raise NotProvedError(f"${{{source}}} stands in more than one text, or beside a wildcard")
    ((before, _, after),) = parts
    return before, after
