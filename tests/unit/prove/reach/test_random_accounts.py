"""Random small accounts: what the search finds is what trying every step as every principal, one by one, finds."""

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from tableguard.policy.statements import Policy, policy
from tableguard.prove.reach.account import Account, Fact, PolicyHolder, Thing
from tableguard.prove.reach.judge import Judge
from tableguard.prove.reach.kinds import StepKind, table
from tableguard.prove.reach.search import Search
from tableguard.prove.reach.trial import Actors, Trial
from tests.worlds.accounts import account, allowing, arn, trusting
from tests.worlds.policies import ACCOUNT

USERS, ROLES, GROUP = (
    (arn("user/ann"), arn("user/bob")),
    tuple(arn(f"role/{name}") for name in "xyz"),
    arn("group/staff"),
)
START = (USERS[0], *ROLES[:2])
ACTIONS = (
    "iam:AddUserToGroup",
    "iam:AttachRolePolicy",
    "iam:CreateAccessKey",
    "iam:CreatePolicyVersion",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DetachRolePolicy",
    "iam:EnableMFADevice",
    "iam:PassRole",
    "iam:PutGroupPolicy",
    "iam:PutUserPolicy",
    "iam:UpdateAssumeRolePolicy",
    "lambda:CreateFunction",
    "lambda:InvokeFunction",
    "lambda:UpdateFunctionCode",
    "sts:AssumeRole",
    "*",
)
TRUSTED = (
    {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
    {"AWS": USERS[1]},
    {"AWS": ROLES[0]},
    {"Service": "lambda.amazonaws.com"},
    {"Service": "new.amazonaws.com"},
)
CONDITIONS: tuple[dict[str, Any], ...] = (
    {},
    {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    {"StringEquals": {"sts:ExternalId": "x"}},
    {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*"}},
)


def own(random: Random, name: str) -> Policy:
    """One or two statements that allow some actions on some resources; some policies deny as well."""
    statements = [
        {"Action": random.sample(ACTIONS[:-1], 3), "Resource": random.choice(("*", *USERS, *ROLES, GROUP))}
        for _ in range(random.randint(1, 2))
    ]
    if random.random() < 0.3:
        statements.append({"Effect": "Deny", "Action": [random.choice(ACTIONS[:-1])], "Resource": "*"})
    managed = arn(f"policy/{name}") if random.random() < 0.3 else ""
    return allowing(*statements, name=name, managed=managed)


def guardrail(random: Random) -> Policy:
    """An SCP that denies an action to all but some."""
    exempt = {"ArnNotLike": {"aws:PrincipalArn": random.choice((*USERS, *ROLES))}}
    statement = {
        "Sid": "Scp",
        "Effect": "Deny",
        "Action": random.sample(ACTIONS, 2),
        "Resource": "*",
        "Condition": exempt,
    }
    return policy("scp", {"Version": "2012-10-17", "Statement": [statement]})


def drawn(random: Random) -> Account:
    boundary = allowing({"Action": random.sample(ACTIONS[:-1], 6)}, name="boundary")
    people = [PolicyHolder(user, (own(random, user[-3:]),), groups=(GROUP,) * random.randint(0, 1)) for user in USERS]
    alike = own(random, "alike")  # roles with the same policies are looked at together
    roles = [
        PolicyHolder(
            role,
            (alike if random.random() < 0.6 else own(random, role[-1]),),
            boundary if random.random() < 0.2 else None,
            trusting(random.choice(TRUSTED), **random.choice(CONDITIONS)),
        )
        for role in ROLES
    ]
    function = Thing(f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f", "function", runs_as=(random.choice(ROLES),))
    scps = [guardrail(random) for _ in range(random.randint(0, 2))]
    return account([*people, *roles, PolicyHolder(GROUP, (own(random, "staff"),))], [function], scps)


class OneByOne(Search):
    """The search without its two savings: principals looked at together, and targets looked at together."""

    def views(self) -> list[Actors]:
        return [view._replace(callers=(caller,)) for view in super().views() for caller in view.callers]

    def trial(self) -> Trial:
        trial = super().trial()
        trial.open_to = lambda kind, targets: True  # type: ignore[method-assign]  # the mutant of this test
        return trial


KINDS: tuple[StepKind, ...] = tuple(kind for kind in table() if kind.service in ("", "*", "lambda.amazonaws.com"))


@pytest.mark.parametrize("seed", range(40))
def test_the_search_finds_what_one_by_one_is_found(seed: int) -> None:
    small = drawn(Random(seed))  # noqa: S311  # worlds, no secrets
    together = Search(small, KINDS, START, Judge(small)).run()
    alone = OneByOne(small, KINDS, START, Judge(small)).run()
    assert together.facts == alone.facts


def test_the_worlds_are_of_many_kinds() -> None:
    kinds: set[str] = set()
    for seed in range(40):
        small = drawn(Random(seed))  # noqa: S311  # worlds, no secrets
        kinds |= {step.kind.name for step in Search(small, KINDS, START, Judge(small)).run().steps.values() if step}
    assert {
        "take-role",
        "grant-user",
        "join-group",
        "access-key",
        "open-trust",
        "new-function",
        "rewrite-policy",
    } <= kinds


def test_more_denials_reach_no_more() -> None:
    for seed in range(20):
        random = Random(seed)  # noqa: S311  # worlds, no secrets
        small = drawn(random)
        world = small.guarded
        narrower = Account(
            small.estate,
            replace(world, service_control=((*world.service_control[0], guardrail(random)),)),
            small.holders,
            small.things,
        )
        wide: frozenset[Fact] = Search(small, KINDS, START, Judge(small)).run().facts
        assert Search(narrower, KINDS, START, Judge(narrower)).run().facts <= wide
