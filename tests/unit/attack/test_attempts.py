"""The shipped attempts: enough of them, over every behaviour, and of operations that there are."""

from collections import Counter
from functools import cache

import pytest

from tableguard.attack import catalogue
from tableguard.attack.principals import PRINCIPALS
from tableguard.local.clients.factory import make_client

ATTEMPTS = catalogue.load_all()
TECHNIQUES_OF_OUR_SERVICES = {
    *("T1078.004", "T1098", "T1098.003", "T1136.003", "T1213.006", "T1485", "T1485.001", "T1490", "T1530", "T1535"),
    *("T1537", "T1546", "T1548.005", "T1556", "T1562.001", "T1562.007", "T1562.008", "T1565.001", "T1580", "T1648"),
    "T1666",
}


def test_there_are_many_over_all_behaviours_and_techniques() -> None:
    assert len(ATTEMPTS) >= 120
    assert {name for attempt in ATTEMPTS for name in attempt.catalogue} == {f"D{number:02}" for number in range(1, 26)}
    assert {name for attempt in ATTEMPTS for name in attempt.attack} >= TECHNIQUES_OF_OUR_SERVICES


def test_everybody_tries_something() -> None:
    tried = Counter(attempt.by for attempt in ATTEMPTS)
    assert all(tried[name] for name in PRINCIPALS), tried


@pytest.mark.parametrize("area", sorted({attempt.area for attempt in ATTEMPTS}))
def test_every_operation_is_one_of_its_service(area: str) -> None:
    for attempt in (attempt for attempt in ATTEMPTS if attempt.area == area):
        for step in attempt.steps:
            assert step.operation in _operations(step.service), attempt.id


@cache
def _operations(service: str) -> frozenset[str]:
    client = make_client(service, region_name="eu-central-1", aws_access_key_id="A", aws_secret_access_key="-")  # noqa: S106  # opens nothing
    return frozenset(client.meta.service_model.operation_names)


def test_a_sentence_begins_with_a_verb_and_has_no_full_stop() -> None:
    sentences = [attempt.says for attempt in ATTEMPTS]
    assert [says for says in sentences if not says[0].islower() or says.endswith(".") or len(says.split()) > 30] == []
