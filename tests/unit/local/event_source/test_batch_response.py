"""A batch is settled as far as its function's answer says, by AWS's rules for batchItemFailures."""

from typing import Any

import pytest

from tableguard.local.event_source.batch_response import Verdict, judge
from tableguard.local.function.outcome import Outcome, Success, Timeout
from tests.worlds.mappings import BOOM, items

NUMBERS = ["100", "101", "102"]
ALL_WELL, ALL_FAILED = Verdict(3), Verdict(0)


@pytest.mark.parametrize(
    ("payload", "verdict"),
    [
        (None, ALL_WELL),
        ("", ALL_WELL),
        ({}, ALL_WELL),
        ([], ALL_WELL),
        ({"batchItemFailures": []}, ALL_WELL),
        ({"batchItemFailures": None}, ALL_WELL),
        ({"statusCode": 200}, ALL_WELL),
        (items("101"), Verdict(1, named=True)),
        (items("102", "101"), Verdict(1, named=True)),
        (items("100"), Verdict(0, named=True)),
        (items("100", "101", "102"), Verdict(0, named=True)),
        (items(""), ALL_FAILED),
        (items(None), ALL_FAILED),
        (items(101), ALL_FAILED),
        (items("999"), ALL_FAILED),
        (items("102", "999"), ALL_FAILED),
        ({"batchItemFailures": [{"itemIdentifer": "101"}]}, ALL_FAILED),
        ({"batchItemFailures": ["101"]}, ALL_FAILED),
        ({"batchItemFailures": "101"}, ALL_FAILED),
        ("done", ALL_FAILED),
        ([{"itemIdentifier": "101"}], ALL_FAILED),
    ],
)
def test_a_response_settles_all_none_or_the_records_before_the_lowest_it_names(payload: Any, verdict: Verdict) -> None:
    assert judge(Success(payload), NUMBERS, report_batch_item_failures=True) == verdict


@pytest.mark.parametrize("payload", [None, items("101"), items(""), "done"])
def test_the_response_is_ignored_unless_the_mapping_asks_for_it(payload: Any) -> None:
    assert judge(Success(payload), NUMBERS, report_batch_item_failures=False) == ALL_WELL


@pytest.mark.parametrize("reporting", [True, False])
@pytest.mark.parametrize("outcome", [BOOM, Timeout(3)])
def test_an_error_fails_the_whole_batch(outcome: Outcome, reporting: bool) -> None:
    assert judge(outcome, NUMBERS, reporting) == ALL_FAILED
