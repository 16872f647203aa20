"""Where two values of a template differ, place by place."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

ABSENT = "absent"  # stands for a value that one of the two has not
# what tells the items of a list apart, whatever their order: statements of policies, tags, definitions, indexes
_NAMES = ("Sid", "Key", "AttributeName", "IndexName", "Id")


@dataclass(frozen=True)
class DifferingPlace:
    """One place, its keys joined by slashes, with both values; ABSENT of the one that has none there."""

    place: str
    before: Any
    after: Any


def between(place: str, before: Any, after: Any) -> Iterator[DifferingPlace]:
    """Yield each innermost place where two values differ; items that have names are places, whatever their order."""
    first, second = _by_name(before), _by_name(after)
    if not (isinstance(first, Mapping) and isinstance(second, Mapping)):
        if before != after:
            yield DifferingPlace(place, before, after)
        return
    for key in dict.fromkeys((*first, *second)):
        yield from between(f"{place}/{key}" if place else key, first.get(key, ABSENT), second.get(key, ABSENT))


def _by_name(value: Any) -> Any:
    """Return a list by the names of its items, if each has its own; any other value as it is."""
    if not isinstance(value, list) or not value or not all(isinstance(item, Mapping) for item in value):
        return value
    for key in _NAMES:
        names = [item.get(key) for item in value]
        if all(isinstance(name, str) for name in names) and len(set(names)) == len(names):
            return dict(zip(names, value, strict=True))
    return value
