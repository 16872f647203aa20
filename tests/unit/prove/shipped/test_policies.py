"""A shipped document that AWS would refuse, as the settings fill it, is proved and explained by nobody."""

from dataclasses import replace

import pytest

from tableguard.errors import PolicyError
from tableguard.policy.policy_set import PolicySet
from tableguard.prove.preflight.obstacles import preflight
from tableguard.prove.shipped import policies, proofs
from tableguard.settings import Settings, example


def with_exempt_roles(number: int) -> Settings:
    roles = tuple(f"arn:aws:iam::{example().account_id}:role/deployer-with-a-long-name-{n}" for n in range(number))
    return replace(example(), exempt_roles=(*example().exempt_roles, *roles))


@pytest.mark.parametrize("ask", [policies.filled, lambda settings: next(proofs.answers(settings)), preflight])
def test_settings_that_make_an_scp_too_long_are_refused_by_every_question(ask: object) -> None:
    assert callable(ask)
    assert PolicySet.filled(with_exempt_roles(90)).documents
    with pytest.raises(PolicyError, match=r"scp/.*\.json: document: [0-9]+ characters; AWS takes at most 10240"):
        ask(with_exempt_roles(90))


def test_settings_with_fewer_roles_are_taken() -> None:
    assert policies.filled(with_exempt_roles(3)).documents == policies.filled(example()).documents
