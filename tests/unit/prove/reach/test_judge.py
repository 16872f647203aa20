"""The judge's short ways say what the prover says of all requests; each way of the catalogues is a shortest one."""

from dataclasses import replace
from itertools import count

import pytest

from tableguard.policy.evaluate import World
from tableguard.prove.engine.prover import Proof
from tableguard.prove.reach import judge
from tableguard.prove.reach.account import Fact, PolicyHolder
from tableguard.prove.reach.goals import Goal, reached
from tableguard.prove.reach.judge import Asked, Call, Judge
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
