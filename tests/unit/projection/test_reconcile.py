"""Rows verified against the messages and reconciled with them, on an emulated table."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from stream_lambda import items
from stream_lambda.decide import conversation
from stream_lambda.items import Group, Item, Message, User, conversation_item, group_item, message_item, row_key
from tableguard.errors import MessageError, TableError
from tableguard.projection import reconcile, verify
from tableguard.projection.drift import FORCED, HOPELESS, Drift, Kind
from tableguard.projection.reconcile import Choice
from tableguard.projection.repair import RepairOutcome
from tableguard.projection.survey import Survey
from tableguard.projection.views import Reader
from tests.unit.stream_lambda.test_handler import deliver
from tests.worlds.messages import (
    ADA,
    BOB,
    EVE,
    NOW,
    OTHER_PAIR,
    PAIR,
    TABLE,
    TRIO,
    all_items,
    all_rows,
    at,
    emulated_table,
    message_records,
    said,
)
from tests.worlds.watched_client import Sparing

PAST, FUTURE = int(NOW.timestamp()) - 60, int(NOW.timestamp()) + 3600
PRIVATE = "nobody may read this in a report"


STORED = said("first", 1), said(PRIVATE, 2), said("all", 3, TRIO)
SHOWN = ((STORED[1], PAIR), (STORED[2], TRIO))


@pytest.fixture
def client() -> Iterator[Any]:
    """Two messages of Ada and Bob, one of the three, and every row as Pattern D leaves it."""
    rows = [
        conversation_item(conversation(message, member, group)) for message, group in SHOWN for member in group.members
    ]
    with emulated_table(PAIR, TRIO) as emulated:
        write(emulated, [*(message_item(message) for message in STORED), *rows])
        yield emulated


def write(client: Any, items: Sequence[Item]) -> None:
    for start in range(0, len(items), 25):
        puts = [{"PutRequest": {"Item": item}} for item in items[start : start + 25]]
        client.batch_write_item(RequestItems={TABLE: puts})


def send(client: Any, *messages: Message) -> None:
    for message in messages:
        client.put_item(TableName=TABLE, Item=message_item(message))


def survey(client: Any, between: Callable[[], object] = lambda: None) -> Survey:
    """A survey whose wait for messages on their way is no wait: `between` happens instead."""
    return Survey(Reader(client, TABLE, lambda: NOW, workers=1), sleep=lambda seconds: between() and None)


def found(client: Any, between: Callable[[], object] = lambda: None) -> list[tuple[Kind, str]]:
    return [(drift.kind, drift.user_uuid) for drift in survey(client, between).of_all()]


def mend(client: Any, **choice: Any) -> list[RepairOutcome | None]:
    return [finding.outcome for finding in reconcile.reconcile(survey(client), Choice(**choice))]


def change(client: Any, key: Item, **attributes: Any) -> None:
    """Change an item behind everybody's back; None removes an attribute."""
    item = client.get_item(TableName=TABLE, Key=key)["Item"] | attributes
    client.put_item(TableName=TABLE, Item={name: value for name, value in item.items() if value})


def remove(client: Any, key: Item) -> None:
    client.delete_item(TableName=TABLE, Key=key)


ADAS, BOBS = row_key(ADA.user_uuid, PAIR.group_uuid), row_key(BOB.user_uuid, PAIR.group_uuid)
NEWEST = items.message_key(PAIR.group_uuid, at(2))


def lose_a_row(client: Any) -> None:
    remove(client, ADAS)


def leave_a_row_behind(client: Any) -> None:
    change(client, ADAS, last_message_at={"S": at(1)}, last_message={"S": "first"})


def falsify_a_text(client: Any) -> None:
    change(client, ADAS, last_message={"S": "forged"})


def forget_to_expire(client: Any) -> None:
    change(client, NEWEST, expires_at={"N": str(FUTURE)})
    change(client, BOBS, expires_at={"N": str(FUTURE)})


def rename_bob_in_the_group(client: Any) -> None:
    renamed = replace(PAIR, members=(ADA, replace(BOB, display_name="Robert")))
    client.put_item(TableName=TABLE, Item=group_item(renamed))


def remove_ada_from_the_group(client: Any) -> None:
    client.put_item(TableName=TABLE, Item=group_item(replace(TRIO, members=(BOB, EVE))))


def erase_the_newest_message(client: Any) -> None:
    remove(client, NEWEST)


def erase_every_message(client: Any) -> None:
    for second in (1, 2):
        remove(client, items.message_key(PAIR.group_uuid, at(second)))


def lose_the_group(client: Any) -> None:
    remove(client, items.group_key(PAIR.group_uuid))


def garble_a_row(client: Any) -> None:
    change(client, ADAS, last_user_uuid={"N": "1"})


def garble_the_group(client: Any) -> None:
    change(client, items.group_key(PAIR.group_uuid), members={"S": "everybody"})


def garble_a_new_message(client: Any) -> None:
    client.put_item(TableName=TABLE, Item=message_item(said("x", 4)) | {"user_uuid": {"N": "1"}})


def hide_the_conversation_with_an_expired_message(client: Any) -> None:
    """It expired after the rows showed it, while an older message lives."""
    brief = said("brief", 5, expires_at=PAST)
    send(client, brief)
    deliver(client, message_records(brief))


BOTH = [ADA.user_uuid, BOB.user_uuid]
CASES: dict[Callable[[Any], None], list[tuple[Kind, str]]] = {
    lose_a_row: [(Kind.MISSING, ADA.user_uuid)],
    leave_a_row_behind: [(Kind.BEHIND, ADA.user_uuid)],
    falsify_a_text: [(Kind.DIFFERENT, ADA.user_uuid)],
    forget_to_expire: [(Kind.DIFFERENT, ADA.user_uuid)],
    rename_bob_in_the_group: [(Kind.NAMES, ADA.user_uuid)],
    remove_ada_from_the_group: [(Kind.NAMES, BOB.user_uuid), (Kind.NAMES, EVE.user_uuid), (Kind.FORMER, ADA.user_uuid)],
    hide_the_conversation_with_an_expired_message: [(Kind.MISSING, user) for user in BOTH],
    erase_the_newest_message: [(Kind.GONE, user) for user in BOTH],
    erase_every_message: [(Kind.EMPTY, user) for user in BOTH],
    lose_the_group: [(Kind.GROUPLESS, user) for user in BOTH],
    garble_a_row: [(Kind.MALFORMED, ADA.user_uuid)],
    garble_the_group: [(Kind.GROUP, "")],
    garble_a_new_message: [(Kind.MESSAGE, "")],
}
cases = pytest.mark.parametrize("damage", CASES, ids=lambda damage: damage.__name__)


def test_rows_that_pattern_d_wrote_are_no_drift(client: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify.run(survey(client), None) == 0
    assert "2 groups and 5 rows looked at" in capsys.readouterr().out


@cases
def test_each_kind_of_drift_is_found_told_without_a_text_and_mended_if_it_can_be(
    client: Any, damage: Callable[[Any], None], capsys: pytest.CaptureFixture[str]
) -> None:
    damage(client)
    before, kinds = all_items(client), {kind for kind, _ in CASES[damage]}
    assert reconcile.run(survey(client), Choice(dry_run=True, force=True), form="json") == 1
    told = json.loads(printed := capsys.readouterr().out)["findings"]
    assert sorted((finding["kind"], finding["user"]) for finding in told) == sorted(
        (kind.name.lower(), user) for kind, user in CASES[damage]
    )
    assert PRIVATE not in printed
    if not kinds <= FORCED | HOPELESS:
        assert all_items(client) == before
    outcomes = set(mend(client))
    if kinds <= FORCED | HOPELESS:
        assert outcomes == {RepairOutcome.NEEDS_FORCE if kinds <= FORCED else RepairOutcome.HOPELESS}
        assert all_items(client) == before
        mend(client, force=True)
    else:
        assert outcomes == {RepairOutcome.MENDED}
    assert {kind for kind, _ in found(client)} == kinds & HOPELESS


def test_the_exit_code_says_whether_anything_is_left(client: Any, capsys: pytest.CaptureFixture[str]) -> None:
    leave_a_row_behind(client)
    assert reconcile.run(survey(client), Choice(dry_run=True)) == 1
    assert reconcile.run(survey(client), Choice()) == 0
    assert reconcile.run(survey(client), Choice()) == 0
    assert "1 behind: the row shows an older message" in capsys.readouterr().out
    erase_the_newest_message(client)
    assert reconcile.run(survey(client), Choice(), form="json") == 1
    told = json.loads(capsys.readouterr().out)
    assert told["drift"] == {"gone": 2}
    assert {finding["outcome"] for finding in told["findings"]} == {"needs_force"}


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


# Beside live traffic


def test_a_message_on_its_way_is_no_drift(client: Any) -> None:
    new = said("on its way", 6)
    send(client, new)
    assert found(client, between=lambda: deliver(client, message_records(new))) == []
    send(client, said("the stream stands still", 7))
    assert {kind for kind, _ in found(client)} == {Kind.BEHIND}


def test_a_stream_of_messages_hides_no_row_that_stays_behind(client: Any) -> None:
    """Between the looks another message comes: the row needs to have reached the earlier one only."""
    first, second = said("first to come", 6), said("second to come", 7)
    send(client, first)

    def goes_on() -> None:
        deliver(client, message_records(first))
        send(client, second)

    assert found(client, between=goes_on) == []
    assert {kind for kind, _ in found(client, between=lambda: send(client, said("third", 8)))} == {Kind.BEHIND}


def test_a_conversation_that_begins_between_the_looks_is_no_drift(client: Any) -> None:
    stranger = replace(all_rows(client)[BOB.user_uuid, PAIR.group_uuid], group_uuid=OTHER_PAIR.group_uuid)
    write(client, [group_item(OTHER_PAIR), conversation_item(stranger)])
    begins = said("hello eve", 6, OTHER_PAIR)
    assert found(client, between=lambda: send(client, begins)) == [(Kind.FORMER, BOB.user_uuid)]


class Interrupted:
    """A client before whose next write of a row something else happens."""

    def __init__(self, client: Any, happens: Callable[[], object]) -> None:
        self.client, self.happens, self.exceptions = client, [happens], client.exceptions

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def _then(self, operation: str, request: dict[str, Any]) -> Any:
        while self.happens:
            self.happens.pop()()
        return getattr(self.client, operation)(**request)

    def update_item(self, **request: Any) -> Any:
        return self._then("update_item", request)

    def transact_write_items(self, **request: Any) -> Any:
        return self._then("transact_write_items", request)


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
    outcomes = [finding.outcome for finding in reconcile.reconcile(survey(interrupted), Choice())]
    assert outcomes.count(RepairOutcome.CHANGED) == 1
    assert all_rows(client)[ADA.user_uuid, TRIO.group_uuid].expires_at is None


def test_reconciling_twice_at_once_is_as_good_as_once(client: Any) -> None:
    leave_a_row_behind(client)
    both = Interrupted(client, lambda: mend(client))
    assert mend(both) == [RepairOutcome.CHANGED]
    assert found(client) == []


# What is no drift


def test_edits_tombstones_and_ciphertext_are_compared_as_they_are(client: Any) -> None:
    edit = said(b"\x00\xff", 2, edited_at=at(20), preview=b"\xff")
    tombstone = said("", 3, TRIO, edited_at=at(21), deleted=True)
    send(client, edit, tombstone)
    assert {kind for kind, _ in found(client)} == {Kind.BEHIND}
    deliver(client, message_records(edit, tombstone))
    assert found(client) == []


def test_a_message_dated_later_than_now_is_never_put_into_a_row(client: Any) -> None:
    send(client, said("from the future", 10**6))
    mend(client, force=True)
    assert {drift.detail.partition(": ")[2] for drift in survey(client).of_all()} == {
        "created_at or edited_at: in the future"
    }
    assert {row.last_message for row in all_rows(client).values()} == {PRIVATE, "all"}


def test_rows_and_messages_that_have_expired_count_as_absent(client: Any) -> None:
    for second in (1, 2):
        change(client, items.message_key(PAIR.group_uuid, at(second)), expires_at={"N": str(PAST)})
    for key in (ADAS, BOBS):
        change(client, key, expires_at={"N": str(PAST)})
    assert found(client) == []
    remove(client, ADAS)
    assert found(client) == []


def test_read_markers_are_no_rows(client: Any) -> None:
    marker = items.marker_key(ADA.user_uuid, PAIR.group_uuid) | {"last_read_at": {"S": at(1)}}
    client.put_item(TableName=TABLE, Item=marker)
    assert found(client) == []


def test_a_group_nobody_has_written_to_yet_needs_no_rows(client: Any) -> None:
    client.put_item(TableName=TABLE, Item=group_item(OTHER_PAIR))
    assert found(client) == []


# One group, many groups, many members


def test_one_group_is_looked_at_and_no_other(client: Any) -> None:
    leave_a_row_behind(client)
    assert mend(client, group_uuid=TRIO.group_uuid) == []
    assert mend(client, group_uuid=PAIR.group_uuid) == [RepairOutcome.MENDED]
    with pytest.raises(MessageError, match="table messages: no group 'nowhere'"):
        mend(client, group_uuid="nowhere")


def people(count: int) -> tuple[User, ...]:
    return tuple(User(f"user {number}", f"User {number}", f"user{number}") for number in range(count))


def test_a_group_of_fifty_is_reconciled_whole(client: Any) -> None:
    crowd = Group("fifty", people(50))
    message = said("to all of you", 4, crowd)
    rows = [conversation_item(conversation(message, member, crowd)) for member in crowd.members]
    write(client, [group_item(crowd), message_item(message), *rows[:-1]])
    assert mend(client, group_uuid="fifty") == [RepairOutcome.MENDED]
    assert mend(client, group_uuid="fifty") == []


def test_more_groups_and_rows_than_one_request_takes_are_all_looked_at(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tableguard.projection.survey.GROUPS", 2)
    monkeypatch.setattr("stream_lambda.batch_get.KEYS_PER_CALL", 3)
    pairs = [Group(f"pair {number}", people(2)) for number in range(5)]
    write(client, [group_item(pair) for pair in pairs] + [message_item(said("hello", 1, pair)) for pair in pairs])
    expected = [(Kind.MISSING, user, pair.group_uuid) for pair in pairs for user in ("user 0", "user 1")]
    assert sorted((d.kind.name, d.user_uuid, d.group_uuid) for d in survey(client).of_all()) == sorted(
        (kind.name, user, group) for kind, user, group in expected
    )


def test_keys_that_stay_unprocessed_are_an_error_and_not_a_finding(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    reader = Reader(Sparing(client, never=True), TABLE, lambda: NOW, workers=1)
    with pytest.raises(TableError, match="too busy to read"):
        Survey(reader).of_group(PAIR.group_uuid)


def test_what_a_name_holds_cannot_play_with_the_terminal(client: Any, capsys: pytest.CaptureFixture[str]) -> None:
    row = conversation_item(replace(all_rows(client)[ADA.user_uuid, PAIR.group_uuid], user_uuid="eve\x1b[2J"))
    client.put_item(TableName=TABLE, Item=row)
    assert verify.run(survey(client), None) == 1
    assert "\x1b" not in capsys.readouterr().out


def test_a_finding_shows_nothing_of_what_it_saw() -> None:
    seen = {"pk": {"S": "GRP#u"}, "sk": {"S": "g"}, "last_message": {"S": PRIVATE}}
    assert PRIVATE not in repr(Drift(Kind.DIFFERENT, "g", "u", seen=seen))


def test_the_clock_decides_what_has_expired(client: Any) -> None:
    forget_to_expire(client)
    mend(client)
    later = Survey(Reader(client, TABLE, lambda: NOW + timedelta(hours=2), workers=1), sleep=lambda seconds: None)
    kinds: Sequence[Kind] = [drift.kind for drift in later.of_all()]
    assert kinds == [Kind.MISSING, Kind.MISSING]
