"""The classes of several sides of a request together, one side after another: each knows the values chosen before.

For every class of the sides before it, the variables in a side's patterns have a value; with that its own classes are
found as if the policies had it written.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from tableguard.errors import PolicyError
from tableguard.policy.conditions import Condition
from tableguard.policy.matching import Values, substituted
from tableguard.prove.engine.automaton import Tokens
from tableguard.prove.engine.dimension import Dimension, Option, Parties, RequestPart, distinct
from tableguard.prove.engine.links.templates import Compared, told_apart
from tableguard.prove.engine.statement_set import EVERY, NONE, SCOPE, Lines, StatementSet
from tableguard.prove.engine.string_patterns import is_text, variables_in
from tableguard.prove.engine.unproved import NotProvedError

MOST_TOGETHER = 20_000
# values of keys for which the classes of another side are found: in one question, and once these are used up, at a time
MOST_VALUES, FEW_VALUES = 500, 5

Apart = Mapping[str, tuple[Tokens, ...]]  # what the values of a key tell apart, where others are compared with it


@dataclass(frozen=True)
class Side:
    """One side: its keys, the keys whose values its patterns take, and the statements that depend on it.

    `options` returns its classes where other keys have these values, and `compared` what its keys are compared with.
    """

    keys: frozenset[str]
    needs: frozenset[str]
    concerned: StatementSet
    options: Callable[[Values, Apart], Iterable[Option]]
    compared: Callable[[Values], Iterable[Compared]]


@dataclass
class Effort:
    """For how many values of keys the classes of another side were found in one question.

    It is counted and not timed, so that the same question gets the same answer everywhere.
    """

    values: int = 0

    def allows(self, already: int) -> bool:
        """Tell whether they may be found for one more value, after so many of the same side; if so it counts."""
        self.values += 1
        return self.values <= MOST_VALUES or already < FEW_VALUES


def dimensions(sides: Sequence[Side], gaps: list[str] | None, effort: Effort) -> list[Dimension]:
    """Return one dimension for each side, and one for those together that are compared with each other.

    If these have too many classes, some are returned and the reason is added to the gaps; without gaps it is
    NotProvedError.
    """
    return [_dimension(group, gaps, effort) for group in _groups(sides)]


def _groups(sides: Sequence[Side]) -> list[list[Side]]:
    groups: list[list[Side]] = []
    for side in sides:
        tied = [group for group in groups if any(side.needs & one.keys or one.needs & side.keys for one in group)]
        groups = [group for group in groups if group not in tied]
        groups.append([*(one for group in tied for one in group), side])
    return groups


def _dimension(group: list[Side], gaps: list[str] | None, effort: Effort) -> Dimension:
    concerned = NONE
    for side in group:
        concerned |= side.concerned
    if len(group) == 1 and not group[0].needs:
        return Dimension(distinct(tuple(group[0].options({}, {}))), concerned)
    sources = sorted(key for side in group for key in side.needs)
    options = [Option(EVERY, NONE, (), RequestPart())]
    for side in _ordered(group):
        joined = _Joined(side, group, sources, effort)
        options = list(islice(joined.longer(options), MOST_TOGETHER + 1))
        if len(options) > MOST_TOGETHER:
            _leave_out(gaps, f"more than {MOST_TOGETHER} classes of keys that are compared with each other")
            options = options[:MOST_TOGETHER]
        if joined.left_out:
            _leave_out(gaps, f"more than {MOST_VALUES} values of keys that others are compared with")
    return Dimension(distinct(options), concerned)


def _ordered(group: list[Side]) -> Iterator[Side]:
    """Yield the sides in an order in which each comes after those whose values it takes."""
    waiting = list(group)
    while waiting:
        ready = [side for side in waiting if not any(side.needs & other.keys for other in waiting)]
        if not ready:
            keys = sorted(key for side in waiting for key in side.needs)
            raise NotProvedError(
                f"{' and '.join(f'${{{key}}}' for key in keys)} stand in what their own keys are compared with"
            )
        yield from ready
        waiting = [side for side in waiting if side not in ready]


def _leave_out(gaps: list[str] | None, reason: str) -> None:
    if gaps is None:
        raise NotProvedError(reason)
    gaps.append(reason)


@dataclass
class _Joined:
    """One more side, joined to the classes of those before it; `left_out` if the effort did not allow all of them."""

    side: Side
    group: list[Side]
    sources: list[str]
    effort: Effort
    left_out: bool = False

    def longer(self, options: list[Option]) -> Iterator[Option]:
        """Yield every class so far combined with those of the side."""
        following: dict[tuple[tuple[str, ...] | None, ...], list[Option]] = {}
        seen: set[tuple[StatementSet, StatementSet, Parties, object]] = set()
        for option in options:
            context = {key: values for key, values in option.example.keys.items() if key in self.sources}
            values = tuple(context.get(key) for key in self.sources)
            if values not in following:
                if not self.effort.allows(len(following)):
                    self.left_out = True
                    continue
                following[values] = list(self.side.options(context, _apart(self.side, self.group, context)))
            for joined in (_both(option, more) for more in following[values] if option.passes & more.passes & SCOPE):
                values_of_sources = tuple(joined.example.keys.get(key) for key in self.sources)
                kind = (joined.passes, joined.undefined, joined.parties, values_of_sources)
                if kind not in seen:
                    seen.add(kind)
                    yield joined


def _both(one: Option, more: Option) -> Option:
    return Option(
        one.passes & more.passes,
        one.undefined | more.undefined,
        (*one.parties, *more.parties),
        one.example | more.example,
    )


def _apart(side: Side, group: list[Side], context: Values) -> Apart:
    """Return what each key of a side must tell apart for the sides that take its value."""
    everything = [one for other in group for one in other.compared(context)]
    open_keys = {key for other in group for key in other.needs} - context.keys()
    apart = told_apart(everything, sorted(open_keys | {key for other in group for key in other.needs & side.keys}))
    return {key: parts for key, parts in apart.items() if key in side.keys}


def filled(lines: Lines, context: Values, keep: bool = False) -> Lines:
    """Return the lines with the variables filled that have a value here; other values cover nothing, unless kept."""
    return [(statement, _filled_line(line, context, keep)) for statement, line in lines]


def _filled_line(line: Condition, context: Values, keep: bool) -> Condition:
    """Return the line itself where it has no variable: it remembers its answers."""
    if not is_text(line) or not any(map(variables_in, line.values)):
        return line
    return replace(line, values=filled_texts(line.values, context, keep))


def filled_texts(texts: Sequence[str], context: Values, keep: bool = False) -> tuple[str, ...]:
    """Return the texts with the variables filled that have a value here, without the others unless they are kept."""
    if keep:  # a variable without a value here may still get one, so that its default does not count yet
        pairs = (
            (text, _value(text, context)) if variables_in(text) <= context.keys() else (text, text) for text in texts
        )
        return tuple(text if value is None else value for text, value in pairs)
    return tuple(value for text in texts if (value := _value(text, context)) is not None)


def _value(text: str, context: Values) -> str | None:
    if not variables_in(text):
        return text
    try:
        return substituted(text, context)
    except PolicyError:  # several values under one variable: nothing is equal to that
        return None


def needs(lines: Lines) -> frozenset[str]:
    """Return the keys whose values stand in the values of these lines."""
    return frozenset(key for _, line in lines if is_text(line) for value in line.values for key in variables_in(value))
