"""Each fault that was mended in the prover is found again by the attack when it is put back."""

from itertools import islice

import pytest

from tests.attack.campaign import Campaign, cases
from tests.attack.faults import FAULTS

pytestmark = pytest.mark.slow
SEED = 7
WORLDS = 300  # the most that are drawn before a fault counts as not found


@pytest.mark.parametrize("name", FAULTS)
def test_the_attack_finds(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fault, campaign = FAULTS[name], Campaign()
    fault.patch(monkeypatch)
    contradictions = filter(None, map(campaign.attack, islice(cases(SEED, [fault.profile]), WORLDS)))
    contradiction = next(contradictions, None)
    assert contradiction is not None
    monkeypatch.undo()
    assert Campaign().attack(contradiction.case) is None
