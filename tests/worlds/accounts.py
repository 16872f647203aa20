"""Small accounts for the tests of sequences: some principals and resources, and SCPs only where a test names them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tableguard.policy import worlds
from tableguard.policy.statements import Policy, policy
from tableguard.policy.worlds import Estate
from tableguard.prove.reach.account import Account, Fact, PolicyHolder, Thing
from tableguard.prove.reach.judge import Judge
from tableguard.prove.reach.kinds import StepKind, table
from tableguard.prove.reach.search import Search
from tests.worlds.policies import ACCOUNT, MANAGEMENT

ESTATE = Estate(ACCOUNT, MANAGEMENT, "o-exampleorgid", "eu-west-1")
ATTACKER = f"arn:aws:iam::{ACCOUNT}:user/mallory"
TARGET = f"arn:aws:iam::{ACCOUNT}:role/target"


def arn(short: str) -> str:
    """The ARN of a principal, a group or a managed policy of the account."""
    return f"arn:aws:iam::{ACCOUNT}:{short}"


def allowing(*statements: Mapping[str, Any], name: str = "own", managed: str = "") -> Policy:
    """A policy of statements that allow, each on everything unless it says otherwise; `managed` is its ARN."""
    written = [{"Effect": "Allow", "Resource": "*", "Sid": f"S{n}", **each} for n, each in enumerate(statements, 1)]
    return replace(policy(name, {"Version": "2012-10-17", "Statement": written}), arn=managed)


def trusting(principal: Mapping[str, Any], action: str = "sts:AssumeRole", **condition: Any) -> Policy:
    """A trust policy of one statement."""
    statement = {"Effect": "Allow", "Sid": "Trust", "Principal": principal, "Action": action}
    extra = {"Condition": condition} if condition else {}
    return policy("trust", {"Version": "2012-10-17", "Statement": [{**statement, **extra}]})


def account(holders: Iterable[PolicyHolder], things: Iterable[Thing] = (), scps: Sequence[Policy] = ()) -> Account:
    """An account of these principals and resources, under FullAWSAccess and these SCPs."""
    world = worlds.guardrails(ESTATE, ((worlds.FULL_AWS_ACCESS, *scps),))
    world = replace(world, identity=(), resource=None)
    by_arn = {holder.arn: holder for holder in holders}
    return Account(ESTATE, world, by_arn, {thing.arn: thing for thing in things})


def searched(small: Account, start: Sequence[str] = (ATTACKER,), kinds: tuple[StepKind, ...] | None = None) -> Search:
    """Everything that the attacker reaches in a small account."""
    begun = small.starting_from(frozenset(start))
    return Search(begun, table() if kinds is None else kinds, start, Judge(begun)).run()


def steps_to(search: Search, fact: Fact) -> list[str] | None:
    """The names of the steps that lead to a fact; None if nothing does."""
    if fact not in search.steps:
        return None
    return [step.kind.name for step in search.sequence([fact])]
