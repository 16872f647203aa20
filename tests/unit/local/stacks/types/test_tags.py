"""Tags of a resource become those of its template with the fewest calls: nobody needs a permission for none."""

from collections.abc import Mapping

import pytest

from tableguard.local.stacks.types import tags

CASES: dict[str, tuple[Mapping[str, str], Mapping[str, str], list[object]]] = {
    "the same": ({"a": "1"}, {"a": "1"}, []),
    "one more": ({"a": "1"}, {"a": "1", "b": "2"}, [{"b": "2"}]),
    "another value": ({"a": "1"}, {"a": "2"}, [{"a": "2"}]),
    "one less": ({"a": "1", "b": "2"}, {"b": "2"}, [["a"]]),
    "all others": ({"b": "1", "a": "1"}, {"c": "2"}, [["a", "b"], {"c": "2"}]),
}


@pytest.mark.parametrize("case", CASES)
def test_only_what_differs_is_taken_away_and_then_set(case: str) -> None:
    current, wanted, calls = CASES[case]
    sent: list[object] = []
    tags.update(current, wanted, put=sent.append, remove=sent.append)
    assert sent == calls
