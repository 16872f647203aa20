"""Every order in which a few batches can be delivered and can fail: Pattern D keeps its promise, delete-and-put not.

TABLEGUARD_EXPLORER=deep explores larger bounds as well.
"""

import os

import pytest

from tests.explorer.cases import DEEPER, ONE_THING, PATTERN_D, PLAIN, ZERO
from tests.explorer.programs import DELETE_AND_PUT, pattern_d
from tests.explorer.scenario import Scenario
from tests.explorer.search import TooLarge, explore

DEEP = os.environ.get("TABLEGUARD_EXPLORER") == "deep"

VANISHES = "a conversation vanishes"
TWO_ROWS = "a conversation has two rows"
OLDER = "an older message is shown for ever"
GONE = "a conversation is gone for ever"

# What befalls delete-and-put, and in how few steps; deleting before putting, its rows vanish in any case.
NAIVE = {
    "nothing goes wrong": {VANISHES: 3},
    "the index lags": {VANISHES: 3, TWO_ROWS: 10, OLDER: 12},
    "the function crashes once": {VANISHES: 3, GONE: 12, OLDER: 13},
    "a call fails once": {VANISHES: 3, GONE: 11, OLDER: 13},
    "the first batch comes again": {VANISHES: 3, OLDER: 18},
    "the batches come in another order": {VANISHES: 3, OLDER: 12},
    "a live worker and a redrive": {VANISHES: 3, TWO_ROWS: 8, OLDER: 10},
    "the older message is edited": {VANISHES: 3, OLDER: 18},
    "two groups of a user at the same instant": {VANISHES: 3, GONE: 12},
}


@pytest.mark.parametrize("name", [*PATTERN_D, *(DEEPER if DEEP else ())])
def test_each_member_has_one_row_with_the_newest_message_whatever_happens(name: str) -> None:
    found = explore(pattern_d(), (PATTERN_D | DEEPER)[name])
    assert found.faults == {}
    assert found.at_rest


@pytest.mark.parametrize("name", ONE_THING)
def test_delete_and_put_fails_where(name: str) -> None:
    found = explore(DELETE_AND_PUT, ONE_THING[name])
    assert {kind: len(trace) for kind, trace in found.faults.items()} == NAIVE[name]


@pytest.mark.parametrize("name", ONE_THING)
def test_there_pattern_d_does_not(name: str) -> None:
    assert explore(pattern_d(), ONE_THING[name]).faults == {}


def test_a_fault_is_told_with_the_steps_that_lead_to_it() -> None:
    found = explore(DELETE_AND_PUT, ONE_THING["the function crashes once"])
    ada, bob = (f"('GRP#user-{name}', '2026-06-26T10:00:0{{}}.000000+00:00')" for name in ("ada", "bob"))
    assert found.faults[GONE] == [
        "begin the batch (0,)",
        "read: query",
        "done: delete_item " + ada.format(0),
        "crash of the batch (0,)",
        "begin the batch (0,)",
        "read: query",
        "done: delete_item " + bob.format(0),
        "done: put_item " + bob.format(1),
        "begin the batch (1,)",
        "read: query",
        "done: delete_item " + bob.format(1),
        "done: put_item " + bob.format(2),
    ]


# The exploration itself


def test_two_writes_at_once_are_done_in_either_order() -> None:
    one_batch = Scenario((ZERO,), ((0,),))
    found = explore(pattern_d(), one_batch)
    # to be delivered, begun, members read, one row written or the other, both
    assert (found.states, found.steps, found.at_rest) == (6, 6, 1)


def test_an_exploration_that_is_too_large_is_no_answer() -> None:
    with pytest.raises(TooLarge):
        explore(pattern_d(), PLAIN, limit=10)
