"""Whole decisions: which layers count for whom, and the mistakes that other tools make about SCPs."""

from collections.abc import Mapping
from typing import Any

import pytest

from tableguard.errors import PolicyError
from tableguard.policy.evaluate import Reason, World, decide, explain
from tableguard.policy.statements import Policy
from tests.worlds.policies import (
    ACCOUNT,
    BREAK_GLASS,
    FOREIGN_ROLE,
    FULL,
    FULL_FOR_ANYBODY,
    LINKED_ROLE,
    MANAGEMENT,
    MANAGEMENT_ROLE,
    OTHER_ACCOUNT,
    ROLE,
    ROOT,
    SESSION,
    USER,
    denied,
    document,
    request,
)

Statement = Mapping[str, Any]
NOTHING = document({"Effect": "Allow", "Action": "s3:GetObject"}, name="nothing")
DENY = document({}, name="deny")
DENY_ANYBODY = document({"Principal": "*"}, name="deny")


def allowing(named: Any, **more: Any) -> Policy:
    return document({"Effect": "Allow", "Principal": named, **more}, name="leave")


# ---------------------------------------------------------------- layers

RESTRICTED: list[tuple[World, str]] = [
    (World(service_control=((FULL, DENY),), identity=(FULL,)), "scp"),
    (World(service_control=((FULL,), (FULL, DENY), (FULL,)), identity=(FULL,)), "scp"),
    (World(resource_control=((DENY_ANYBODY,),), identity=(FULL,)), "rcp"),
    (World(endpoint=DENY_ANYBODY, identity=(FULL,)), "endpoint"),
    (World(resource=DENY_ANYBODY, identity=(FULL,)), "resource"),
    (World(identity=(FULL, DENY)), "identity"),
    (World(identity=(FULL,), boundary=DENY), "boundary"),
    (World(identity=(FULL,), session=(FULL, DENY)), "session"),
]


@pytest.mark.parametrize(("world", "layer"), RESTRICTED)
def test_a_denial_in_any_layer_stops_the_request(world: World, layer: str) -> None:
    decision = decide(world, request())
    assert (decision.allowed, decision.because[0].layer, decision.because[0].effect) == (False, layer, "Deny")


SILENT: list[tuple[World, str]] = [
    (World(service_control=((NOTHING,),), identity=(FULL,)), "scp"),
    (World(service_control=((FULL,), (), (FULL,)), identity=(FULL,)), "scp"),
    (World(service_control=((FULL,), (FULL,), (NOTHING,)), identity=(FULL,)), "scp"),
    (World(endpoint=allowing("*", Action="s3:GetObject"), identity=(FULL,)), "endpoint"),
    (World(identity=(NOTHING,)), "identity"),
    (World(identity=()), "identity"),
    (World(identity=(FULL,), boundary=NOTHING), "boundary"),
    (World(identity=(FULL,), session=(NOTHING,)), "session"),
    (World(identity=(FULL,), session=()), "session"),
    (World(identity=(FULL,), resource_must_allow=True), "resource"),
    (World(identity=(FULL,), resource=allowing({"AWS": USER}), resource_must_allow=True), "resource"),
]


@pytest.mark.parametrize(("world", "layer"), SILENT)
def test_a_layer_that_does_not_allow_stops_the_request(world: World, layer: str) -> None:
    assert decide(world, request()).because == (Reason(layer, "silent"),)  # type: ignore[arg-type]  # a Layer's name


def test_with_every_layers_leave_the_request_passes() -> None:
    world = World(
        MANAGEMENT,
        service_control=((FULL,), (NOTHING, FULL)),
        resource_control=((document({"Principal": "*", "Action": "s3:*"}),),),
        identity=(NOTHING, FULL),
        boundary=FULL,
        session=(FULL,),
        endpoint=FULL_FOR_ANYBODY,
        resource=allowing({"AWS": ACCOUNT}),
        resource_must_allow=True,
    )
    decision = decide(world, request())
    assert decision.allowed
    assert [reason.layer for reason in decision.because] == [
        "endpoint", "scp", "scp", "resource", "identity", "boundary", "session",
    ]  # fmt: skip


def test_every_layer_can_be_heard() -> None:
    world = World(service_control=((FULL, DENY), (NOTHING,)), identity=(FULL,))
    assert [str(reason) for reason in explain(world, request())] == [
        "denied by scp policy deny, statement S1",
        "not allowed by any scp policy",
        "allowed by identity policy full, statement Full",
    ]


# ---------------------------------------------------------------- who is bound

ORGANIZATION = World(
    MANAGEMENT,
    service_control=((FULL, DENY),),
    identity=(FULL,),
    resource=allowing({"AWS": "*"}),
)


@pytest.mark.parametrize(
    ("caller", "bound"),
    [
        (ROLE, True),
        (USER, True),
        (ROOT, True),
        (LINKED_ROLE, False),
        (MANAGEMENT_ROLE, False),
        (f"arn:aws:iam::{MANAGEMENT}:root", False),
        ("backup.amazonaws.com", False),
        ("cognito-identity.amazonaws.com", False),
        ("*", False),
    ],
)
def test_scps_bind_the_principals_of_member_accounts(caller: str, bound: bool) -> None:
    assert denied(ORGANIZATION, request(caller=caller)) is bound


@pytest.mark.parametrize(("caller", "bound"), [(ROLE, True), (FOREIGN_ROLE, False)])
def test_scps_bind_no_account_outside_the_organization(caller: str, bound: bool) -> None:
    world = World(
        MANAGEMENT,
        service_control=((FULL, DENY),),
        identity=(FULL,),
        resource=allowing({"AWS": "*"}),
        members=frozenset((ACCOUNT,)),
    )
    assert denied(world, request(caller=caller)) is bound


@pytest.mark.parametrize(
    ("caller", "account", "bound"),
    [
        (ROLE, ACCOUNT, True),
        (FOREIGN_ROLE, ACCOUNT, True),
        ("backup.amazonaws.com", ACCOUNT, True),
        ("*", ACCOUNT, True),
        (LINKED_ROLE, ACCOUNT, False),
        (ROLE, MANAGEMENT, False),
        (ROLE, OTHER_ACCOUNT, False),
    ],
)
def test_rcps_protect_the_resources_of_member_accounts(caller: str, account: str, bound: bool) -> None:
    world = World(
        MANAGEMENT,
        resource_control=((DENY_ANYBODY,),),
        identity=(FULL,),
        resource=allowing("*"),
        members=frozenset((ACCOUNT,)),
    )
    assert denied(world, request(caller=caller, account=account)) is bound


# ---------------------------------------------------------------- who may give leave


def world_of(named: Any, *, identity: bool, boundary: bool, session: bool) -> World:
    def of(says: bool) -> Policy:
        return FULL if says else NOTHING

    leave = None if named is None else allowing(named)
    return World(identity=(of(identity),), boundary=of(boundary), session=(of(session),), resource=leave)


@pytest.mark.parametrize(
    ("named", "caller", "needed"),
    [
        # in one account: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
        (None, SESSION, {"identity", "boundary", "session"}),
        ({"AWS": ACCOUNT}, SESSION, {"identity", "boundary", "session"}),
        ({"AWS": ROLE}, SESSION, {"boundary", "session"}),
        ({"AWS": SESSION}, SESSION, set()),
        ("*", SESSION, set()),
        ({"AWS": USER}, USER, set()),
        ({"AWS": ACCOUNT}, USER, {"identity", "boundary", "session"}),
        # from another account the resource's policy never suffices
        ({"AWS": FOREIGN_ROLE}, FOREIGN_ROLE, {"identity", "boundary", "session"}),
        ({"AWS": OTHER_ACCOUNT}, FOREIGN_ROLE, {"identity", "boundary", "session"}),
        ("*", FOREIGN_ROLE, {"identity", "boundary", "session"}),
        (None, FOREIGN_ROLE, {"identity", "boundary", "session", "resource"}),
        ({"AWS": ROLE}, FOREIGN_ROLE, {"identity", "boundary", "session", "resource"}),
        # those without policies of their own
        (None, ROOT, set()),
        (None, f"arn:aws:iam::{OTHER_ACCOUNT}:root", {"resource"}),
        ({"AWS": OTHER_ACCOUNT}, f"arn:aws:iam::{OTHER_ACCOUNT}:root", set()),
        (None, "backup.amazonaws.com", {"resource"}),
        ({"Service": "backup.amazonaws.com"}, "backup.amazonaws.com", set()),
        (None, "*", {"resource"}),
        ("*", "*", set()),
        ({"Federated": "cognito-identity.amazonaws.com"}, "cognito-identity.amazonaws.com", set()),
        ({"AWS": ACCOUNT}, "cognito-identity.amazonaws.com", {"resource"}),
    ],
)
def test_whose_leave_is_needed_beside_the_resources_own(named: Any, caller: str, needed: set[str]) -> None:
    silent = decide(world_of(named, identity=False, boundary=False, session=False), request(caller=caller))
    assert {reason.layer for reason in silent.because if reason.effect == "silent"} == needed
    full = decide(world_of(named, identity=True, boundary=True, session=True), request(caller=caller))
    assert full.allowed is ("resource" not in needed)


@pytest.mark.parametrize("layer", ["boundary", "session", "identity"])
def test_a_denial_counts_even_where_leave_is_not_needed(layer: str) -> None:
    policies: dict[str, Any] = {"identity": (FULL,), "boundary": FULL, "session": (FULL,)}
    assert decide(World(resource=allowing({"AWS": SESSION}), **policies), request()).allowed
    policies[layer] = DENY if layer == "boundary" else (DENY,)
    assert not decide(World(resource=allowing({"AWS": SESSION}), **policies), request()).allowed


@pytest.mark.parametrize(
    ("named", "identity", "allowed"),
    [
        (ROOT, True, True),  # the key's policy delegates to the account
        (ROOT, False, False),
        (ROLE, False, True),
        (USER, True, False),
    ],
)
def test_a_key_or_a_role_is_used_only_with_its_own_policys_leave(named: str, identity: bool, allowed: bool) -> None:
    world = World(
        identity=(FULL,) if identity else (), resource=allowing({"AWS": named}), resource_must_allow=True
    )  # fmt: skip
    assert decide(world, request("kms:Decrypt")).allowed is allowed


def test_the_statement_that_names_the_caller_most_closely_is_the_reason() -> None:
    leave = document(
        {"Sid": "Account", "Effect": "Allow", "Principal": {"AWS": ACCOUNT}},
        {"Sid": "Session", "Effect": "Allow", "Principal": {"AWS": SESSION}},
    )
    assert decide(World(resource=leave), request()).because == (Reason("resource", "Allow", "asked", "Session"),)


# ---------------------------------------------------------------- policies out of place


@pytest.mark.parametrize(
    ("layers", "problem"),
    [
        ({"service_control": ((FULL_FOR_ANYBODY,),)}, "as scp policy a statement's Principal must be none"),
        ({"identity": (FULL_FOR_ANYBODY,)}, "as identity policy"),
        ({"boundary": FULL_FOR_ANYBODY}, "as boundary policy"),
        ({"session": (FULL_FOR_ANYBODY,)}, "as session policy"),
        ({"resource": FULL}, "as resource policy"),
        ({"endpoint": FULL}, "as endpoint policy"),
        ({"endpoint": allowing({"AWS": ACCOUNT})}, "as endpoint policy"),
        ({"resource_control": ((DENY,),)}, "as rcp policy"),
        ({"resource_control": ((FULL_FOR_ANYBODY,),)}, "an RCP only denies"),
    ],
)
def test_a_policy_that_aws_refuses_in_its_place_is_refused(layers: dict[str, Any], problem: str) -> None:
    with pytest.raises(PolicyError, match=problem):
        World(**layers)


# ---------------------------------------------------------------- the caller's own keys


def test_nobody_can_claim_to_be_somebody_else() -> None:
    with pytest.raises(PolicyError, match="aws:principalarn"):
        decide(World(identity=(FULL,)), request(context={"aws:PrincipalArn": BREAK_GLASS}))
    assert decide(World(identity=(FULL,)), request(context={"aws:PrincipalARN": ROLE})).allowed


def test_a_key_given_twice_is_refused() -> None:
    with pytest.raises(PolicyError, match="twice"):
        decide(World(identity=(FULL,)), request(context={"aws:x": "a", "aws:X": "b"}))


@pytest.mark.parametrize("action", ["dynamodb:*", "*", "Query", "dynamodb:Que?y"])
def test_a_request_asks_for_one_action(action: str) -> None:
    with pytest.raises(PolicyError, match="is not the action of a request"):
        decide(World(identity=(FULL,)), request(action))
