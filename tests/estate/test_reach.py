"""Every sequence that `tableguard reach` shows of the shipped estate, replayed on the embedded AWS.

What a promise forbids is replayed where its denial is taken out of the guardrails, and refused where it is not.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache

import pytest

from tableguard.local.landing_zone import LandingZone
from tableguard.prove.reach.goals import Sequence, reached
from tableguard.prove.reach.promises import Prover
from tests.unit.prove.reach.test_promises import prover, refuting
from tests.worlds import guardrails
from tests.worlds.estate import ON_THE_EMBEDDED_AWS, Ids
from tests.worlds.replay import Replay

pytestmark = [pytest.mark.slow, ON_THE_EMBEDDED_AWS]
STARTS = (
    "role/Admin",
    "role/<name>-application",
    "role/<name>-identity-pool-user",
    "role/<name>-operator",
    "role/<name>-pattern-d",
    "role/<name>-auditor",
    "deployer",
    "break-glass",
)


@cache
def shown(start: str) -> dict[str, Sequence]:
    """The shortest sequence to each goal that is reached."""
    own: Prover = prover()
    search = own.search(own.shorthand.principals(start), ())
    sequences = {name: reached(goal, search, own.shorthand) for name, goal in own.goals.items()}
    return {name: sequence for name, sequence in sequences.items() if sequence is not None}


@pytest.fixture
def replay(zone: LandingZone, ids: Ids, monkeypatch: pytest.MonkeyPatch) -> Iterator[Replay]:
    """What makes the calls, and takes back what they change."""
    with ExitStack() as undo:
        yield Replay(zone, ids, monkeypatch, undo)


@pytest.mark.parametrize("start", STARTS)
def test_every_call_of_a_sequence_that_is_shown_succeeds_on_the_estate(start: str, replay: Replay) -> None:
    for name, sequence in shown(start).items():
        assert set(replay.play(sequence)) <= {guardrails.ALLOWED}, name


@pytest.mark.parametrize(
    ("sids", "goal", "refused"),
    [
        (("DenyRoleChanges",), "break-glass", "DenyRoleChanges"),
        (("DenyRoleChanges",), "deployer", "DenyRoleChanges"),
        (("DenyTableDestruction",), "table-destroyed", "DenyTableDestruction"),
        (("DenyKeyDestruction",), "table-destroyed", "DenyKeyDestruction"),
        (("DenyStoppingTrail",), "trail-stopped", "DenyStoppingTrail"),
        (("DenyNarrowingTrail",), "trail-narrowed", "DenyNarrowingTrail"),
    ],
    ids=lambda value: value if isinstance(value, str) else "+".join(value),
)
def test_what_refutes_a_promise_without_a_denial_succeeds_there_and_is_refused_with_it(
    sids: tuple[str, ...], goal: str, refused: str, replay: Replay, zone: LandingZone
) -> None:
    sequence = refuting(sids, goal)
    assert sequence is not None
    with guardrails.without(zone, *sids):
        assert set(replay.play(sequence)) == {guardrails.ALLOWED}
    replay.undo.close()  # the old policies stand again
    assert replay.play(sequence)[-1] == refused
