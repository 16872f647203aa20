"""Each fault that was mended in the prover is found again by the attack when it is put back."""

from itertools import islice

import pytest

from tests.attack.campaign import Campaign, cases
from tests.attack.differences import DifferenceCampaign
from tests.attack.faults import FAULTS, FAULTS_OF_DIFF, put_back

pytestmark = pytest.mark.slow
SEED = 7
WORLDS = 200  # the most that are drawn before a fault counts as not found


@pytest.mark.parametrize("name", FAULTS)
def test_the_attack_finds(name: str) -> None:
    with put_back(name) as fault:
        contradictions = filter(None, map(Campaign().attack, islice(cases(SEED, [fault.profile]), WORLDS)))
        contradiction = next(contradictions, None)
    assert contradiction is not None
    assert Campaign().attack(contradiction.case) is None


@pytest.mark.parametrize("name", FAULTS_OF_DIFF)
def test_the_attack_on_differences_finds(name: str) -> None:
    with put_back(name) as fault:
        drawn = list(islice(cases(SEED, [fault.profile]), WORLDS))
        wrong = (DifferenceCampaign().attack(case) for case in drawn)
        case = next((one for one, found in zip(drawn, wrong, strict=False) if found is not None), None)
    assert case is not None
    assert DifferenceCampaign().attack(case) is None
