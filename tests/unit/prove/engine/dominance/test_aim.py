"""Classes that another one rules out change no verdict: the quick way and the plain way agree on random worlds."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tableguard.policy.evaluate import World, decide
from tableguard.policy.statements import Policy
from tableguard.policy.worlds import Scope
from tableguard.prove.engine import context_values, enumeration, resources
from tableguard.prove.engine.dominance import sets, texts
from tableguard.prove.engine.dominance.aim import Aim, against, best
from tableguard.prove.engine.prover import Proof, prove
from tableguard.prove.engine.question import Question
from tests.worlds.policies import ACCOUNT, BREAK_GLASS, FULL, MANAGEMENT, OTHER_ACCOUNT, ROLE, TABLE, USER, document
from tests.worlds.proofs import ESTATE, proof, statement, under

ALL = 10**9
# beyond which classes are left out
LIMITS = (
    (enumeration, "FEW_CLASSES"),
    (enumeration, "MOST_JOINED"),
    (resources, "FEW_RESOURCES"),
    (sets, "FEW_SETS"),
    (texts, "FEW_STATES"),
)
CONDITIONS: tuple[dict[str, Any], ...] = (
    {"ArnNotLike": {"aws:PrincipalArn": BREAK_GLASS}},
    {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}},
    {"ArnLike": {"aws:PrincipalArn": ["arn:aws:iam::*:role/*a*", "arn:aws:iam::*:*/b*"]}},
    {"ArnNotLike": {"aws:PrincipalArn": ["arn:aws:iam::*:role/*b*"]}},
    {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}},
    {"StringEquals": {"aws:ResourceAccount": OTHER_ACCOUNT}},
    {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}},
    {"StringLike": {"aws:RequestTag/team": ["a*", "b"]}},
    {"StringNotEqualsIfExists": {"aws:RequestTag/team": "a"}},
    {"StringEquals": {"aws:RequestTag/team": "${aws:PrincipalTag/team}"}},
    {"ForAnyValue:StringEquals": {"aws:TagKeys": ["a"]}},
    {"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}},
    {"Null": {"aws:SourceVpce": "true"}},
    {"NumericLessThan": {"s3:max-keys": "10"}},
    {},
    {"StringNotEquals": {"aws:RequestTag/team": "${aws:PrincipalTag/team}"}},
)
UNDEFINED: tuple[dict[str, Any], ...] = (
    {"StringNotEquals": {"aws:RequestTag/team": "${aws:TagKeys}"}},
    {"ForAnyValue:StringEqualsIfExists": {"aws:TagKeys": "a"}},
    {"StringNotEquals": {"aws:TagKeys": "a"}},
)
PRINCIPALS: tuple[Any, ...] = ("*", {"AWS": ACCOUNT}, {"AWS": ROLE}, {"AWS": [OTHER_ACCOUNT, USER]})
RESOURCES = (
    "*",
    "arn:aws:s3:::*a*",
    "arn:aws:s3:::*b*",
    TABLE,
    f"{TABLE}*",
    f"arn:aws:dynamodb:*:{ACCOUNT}:table/*",
    "arn:aws:s3:::*",
)


def a_statement(draw: random.Random, effect: str, undefined: bool = False) -> dict[str, Any]:
    conditions: dict[str, Any] = {}
    for one in draw.sample((*CONDITIONS, *(UNDEFINED if undefined else ())), draw.choice((0, 1, 1, 2))):
        conditions = {**one, **conditions}
    element = draw.choice(("Resource", "Resource", "NotResource"))
    names = draw.sample(RESOURCES[1:], draw.choice((1, 2))) if draw.random() < 0.6 else ["*"]
    return {
        "Effect": effect,
        "Action": draw.choice(("*", "dynamodb:*", "dynamodb:Delete*", "s3:PutObject")),
        element if names != ["*"] else "Resource": names,
        **({"Condition": conditions} if conditions else {}),
    }


def a_policy(
    draw: random.Random, name: str, effects: str, principals: tuple[Any, ...] = (), undefined: bool = False
) -> Policy:
    statements = [a_statement(draw, draw.choice(effects.split()), undefined) for _ in range(draw.randint(1, 3))]
    whom = [{"Principal": draw.choice(principals)} if principals else {} for _ in statements]
    return document(*({**one, **principal} for one, principal in zip(statements, whom, strict=True)), name=name)


def a_question(seed: int, undefined: bool = False) -> Question:
    """SCPs at one or two levels, RCPs, an identity, and by chance a boundary and a resource's own policy."""
    draw = random.Random(seed)  # noqa: S311  # worlds, not secrets
    scp = a_policy(draw, "scp", "Deny Deny Allow", undefined=undefined)
    own = a_policy(draw, "identity", "Allow Allow Deny", undefined=undefined)
    levels = ((FULL, scp),) if draw.random() < 0.7 else ((FULL,), (scp, a_policy(draw, "allows", "Allow")))
    world = World(
        MANAGEMENT,
        service_control=levels,
        resource_control=((a_policy(draw, "rcp", "Deny", ("*",)),),) if draw.random() < 0.5 else (),
        identity=(own, FULL) if draw.random() < 0.7 else (own,),
        boundary=a_policy(draw, "boundary", "Allow Deny") if draw.random() < 0.3 else None,
        resource=a_policy(draw, "resource", "Allow Allow Deny", PRINCIPALS) if draw.random() < 0.7 else None,
        resource_must_allow=draw.random() < 0.2,
        organization=draw.choice(("", "o-exampleorgid")),
    )
    scope = Scope(
        statement(**a_statement(draw, "Deny")), draw.choice(("members", "account", "anyone", (ROLE, USER))), ESTATE
    )
    return Question(f"seed {seed}", draw.choice(("denied", "allowed")), scope, world)


@contextmanager
def classes_left_out_beyond(few: int) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for module, limit in LIMITS:
            patch.setattr(module, limit, few)
        _forget()
        yield
    _forget()


def _forget() -> None:
    resources._arns.cache_clear()
    context_values._choices.cache_clear()


def both_ways(question: Question) -> tuple[Proof, Proof]:
    with classes_left_out_beyond(0):
        quick = prove(question)
    with classes_left_out_beyond(ALL):
        return quick, prove(question)


@pytest.mark.parametrize("seed", range(60))
def test_the_quick_way_and_the_plain_way_give_the_same_verdict(seed: int) -> None:
    question = a_question(seed)
    quick, plain = both_ways(question)
    assert quick.verdict == plain.verdict, f"seed {seed}: {quick.reason or plain.reason}"
    if quick.verdict != "refuted":  # then how many are looked at hangs on where the first counterexample is
        assert quick.classes <= plain.classes
    for one in (quick, plain):
        if one.counterexample is not None:
            request = one.counterexample
            assert question.scope.statement.matches(request.action, request.resource, request.keys())
            assert decide(question.world, request) == one.decision


@pytest.mark.parametrize("seed", range(40))
def test_where_something_is_undefined_neither_way_refutes_what_the_other_does_not(seed: int) -> None:
    # that a denial settles what is undefined beside it may be seen by the quick way alone
    quick, plain = both_ways(a_question(seed, undefined=True))
    assert (quick.verdict == "refuted") == (plain.verdict == "refuted"), f"seed {seed}"


def test_the_random_questions_have_every_answer() -> None:
    with classes_left_out_beyond(0):
        verdicts = {prove(a_question(seed, undefined=True)).verdict for seed in range(30, 50)}
    assert verdicts == {"proved", "refuted", "not proved"}


def test_of_two_classes_the_one_with_less_in_the_way_stays() -> None:
    aim = against("denied", ("Deny", "Deny", "Allow", None))
    classes = [0b01011, 0b01001, 0b01111, 0b00001, 0b11001]
    assert best(classes, aim.cost, lambda one: one.bit_length() < 5) == [0b01001, 0b11001]
    assert best(classes, Aim(aim.sought, aim.avoided, aim.allowing).cost, lambda one: 0) == [0b01111, 0b00001]


def test_classes_that_are_not_alike_rule_nothing_out() -> None:
    assert best([1, 0], lambda one: one, lambda one: one) == [0, 1]


def test_a_key_that_a_counterexample_does_not_need_is_left_out_of_it() -> None:
    others = [{"Condition": {"StringNotEquals": {f"aws:PrincipalTag/t{n}": "x"}}} for n in range(8)]
    found = proof(under(*others), {"Action": "s3:PutObject", "Condition": {"Null": {"aws:TagKeys": "false"}}})
    assert found.counterexample is not None
    assert found.counterexample.context.keys() >= {"aws:tagkeys"} | {f"aws:principaltag/t{n}" for n in range(8)}
    one_of_nine = {"Condition": {"StringEquals": {"aws:PrincipalTag/t9": "x"}}}
    with classes_left_out_beyond(0):
        same = proof(under(*others, one_of_nine), {"Action": "s3:PutObject"})
    assert same.counterexample is not None
    assert "aws:principaltag/t9" not in same.counterexample.context
