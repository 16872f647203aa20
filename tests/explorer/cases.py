"""The scenarios that Pattern D is explored in, and those in which delete-and-put is seen to fail."""

from dataclasses import replace

from stream_lambda.items import Message
from tests.explorer.scenario import Scenario
from tests.worlds.messages import BOB, OTHER_PAIR, PAIR, TRIO, at, said

ZERO, ONE, TWO, THREE = (said(f"message {number}", number) for number in range(4))
OTHER_ZERO, OTHER_ONE = said("other 0", 0.5, OTHER_PAIR), said("other 1", 1, OTHER_PAIR)
TWO_EDITED = said("message 2, edited", 2, edited_at=at(60))
TWO_DELETED = said("", 2, edited_at=at(61), deleted=True)


def _trio(seconds: int) -> Message:
    return said(f"to all {seconds}", seconds, TRIO)


ONE_FURTHER = replace(PAIR, further=frozenset((BOB.user_uuid,)))
# three batches that overlap: what is redelivered, redriven or reordered is among the orders in which they are begun
OVERLAPPING = Scenario((ONE, TWO, THREE), ((0,), (1, 2), (0, 1)))
TWO_GROUPS = Scenario((ONE, OTHER_ONE, TWO), ((0, 1, 2),), groups=(PAIR, OTHER_PAIR), in_order=True)
FIVE_VERSIONS = Scenario((ONE, TWO, TWO_EDITED, TWO_DELETED), ((0, 1), (2,), (3,)))

PATTERN_D = {
    "two workers and a crash": replace(OVERLAPPING, workers=2, crashes=1),
    "three workers and a crash": replace(OVERLAPPING, workers=3, crashes=1),
    "two workers and a fault": replace(OVERLAPPING, workers=2, faults=1),
    "two faults": replace(OVERLAPPING, faults=2),
    "edits and a deletion, in any order, and a crash": replace(FIVE_VERSIONS, workers=2, crashes=1),
    "a group that was made just now": replace(OVERLAPPING, members_lag=True, workers=2),
    "a batch that is not in order": replace(OVERLAPPING, batches=((0,), (2, 1)), workers=2),
    "an index that lags": Scenario((ONE, TWO, TWO_EDITED), ((0,), (1, 2)), lagging_index=True, workers=2, crashes=1),
    "two groups in a batch that fails in part": replace(TWO_GROUPS, faults=1),
    "two groups at the same instant": replace(TWO_GROUPS, batches=((0, 1), (1, 2)), workers=2),
    "three members": Scenario((_trio(1), _trio(2)), ((0,), (1,), (0,)), groups=(TRIO,), workers=2),
    "a further row beside a first one": replace(
        OVERLAPPING, groups=(ONE_FURTHER,), begun=(ZERO,), workers=2, crashes=1
    ),
    "rows that are there already": replace(OVERLAPPING, begun=(ZERO,), workers=2, crashes=1),
}
DEEPER = {
    "two workers, a crash and a fault": replace(OVERLAPPING, workers=2, crashes=1, faults=1),
    "two workers and two crashes": replace(OVERLAPPING, workers=2, crashes=2),
    "three workers and a fault": replace(OVERLAPPING, workers=3, faults=1),
    "three workers, a crash, a fault and edits": replace(FIVE_VERSIONS, workers=3, crashes=1, faults=1),
    "two groups in a batch that fails twice": replace(TWO_GROUPS, faults=2),
    "two groups in overlapping batches": replace(TWO_GROUPS, batches=((0, 1, 2), (0, 1)), in_order=False, faults=1),
    "three members and a crash": Scenario(
        (_trio(1), _trio(2)), ((0,), (1,), (0,)), groups=(TRIO,), workers=2, crashes=1
    ),
}

# One message after the other, one batch for each, one worker, and then one thing at a time that is otherwise.
PLAIN = Scenario((ONE, TWO), ((0,), (1,)), begun=(ZERO,), in_order=True)
ONE_THING = {
    "nothing goes wrong": PLAIN,
    "the index lags": replace(PLAIN, lagging_index=True),
    "the function crashes once": replace(PLAIN, crashes=1),
    "a call fails once": replace(PLAIN, faults=1),
    "the first batch comes again": replace(PLAIN, batches=((0,), (1,), (0,))),
    "the batches come in another order": replace(PLAIN, batches=((1,), (0,))),
    "a live worker and a redrive": replace(PLAIN, workers=2),
    "the older message is edited": replace(
        PLAIN, messages=(ONE, TWO, said("message 1, edited", 1, edited_at=at(60))), batches=((0,), (1,), (2,))
    ),
    "two groups of a user at the same instant": Scenario(
        (ONE, OTHER_ONE), ((0,), (1,)), groups=(PAIR, OTHER_PAIR), begun=(ZERO, OTHER_ZERO), in_order=True
    ),
}
