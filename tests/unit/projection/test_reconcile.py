"""Rows are repaired as the messages say, beside other writers, and an operator must ask for the hard ones."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from stream_lambda.items import group_item
from tableguard.errors import MessageError
from tableguard.findings import formats
from tableguard.projection import reconcile
from tableguard.projection.drift import FORCED, HOPELESS, Kind
from tableguard.projection.reconcile import Choice
from tableguard.projection.repair import DONE, RepairOutcome
from tableguard.projection.verify import verify
from tests.cases.damages import (
    CASES,
    erase_every_message,
    erase_the_newest_message,
    hide_the_conversation_with_an_expired_message,
    leave_a_row_behind,
    lose_a_row,
    lose_the_group_and_its_rows,
    remove_ada_from_the_group,
)
from tests.worlds.messages import (
    ADA,
    BOB,
    EVE,
    NOW,
    PAIR,
    TABLE,
    TRIO,
    all_items,
    all_rows,
    at,
    message_records,
    said,
)
from tests.worlds.rows import (
    PRIVATE,
    Interrupted,
    drift_found,
    mend,
    send,
    survey,
    table_with_rows,
)
from tests.worlds.stream_function import deliver

pytestmark = pytest.mark.slow


@pytest.fixture
def client() -> Iterator[Any]:
    with table_with_rows() as emulated:
        yield emulated


cases = pytest.mark.parametrize("damage", CASES, ids=lambda damage: damage.__name__)


def test_rows_that_pattern_d_wrote_are_no_drift(client: Any) -> None:
    report = verify(survey(client), None)
    assert (report.exit_code, report.findings) == (0, [])
    assert "2 groups and 5 rows looked at" in report.text()


def test_one_is_not_written_as_many(client: Any) -> None:
    assert verify(survey(client), PAIR.group_uuid).text().splitlines()[-1].startswith("1 group and 2 rows looked at, ")


def test_drift_is_a_finding_with_the_command_that_mends_it(client: Any) -> None:
    erase_the_newest_message(client)
    report = verify(survey(client), None)
    assert {finding.rule for finding in report.findings} == {"gone"}
    assert {finding.remedy for finding in report.findings} == {"run `tableguard rows reconcile --force`"}
    assert all(Path(finding.file).is_file() for finding in report.findings)
    assert PRIVATE not in formats.write(report, "sarif")


@cases
def test_each_kind_of_drift_is_found_told_without_a_text_and_mended_if_it_can_be(
    client: Any, damage: Callable[[Any], None]
) -> None:
    damage(client)
    before, kinds = all_items(client), {kind for kind, _ in CASES[damage]}
    report = reconcile.reconcile(survey(client), Choice(dry_run=True, force=True))
    facts = report.facts()["findings"]
    assert report.exit_code == 1
    assert sorted((finding["kind"], finding["user"]) for finding in facts) == sorted(
        (kind.name.lower(), user) for kind, user in CASES[damage]
    )
    assert PRIVATE not in f"{facts} {report.text()}"
    if not kinds <= FORCED | HOPELESS:
        assert all_items(client) == before
    outcomes = set(mend(client))
    if kinds <= FORCED | HOPELESS:
        assert outcomes == {RepairOutcome.HOPELESS if kind in HOPELESS else RepairOutcome.NEEDS_FORCE for kind in kinds}
        assert all_items(client) == before
        mend(client, force=True)
    else:
        assert outcomes <= DONE
    assert {kind for kind, _ in drift_found(client)} == kinds & HOPELESS


def test_the_exit_code_says_whether_anything_is_left(client: Any) -> None:
    leave_a_row_behind(client)
    reports = [reconcile.reconcile(survey(client), Choice(dry_run=dry_run)) for dry_run in (True, False, False)]
    assert [report.exit_code for report in reports] == [1, 0, 0]
    assert "1 behind: the row shows an older message" in reports[1].text()
    erase_the_newest_message(client)
    left = reconcile.reconcile(survey(client), Choice())
    facts = json.loads(formats.write(left, "json"))
    assert (left.exit_code, facts["drift"]) == (1, {"gone": 2})
    assert {finding["outcome"] for finding in facts["findings"]} == {"needs_force"}


# What is said


def test_a_row_that_is_removed_is_said_to_be_and_one_that_is_mended_is_not(client: Any) -> None:
    remove_ada_from_the_group(client)
    before = all_items(client)
    looked = reconcile.reconcile(survey(client), Choice(dry_run=True))
    assert all_items(client) == before
    done = reconcile.reconcile(survey(client), Choice())
    for report, removed, mended in (
        (looked, "expirable", "mendable"),
        (done, "expired", "mended"),
    ):
        assert report.facts()["outcomes"] == {removed: 1, mended: 2}
        outcomes = {finding["user"]: finding["outcome"] for finding in report.facts()["findings"]}
        assert outcomes == {ADA.user_uuid: removed, BOB.user_uuid: mended, EVE.user_uuid: mended}
    assert f"{ADA.user_uuid} [would be removed (would expire now)]" in looked.text()
    assert f"{ADA.user_uuid} [removed (expires now)]" in done.text()
    assert (looked.exit_code, done.exit_code) == (1, 0)


def test_messages_without_their_group_are_told_with_what_puts_it_right(client: Any) -> None:
    lose_the_group_and_its_rows(client)
    report = verify(survey(client), None)
    (finding,) = report.findings
    assert (report.exit_code, finding.rule, finding.path) == (1, "orphaned", f"group {PAIR.group_uuid}")
    assert finding.problem.endswith(f": 2 messages, the newest of {at(2)}")
    assert "expire none of its rows" in finding.remedy
    client.put_item(TableName=TABLE, Item=group_item(PAIR))
    assert set(mend(client, group_uuid=PAIR.group_uuid)) == {RepairOutcome.MENDED}
    assert {row.last_message for (_, group), row in all_rows(client).items() if group == PAIR.group_uuid} == {PRIVATE}


def test_one_group_that_is_missing_is_told_if_it_has_messages_and_refused_if_not(client: Any) -> None:
    lose_the_group_and_its_rows(client)
    assert [result.drift.kind for result in verify(survey(client), PAIR.group_uuid).results] == [Kind.ORPHANED]
    erase_every_message(client)
    with pytest.raises(MessageError, match=f"no group '{PAIR.group_uuid}'"):
        verify(survey(client), PAIR.group_uuid)


# What force does


def test_force_puts_a_row_back_to_the_newest_message_there_is(client: Any) -> None:
    erase_the_newest_message(client)
    mend(client, force=True)
    assert {row.last_message for (_, group), row in all_rows(client).items() if group == PAIR.group_uuid} == {"first"}


def test_force_ends_a_row_that_has_no_message_and_keeps_nothing_from_being_seen_later(client: Any) -> None:
    erase_every_message(client)
    mend(client, force=True)
    assert all_rows(client)[ADA.user_uuid, PAIR.group_uuid].expires_at == int(NOW.timestamp())
    deliver(client, message_records(said("again", 9)))
    assert all_rows(client)[ADA.user_uuid, PAIR.group_uuid].expires_at is None


LATER = said("meanwhile", 8)


@pytest.mark.parametrize(
    "damage",
    [
        lose_a_row,
        leave_a_row_behind,
        hide_the_conversation_with_an_expired_message,
        erase_the_newest_message,
        erase_every_message,
    ],
    ids=lambda damage: damage.__name__,
)
def test_a_row_that_pattern_d_writes_in_between_stays_as_it_wrote_it(
    client: Any, damage: Callable[[Any], None]
) -> None:
    damage(client)

    def meanwhile() -> None:
        send(client, LATER)
        deliver(client, message_records(LATER))

    outcomes = mend(Interrupted(client, meanwhile), group_uuid=PAIR.group_uuid, force=True)
    assert set(outcomes) == {RepairOutcome.CHANGED}
    shown = {row.last_message for (_, group), row in all_rows(client).items() if group == PAIR.group_uuid}
    assert shown == {"meanwhile"}


def test_somebody_who_becomes_a_member_again_in_between_keeps_the_row(client: Any) -> None:
    remove_ada_from_the_group(client)
    interrupted = Interrupted(client, lambda: client.put_item(TableName=TABLE, Item=group_item(TRIO)))
    outcomes = [finding.outcome for finding in reconcile.reconcile(survey(interrupted), Choice()).results]
    assert outcomes.count(RepairOutcome.CHANGED) == 1
    assert all_rows(client)[ADA.user_uuid, TRIO.group_uuid].expires_at is None


def test_reconciling_twice_at_once_is_as_good_as_once(client: Any) -> None:
    leave_a_row_behind(client)
    both = Interrupted(client, lambda: mend(client))
    assert mend(both) == [RepairOutcome.CHANGED]
    assert drift_found(client) == []
