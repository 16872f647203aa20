"""No action that AWS has and that could harm is forgotten: it is denied by proof, or admitted with a reason."""

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from tableguard.errors import PolicyError
from tableguard.policy.contract import scope_of
from tableguard.policy.policy_set import PolicySet
from tableguard.policy.service_reference import classified
from tableguard.policy.service_reference import load as load_universe
from tableguard.prove.engine.prover import prove
from tableguard.prove.engine.question import Question
from tableguard.prove.explain import explanation, inquiry
from tableguard.prove.shipped import dangers, together
from tableguard.settings import Settings, example

SETTINGS = example()
POLICIES = PolicySet.filled(SETTINGS)
NAMES = {
    "Partition": "aws",
    "Region": SETTINGS.home_region,
    "Account": SETTINGS.account_id,
    "TableName": SETTINGS.table_name,
    "Vendor": "backup",
    "ResourceType": "recovery-point",
}


@cache
def administrator(settings: Settings) -> inquiry.Inquiry:
    return inquiry.Inquiry("role/Admin", "", "*", settings.home_region, {})


def resources(action: str) -> list[str]:
    formats = load_universe().formats(action) or ("*",)
    return [re.sub(r"\$\{(\w+)\}", lambda found: NAMES.get(found[1], "of-ours"), each) for each in formats]


def allowed(action: str) -> bool:
    asked = [replace(administrator(SETTINGS), action=action, resource=each) for each in resources(action)]
    return any(explanation.explained(each, SETTINGS).decision.allowed for each in asked)


def test_every_danger_is_denied_by_a_promise_or_admitted() -> None:
    dangerous = {action for action, kind in classified().items() if kind != "other"}
    named = {action for actions in dangers.values().values() for action in actions}
    assert named | dangers.load().keys() == dangerous
    assert named & dangers.load().keys() == set()


def test_every_kind_of_danger_is_in_a_promise() -> None:
    promised = {
        action.strip("<>")
        for combined in together.load().promises
        for action in combined.promise.statement.get("Action", ())
        if action.startswith("<dangers-on-")
    }
    # what can be done to a trail as well as to an event data store is promised of the trail: there is no other
    assert promised == dangers.values().keys() - {"dangers-on-cloudtrail-eventdatastore"}


@pytest.mark.parametrize("action", dangers.load())
def test_what_is_admitted_is_not_denied_after_all(action: str) -> None:
    assert allowed(action)


@pytest.mark.parametrize("action", ["dynamodb:DeleteTable", "backup:CreateBackupPlan", "config:PutEvaluations"])
def test_what_is_not_admitted_is_denied(action: str) -> None:
    assert not allowed(action)


def test_a_danger_that_nobody_denies_refutes_the_promise() -> None:
    combined = next(
        each for each in together.load().promises if "<dangers-on-dynamodb-table>" in str(each.promise.statement)
    )
    promise, world = combined.promise, together.world_of(None, combined.resource, combined.endpoint, POLICIES)

    def verdict(actions: tuple[str, ...]) -> str:
        shorthand = POLICIES.shorthand
        scope = scope_of("here", promise, shorthand, {**shorthand.values, "dangers-on-dynamodb-table": actions})
        return prove(Question(promise.name, promise.wanted, scope, world)).verdict

    denied = dangers.values()["dangers-on-dynamodb-table"]
    assert (verdict((*denied,)), verdict((*denied, "dynamodb:DescribeTable"))) == ("proved", "refuted")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[dynamodb]\nQuery = "reads"\n', "dynamodb:Query is not among the actions classified as dangerous; remove it"),
        ('[dynamodb]\nDeletTable = "typo"\n', "dynamodb:DeletTable is not among"),
        ('[dynamodb]\nDeleteTable = ""\n', "admitted.toml: dynamodb: DeleteTable: '' is not accepted"),
        ("dynamodb = 1\n", "admitted.toml: dynamodb: 1 is not accepted; accepted: a table"),
    ],
)
def test_what_cannot_be_admitted_is_refused(text: str, problem: str, tmp_path: Path) -> None:
    (tmp_path / dangers.PLACE).write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError, match=re.escape(problem)):
        dangers.load(tmp_path)
