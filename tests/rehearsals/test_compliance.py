"""AWS Config's rules judge the estate: a fresh one breaks none but those that the auditor's list accepts."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tableguard.cli.app import main
from tableguard.compliance import exceptions, managed
from tableguard.compliance.evaluator import Inventory
from tableguard.compliance.judgement import Evaluation, judged
from tableguard.compliance.page import page
from tableguard.compliance.report import ComplianceReport
from tableguard.local import estate
from tableguard.local.clients.factory import Clients
from tableguard.local.configuration import deployed, guard, inventory
from tableguard.local.estate import EmbeddedEstate
from tableguard.local.landing_zone import LandingZone
from tests.cases.config_changes import CHANGES, HEALED, UNCHANGED, Account
from tests.paths import ROOT
from tests.worlds.estate import ACCOUNT, REGION, SETTINGS

pytestmark = pytest.mark.slow
ACCEPTED = exceptions.load(SETTINGS.policy_values())


@pytest.fixture(scope="module")
def running() -> Iterator[EmbeddedEstate]:
    """An estate of its own: what others leave behind would break rules too."""
    with estate.running(SETTINGS, 0, lambda step: None) as fresh:
        yield fresh


@pytest.fixture(scope="module")
def zone(running: EmbeddedEstate) -> LandingZone:
    """Who may act in it."""
    return LandingZone(SETTINGS, running.endpoint, Clients(running.endpoint))


def report(client: Callable[[str], Any]) -> ComplianceReport:
    """Judge the estate as whoever has these clients."""
    config = client("config")
    rules = deployed.rules(config)
    items = Inventory(tuple(inventory.items(client, ACCOUNT, REGION)), datetime.now(UTC))
    judgements = tuple(judged(rules, items, deployed.recording(config), managed.evaluators(), guard.ruling))
    return ComplianceReport(rules, judgements, ACCEPTED, "rules.py")


def breaches(said: ComplianceReport) -> set[tuple[str, str]]:
    return {(each.rule.identifier, each.item.label) for each, reason in said.breaches if not reason}


def test_a_fresh_estate_breaks_no_rule_but_those_of_the_list(running: EmbeddedEstate) -> None:
    said = report(running.roles["auditor"].client)
    assert breaches(said) == set()
    open_questions = {judgement.rule.owner for judgement in said.judgements if not isinstance(judgement, Evaluation)}
    assert open_questions == (set() if guard.present() else {"CUSTOM_POLICY"})


def test_the_page_has_the_verdicts_of_a_fresh_estate(running: EmbeddedEstate) -> None:
    rows = page(report(running.roles["auditor"].client)).splitlines()
    judged_here = [row for row in rows if guard.present() or "not judged" not in row]
    assert set(judged_here) <= set((ROOT / "docs" / "config-verdicts.md").read_text(encoding="utf-8").splitlines())
    assert len(rows) > len(managed.evaluators())


def test_each_entry_of_the_list_is_broken_on_a_fresh_estate(running: EmbeddedEstate) -> None:
    said = report(running.roles["auditor"].client)
    here = [breach for breach in ACCEPTED if breach.stack in ("", *SETTINGS.optional_stacks)]
    unused = [breach for breach in here if not any(breach.covers(each) for each, _ in said.breaches)]
    assert unused == []


def test_the_command_tells_the_auditor(
    running: EmbeddedEstate, zone: LandingZone, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = running.roles["auditor"].get_credentials()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", keys.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", keys.secret_key)
    monkeypatch.setenv("AWS_SESSION_TOKEN", keys.token)
    where = ["--endpoint-url", running.endpoint, "--region", REGION]
    fine = ["--rule", "S3_ACCOUNT_LEVEL_PUBLIC_ACCESS_BLOCKS", "--rule", "DYNAMODB_PITR_ENABLED"]
    assert main(["comply", *where, *fine, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert {fact["compliance"] for fact in facts["evaluations"]} == {"COMPLIANT"}
    assert len(facts["rules"]) == 2
    dynamodb = zone.clients("dynamodb", ACCOUNT, REGION)
    off = {"PointInTimeRecoveryEnabled": False}
    dynamodb.update_continuous_backups(TableName=SETTINGS.table_name, PointInTimeRecoverySpecification=off)
    assert main(["comply", *where, *fine]) == 1
    assert "point-in-time recovery is DISABLED" in capsys.readouterr().out
    on = {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 35}
    dynamodb.update_continuous_backups(TableName=SETTINGS.table_name, PointInTimeRecoverySpecification=on)
    assert main(["comply", *where, "--rule", "nothing"]) == 2
    assert "--rule nothing: no such rule is deployed" in capsys.readouterr().err


def test_whoever_may_not_look_is_told_who_may(
    running: EmbeddedEstate, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = running.roles["application"].get_credentials()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", keys.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", keys.secret_key)
    monkeypatch.setenv("AWS_SESSION_TOKEN", keys.token)
    assert main(["comply", "--endpoint-url", running.endpoint, "--region", REGION]) == 2
    assert "--profile NAME: `auditor` on the estate" in capsys.readouterr().err


def broken_by(zone: LandingZone) -> dict[str, set[str]]:
    """Return what breaks each rule now, accepted or not."""
    said = report(lambda service: zone.clients(service, ACCOUNT, REGION))
    broken: dict[str, set[str]] = {}
    for each, _ in said.breaches:
        broken.setdefault(each.rule.identifier, set()).add(each.item.label)
    return broken


@pytest.fixture(scope="module")
def before(zone: LandingZone) -> dict[str, set[str]]:
    return broken_by(zone)


def test_each_deployed_rule_has_a_change_or_a_reason(zone: LandingZone) -> None:
    rules = deployed.rules(zone.clients("config", ACCOUNT, REGION))
    assert {rule.identifier for rule in rules} - {""} == set(CHANGES) | set(UNCHANGED)
    assert set(CHANGES) & set(UNCHANGED) == set()


@pytest.mark.parametrize("identifier", CHANGES)
def test_one_change_breaks_a_rule_and_undoing_heals_it(
    zone: LandingZone, before: dict[str, set[str]], identifier: str
) -> None:
    undo = CHANGES[identifier](Account(zone.clients))
    try:
        assert broken_by(zone)[identifier] > before.get(identifier, set())
    finally:
        undo()
    assert broken_by(zone) == before


@pytest.mark.parametrize("identifier", HEALED)
def test_what_is_broken_on_the_first_day_can_be_healed(
    zone: LandingZone, before: dict[str, set[str]], identifier: str
) -> None:
    undo = HEALED[identifier](Account(zone.clients))
    try:
        assert broken_by(zone).get(identifier, set()) < before[identifier]
    finally:
        undo()
    assert broken_by(zone) == before
