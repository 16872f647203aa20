"""The promises about sequences of policies/together.toml: proved, each refuted by one change, and worth something."""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import replace
from functools import cache

import pytest

from tableguard.errors import PolicyError
from tableguard.policy.policy_set import PolicySet
from tableguard.policy.statements import Policy
from tableguard.prove.reach import inquiry
from tableguard.prove.reach.account import Fact
from tableguard.prove.reach.goals import Goal, Sequence, goals, reached
from tableguard.prove.reach.promises import Prover, ReachAnswer, ReachPromise, promises
from tableguard.prove.shipped import proofs, together
from tableguard.reading.toml_table import Table
from tableguard.settings import example
from tests.paths import ROOT

SHIPPED = example()
SETTINGS = sorted(path.stem for path in (ROOT / "templates" / "settings").glob("*.toml"))


@cache
def prover(settings: str = "default") -> Prover:
    return inquiry.shipped(PolicySet.filled(example(settings)))


def answers(asked: Prover) -> tuple[ReachAnswer, ...]:
    return tuple(asked.answers(together.PLACE, together.load().about_sequences))


@pytest.mark.parametrize("settings", SETTINGS)
def test_every_promise_about_sequences_is_proved_or_has_no_guardrail_without_an_organization(settings: str) -> None:
    verdict = "proved" if example(settings).has_organization else "no guardrail"
    policies = PolicySet.filled(example(settings))
    assert {answer.promise.name: answer.verdict for answer in proofs.about_sequences(policies)} == {
        promise.name: verdict for promise in together.load().about_sequences
    }


def without(*sids: str) -> Prover:
    """The prover where statements of the guardrails are missing, in SCPs and RCPs alike."""
    own = prover()
    world = own.account.guarded

    def cut(policy: Policy) -> Policy:
        return replace(policy, statements=tuple(each for each in policy.statements if each.sid not in sids))

    guarded = replace(
        world,
        service_control=tuple(tuple(map(cut, level)) for level in world.service_control),
        resource_control=tuple(tuple(map(cut, level)) for level in world.resource_control),
    )
    return Prover(replace(own.account, guarded=guarded), own.goals, own.shorthand)


def refuting(sids: Iterable[str], goal: str) -> Sequence | None:
    """The sequence to a goal that the promises about it are refuted by where denials are missing."""
    (promise,) = (each for each in together.load().about_sequences if goal in each.goals)
    (answer,) = without(*sids).answers(together.PLACE, (replace(promise, goals=(goal,)),))
    return answer.sequence


@pytest.mark.parametrize(
    ("sids", "goal", "steps", "last"),
    [
        (["DenyRoleChanges"], "break-glass", ["saml-provider", "take-role"], ""),
        (["DenyRoleChanges"], "deployer", ["saml-provider", "take-role"], ""),
        (["DenyTableDestruction"], "table-destroyed", ["open-table"], "dynamodb:DeleteTable"),
        (["DenyKeyDestruction"], "table-destroyed", [], "kms:PutKeyPolicy"),
        (["DenyStoppingTrail"], "trail-stopped", [], "cloudtrail:DeleteTrail"),
        (["DenySilencingAlerts"], "trail-stopped", [], "logs:DeleteMetricFilter"),
        (["DenyDestroyingEvidence"], "trail-stopped", [], "s3:BypassGovernanceRetention"),
        (["DenyNarrowingTrail"], "trail-narrowed", [], "cloudtrail:PutEventSelectors"),
        (["DenyPassingRoles"], "message-read", ["new-function"], "dynamodb:BatchGetItem"),
    ],
)
def test_where_denials_are_missing_a_sequence_is_shown(sids: list[str], goal: str, steps: list[str], last: str) -> None:
    sequence = refuting(sids, goal)
    assert sequence is not None
    assert [step.kind.name for step in sequence.steps] == steps
    assert (sequence.last.request.action if sequence.last else "") == last


def test_a_promise_that_nothing_could_refute_is_not_proved() -> None:
    nowhere = Goal("nowhere", "becomes nobody", becomes=("role/nobody",))
    asked = prover()
    empty = Prover(asked.account, {"nowhere": nowhere}, asked.shorthand)
    (answer,) = empty.answers("some.toml", (ReachPromise("nobody becomes nobody", ("nowhere",)),))
    assert (answer.verdict, answer.reason) == ("not proved", "nowhere is not reached without policies either")


def test_takers_are_left_out_by_the_patterns_of_the_settings() -> None:
    asked = prover()
    everybody = asked.principals(ReachPromise("all", ()))
    others = asked.principals(ReachPromise("all but takers", (), but=("deployer-taker",)))
    left_out = set(everybody) - set(others)
    assert left_out
    assert all("AWSReservedSSO_MessagesDeployer" in arn for arn in left_out)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[[must-not-reach]]\nname = "n"\ngoals = ["moon"]', "goals: 'moon'; accepted: read"),
        (
            '[[must-not-reach]]\nname = "n"\ngoals = ["read"]\nwithout = ["flying"]',
            "'flying' is no step; accepted: take-role",
        ),
        ('[[must-not-reach]]\nname = "n"', "goals: missing"),
        ('[goals.other]\nsays = "does"', "a goal has becomes = [principals], or calls"),
    ],
)
def test_what_a_file_has_wrong_is_said_in_one_line(text: str, problem: str) -> None:
    table = Table("some.toml", {**tomllib.loads(text)})
    table.data.setdefault("goals", {"read": {"says": "reads", "becomes": ["role/reader"]}})
    with pytest.raises(PolicyError, match=re.escape(problem)):
        promises(table, goals(table))


ROW = re.compile(r"^\| `([^`]+)` \| ([a-z, -]+) \| ([a-z, -]+) \|$", re.MULTILINE)
ROWS = ROW.findall((ROOT / "docs" / "proving.md").read_text(encoding="utf-8"))


def listed(cell: str) -> set[str]:
    return set(cell.split(", ")) - {"nobody", "nothing"}


@pytest.mark.parametrize(("start", "becomes", "reaches"), ROWS, ids=[start for start, *_ in ROWS])
def test_what_each_reaches_is_what_the_page_says(start: str, becomes: str, reaches: str) -> None:
    own = prover()
    search = own.search(own.shorthand.principals(start), ())
    assert {name for name, goal in own.goals.items() if reached(goal, search, own.shorthand)} == listed(reaches)
    prefix = own.shorthand.settings.role_arn("")
    roles = {fact.subject.removeprefix(prefix) for fact, step in search.steps.items() if step and fact.kind == "is"}
    assert {role for role in roles if role and ":" not in role} == listed(becomes)


def test_the_page_has_a_row_for_each_kind_of_principal() -> None:
    assert {"role/Admin", "deployer", "break-glass", "role/<name>-auditor"} <= {start for start, *_ in ROWS}


def test_a_role_that_no_stack_makes_is_one_that_its_service_takes() -> None:
    dax = Fact("is", SHIPPED.role_arn("dax"))
    for asked, reaches in ((without("DenyPassingRoles", "DenyPassingPrivilegedRoles"), True), (without(), False)):
        search = asked.search(asked.shorthand.principals("role/Admin"), ())
        assert (dax in search.steps) is reaches
