"""Callers, what AWS knows of them, and which Principal elements speak of them."""

from typing import Any

import pytest

from tableguard.errors import PolicyError
from tableguard.policy.principals import mentioned, principal
from tests.worlds.policies import ACCOUNT, FOREIGN_ROLE, LINKED_ROLE, ROLE, ROOT, SESSION, USER, document

OIDC = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"


@pytest.mark.parametrize(
    ("arn", "kind", "principal_arn"),
    [
        (ROLE, "role", ROLE),
        (SESSION, "role", ROLE),  # aws:PrincipalArn of a session is its role's ARN
        (USER, "user", USER),
        (ROOT, "root", ROOT),
    ],
)
def test_the_context_names_the_role_and_not_the_session(arn: str, kind: str, principal_arn: str) -> None:
    found = principal(arn)
    assert found.kind == kind
    assert found.context()["aws:principalarn"] == (principal_arn,)
    assert found.context()["aws:principalaccount"] == (ACCOUNT,)
    assert found.context()["aws:principalisawsservice"] == ("false",)


def test_only_a_user_has_a_user_name() -> None:
    assert principal(f"arn:aws:iam::{ACCOUNT}:user/staff/mina").context()["aws:username"] == ("mina",)
    assert "aws:username" not in principal(ROLE).context()


@pytest.mark.parametrize("caller", ["*", "cognito-identity.amazonaws.com", OIDC])
def test_a_request_that_nobody_signed_has_no_principal_arn(caller: str) -> None:
    found = principal(caller).context()
    assert "aws:principalarn" not in found
    assert "aws:principalisawsservice" not in found
    assert found["aws:principaltype"] == ("Anonymous",)


def test_a_service_says_that_it_is_one() -> None:
    found = principal("backup.amazonaws.com").context()
    assert found == {"aws:principalisawsservice": ("true",), "aws:principalservicename": ("backup.amazonaws.com",)}


def test_a_path_is_part_of_a_role_and_not_of_its_session() -> None:
    assert principal(f"arn:aws:iam::{ACCOUNT}:role/team/app", "x").session_arn == SESSION.replace("monday", "x")


def test_a_service_linked_role_is_known_by_its_path() -> None:
    assert principal(LINKED_ROLE).service_linked
    assert not principal(ROLE).service_linked


FEDERATED = f"arn:aws:sts::{ACCOUNT}:federated-user/mina"


def test_a_session_of_get_federation_token_has_an_arn_and_a_type_of_its_own() -> None:
    caller = principal(FEDERATED)
    assert (caller.kind, caller.account, caller.of_account, caller.has_own_policies) == (
        "federated-user",
        ACCOUNT,
        True,
        True,
    )
    assert caller.context()["aws:principaltype"] == ("FederatedUser",)
    assert caller.context()["aws:principalarn"] == (FEDERATED,)
    assert "aws:username" not in caller.context()


@pytest.mark.parametrize(
    "arn", ["app", "role/app", f"arn:aws:iam::{ACCOUNT}:group/x", f"arn:aws:sts::{ACCOUNT}:federated-user/a b", ""]
)
def test_what_is_no_principal_is_refused(arn: str) -> None:
    with pytest.raises(PolicyError, match="is not a principal"):
        principal(arn)


@pytest.mark.parametrize(
    ("named", "caller", "how"),
    [
        ("*", SESSION, "direct"),
        ("*", "*", "direct"),
        ("*", "backup.amazonaws.com", "direct"),
        ({"AWS": "*"}, "*", "direct"),
        ({"AWS": SESSION}, SESSION, "direct"),
        ({"AWS": SESSION}, SESSION.replace("monday", "tuesday"), None),
        ({"AWS": ROLE}, SESSION, "role"),
        ({"AWS": ROLE}, FOREIGN_ROLE, None),
        ({"AWS": ROLE.replace("app", "App")}, SESSION, None),
        ({"AWS": USER}, USER, "direct"),
        ({"AWS": ACCOUNT}, USER, "account"),
        ({"AWS": ROOT}, SESSION, "account"),
        ({"AWS": ROOT}, ROOT, "direct"),
        ({"AWS": ACCOUNT}, FOREIGN_ROLE, None),
        ({"AWS": [ACCOUNT, ROLE]}, SESSION, "role"),
        ({"AWS": ACCOUNT}, "*", None),
        ({"AWS": FEDERATED}, FEDERATED, "direct"),
        ({"AWS": FEDERATED}, f"{FEDERATED}s", None),
        ({"AWS": USER}, FEDERATED, None),
        ({"AWS": ACCOUNT}, FEDERATED, "account"),
        ({"Service": "backup.amazonaws.com"}, "backup.amazonaws.com", "direct"),
        ({"Service": "backup.amazonaws.com"}, "lambda.amazonaws.com", None),
        ({"Service": "backup.amazonaws.com"}, SESSION, None),
        ({"Federated": "cognito-identity.amazonaws.com"}, "cognito-identity.amazonaws.com", "direct"),
        ({"Federated": "cognito-identity.amazonaws.com"}, OIDC, None),
        ({"Federated": OIDC}, OIDC, "direct"),
        ({"Service": "cognito-identity.amazonaws.com"}, "cognito-identity.amazonaws.com", None),
    ],
)
def test_a_principal_element_speaks_of_some_callers(named: Any, caller: str, how: str | None) -> None:
    element = document({"Principal": named}).statements[0].principals
    assert element is not None
    assert mentioned(element, principal(caller, "monday")) == how
