"""A table of the former layout is taken over while messages arrive, and back; killed anywhere, and run again."""

import os
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from stream_lambda.items import RowKey, flag_key, row_key
from tableguard.findings.exit_code import FINDINGS, FINE
from tableguard.local import assembly
from tableguard.projection.drift import Kind
from tableguard.projection.migration.direction import Direction
from tableguard.projection.migration.mover import Mover
from tableguard.projection.migration.report import MigrationReport
from tableguard.projection.migration.run import seconds_under_way
from tableguard.projection.reconcile import Choice, reconcile
from tableguard.projection.report import DriftReport
from tableguard.projection.survey import Survey
from tableguard.settings import example
from tests.engines.choice import BOTH, FASTER
from tests.worlds.messages import ADA, TABLE, said
from tests.worlds.migrations import (
    BACK,
    THERE,
    Killed,
    Stepping,
    Traffic,
    batch,
    former_table,
    groups,
    migrated,
    placed,
    planned,
    reader_of,
    wrong_rows,
)
from tests.worlds.rows import drift_found, send

FIRST, FURTHER = [False], [True]
ALL_FIRST = {group.group_uuid: FIRST for group in groups(4)}
MOVED = ALL_FIRST | {"group-0": FURTHER, "group-1": FURTHER}


@pytest.fixture(params=BOTH)
def client(request: pytest.FixtureRequest) -> Iterator[Any]:
    with former_table(engine=request.param) as made:
        yield made


def test_rows_beyond_the_first_become_further_ones_and_back_again(client: Any) -> None:
    report = migrated(client)
    assert report.exit_code == FINE
    assert report.facts()["moved"] == 2
    assert placed(client) == MOVED
    assert drift_found(client) == []
    assert migrated(client).facts()["moved"] == 0
    assert placed(client) == MOVED
    back = migrated(client, BACK)
    assert (back.exit_code, back.facts()["moved"], back.flags) == (FINE, 2, 1)
    assert placed(client) == ALL_FIRST
    assert drift_found(client) == []
    assert migrated(client, BACK).facts()["moved"] == 0
    assert migrated(client).facts()["moved"] == 2
    assert placed(client) == MOVED


def test_the_plan_costs_what_is_then_metered() -> None:
    assembly.install_corrections()  # of moto's meter; DynamoDB Local's counts transactions otherwise: docs/engines.md
    with former_table() as client:
        for direction in (THERE, BACK):
            plan = planned(client, direction)
            # a row is three items of a transaction and an entry in the index, and the flag is one write
            assert (plan.rows, plan.write_units) == (2, 15 if direction is THERE else 14)
            assert migrated(client, direction).facts()["write_units"] == plan.write_units


def test_the_flag_is_there_before_the_first_further_row(client: Any) -> None:
    flagged: list[bool] = []

    def note(_call: int) -> None:
        there = any(True in places for places in placed(client).values())
        flagged.extend(["Item" in client.get_item(TableName=TABLE, Key=flag_key(ADA.user_uuid))] * there)

    migrated(Stepping(client, after=note))
    assert flagged
    assert all(flagged)


def test_a_stale_batch_writes_to_the_old_place_and_only_reconciling_mends_it(client: Any) -> None:
    news = said("late news", 50, groups(1)[0])
    send(client, news)
    stale = batch(client, [news])
    moved = list(Mover(reader_of(client), THERE).move([ADA.user_uuid]))
    assert [row.hindrance for row in moved] == [None, None]
    stale.finish()
    assert placed(client) == MOVED | {"group-0": [True, False]}
    assert (Kind.TWICE, ADA.user_uuid) in drift_found(client)
    report = migrated(client)  # finds what the run before, which ended here, has left
    assert (report.exit_code, report.facts()["moved"]) == (FINE, 0)
    assert placed(client) == MOVED
    assert drift_found(client) == []
    assert report.survey.facts()["drift"] == {"twice": 1}


@pytest.mark.parametrize("direction", [THERE, BACK], ids=["there", "back"])
def test_a_batch_that_ends_while_it_waits_is_mended(client: Any, direction: Direction) -> None:
    if direction is BACK:
        migrated(client)
    news = said("late news", 50, groups(1)[0])
    send(client, news)
    stale = batch(client, [news])
    report = migrated(client, direction, lambda seconds: stale.finish() if seconds == 65 else None)
    assert (report.exit_code, report.survey.facts()["drift"]) == (FINE, {"twice": 1})
    assert placed(client) == (MOVED if direction is THERE else ALL_FIRST)
    assert wrong_rows(client) == set()


def test_what_is_still_wrong_at_the_last_look_is_a_finding(client: Any) -> None:
    client.delete_item(TableName=TABLE, Key={"pk": {"S": "META#group-3"}, "sk": {"S": "META"}})
    report = migrated(client)
    assert report.exit_code == FINDINGS
    assert {result.drift.kind for result in report.wrong} == {Kind.GROUPLESS, Kind.ORPHANED}
    assert report.text().splitlines()[-1].startswith("3 still wrong at the last look")
    assert report.findings


def test_a_further_row_that_is_made_on_the_way_back_is_a_finding(client: Any) -> None:
    migrated(client)
    report = migrated(client, BACK, lambda seconds: migrated(client) if seconds == 65 else None)
    assert (report.exit_code, report.further, report.flags) == (FINDINGS, 2, 0)
    assert "set conversations_in_table = 1000" in report.text()


@pytest.mark.parametrize(("made", "verdict"), [(0, "1 row left"), (1, "1 further row there again: ")])
def test_a_further_row_that_is_left_on_the_way_back_is_not_told_as_made_again(
    client: Any, made: int, verdict: str
) -> None:
    migrated(client)
    key = row_key(RowKey(ADA.user_uuid, "group-0", further=True))
    client.update_item(
        TableName=TABLE,
        Key=key,
        UpdateExpression="SET colour = :c",
        ExpressionAttributeValues={":c": {"S": "red"}},
    )
    report = migrated(client, BACK, lambda seconds: migrated(client) if made and seconds == 65 else None)
    assert (report.exit_code, report.facts()["further_rows_again"]) == (FINDINGS, made)
    assert report.text().splitlines()[-1].startswith(verdict)


# At every call


def calls(direction: Direction) -> int:
    """How many calls a migration takes that nothing disturbs."""
    with former_table() as client:
        if direction is BACK:
            migrated(client)
        stepping = Stepping(client)
        migrated(stepping, direction)
        return stepping.calls


@pytest.mark.slow
@pytest.mark.parametrize("direction", [THERE, BACK], ids=["there", "back"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_any_call_it_is_taken_up_by_the_next_run(direction: Direction, when: str) -> None:
    for fatal in range(calls(direction)):
        with former_table(engine=FASTER) as client:
            if direction is BACK:
                migrated(client)
            news = said("late news", 50, groups(1)[0])
            send(client, news)
            stale = batch(client, [news])

            def kill(call: int, fatal: int = fatal) -> None:
                if call == fatal:
                    raise Killed

            with pytest.raises(Killed):
                migrated(Stepping(client, kill) if when == "before" else Stepping(client, after=kill), direction)
            stale.finish()  # under way when the first run was killed, and ended before the second has waited
            report = migrated(client, direction)
            further = sum(places == FURTHER for places in placed(client).values())
            assert (report.exit_code, further) == (FINE, 2 if direction is THERE else 0), fatal
            assert wrong_rows(client) == set(), fatal


SEEDS = range(int(os.environ.get("TABLEGUARD_MIGRATIONS", "6")))


def in_traffic(seed: int) -> Iterator[tuple[Any, Direction, MigrationReport]]:
    """Migrate a table there, back and there again while messages arrive between any two calls."""
    with former_table(engine=FASTER) as client:
        traffic = Traffic(client, groups(4), random.Random(seed))  # noqa: S311  # traffic, not a secret
        for direction in (THERE, BACK, THERE):
            traffic.most = 1000 if direction is BACK else 2
            report = migrated(Stepping(client, before=traffic.step), direction, traffic.wait)
            traffic.wait(60)
            yield client, direction, report
        assert traffic.sent > 20
        assert traffic.joined > 1


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_messages_that_arrive_between_any_two_calls_are_all_shown(seed: int) -> None:
    for client, direction, report in in_traffic(seed):
        assert report.exit_code == FINE
        assert wrong_rows(client) == set()
        assert drift_found(client) == []
        further = sum(places == FURTHER for places in placed(client).values())
        assert further == (0 if direction is BACK else 2)


@pytest.mark.slow
def test_the_same_traffic_leaves_wrong_rows_where_nothing_is_reconciled(monkeypatch: pytest.MonkeyPatch) -> None:
    def only_looked_at(survey: Survey, choice: Choice) -> DriftReport:
        return reconcile(survey, replace(choice, dry_run=True))

    monkeypatch.setattr("tableguard.projection.reconcile.reconcile", only_looked_at)
    assert any(wrong_rows(client) for seed in range(6) for client, _, _ in in_traffic(seed))


def test_the_wait_is_as_long_as_the_function_may_run_and_a_write_is_under_way() -> None:
    assert seconds_under_way(example()) == 65.0
