"""Rows at the place that their group says are right; rows elsewhere, twice or unlisted are found and mended."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest

from stream_lambda.items import FURTHER_AT, flag_key, group_item
from tableguard.projection import reconcile, redrive
from tableguard.projection.drift import Kind
from tableguard.projection.failed_batches import Bucket
from tableguard.projection.reconcile import Choice
from tableguard.projection.redrive import RedriveTarget
from tableguard.projection.repair import RepairOutcome
from tableguard.projection.verify import verify
from tableguard.store.messages import MessageTable
from tests.cases.damages import (
    ADAS,
    ADAS_FURTHER,
    CASES,
    OF_PLACES,
    copy_a_row_as_if_further,
    garble_a_row,
    leave_a_copy_of_a_gone_message,
    leave_a_row_at_the_first_place,
    leave_a_row_behind,
    leave_the_only_right_row_elsewhere,
    lose_the_flag,
    make_adas_row_a_further_one,
    place_a_row_as_if_further,
)
from tests.worlds.failed_batches import BUCKET, leave, make_bucket
from tests.worlds.messages import ADA, NOW, PAIR, REGION, TABLE, TRIO, all_items, at, message_records, said
from tests.worlds.rows import (
    PRIVATE,
    STORED,
    Interrupted,
    change,
    drift_found,
    mend,
    remove,
    send,
    survey,
    table_with_rows,
)
from tests.worlds.stream_function import deliver


@pytest.fixture
def client() -> Iterator[Any]:
    with table_with_rows() as emulated:
        yield emulated


of_places = pytest.mark.parametrize("damage", OF_PLACES, ids=lambda damage: damage.__name__)


def listed(client: Any) -> list[tuple[str, str | bytes]]:
    """Return what Ada's list shows, newest first."""
    page = MessageTable(client, TABLE, lambda: NOW).conversations(ADA.user_uuid)
    assert page.refusals == ()
    return [(row.group_uuid, row.last_message) for row in page.items]


def shown_at(client: Any) -> set[bool]:
    """Return the places of Ada's rows of the pair that can be shown: False the first, True the further one."""
    (view,) = survey(client).reader.views({PAIR.group_uuid: ()}, everywhere=True)
    return {key.further for key in view.shown() if key.user_uuid == ADA.user_uuid}


RIGHT = [(TRIO.group_uuid, "all"), (PAIR.group_uuid, PRIVATE)]


def test_a_further_row_at_its_place_is_no_drift_and_costs_no_more_to_look_at(client: Any) -> None:
    def units() -> float:
        looked = survey(client)
        assert list(looked.of_all()) == []
        assert (looked.rows, looked.unknown.kinds) == (5, {})
        return looked.reader.cost.units

    before = units()
    make_adas_row_a_further_one(client)
    assert units() == before
    assert drift_found(client) == []
    assert verify(survey(client), PAIR.group_uuid).results == []
    assert listed(client) == RIGHT


@of_places
def test_one_group_tells_of_its_rows_places_what_all_tell(client: Any, damage: Callable[[Any], None]) -> None:
    damage(client)
    results = verify(survey(client), PAIR.group_uuid).results
    assert [(result.drift.kind, result.drift.user_uuid) for result in results] == CASES[damage]


@of_places
def test_after_the_repair_there_is_one_row_at_its_place_and_it_is_listed(
    client: Any, damage: Callable[[Any], None]
) -> None:
    damage(client)
    groups = [item for item in all_items(client) if item["pk"]["S"].startswith("META#")]
    mend(client, force=True)
    assert listed(client) == RIGHT
    assert shown_at(client) == {group_item(PAIR) not in groups}
    assert [item for item in all_items(client) if item["pk"]["S"].startswith("META#")] == groups
    assert drift_found(client) == []


def test_a_row_without_a_flag_is_found_once_a_user_and_its_finding_names_the_user(client: Any) -> None:
    lose_the_flag(client)
    report = verify(survey(client), None)
    (finding,) = report.findings
    assert (finding.rule, finding.path) == ("unflagged", f"user {ADA.user_uuid}")
    assert finding.problem.endswith(": 1 further row")
    assert finding.remedy == "run `tableguard rows reconcile`"
    assert listed(client) == RIGHT[:1]
    client.put_item(TableName=TABLE, Item=flag_key(ADA.user_uuid))
    assert verify(survey(client), None).findings == []


def test_a_flag_that_comes_between_the_looks_is_no_drift(client: Any) -> None:
    lose_the_flag(client)
    assert drift_found(client, between=lambda: client.put_item(TableName=TABLE, Item=flag_key(ADA.user_uuid))) == []


def test_a_further_row_that_is_missing_comes_back_with_its_flag(client: Any) -> None:
    make_adas_row_a_further_one(client)
    remove(client, ADAS_FURTHER)
    remove(client, flag_key(ADA.user_uuid))
    assert drift_found(client) == [(Kind.MISSING, ADA.user_uuid)]
    assert mend(client) == [RepairOutcome.MENDED]
    assert listed(client) == RIGHT
    assert shown_at(client) == {True}


def test_a_flag_is_not_written_for_a_first_row(client: Any) -> None:
    place_a_row_as_if_further(client)
    assert mend(client) == [RepairOutcome.MENDED]
    assert "Item" not in client.get_item(TableName=TABLE, Key=flag_key(ADA.user_uuid))
    assert shown_at(client) == {False}


def test_a_row_that_is_elsewhere_does_not_lag(client: Any) -> None:
    place_a_row_as_if_further(client)
    looked = survey(client)
    list(looked.of_all())
    assert looked.lag.line() == "lag: every row showed its group's newest message"


# Words and force


def outcomes(client: Any, **choice: Any) -> dict[str, int]:
    return dict(reconcile.reconcile(survey(client), Choice(**choice)).facts()["outcomes"])


@pytest.mark.parametrize(
    ("damage", "before", "after"),
    [
        (place_a_row_as_if_further, "mendable", "mended"),
        (copy_a_row_as_if_further, "expirable", "expired"),
        (leave_the_only_right_row_elsewhere, "mendable", "mended"),
        (lose_the_flag, "mendable", "mended"),
    ],
)
def test_what_only_takes_a_row_away_is_said_to(
    client: Any, damage: Callable[[Any], None], before: str, after: str
) -> None:
    damage(client)
    items = all_items(client)
    assert outcomes(client, dry_run=True) == {before: 1}
    assert all_items(client) == items
    assert outcomes(client) == {after: 1}


def test_a_second_row_whose_message_is_gone_needs_force_and_the_first_is_mended_without(client: Any) -> None:
    leave_a_copy_of_a_gone_message(client)
    leave_a_row_behind(client)
    assert outcomes(client) == {"mended": 1, "needs_force": 1}
    assert shown_at(client) == {False, True}
    assert outcomes(client, force=True) == {"expired": 1}
    assert shown_at(client) == {False}


def test_an_older_copy_beside_a_row_that_is_right_goes_and_the_row_stays_as_it_is(client: Any) -> None:
    copy_a_row_as_if_further(client)
    change(client, ADAS_FURTHER, last_message_at={"S": at(1)}, further_at={"S": at(1)})
    before = client.get_item(TableName=TABLE, Key=ADAS)["Item"]
    assert outcomes(client) == {"expired": 1}
    assert client.get_item(TableName=TABLE, Key=ADAS)["Item"] == before


def test_a_damaged_copy_beside_a_row_that_is_right_goes(client: Any) -> None:
    copy_a_row_as_if_further(client)
    change(client, ADAS_FURTHER, last_user_uuid={"N": "1"})
    assert drift_found(client) == [(Kind.TWICE, ADA.user_uuid)]
    assert outcomes(client) == {"expired": 1}


def test_two_damaged_rows_are_two_findings(client: Any) -> None:
    copy_a_row_as_if_further(client)
    change(client, ADAS_FURTHER, last_user_uuid={"N": "1"})
    garble_a_row(client)
    assert drift_found(client) == [(Kind.MALFORMED, ADA.user_uuid), (Kind.TWICE, ADA.user_uuid)]
    mend(client, force=True)
    assert listed(client) == RIGHT


@pytest.mark.parametrize("extra", [{}, {"last_message": {"S": "x"}}], ids=["nothing of a row", "something of a row"])
def test_an_item_at_the_other_place_that_is_no_row_is_counted_once_and_left(client: Any, extra: dict[str, Any]) -> None:
    foreign = ADAS_FURTHER | {"colour": {"S": "red"}} | extra
    client.put_item(TableName=TABLE, Item=foreign)
    for looked, of in ((survey(client), None), (survey(client), PAIR.group_uuid)):
        kinds = [result.drift.kind for result in verify(looked, of).results]
        assert (kinds, looked.unknown.kinds) == (([Kind.TWICE], {}) if extra else ([], {"GRP#… / …": 1}))
    mend(client, force=True)
    left = client.get_item(TableName=TABLE, Key=ADAS_FURTHER)["Item"]
    assert (left == foreign) is not bool(extra)


# Beside others


@pytest.mark.parametrize("damage", [place_a_row_as_if_further, leave_the_only_right_row_elsewhere])
def test_a_row_is_not_moved_once_the_group_says_another_place(client: Any, damage: Callable[[Any], None]) -> None:
    """The table is migrated at this moment: the row that was elsewhere is at its place then."""
    damage(client)
    moved = group_item(replace(PAIR, further=frozenset((ADA.user_uuid,))))
    before = [item for item in all_items(client) if item["pk"]["S"].startswith("GRP#")]
    racing = Interrupted(client, lambda: client.put_item(TableName=TABLE, Item=moved))
    assert mend(racing) == [RepairOutcome.CHANGED]
    assert [item for item in all_items(client) if item["pk"]["S"].startswith("GRP#")] == before


def test_a_second_row_is_not_removed_once_the_group_says_that_it_is_the_right_one(client: Any) -> None:
    copy_a_row_as_if_further(client)
    moved = group_item(replace(PAIR, further=frozenset((ADA.user_uuid,))))
    racing = Interrupted(client, lambda: client.put_item(TableName=TABLE, Item=moved))
    assert mend(racing) == [RepairOutcome.CHANGED]
    assert shown_at(client) == {False, True}


@pytest.mark.parametrize("damage", [place_a_row_as_if_further, leave_a_row_at_the_first_place])
def test_a_message_that_comes_before_the_repair_stays_and_the_next_repair_removes_the_other_row(
    client: Any, damage: Callable[[Any], None]
) -> None:
    damage(client)
    later = said("meanwhile", 8)

    def meanwhile() -> None:
        send(client, later)
        deliver(client, message_records(later))

    assert mend(Interrupted(client, meanwhile)) == [RepairOutcome.CHANGED]
    assert listed(client)[0] == (PAIR.group_uuid, "meanwhile")
    assert mend(client) == [RepairOutcome.EXPIRED]
    assert listed(client)[0] == (PAIR.group_uuid, "meanwhile")
    assert drift_found(client) == []


# Redriven


@pytest.mark.parametrize("further", [False, True])
def test_a_failed_batch_is_redriven_to_the_place_that_the_group_says(client: Any, further: bool) -> None:
    if further:
        make_adas_row_a_further_one(client)
    key = ADAS_FURTHER if further else ADAS
    remove(client, key)
    s3 = boto3.Session("no", "keys", region_name=REGION).client("s3")
    make_bucket(s3)
    leave(s3, *message_records(*STORED[:2]))
    (done,) = redrive.redrive(Bucket(s3, BUCKET), RedriveTarget(client, TABLE, lambda: NOW, workers=1))
    assert (done.applied, done.newer) == (1, 1)
    row = client.get_item(TableName=TABLE, Key=key)["Item"]
    assert row["last_message"] == {"S": PRIVATE}
    assert row.get(FURTHER_AT) == ({"S": at(2)} if further else None)
    assert shown_at(client) == {further}
    assert drift_found(client) == []
