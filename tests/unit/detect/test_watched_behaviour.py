"""What reviews asked to be seen is seen, by the detections that are named and by no other."""

import pytest

from tableguard.detect import catalogue
from tableguard.settings import example
from tests.cases.watched_behaviour import BEHAVIOURS, Behaviour
from tests.worlds.cloudtrail import fires

DETECTIONS = catalogue.load_all(example().policy_values(), stack="audit")


@pytest.mark.parametrize("behaviour", BEHAVIOURS, ids=str)
def test_behaviour_is_seen_by_these_detections_and_no_other(behaviour: Behaviour) -> None:
    seen_by = {one.name for one in DETECTIONS if fires(one, "metric filter", behaviour.record)}
    assert seen_by == set(behaviour.seen_by)
    assert all(
        fires(one, "event pattern", behaviour.record)
        for one in DETECTIONS
        if one.name in seen_by and "event pattern" in one.channels
    )


def test_every_letter_of_the_first_catalogue_has_a_record() -> None:
    letters = {behaviour.letter for behaviour in BEHAVIOURS}
    assert letters == {"S", *(f"D{number:02}" for number in range(1, 26))}
