"""The bootcamp's table is taken over into ours while messages arrive; killed anywhere, and run again."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from stream_lambda.items import FORMER, User
from tableguard.errors import MessageError, TableError
from tableguard.findings.exit_code import FINDINGS, FINE
from tableguard.projection.drift import Kind
from tableguard.projection.reconcile import Choice, reconcile
from tableguard.projection.repair import RepairOutcome
from tableguard.projection.takeover.copying import Standing
from tableguard.projection.takeover.source import Source
from tests.engines.choice import BOTH
from tests.worlds.bootcamp import Bootcamp
from tests.worlds.messages import ADA, BOB, EVE, NOW, TABLE, all_items, emulated_table
from tests.worlds.rows import survey
from tests.worlds.takeovers import adopted, both_tables, ours, takeover

World = tuple[Any, Bootcamp, str, str]


@pytest.fixture(params=BOTH)
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    with both_tables(request.param) as made:
        yield made


def test_every_message_and_both_members_lists_are_in_our_table(world: World) -> None:
    client, _, pair, other = world
    report = adopted(client)
    assert (report.exit_code, report.facts()["copied"]) == (FINE, 4)
    assert report.text().splitlines()[-1].startswith("verified: every message")
    messages = ours(client).messages(pair, BOB.user_uuid).items
    assert [(m.author, m.text) for m in messages] == [
        (ADA, "how are you?"),
        (BOB, "hello yourself"),
        (ADA, "hello Bob"),
    ]
    rows = ours(client).conversations(ADA.user_uuid).items
    assert [(row.group_uuid, row.other, row.last_message) for row in rows] == [
        (pair, BOB, "how are you?"),
        (other, EVE, "hello Ada"),
    ]


def test_a_dry_run_writes_nothing_and_says_what_a_run_then_takes(world: World) -> None:
    client, application, _, _ = world
    before = application.items()
    tally = takeover(client).look()
    assert (tally.standings, tally.new_groups, tally.write_units) == ({Standing.MISSING: 4}, 2, 6.0)
    assert all_items(client) == []
    assert adopted(client).exit_code == FINE
    assert application.items() == before


def test_times_without_an_offset_are_of_the_zone_that_is_named(world: World) -> None:
    client, _, pair, _ = world
    adopted(client, zone=ZoneInfo("America/Toronto"))
    begun, answered, asked = reversed(ours(client).messages(pair, ADA.user_uuid).items)
    # it was begun at a time with an offset, and answered at times without, four hours west of it
    assert (begun.created_at, answered.created_at, asked.created_at) == (
        "2025-05-22T10:30:01.000000+00:00",
        "2025-05-22T14:30:03.000000+00:00",
        "2025-05-22T14:30:04.000000+00:00",
    )


def test_a_message_of_the_future_is_left_and_the_zone_asked_about(world: World) -> None:
    client, application, pair, _ = world
    application.now = NOW
    late = application.write(pair, BOB, "of now, three hours east")
    report = adopted(client)
    assert (report.exit_code, report.facts()["copied"]) == (FINE, 5)
    application.now = NOW + timedelta(hours=3)
    application.write(pair, BOB, "by a clock three hours east")
    report = adopted(client)
    assert (report.exit_code, report.facts()["copied"]) == (FINDINGS, 0)
    assert "is --zone the zone of its writer?" in report.text()
    assert adopted(client, zone=timezone(timedelta(hours=3))).last.standings[Standing.FUTURE] == 0
    assert late["message"] == {"S": "of now, three hours east"}


def test_messages_of_one_instant_are_all_copied_each_once(world: World) -> None:
    client, application, pair, _ = world
    at = "2025-05-22T10:30:01"  # of the message that began the group, whose time has an offset
    for text in ("one more", "and one more"):
        client.put_item(TableName=application.table, Item=application.message(pair, at, BOB, text))
        at += "+00:00" if text == "one more" else ""
    assert adopted(client).facts()["copied"] == 5  # the last was put over the first: their table has one at a time
    assert adopted(client).facts()["copied"] == 0
    times = [message.created_at[-13:-6] for message in ours(client).messages(pair, ADA.user_uuid).items]
    assert times == [".000000", ".000000", ".000001", ".000000"]


def test_what_was_edited_or_deleted_in_ours_stays_so(world: World) -> None:
    client, _, pair, _ = world
    adopted(client)
    table = ours(client)
    newest, _, oldest = table.messages(pair, ADA.user_uuid).items
    table.edit(pair, newest.created_at, ADA.user_uuid, "how do you do?")
    table.delete(pair, oldest.created_at, ADA.user_uuid)
    report = adopted(client)
    assert (report.exit_code, report.last.standings) == (FINE, {Standing.EDITED: 2, Standing.SAME: 2})
    assert [m.text for m in table.messages(pair, ADA.user_uuid).items] == ["how do you do?", "hello yourself", ""]


@pytest.mark.parametrize(("deleted", "standing"), [(True, Standing.EDITED), (False, Standing.DIFFERENT)])
def test_a_message_whose_author_was_erased_in_ours_stays_erased(
    world: World, deleted: bool, standing: Standing
) -> None:
    client, _, _, _ = world
    adopted(client)
    (item,) = (item for item in all_items(client) if item.get("message") == {"S": "hello yourself"})
    erased = {"message": {"S": ""}, "user_uuid": {"S": FORMER.user_uuid}, "deleted": {"BOOL": deleted}}
    client.put_item(TableName=TABLE, Item=item | erased)
    assert adopted(client).last.standings == {standing: 1, Standing.SAME: 3}


@pytest.mark.parametrize("attribute", ["message", "user_uuid"])
def test_a_message_that_differs_is_named_and_not_written_over(world: World, attribute: str) -> None:
    client, _, pair, _ = world
    adopted(client)
    (item,) = (item for item in all_items(client) if item.get("message") == {"S": "hello yourself"})
    client.put_item(TableName=TABLE, Item=item | {attribute: {"S": "forged"}})
    report = adopted(client)
    assert (report.exit_code, report.last.standings) == (FINDINGS, {Standing.DIFFERENT: 1, Standing.SAME: 3})
    place = f"left  {pair}  {item['sk']['S']}  {item['message_uuid']['S']}: there with another text or author"
    assert place in report.text().splitlines()
    assert "hello yourself" not in report.text()
    assert client.get_item(TableName=TABLE, Key={"pk": item["pk"], "sk": item["sk"]})["Item"][attribute] == {
        "S": "forged"
    }


def test_a_group_whose_rows_are_lost_is_left_until_its_authors_are_taken_for_its_members(world: World) -> None:
    client, application, pair, other = world
    for item in application.items():
        if item.get("message_group_uuid") in ({"S": pair}, {"S": other}):
            client.delete_item(TableName=application.table, Key={"pk": item["pk"], "sk": item["sk"]})
    report = adopted(client)
    assert (report.exit_code, report.facts()["copied"], all_items(client)) == (FINDINGS, 0, [])
    assert report.facts()["doubts"] == {pair: "rowless", other: "rowless"}
    assert report.text().splitlines()[1].endswith("taken for its members with --authors, if they are two")
    report = adopted(client, authors=True)
    assert (report.exit_code, report.facts()["copied"]) == (FINDINGS, 3)
    assert report.facts()["doubts"] == {other: "rowless"}  # one of the two never wrote
    assert group_members(client, pair) == {ADA, BOB}


def test_a_row_that_is_lost_is_made_again_with_the_names_of_the_messages(world: World) -> None:
    client, application, pair, _ = world
    for item in application.items():
        if item.get("message_group_uuid") == {"S": pair} and item["pk"]["S"] == f"GRP#{ADA.user_uuid}":
            client.delete_item(TableName=application.table, Key={"pk": item["pk"], "sk": item["sk"]})
    assert adopted(client).exit_code == FINE
    assert group_members(client, pair) == {ADA, BOB}
    assert {row.group_uuid for row in ours(client).all_conversations(ADA.user_uuid).items} == {pair, world[3]}


def test_an_author_whom_no_row_names_is_no_member(world: World) -> None:
    client, application, pair, _ = world
    application.say(pair, EVE, "the bootcamp asks nobody who may write")
    assert adopted(client).exit_code == FINE
    assert group_members(client, pair) == {ADA, BOB}
    with pytest.raises(MessageError, match="not a member"):
        ours(client).messages(pair, EVE.user_uuid)


def test_a_person_with_two_uuids_makes_a_group_of_three_which_is_left(world: World) -> None:
    client, application, pair, _ = world
    rob = User("user-rob", "Rob", "rob")
    client.put_item(TableName=application.table, Item=application.row(rob, BOB, pair, "2025-05-22T10:30:00", "hello"))
    report = adopted(client)
    assert (report.exit_code, report.facts()["doubts"]) == (FINDINGS, {pair: "crowded"})
    assert report.facts()["messages_of_unknown_members"] == 3
    assert group_members(client, pair) == set()


def test_what_is_malformed_or_of_another_kind_is_named_or_counted(world: World) -> None:
    client, application, pair, _ = world
    message = application.message(pair, "2025-05-22T10:31:00", BOB, "hello") | {"message_uuid": {"N": "1"}}
    for item in (message, {"pk": {"S": "LIKE#1"}, "sk": {"S": "x"}}):
        client.put_item(TableName=application.table, Item=item)
    report = adopted(client)
    assert (report.exit_code, report.facts()["copied"]) == (FINDINGS, 4)
    assert f"left  MSG#{pair} / 2025-05-22T10:31:00: message_uuid: absent or not of type S" in report.text()
    assert "1 item of other kinds, left alone" in report.text()


def test_a_table_with_other_keys_is_refused() -> None:
    with emulated_table() as client:
        client.create_table(
            TableName="other",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        with pytest.raises(TableError, match="table other: its key is id; the bootcamp's is pk, sk"):
            Source(client, "other", UTC).check()
        Source(client, TABLE, UTC).check()


# Their rows in our table: an application of theirs that was pointed at it, or a table that both use


def test_rows_of_theirs_in_our_table_are_neither_listed_nor_counted_nor_expired(world: World) -> None:
    client, application, pair, other = world
    adopted(client)
    before = [row.group_uuid for row in ours(client).conversations(ADA.user_uuid).items]
    theirs = [item for item in application.items() if item["pk"]["S"].startswith("GRP#")]
    for item in theirs:
        client.put_item(TableName=TABLE, Item=item)
    for page in (ours(client).conversations(ADA.user_uuid), ours(client).all_conversations(ADA.user_uuid)):
        assert ([row.group_uuid for row in page.items], page.refusals) == (before, ())
    places = replace(ours(client), conversations_in_table=3).places()
    assert places.further([ADA.user_uuid]) == frozenset()  # two rows of ours, and two of theirs
    report = reconcile(survey(client), Choice(force=True))
    assert (report.results, report.survey.unknown.kinds) == ([], {"GRP#… / a time": 4})
    assert [item for item in theirs if item not in all_items(client)] == []
    assert before == [pair, other]


def test_messages_of_a_group_of_theirs_without_ours_are_seen_and_nothing_of_it_expires(world: World) -> None:
    client, application, pair, _ = world
    for item in application.items():
        client.put_item(TableName=TABLE, Item=item)
    report = reconcile(survey(client), Choice(force=True))
    assert {(result.drift.kind, result.outcome) for result in report.results} == {
        (Kind.ORPHANED, RepairOutcome.HOPELESS)
    }
    assert {result.drift.group_uuid for result in report.results} == {pair, world[3]}
    assert "table adopt" in report.findings[0].remedy
    assert sorted(map(str, all_items(client))) == sorted(map(str, application.items()))


def group_members(client: Any, group_uuid: str) -> set[User]:
    group = ours(client).group(group_uuid)
    return set(group.members) if group else set()
