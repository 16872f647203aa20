"""The judge's short ways say what the prover says of all requests; each way of the catalogues is a shortest one."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import count

import pytest

from tableguard.errors import PolicyError
from tableguard.policy import worlds
from tableguard.policy.evaluate import World
from tableguard.policy.statements import Policy
from tableguard.prove.engine.prover import Proof
from tableguard.prove.reach import judge
from tableguard.prove.reach.account import Fact, PolicyHolder, Thing
from tableguard.prove.reach.goals import Goal, GoalCall, reached
from tableguard.prove.reach.judge import Asked, Call, Condition, Judge
from tableguard.prove.reach.kinds import table
from tableguard.prove.reach.promises import Prover, ReachPromise
from tableguard.prove.reach.search import Search
from tests.unit.prove.reach.test_escalations import SHORTHAND, Escalation, end_of, escalations, small
from tests.unit.prove.reach.test_promises import prover
from tests.worlds.accounts import ATTACKER, TARGET, account, allowing, searched, trusting
from tests.worlds.policies import ACCOUNT


class Slow(Judge):
    """A judge without short ways: the prover decides every question."""

    def _answered(self, question: Asked) -> Call | None:
        world: World = replace(
            self.account.guarded,
            identity=question.identity.policies,
            boundary=question.identity.boundary,
            resource=question.policy,
            resource_must_allow=question.must_allow,
        )
        return self._proved(question, world)


@pytest.mark.parametrize("start", ["deployer", "role/Admin", "role/<name>-application", "role/<name>-auditor"])
def test_a_short_way_answers_as_the_prover_does(start: str) -> None:
    own = prover()
    search = own.search(own.shorthand.principals(start), ())
    slow = Slow(search.account)
    asked = [
        question
        for question, _ in search.judge.answers.values()
        if own.shorthand.principals(start)[0] in question.callers
    ]
    differing = [
        question
        for question in asked[::5]  # every fifth: the prover takes some milliseconds for each
        if (slow.possible(question) is None) != (search.judge.possible(question) is None)
    ]
    assert len(asked) > 5
    assert differing == []


def exhaustive(way: Escalation) -> int | None:
    """The length of a shortest sequence to the end of a way, found by trying every order of steps."""
    world, begins = small(way)
    begun = Search(world.starting_from(frozenset({begins})), table(), [begins], Judge(world))
    goal = end_of(way)
    states = {begun.facts}
    for length in count():
        after: set[frozenset[Fact]] = set()
        for facts in states:
            now = Search(begun.account, begun.kinds, [begins], begun.judge)
            now.steps = dict.fromkeys(sorted(facts))
            if reached(goal, now, SHORTHAND) is not None:
                return length + 1
            trial = now.trial()
            after |= {facts | {step.gives} for kind in now.kinds for step in now._steps(kind, trial)}
        if not after or length > 4:
            return None
        states = after
    return None


@pytest.mark.parametrize("way", [way for way in escalations() if len(way.steps) > 1], ids=lambda way: way.name)
def test_no_sequence_is_shorter_than_the_one_that_is_shown(way: Escalation) -> None:
    world, begins = small(way)
    shown = reached(end_of(way), searched(world, [begins]), SHORTHAND)
    assert shown is not None
    assert shown.length == exhaustive(way)


def test_what_the_prover_does_not_decide_makes_a_promise_not_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge, "prove", lambda question: Proof(question, "not proved", reason="too many classes"))
    own_account = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    people = [PolicyHolder(ATTACKER, (allowing({"Action": "sts:*"}),))]
    for condition, verdict in (
        ({"sts:ExternalId": "x"}, "not proved"),
        ({"aws:RequestedRegion": "eu-west-1"}, "refuted"),
    ):
        role = PolicyHolder(TARGET, trust=trusting(own_account, StringEquals=condition))
        goal = Goal("target", "becomes the target", becomes=(TARGET,))
        asked = Prover(account([*people, role]), {"target": goal}, SHORTHAND)
        (answer,) = asked.answers("some.toml", (ReachPromise("nobody takes it", ("target",), (ATTACKER,)),))
        assert answer.verdict == verdict
        assert ("too many classes" in answer.reason) is (verdict == "not proved")


CLOSE, WHERE = "account:CloseAccount", f"arn:aws:account::{ACCOUNT}:account"


def is_reached(condition: Condition, scps: Sequence[Policy], action: str = CLOSE, things: Sequence[Thing] = ()) -> bool:
    """Whether somebody who may make a call makes it under this condition, and under no SCPs but these."""
    where = things[0].arn if things else WHERE
    goal = Goal("end", "calls it", calls=(GoalCall((action,), (where,), condition, things[0].kind if things else ""),))
    small = account([PolicyHolder(ATTACKER, (allowing({"Action": action}),))], things)
    guarded = replace(small.guarded, service_control=(tuple(scps),))
    return reached(goal, searched(replace(small, guarded=guarded)), SHORTHAND) is not None


@pytest.mark.parametrize(
    ("condition", "possible"),
    [
        ({"StringEquals": {"aws:RequestedRegion": "us-east-1"}}, True),
        ({"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/other"}}, False),
    ],
)
def test_an_scp_that_allows_under_a_condition_allows_what_a_caller_can_choose(
    condition: Condition, possible: bool
) -> None:
    assert is_reached({}, [allowing({"Action": "*", "Condition": condition}, name="scp")]) is possible


@pytest.mark.parametrize(("aliases", "possible"), [(["alias/a", "alias/b"], True), (["alias/a"], False)])
def test_of_several_values_a_request_has_the_one_that_no_denial_looks_for(aliases: list[str], possible: bool) -> None:
    condition = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/a"}}
    denial = allowing({"Effect": "Deny", "Action": "kms:Decrypt", "Condition": condition}, {"Action": "*"}, name="scp")
    key = Thing(f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1", "key", worlds.delegating(ACCOUNT), must_allow=True)
    asked = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": aliases}}
    assert is_reached(asked, [denial], "kms:Decrypt", [key]) is possible


@pytest.mark.parametrize(("region", "possible"), [("us-east-1", True), ("eu-west-1", False)])
def test_a_goal_may_name_a_region(region: str, possible: bool) -> None:
    condition = {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}
    denial = allowing({"Effect": "Deny", "Action": "*", "Condition": condition}, {"Action": "*"}, name="scp")
    assert is_reached({"StringEquals": {"aws:RequestedRegion": region}}, [denial]) is possible


def test_a_goals_condition_that_the_search_fixes_otherwise_is_refused() -> None:
    everything = allowing({"Action": "*"}, name="scp")
    assert is_reached({"StringEquals": {"aws:ResourceAccount": ACCOUNT}}, [everything])
    with pytest.raises(PolicyError, match="StringEquals of aws:ResourceAccount cannot be both 999900001111 and"):
        is_reached({"StringEquals": {"aws:ResourceAccount": "999900001111"}}, [everything])
