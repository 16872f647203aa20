"""Keys of a caller have the values that AWS gives to callers of its kind."""

import pytest

from tableguard.policy.conditions import Condition
from tableguard.policy.principals import ANONYMOUS, Principal, principal
from tableguard.prove.engine.links.caller_keys import SERVICES, USER_ID, Comparisons, options, within_arns
from tableguard.prove.engine.links.templates import covers
from tests.worlds.policies import ACCOUNT, ROLE, ROOT, USER

FEDERATED = f"arn:aws:sts::{ACCOUNT}:federated-user/mina"


def known(key: str, *values: str) -> Comparisons:
    return Comparisons([(2, Condition("StringLike", key, values))], {})


@pytest.mark.parametrize(
    ("caller", "form", "some"),
    [
        (principal(ROLE), "*:*", True),
        (principal(USER), "*", True),
        (principal(ROOT), ACCOUNT, None),
        (principal(FEDERATED), f"{ACCOUNT}:mina", None),
        (ANONYMOUS, "anonymous", True),
    ],
)
def test_the_user_id_is_that_of_its_kind(caller: Principal, form: str, some: bool | None) -> None:
    ids = [own[USER_ID][0] for own in options(caller, known(USER_ID, form)) if USER_ID in own]
    if some is None:  # AWS derives it from the caller
        assert ids == []
        assert caller.context()[USER_ID] == (form,)
    else:
        assert all((":" in text) == (form == "*:*") for text in ids)
        assert bool(ids)


def test_a_name_is_the_last_part_of_an_arn() -> None:
    (tokens,) = within_arns(known("aws:username", "m*a"))
    assert [covers(tokens, f"arn:aws:iam::{ACCOUNT}:user/{name}") for name in ("mina", "x/mina", "m/a", "min")] == [
        True,
        True,
        False,
        False,
    ]


def test_only_a_service_has_names_and_its_own_is_among_them() -> None:
    service = principal("backup.amazonaws.com")
    lists = [own[SERVICES] for own in options(service, known(SERVICES, "a.amazonaws.com"))]
    assert all("backup.amazonaws.com" in names for names in lists)
    assert any("a.amazonaws.com" in names for names in lists)
    assert list(options(principal(ROLE), known(SERVICES, "a.amazonaws.com"))) == [{}]
