"""Failed batches redriven from a bucket or a folder onto an emulated table."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest

from stream_lambda.items import Conversation, Group, RowKey, group_item, marker_key, message_item, message_key, row_key
from tableguard.errors import TableError
from tableguard.projection import redrive
from tableguard.projection.failed_batches import BatchStore, Bucket, Folder, UnreadableBatch, failure_bucket, parse
from tableguard.projection.redrive import RedriveResult, RedriveTarget
from tableguard.settings import example
from tests.worlds.failed_batches import BUCKET, document, leave, make_bucket
from tests.worlds.messages import (
    ADA,
    BOB,
    EVE,
    NOW,
    PAIR,
    REGION,
    TABLE,
    TRIO,
    all_items,
    all_rows,
    at,
    emulated_table,
    message_records,
    said,
    sequence_number,
    shown_texts,
    stream_record,
)
from tests.worlds.requirements import stack
from tests.worlds.stream_function import deliver
from tests.worlds.watched_client import Watched, failing, refused

PRIVATE = "nobody may read this in a report"
FIRST, SECOND = said("first", 1), said(PRIVATE, 2)


@dataclass(frozen=True)
class World:
    """A table that holds the messages, and a bucket for the batches that never reached its rows."""

    client: Any
    s3: Any

    @property
    def bucket(self) -> Bucket:
        return Bucket(self.s3, BUCKET)

    def redriven(self, client: Any = None) -> list[RedriveResult]:
        return list(redrive.redrive(self.bucket, target(client or self.client)))


def target(client: Any) -> RedriveTarget:
    return RedriveTarget(client, TABLE, lambda: NOW, workers=1)


@pytest.fixture
def world() -> Iterator[World]:
    with emulated_table(PAIR, TRIO) as client:
        for message in (FIRST, SECOND, said("all", 3, TRIO)):
            client.put_item(TableName=TABLE, Item=message_item(message))
        make_bucket(s3_client())
        yield World(client, s3_client())


@cache
def s3_client() -> Any:
    """Made once: that takes longer than most tests. Outside of `mock_aws` its keys open nothing."""
    return boto3.Session("no", "keys", region_name=REGION).client("s3")


def test_what_failed_is_applied_as_the_table_has_it(world: World) -> None:
    leave(world.s3, *message_records(FIRST, SECOND, said("all", 3, TRIO)))
    (done,) = world.redriven()
    assert (done.records, done.applied, done.newer, done.done) == (3, 5, 0, True)
    assert shown_texts(world.client)[ADA.user_uuid, PAIR.group_uuid] == PRIVATE
    assert shown_texts(world.client)[ADA.user_uuid, TRIO.group_uuid] == "all"


def test_redriving_again_and_in_any_order_changes_nothing(world: World) -> None:
    leave(world.s3, *message_records(SECOND), number=1)
    leave(world.s3, *message_records(FIRST), number=2)
    first = world.redriven()
    before = all_items(world.client)
    again = world.redriven()
    assert all_items(world.client) == before
    assert [(batch.applied, batch.newer) for batch in first + again] == [(2, 0), (0, 2), (0, 2), (0, 2)]
    assert set(shown_texts(world.client).values()) == {PRIVATE}


def test_a_row_that_shows_a_newer_message_stays(world: World) -> None:
    world.client.put_item(TableName=TABLE, Item=message_item(said("newer", 9)))
    deliver(world.client, message_records(said("newer", 9)))
    leave(world.s3, *message_records(FIRST))
    (done,) = world.redriven()
    assert (done.applied, done.newer) == (0, 2)
    assert set(shown_texts(world.client).values()) == {"newer"}


def test_an_erased_message_does_not_come_back_and_the_one_before_it_is_applied(world: World) -> None:
    world.client.delete_item(TableName=TABLE, Key=message_key(PAIR.group_uuid, at(2)))
    leave(world.s3, *message_records(FIRST, SECOND))
    (done,) = world.redriven()
    assert (done.gone, done.applied) == (1, 2)
    assert set(shown_texts(world.client).values()) == {"first"}


@pytest.mark.parametrize(("seconds", "gone"), [(-1, 1), (0, 1), (1, 0)])
def test_an_expired_message_does_not_come_back(world: World, seconds: int, gone: int) -> None:
    brief = said("brief", 5, expires_at=int(NOW.timestamp()) + seconds)
    world.client.put_item(TableName=TABLE, Item=message_item(brief))
    leave(world.s3, *message_records(brief))
    (done,) = world.redriven()
    assert (done.gone, done.applied) == (gone, 2 - 2 * gone)


def test_what_can_never_be_applied_is_named_and_the_rest_applied(world: World) -> None:
    spoilt = message_item(said(PRIVATE, 4)) | {"user_uuid": {"N": "1"}}
    world.client.put_item(TableName=TABLE, Item=spoilt)
    poison = stream_record(spoilt, 7)
    orphan = message_records(said(PRIVATE, 4, Group("nobody's", (ADA,))))[0]
    world.client.put_item(TableName=TABLE, Item=message_item(said(PRIVATE, 4, Group("nobody's", (ADA,)))))
    leave(world.s3, *message_records(FIRST), poison, orphan)
    (done,) = world.redriven()
    assert done.applied == 2
    assert done.bad == (
        f"record {sequence_number(7)}: user_uuid: absent or not of type S",
        f"record {sequence_number(1)}: its group has no members",
    )
    assert not done.done
    assert PRIVATE not in "\n".join(done.lines())


def test_what_dynamodb_refuses_this_time_is_told_and_done_the_next(world: World) -> None:
    leave(world.s3, *message_records(FIRST))
    watched = Watched(world.client, failing(BOB.user_uuid, refused("InternalServerError")))
    (failed,) = world.redriven(watched)
    assert failed.failed == (
        "row was not written: InternalServerError (1 times)",
        f"1 group of shard shardId-1, {sequence_number(1)} to {sequence_number(1)}",
    )
    assert (failed.applied, failed.done) == (1, False)
    (done,) = world.redriven()
    assert (done.applied, done.newer, done.done) == (1, 1, True)


def test_removals_and_other_items_are_nothing_to_do(world: World) -> None:
    leave(world.s3, stream_record(message_item(FIRST), 1, "REMOVE"))
    assert [(done.applied, done.done) for done in world.redriven()] == [(0, True)]
    assert all_rows(world.client) == {}


# What somebody may have put there


def forged(number: int = 1, **changes: Any) -> dict[str, Any]:
    """The record of the newest message with attributes that the table never had."""
    return stream_record(message_item(SECOND) | changes, number)


def put(world: World, *records: object) -> None:
    """Leave a batch of records that Lambda itself never had."""
    batch = document(*message_records(FIRST)) | {"payload": json.dumps({"Records": records})}
    world.s3.put_object(Bucket=BUCKET, Key="aws/lambda/uuid-1/shardId-1/forged", Body=json.dumps(batch).encode())


def applied_as_the_table_says(world: World) -> dict[tuple[str, str], Conversation]:
    """The rows after a batch that holds what the table holds, which are the only ones that any batch may lead to."""
    leave(world.s3, *message_records(SECOND))
    world.redriven()
    return all_rows(world.client)


FORGED_TEXT = "pay to account 666"
FORGERIES: dict[str, dict[str, Any]] = {
    "text": {"message": {"S": FORGED_TEXT}},
    "author": {"user_uuid": {"S": EVE.user_uuid}},
    "uuid": {"message_uuid": {"S": FORGED_TEXT}},
    "later version": {"message": {"S": FORGED_TEXT}, "edited_at": {"S": at(60)}},
    "preview": {"preview": {"S": FORGED_TEXT}},
    "deletion": {"deleted": {"BOOL": True}},
    "ciphertext": {"message": {"B": b"pay"}},
    "no author": {"user_uuid": {"N": "1"}},
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_an_altered_image_is_reported_and_written_nowhere(world: World, forgery: str) -> None:
    key = leave(world.s3, forged(7, **FORGERIES[forgery]))
    report = reported(world.bucket, world.client, delete=True)
    assert [result.different for result in report.results] == [(sequence_number(7),)]
    assert (report.exit_code, report.deleted, list(world.bucket.names())) == (1, [], [key])
    assert report.summary() == (
        "1 failed batch: 2 rows applied, 0 already newer; 0 still bad, 1 record unlike the table, 0 deleted"
    )
    lines = [line for result in report.results for line in result.lines()]
    assert f"  record {sequence_number(7)}: not what the table says; the table was believed" in lines
    assert FORGED_TEXT not in f"{lines} {json.dumps(report.facts())} {all_items(world.client)}"
    rows = all_rows(world.client)
    world.s3.delete_object(Bucket=BUCKET, Key=key)
    assert rows == applied_as_the_table_says(world)


def test_a_true_image_is_no_forgery_and_its_batch_goes(world: World) -> None:
    leave(world.s3, forged(7))
    report = reported(world.bucket, world.client, delete=True)
    assert (report.exit_code, len(report.deleted)) == (0, 1)
    assert [result.different for result in report.results] == [()]
    assert "unlike" not in report.summary()


ABSENT = said(FORGED_TEXT, 9)
STRANGE = Group("nobody's", (ADA, EVE))
NOTHING_TO_DO: dict[str, dict[str, Any]] = {
    "a message that does not exist": message_records(ABSENT)[0],
    "a message of a group that does not exist": message_records(said(FORGED_TEXT, 1, STRANGE))[0],
    "a removal": stream_record(message_item(SECOND), 1, "REMOVE"),
    "an event of no name": stream_record(message_item(SECOND), 1, ""),
    "a conversation row": stream_record(
        row_key(RowKey(ADA.user_uuid, PAIR.group_uuid)) | {"last_message": {"S": FORGED_TEXT}}
    ),
    "a group": stream_record(group_item(Group(PAIR.group_uuid, (ADA, EVE)))),
    "a read marker": stream_record(marker_key(RowKey(ADA.user_uuid, PAIR.group_uuid))),
}


@pytest.mark.parametrize("name", NOTHING_TO_DO)
def test_what_the_table_does_not_know_changes_nothing(world: World, name: str) -> None:
    before = all_items(world.client)
    leave(world.s3, NOTHING_TO_DO[name])
    (done,) = world.redriven()
    assert (done.applied, done.newer, done.gone, done.done) == (0, 0, int(name.startswith("a message")), True)
    assert all_items(world.client) == before


BROKEN_KEYS: dict[str, tuple[object, str]] = {
    "no map": ("pay", "record #1: record: absent or not a map"),
    "no change": ({"eventName": "INSERT"}, "record #1: dynamodb: absent or not a map"),
    "no keys": ({"dynamodb": {"Keys": []}}, "record #1: Keys: absent or not a map"),
    "no sort key": ({"dynamodb": {"Keys": {"pk": {"S": "MSG#g"}}}, "eventName": "INSERT"}, "sk: absent or not a map"),
    "an empty one": (stream_record({"pk": {"S": "MSG#g"}, "sk": {"S": ""}}), "sk: absent or not of type S"),
    "a number": (stream_record({"pk": {"S": "MSG#g"}, "sk": {"N": "1"}}), "sk: absent or not of type S"),
    "too long": (stream_record({"pk": {"S": "MSG#g"}, "sk": {"S": "x" * 1025}}), "sk: more than 1024 bytes"),
    "a long group": (stream_record({"pk": {"S": "MSG#" + "g" * 1019}, "sk": {"S": "x"}}), "pk: more than 1022 bytes"),
    "half a letter": (stream_record({"pk": {"S": "MSG#\ud800"}, "sk": {"S": "x"}}), "pk: not valid Unicode"),
}


@pytest.mark.parametrize("name", BROKEN_KEYS)
def test_a_key_that_dynamodb_would_refuse_keeps_nothing_else_from_being_applied(world: World, name: str) -> None:
    record, reason = BROKEN_KEYS[name]
    put(world, record, *message_records(SECOND))
    (done,) = world.redriven()
    assert (done.applied, len(done.bad)) == (2, 1)
    assert done.bad[0].endswith(reason)


def test_a_key_at_the_limit_is_none_of_those(world: World) -> None:
    leave(world.s3, stream_record({"pk": {"S": "MSG#" + "g" * 1018}, "sk": {"S": "x" * 1024}}))
    assert [(done.bad, done.gone) for done in world.redriven()] == [((), 1)]


@pytest.mark.parametrize("number", [FORGED_TEXT, "1" * 41, "", None, 7, "\u0661"])
def test_a_record_without_a_number_of_aws_is_named_by_its_place(world: World, number: object) -> None:
    record = forged(message={"S": FORGED_TEXT})
    record["dynamodb"]["SequenceNumber"] = number
    put(world, *message_records(FIRST), record)
    (done,) = world.redriven()
    assert (done.applied, done.different) == (2, ("#2",))


def test_what_steers_a_terminal_is_not_printed() -> None:
    (line,) = RedriveResult("aws/lambda/\x1b[2J").lines()
    assert line.startswith("aws/lambda/?[2J: ")


def test_an_edited_message_is_shown_as_it_is_now(world: World) -> None:
    edited = said("as it is now", 2, edited_at=at(60))
    world.client.put_item(TableName=TABLE, Item=message_item(edited))
    leave(world.s3, *message_records(SECOND))
    report = reported(world.bucket, world.client, delete=True)
    assert [(done.edited, done.different, done.applied) for done in report.results] == [(1, (), 2)]
    assert set(shown_texts(world.client).values()) == {"as it is now"}
    assert (report.exit_code, len(report.deleted)) == (0, 1)
    assert "1 edited since" in next(report.results[0].lines())


@pytest.mark.parametrize("change", [{"message_uuid": {"S": "another"}}, {"user_uuid": {"S": EVE.user_uuid}}])
def test_an_older_version_by_somebody_else_is_a_forgery(world: World, change: dict[str, Any]) -> None:
    world.client.put_item(TableName=TABLE, Item=message_item(said("as it is now", 2, edited_at=at(60))))
    leave(world.s3, forged(**change))
    assert [(done.edited, len(done.different)) for done in world.redriven()] == [(0, 1)]


def test_a_deleted_message_is_shown_as_deleted(world: World) -> None:
    world.client.put_item(TableName=TABLE, Item=message_item(said("", 2, edited_at=at(60), deleted=True)))
    leave(world.s3, *message_records(SECOND))
    assert [(done.edited, done.applied) for done in world.redriven()] == [(1, 2)]
    assert set(shown_texts(world.client).values()) == {""}


def test_ciphertext_is_copied_from_the_table(world: World) -> None:
    sealed = said(b"\x00\xffsealed", 5, preview=b"\xfe")
    world.client.put_item(TableName=TABLE, Item=message_item(sealed))
    leave(world.s3, *message_records(sealed), number=1)
    leave(world.s3, stream_record(message_item(sealed) | {"preview": {"B": b"\xfd"}}), number=2)
    assert [(done.applied, len(done.different)) for done in world.redriven()] == [(2, 0), (0, 1)]
    assert set(shown_texts(world.client).values()) == {b"\xfe"}


def test_a_new_expiry_is_no_forgery_and_is_the_rows(world: World) -> None:
    later = int(NOW.timestamp()) + 60
    world.client.put_item(TableName=TABLE, Item=message_item(said(PRIVATE, 2, expires_at=later)))
    leave(world.s3, *message_records(SECOND))
    assert [(done.applied, done.different) for done in world.redriven()] == [(2, ())]
    assert {row.expires_at for row in all_rows(world.client).values()} == {later}


def test_a_member_who_came_later_is_shown_the_newest_message_not_the_batchs(world: World) -> None:
    world.client.put_item(TableName=TABLE, Item=group_item(Group(PAIR.group_uuid, (ADA, BOB, EVE))))
    leave(world.s3, *message_records(FIRST))
    (done,) = world.redriven()
    assert done.applied == 3
    assert shown_texts(world.client)[EVE.user_uuid, PAIR.group_uuid] == PRIVATE


def test_a_redrive_that_dies_halfway_is_finished_by_the_next(world: World) -> None:
    leave(world.s3, forged(message={"S": FORGED_TEXT}))
    watched = Watched(world.client, failing(BOB.user_uuid, RuntimeError("the process is gone")))
    with pytest.raises(RuntimeError, match="is gone"):
        world.redriven(watched)
    assert shown_texts(world.client) == {(ADA.user_uuid, PAIR.group_uuid): PRIVATE}
    assert [(done.applied, done.newer) for done in world.redriven()] == [(1, 1)]
    assert set(shown_texts(world.client).values()) == {PRIVATE}


def test_the_table_is_read_strongly_consistently(world: World) -> None:
    leave(world.s3, *message_records(SECOND))
    watched = Watched(world.client)
    world.redriven(watched)
    reads = [request for operation, request in watched.asked if operation == "query"]
    reads += [request["RequestItems"][TABLE] for operation, request in watched.asked if operation == "batch_get_item"]
    assert len(reads) == 3  # the newest message; the messages of the batch, the members
    assert all(request["ConsistentRead"] for request in reads)


# Exit codes, output, deletion


def reported(source: BatchStore, client: Any, delete: bool = False) -> redrive.RedriveReport:
    """The report of a redrive, after which what is applied whole is deleted if that is wanted."""
    results = list(redrive.redrive(source, target(client)))
    return redrive.RedriveReport(results, redrive.delete_applied(source, results) if delete else [])


def test_the_exit_code_and_the_report_say_what_is_left(world: World) -> None:
    assert reported(world.bucket, world.client).exit_code == 0
    leave(world.s3, *message_records(FIRST, SECOND), number=1)
    assert reported(world.bucket, world.client).exit_code == 0
    world.client.put_item(TableName=TABLE, Item={**message_item(said("x", 1.5)), "message": {"N": "1"}})
    leave(world.s3, stream_record({**message_item(said("x", 1.5)), "message": {"N": "1"}}), number=2)
    report = reported(world.bucket, world.client)
    assert report.exit_code == 1
    watched = Watched(world.client, failing(BOB.user_uuid, refused("InternalServerError")))
    assert reported(world.bucket, watched).exit_code == 2
    lines = [line for result in report.results for line in result.lines()]
    assert PRIVATE not in f"{json.dumps(report.facts())} {lines}"
    assert [batch["rows_already_newer"] for batch in report.facts()["batches"]] == [2, 0]
    assert report.summary() == "2 failed batches: 0 rows applied, 2 already newer; 1 still bad, 0 deleted"


def test_only_batches_applied_whole_are_deleted_and_only_if_that_is_wanted(world: World) -> None:
    good = leave(world.s3, *message_records(FIRST), number=1)
    world.s3.put_object(Bucket=BUCKET, Key="aws/lambda/uuid-1/shardId-1/z", Body=b"no batch")
    world.s3.put_object(Bucket=BUCKET, Key="elsewhere/x", Body=b"not Lambda's")
    reported(world.bucket, world.client)
    assert list(world.bucket.names()) == [good, "aws/lambda/uuid-1/shardId-1/z"]
    assert reported(world.bucket, world.client, delete=True).exit_code == 1
    assert list(world.bucket.names()) == ["aws/lambda/uuid-1/shardId-1/z"]
    assert world.s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 2


def test_copies_in_a_folder_are_as_good(world: World, tmp_path: Path) -> None:
    key = leave(world.s3, *message_records(FIRST))
    (tmp_path / key).parent.mkdir(parents=True)
    (tmp_path / key).write_bytes(world.bucket.read(key))
    folder = Folder(tmp_path)
    assert reported(folder, world.client, delete=True).exit_code == 0
    assert set(shown_texts(world.client).values()) == {PRIVATE}
    assert list(folder.names()) == []
    with pytest.raises(TableError, match="is no folder"):
        list(Folder(tmp_path / "absent").names())


# Reading a batch


def test_a_batch_says_which_records_of_which_shard_were_given_up_and_why() -> None:
    batch = parse(json.dumps(document(*message_records(FIRST))).encode(), TABLE)
    number = sequence_number(1)
    assert (batch.shard_id, batch.first, batch.last, batch.condition) == (
        "shardId-1",
        number,
        number,
        "RecordAgeExceeded",
    )
    assert batch.records == tuple(message_records(FIRST))


def test_an_event_that_is_not_packed_into_a_string_is_as_good() -> None:
    found = document(*message_records(FIRST))
    found["payload"] = json.loads(found["payload"])
    assert len(parse(json.dumps(found).encode(), TABLE).records) == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"payload": None}, "is not an invocation record"),
        ({"payload": "{"}, "is not an invocation record"),
        ({"payload": '{"Records": {}}'}, "is not an invocation record"),
        ({"payload": "{}"}, "lacks 'Records'"),
        ({"payload": "[" * 100_000}, "is not an invocation record"),
        ({"DDBStreamBatchInfo": {}}, "lacks 'shardId'"),
        ({"requestContext": {"condition": ["a text"]}}, "is not an invocation record"),
        ({"requestContext": []}, "is not an invocation record"),
    ],
)
def test_what_is_no_batch_is_told_without_quoting_it(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(UnreadableBatch, match=reason):
        parse(json.dumps(document(*message_records(FIRST)) | change).encode(), TABLE)


@pytest.mark.parametrize("text", [b"", b"\xff", b"[]", b"1", b"[" * 100_000])
def test_what_is_no_invocation_record_is_told(text: bytes) -> None:
    with pytest.raises(UnreadableBatch, match="is not an invocation record in JSON"):
        parse(text, TABLE)


def test_a_batch_of_a_message_queue_says_that_the_records_are_missing() -> None:
    found = document(*message_records(FIRST))
    del found["payload"]
    with pytest.raises(UnreadableBatch, match="lacks 'payload', which a failed batch in S3 has"):
        parse(json.dumps(found).encode(), TABLE)


def test_a_batch_of_another_table_is_not_applied(world: World) -> None:
    leave(world.s3, *message_records(FIRST), table="another-table")
    (done,) = world.redriven()
    assert done.bad == ("is of table another-table, not of messages",)
    assert all_rows(world.client) == {}


def test_the_bucket_of_failed_batches_is_the_one_that_the_template_creates() -> None:
    settings = example()
    (name,) = (
        resource["Properties"]["BucketName"]["Fn::Sub"]
        for resource in stack("stream", settings)["Resources"].values()
        if resource["Type"] == "AWS::S3::Bucket"
    )
    filled = name.replace("${AWS::AccountId}", settings.account_id).replace("${AWS::Region}", settings.home_region)
    assert failure_bucket(settings) == filled
