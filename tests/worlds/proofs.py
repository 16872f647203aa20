"""Small questions for the tests of the prover: one SCP, and what is asked of every request under it."""

from collections.abc import Mapping
from typing import Any

from tableguard.policy.evaluate import Wanted, World
from tableguard.policy.principals import Group
from tableguard.policy.statements import Statement
from tableguard.policy.worlds import Estate, Scope
from tableguard.prove.engine.prover import Proof, prove
from tableguard.prove.engine.question import Question
from tests.worlds.policies import ACCOUNT, FULL, FULL_FOR_ANYBODY, MANAGEMENT, TABLE, document

ESTATE = Estate(ACCOUNT, MANAGEMENT, "o-exampleorgid", "eu-west-1")
EXEMPTION: dict[str, Any] = {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/break-glass"}}
DELETION: dict[str, Any] = {"Action": "dynamodb:DeleteTable", "Resource": TABLE, "Condition": EXEMPTION}


def statement(**elements: Any) -> Statement:
    """The statement of a scope."""
    return document(elements, name="scope").statements[0]


def under(*statements: Mapping[str, Any]) -> World:
    """A member account under one SCP, in which everything else is allowed."""
    return World(
        MANAGEMENT,
        service_control=((FULL, document(*statements)),),
        identity=(FULL,),
        resource=FULL_FOR_ANYBODY,
    )


def proof(
    world: World,
    scope: Mapping[str, Any],
    wanted: Wanted = "denied",
    callers: Group | tuple[str, ...] = "members",
) -> Proof:
    """Prove or refute a question about every request of a scope."""
    return prove(Question("asked", wanted, Scope(statement(**scope), callers, ESTATE), world))
