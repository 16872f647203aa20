"""The function on an emulated table: what each member sees, and what Lambda is told to deliver again."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from stream_lambda import handler
from stream_lambda.handler import log_problems
from stream_lambda.items import Group, group_item, message_item
from stream_lambda.log import METRICS
from tests.engines.choice import BOTH
from tests.worlds.messages import (
    ADA,
    BOB,
    EVE,
    OTHER_PAIR,
    PAIR,
    REAL_RECORD,
    TABLE,
    TRIO,
    all_rows,
    at,
    emulated_table,
    message_records,
    said,
    sequence_number,
    shown_texts,
    stream_record,
)
from tests.worlds.stream_function import PLENTY, deliver
from tests.worlds.watched_client import Sparing, Watched, fail_to, failing, refused

pytestmark = pytest.mark.slow
SCARCE = 4_999  # milliseconds left


@pytest.fixture(params=BOTH)
def client(request: pytest.FixtureRequest) -> Iterator[Watched]:
    with emulated_table(PAIR, OTHER_PAIR, TRIO, engine=request.param) as emulated:
        yield Watched(emulated)


# What members see


def test_every_member_sees_the_newest_message_of_the_batch(client: Watched) -> None:
    deliver(client, message_records(said("first", 1), said("third", 3), said("second", 2), said("all", 1, TRIO)))
    assert shown_texts(client.client) == {
        (ADA.user_uuid, PAIR.group_uuid): "third",
        (BOB.user_uuid, PAIR.group_uuid): "third",
        (ADA.user_uuid, TRIO.group_uuid): "all",
        (BOB.user_uuid, TRIO.group_uuid): "all",
        (EVE.user_uuid, TRIO.group_uuid): "all",
    }


def test_an_older_redelivery_leaves_the_newer_message_in_place(client: Watched) -> None:
    deliver(client, message_records(said("new", 2)))
    again = deliver(client, message_records(said("old", 1)))
    assert shown_texts(client.client)[ADA.user_uuid, PAIR.group_uuid] == "new"
    assert (again.stale, again.written, again.response) == (2, 0, {"batchItemFailures": []})


def test_the_same_batch_again_changes_nothing(client: Watched) -> None:
    batch = message_records(said("one", 1), said("two", 2))
    deliver(client, batch)
    before = all_rows(client.client)
    assert deliver(client, batch).stale == 2
    assert all_rows(client.client) == before


@pytest.mark.parametrize("edit_first", [False, True])
def test_an_edit_of_the_newest_message_is_seen_even_if_it_arrives_first(client: Watched, edit_first: bool) -> None:
    original, edit = message_records(said("helo", 1)), message_records(said("hello", 1, edited_at=at(5)))
    edit[0]["eventName"] = "MODIFY"
    for batch in (edit, original) if edit_first else (original, edit):
        deliver(client, batch)
    assert shown_texts(client.client)[BOB.user_uuid, PAIR.group_uuid] == "hello"


def test_a_deleted_newest_message_leaves_no_text_in_the_rows(client: Watched) -> None:
    deliver(client, message_records(said("regretted", 1)))
    deliver(client, message_records(said("", 1, edited_at=at(5), deleted=True)))
    assert set(shown_texts(client.client).values()) == {""}


def test_two_groups_of_a_user_at_the_same_instant_are_two_rows(client: Watched) -> None:
    deliver(client, message_records(said("to bob", 1), said("to eve", 1, OTHER_PAIR)))
    seen = {group: text for (user, group), text in shown_texts(client.client).items() if user == ADA.user_uuid}
    assert seen == {PAIR.group_uuid: "to bob", OTHER_PAIR.group_uuid: "to eve"}


@pytest.mark.parametrize(
    ("first", "second", "left"), [(None, 7, 7), (7, None, None), (7, 9, 9)], ids=["gains", "loses", "changes"]
)
def test_a_row_expires_with_the_message_it_shows(
    client: Watched, first: int | None, second: int | None, left: int | None
) -> None:
    deliver(client, message_records(said("first", 1, expires_at=first)))
    deliver(client, message_records(said("second", 2, expires_at=second)))
    assert {row.expires_at for row in all_rows(client.client).values()} == {left}


def test_a_change_of_name_survives_the_next_message(client: Watched) -> None:
    deliver(client, message_records(said("hello", 1)))
    client.client.update_item(
        TableName=TABLE,
        Key={"pk": {"S": f"GRP#{BOB.user_uuid}"}, "sk": {"S": PAIR.group_uuid}},
        UpdateExpression="SET other_user_display_name = :name, last_read_at = :then",
        ExpressionAttributeValues={":name": {"S": "Ada Newname"}, ":then": {"S": at(1)}},
    )
    deliver(client, message_records(said("again", 2)))
    row = all_rows(client.client)[BOB.user_uuid, PAIR.group_uuid]
    assert (row.other.display_name, row.last_message) == ("Ada Newname", "again")


def test_ciphertext_reaches_the_row_as_it_was_written(client: Watched) -> None:
    ciphertext, preview = bytes(range(256)) * 2, bytes(range(200))
    deliver(client, message_records(said(ciphertext, 1, preview=preview)))
    assert set(shown_texts(client.client).values()) == {preview}


def test_a_record_of_a_running_table_is_projected(client: Watched) -> None:
    group = Group("5ae290ed-55d1-47a0-bc6d-fe2bc2700399", (ADA, BOB))
    client.client.put_item(TableName=TABLE, Item=group_item(group))
    handled = deliver(client, [REAL_RECORD])
    assert handled.written == 2
    row = all_rows(client.client)[ADA.user_uuid, group.group_uuid]
    assert (row.last_message, row.last_message_at) == ("opa", "2023-06-26T10:16:00.375877+00:00")


# What Lambda is told

NOTHING_FAILED: dict[str, list[dict[str, str]]] = {"batchItemFailures": []}
BATCH = message_records(
    said("old", 1), said("to eve", 1, OTHER_PAIR), said("three", 1, TRIO), said("mid", 2), said("new", 3)
)


def from_record(number: int) -> dict[str, list[dict[str, str]]]:
    return {"batchItemFailures": [{"itemIdentifier": sequence_number(number)}]}


NOBODY = Group("a group that is not in the table", (ADA,))
REMOVAL = stream_record(message_item(said("gone", 1)), 1, "REMOVE")


@pytest.mark.parametrize(
    "records",
    [
        [],
        [REMOVAL],
        [None],
        [{**REAL_RECORD, "dynamodb": {}}],
        message_records(said("hello", 1, Group("none", (ADA,)))),
    ],
    ids=["empty", "removal only", "poison only", "nothing in it", "group without members"],
)
def test_nothing_is_delivered_again_where_that_would_not_help(client: Watched, records: list[Any]) -> None:
    assert deliver(client, records).response == NOTHING_FAILED
    assert all_rows(client.client) == {}


# Bob is in PAIR and TRIO, Eve in OTHER_PAIR and TRIO, Ada in all: their newest records are 5, 3 and 2.
@pytest.mark.parametrize(("user", "first"), [(BOB, 3), (EVE, 2), (ADA, 2)], ids=["bob", "eve", "ada"])
@pytest.mark.parametrize(
    "error", [refused("AccessDeniedException"), ReadTimeoutError(endpoint_url="")], ids=["denied", "timeout"]
)
def test_the_batch_comes_again_from_the_first_group_that_failed(
    client: Watched, user: Any, first: int, error: Exception
) -> None:
    client.before = failing(user.user_uuid, error)
    assert deliver(client, BATCH).response == from_record(first)


def test_a_failed_group_comes_again_from_its_newest_record(client: Watched) -> None:
    client.before = failing(BOB.user_uuid, refused("InternalServerError"))
    batch = message_records(said("old", 1), said("to eve", 1, OTHER_PAIR), said("mid", 2), said("new", 3))
    handled = deliver(client, batch)
    assert handled.response == from_record(4)
    assert (handled.failed_groups, handled.written) == (1, 3)


def test_redelivery_from_there_completes_the_rows(client: Watched) -> None:
    client.before = failing(EVE.user_uuid, refused("ThrottlingException"))
    (failure,) = deliver(client, BATCH).response["batchItemFailures"]
    client.before = lambda operation, request: None
    numbers = [record["dynamodb"]["SequenceNumber"] for record in BATCH]
    deliver(client, BATCH[numbers.index(failure["itemIdentifier"]) :])
    assert shown_texts(client.client)[EVE.user_uuid, OTHER_PAIR.group_uuid] == "to eve"
    assert shown_texts(client.client)[EVE.user_uuid, TRIO.group_uuid] == "three"


def test_if_members_cannot_be_read_every_group_comes_again(client: Watched) -> None:
    client.before = fail_to("batch_get_item", refused("ProvisionedThroughputExceededException"))
    handled = deliver(client, BATCH)
    assert handled.response == from_record(2)
    assert (handled.failed_groups, len(handled.poison)) == (3, 0)


def test_a_row_that_dynamodb_finds_invalid_is_poison_and_holds_nothing_up(client: Watched) -> None:
    client.before = failing(BOB.user_uuid, refused("ValidationException"))
    handled = deliver(client, BATCH)
    assert handled.response == NOTHING_FAILED
    assert (len(handled.poison), handled.written) == (2, 5)


def test_with_little_time_left_nothing_is_begun(client: Watched) -> None:
    handled = deliver(client, BATCH, remaining=SCARCE)
    assert handled.response == from_record(2)
    assert all_rows(client.client) == {}
    assert deliver(client, BATCH, remaining=SCARCE + 1).response == NOTHING_FAILED


def test_poison_between_messages_is_passed_over(client: Watched) -> None:
    batch = [*message_records(said("hello", 1)), None, {}, stream_record(message_item(said("future", 10**9)), 4)]
    handled = deliver(client, batch)
    assert (len(handled.poison), handled.response) == (3, NOTHING_FAILED)
    assert set(shown_texts(client.client).values()) == {"hello"}


def test_a_malformed_group_is_poison_and_the_others_are_written(client: Watched) -> None:
    broken = {**group_item(PAIR), "members": {"S": "everybody"}}
    client.client.put_item(TableName=TABLE, Item=broken)
    handled = deliver(client, BATCH)
    assert (len(handled.poison), handled.response) == (1, NOTHING_FAILED)
    assert {group for _, group in shown_texts(client.client)} == {OTHER_PAIR.group_uuid, TRIO.group_uuid}


# Reading members


def test_keys_left_unprocessed_are_asked_for_again(client: Watched) -> None:
    sparing = Sparing(client.client)
    assert deliver(sparing, BATCH).response == NOTHING_FAILED
    assert len(shown_texts(client.client)) == 7
    assert [operation for operation, _ in sparing.asked].count("batch_get_item") == 3


def test_keys_that_stay_unprocessed_fail_their_groups(client: Watched) -> None:
    sparing = Sparing(client.client, never=True)
    handled = deliver(sparing, BATCH)
    assert (handled.response, handled.failed_groups) == (from_record(2), 3)
    assert [operation for operation, _ in sparing.asked].count("batch_get_item") == 5


def test_no_more_than_100_groups_are_asked_for_at_once(client: Watched) -> None:
    batch = message_records(*(said("hello", 1, Group(f"group {number}", (ADA,))) for number in range(101)))
    assert len(deliver(client, batch).poison) == 101
    asked = [request["RequestItems"][TABLE] for operation, request in client.asked if operation == "batch_get_item"]
    assert [len(request["Keys"]) for request in asked] == [100, 1]


# What it may do and what it tells

ROW_ATTRIBUTES = {
    "pk",
    "sk",
    "last_message_at",
    "last_message_version",
    "last_message",
    "last_message_uuid",
    "last_user_uuid",
    "other_user_uuid",
    "other_user_display_name",
    "other_user_handle",
    "expires_at",
}


@pytest.mark.parametrize("expires_at", [None, 7])
def test_it_reads_groups_and_updates_rows_and_touches_nothing_else(client: Watched, expires_at: int | None) -> None:
    deliver(client, message_records(said("hello", 1, expires_at=expires_at), said("three", 1, TRIO)))
    touched: set[str] = set()
    for operation, request in client.asked:
        if operation == "batch_get_item":
            assert request["RequestItems"][TABLE]["ConsistentRead"] is True
            assert all(key["pk"]["S"].startswith("META#") for key in request["RequestItems"][TABLE]["Keys"])
        else:
            assert request["Key"]["pk"]["S"].startswith("GRP#")
            assert "ReturnValues" not in request
            expressions = request["UpdateExpression"] + request["ConditionExpression"]
            touched |= {name for name in ROW_ATTRIBUTES if name in expressions} | set(request["Key"])
            assert {f":{name}" for name in ROW_ATTRIBUTES} >= set(request["ExpressionAttributeValues"])
    assert {operation for operation, _ in client.asked} == {"batch_get_item", "update_item"}
    assert touched == ROW_ATTRIBUTES


PRIVATE = "nobody may read this in a log"


def test_no_log_line_holds_the_text_of_a_message(client: Watched, capsys: pytest.CaptureFixture[str]) -> None:
    broken = stream_record(message_item(said(PRIVATE, 1)) | {"user_uuid": {"N": "1"}}, 1)
    future = stream_record(message_item(said(PRIVATE, 10**9)), 2)
    client.before = failing(BOB.user_uuid, refused("ValidationException"))
    log_problems(deliver(client, [broken, future, *message_records(said(PRIVATE, 1), said(PRIVATE, 1, NOBODY))]))
    client.before = fail_to("batch_get_item", refused("InternalServerError"))
    log_problems(deliver(client, message_records(said(PRIVATE, 1))))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line.get("reason") or line["error"] for line in lines] == [
        "user_uuid: absent or not of type S",
        "created_at or edited_at: in the future",
        "its group has no members",
        "DynamoDB refused the row",
        "InternalServerError",
    ]
    assert lines[0]["sequence_number"] == sequence_number(1)
    assert PRIVATE not in json.dumps(lines)


@dataclass(frozen=True)
class Context:
    """As much of Lambda's context as the function uses."""

    function_name: str = "messages-pattern-d"

    def get_remaining_time_in_millis(self) -> int:
        return PLENTY


@pytest.fixture
def wired(client: Watched, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The function as Lambda starts it."""
    monkeypatch.setenv("TABLE_NAME", TABLE)
    where = client.client.meta
    monkeypatch.setenv("AWS_DEFAULT_REGION", where.region_name)
    if where.endpoint_url.startswith("http://127.0.0.1:"):  # not moto's own, which intercepts those of AWS
        monkeypatch.setenv("AWS_ENDPOINT_URL", where.endpoint_url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", client.client._request_signer._credentials.access_key)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "nothing")
    monkeypatch.setattr(handler, "WORKERS", 1)
    handler._table.cache_clear()
    yield client.client
    handler._table.cache_clear()


def test_as_lambda_calls_it_the_rows_are_written_and_the_metrics_emitted(
    wired: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    event = {"Records": [*message_records(said("hello", 1), said("world", 2)), REMOVAL, None]}
    assert handler.handle(event, Context()) == NOTHING_FAILED
    assert set(shown_texts(wired).values()) == {"world"}
    problem, metrics = map(json.loads, capsys.readouterr().out.splitlines())
    assert problem == {
        "level": "ERROR",
        "event": "poison",
        "reason": "SequenceNumber: absent",
        "sequence_number": None,
    }
    assert {name: metrics[name] for name in METRICS} == {
        "Records": 4,
        "Groups": 1,
        "Written": 2,
        "Stale": 0,
        "Poison": 1,
        "FailedGroups": 0,
    }
    (declared,) = metrics["_aws"]["CloudWatchMetrics"]
    assert [metric["Name"] for metric in declared["Metrics"]] == list(METRICS)
    assert (declared["Namespace"], declared["Dimensions"]) == ("tableguard", [["FunctionName"]])
    assert metrics["FunctionName"] == "messages-pattern-d"


def test_without_a_table_name_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TABLE_NAME", raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    handler._table.cache_clear()
    with pytest.raises(KeyError, match="TABLE_NAME"):
        handler.handle({"Records": []}, Context())
