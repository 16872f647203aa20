"""Overlap of two patterns with `*`: a text that both cover."""

from functools import lru_cache


@lru_cache(maxsize=65536)
def have_in_common(one: str, other: str) -> bool:
    """Return True if some text is covered by both patterns, `*` standing for any characters and `?` for one."""
    reached = {0}  # places in `other` that some text covered by the part of `one` so far leads to
    for character in one:
        reached = _after(character, _skipping(reached, other), other)
    return len(other) in _skipping(reached, other)


def _skipping(places: set[int], other: str) -> set[int]:
    """Return the places, and those behind a `*` that covers nothing."""
    reached = set(places)
    for place in range(min(places, default=len(other)), len(other)):
        if place in reached and other[place] == "*":
            reached.add(place + 1)
    return reached


def _after(character: str, places: set[int], other: str) -> set[int]:
    if character == "*":
        # a star of `one` covers whatever `other` goes on with
        return set(range(min(places), len(other) + 1)) if places else set()
    reached = {place for place in places if place < len(other) and other[place] == "*"}
    for place in places:
        if place < len(other) and other[place] != "*" and (character == "?" or other[place] in ("?", character)):
            reached.add(place + 1)
    return reached
