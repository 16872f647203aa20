"""Failed batches redriven from a bucket or a folder onto an emulated table."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest

from stream_lambda.items import Group, message_item, message_key
from tableguard.errors import TableError
from tableguard.projection import redrive
from tableguard.projection.failed_batches import BatchStore, Bucket, Folder, UnreadableBatch, failure_bucket, parse
from tableguard.projection.redrive import RedriveResult, RedriveTarget
from tableguard.settings import example
from tests.worlds.failed_batches import BUCKET, document, leave, make_bucket
from tests.worlds.messages import (
    ADA,
    BOB,
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


def test_what_failed_is_applied_by_the_functions_own_code(world: World) -> None:
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
    poison = stream_record(message_item(said(PRIVATE, 4)) | {"user_uuid": {"N": "1"}}, 7)
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


# Exit codes, output, deletion


def reported(source: BatchStore, client: Any, delete: bool = False) -> redrive.RedriveReport:
    """The report of a redrive, after which what is applied whole is deleted if that is wanted."""
    results = list(redrive.redrive(source, target(client)))
    return redrive.RedriveReport(results, redrive.delete_applied(source, results) if delete else [])


def test_the_exit_code_and_the_report_say_what_is_left(world: World) -> None:
    assert reported(world.bucket, world.client).exit_code == 0
    leave(world.s3, *message_records(FIRST, SECOND), number=1)
    assert reported(world.bucket, world.client).exit_code == 0
    leave(world.s3, stream_record({**message_item(FIRST), "message": {"N": "1"}}), number=2)
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
    assert set(shown_texts(world.client).values()) == {"first"}
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
        ({"DDBStreamBatchInfo": {}}, "lacks 'shardId'"),
        ({"requestContext": []}, "is not an invocation record"),
    ],
)
def test_what_is_no_batch_is_told_without_quoting_it(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(UnreadableBatch, match=reason):
        parse(json.dumps(document(*message_records(FIRST)) | change).encode(), TABLE)


@pytest.mark.parametrize("text", [b"", b"\xff", b"[]", b"1"])
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
