"""Reads the FilterCriteria of an event source mapping: event patterns, in as much of their language as Lambda takes.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html#filtering-syntax
DynamoDB writes numbers as text, so that `numeric` matches metadata such as ApproximateCreationDateTime only:
https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-filtering.html#filtering-ddb-boolean
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tableguard.aws.patterns import event_pattern
from tableguard.aws.patterns.event_pattern import AmbiguousEventPatternError, Event, EventPattern, EventPatternError
from tableguard.errors import EmbeddedError

FILTERS = 5  # more need a quota increase
PATTERN_CHARACTERS = 4096  # https://docs.aws.amazon.com/lambda/latest/api/API_Filter.html

# of EventBridge's comparisons, those that Lambda's page does not list
_NOT_LAMBDAS = frozenset(
    {"wildcard", "cidr", "anything-but wildcard", "anything-but equals-ignore-case"}
    | {f"{end} equals-ignore-case" for end in ("prefix", "suffix")}
)


class AmbiguousPatternError(EmbeddedError):
    """A pattern that Lambda takes and that can be read in two ways: which of them it means is not modelled."""


@dataclass(frozen=True)
class EventFilter:
    """The filters of one mapping: a record passes if any of them matches, or if there is none."""

    patterns: tuple[EventPattern, ...] = ()

    def passes(self, event: Event) -> bool:
        """Return True if the function is to receive this event."""
        return not self.patterns or any(pattern.matches(event) for pattern in self.patterns)


EVERYTHING = EventFilter()


def event_filter(criteria: Mapping[str, Any] | None) -> EventFilter:
    """Return the filter of FilterCriteria; EmbeddedError if Lambda refuses it when a mapping is created."""
    filters = (criteria or {}).get("Filters", [])
    if len(filters) > FILTERS:
        raise EmbeddedError(f"filter criteria: {len(filters)} filters; Lambda takes at most {FILTERS}")
    return EventFilter(tuple(_pattern(entry.get("Pattern", "")) for entry in filters))


def _pattern(text: str) -> EventPattern:
    if len(text) > PATTERN_CHARACTERS:
        raise _refusal(text[:40] + "…", f"{len(text)} characters; Lambda takes at most {PATTERN_CHARACTERS}")
    try:
        pattern = event_pattern.parse(text)
    except AmbiguousEventPatternError as error:
        raise AmbiguousPatternError(f"filter pattern {text}: {error}") from error
    except EventPatternError as error:
        raise _refusal(text, str(error)) from error
    if unknown := pattern.comparisons & _NOT_LAMBDAS:
        raise _refusal(text, f"{min(unknown)} is a comparison of EventBridge, which Lambda does not list")
    return pattern


def _refusal(text: str, why: str) -> EmbeddedError:
    return EmbeddedError(f"filter pattern {text}: {why}")
