"""The commands that change conversations and mend their rows, run on loopback as an operator runs them."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from stream_lambda.items import RowKey, User, row_key
from tableguard import settings
from tableguard.projection.failed_batches import failure_bucket
from tableguard.store import table_admin
from tableguard.store.messages import MessageTable
from tests.worlds import sarif
from tests.worlds.command_table import TABLE, World
from tests.worlds.failed_batches import document, make_bucket
from tests.worlds.messages import REGION, message_records

UMA, VIC, WIM = User("u1", "Uma", "uma"), User("u2", "Vic", "vic"), User("u3", "Wim", "wim")
BUCKET = failure_bucket(settings.example())


@pytest.fixture
def world(empty: World) -> World:
    """An empty table."""
    table_admin.create(empty.client, settings.example(), TABLE)
    return empty


@pytest.fixture
def table(world: World) -> MessageTable:
    return MessageTable(world.client, TABLE, lambda: datetime.now(UTC))


@pytest.fixture
def group(table: MessageTable) -> str:
    """Uma wrote to the others, and nothing wrote the rows of her second message."""
    begun = table.create_conversation(UMA, [VIC, WIM], "hello")
    table.post(begun.message.group_uuid, UMA.user_uuid, "are you there?")
    return begun.message.group_uuid


@pytest.fixture
def s3(world: World) -> Iterator[Any]:
    client = boto3.Session("no", "keys", region_name=REGION).client("s3", endpoint_url=world.options[1])
    make_bucket(client, BUCKET)
    yield client
    for found in client.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        client.delete_object(Bucket=BUCKET, Key=found["Key"])
    client.delete_bucket(Bucket=BUCKET)


NOW = ("--settle", "0", "--workers", "1")


def test_drift_is_verified_told_and_reconciled(world: World, group: str) -> None:
    drifted = world.run("rows verify", *NOW)
    assert (drifted.code, drifted.lines[-3:-2]) == (1, ["3 behind: the row shows an older message than the newest"])
    assert drifted.lines[-2].startswith("lag: rows of 1 group did not show the newest message, up to ")
    assert drifted.lines[-2].endswith(" s old; 0 s later those of 1 group still did not")
    results = sarif.results(world.run("rows verify", *NOW, "--sarif").out)
    assert {result["ruleId"] for result in results} == {"behind"}
    assert {result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in results} == {
        "templates/table.py"
    }
    assert world.run("rows reconcile", "--all", "--dry-run", *NOW).code == 1
    assert world.run("rows verify", *NOW).out.splitlines()[:-2] == drifted.lines[:-2]
    mended = world.run("rows reconcile", "--group", group, *NOW, "--json")
    assert (mended.code, json.loads(mended.out)["drift"]) == (0, {"behind": 3})
    verified = world.run("rows verify", *NOW)
    assert (verified.code, verified.err) == (0, "")
    assert verified.lines[0] == "lag: every row showed its group's newest message"
    assert verified.lines[1].startswith("1 group and 3 rows looked at, ")


def test_force_is_for_rows_that_only_it_may_mend(world: World, group: str) -> None:
    world.client.update_item(
        TableName=TABLE,
        Key=row_key(RowKey(VIC.user_uuid, group)),
        UpdateExpression="SET last_message_at = :never",
        ExpressionAttributeValues={":never": {"S": "2999-01-01T00:00:00.000000+00:00"}},
    )
    assert world.run("rows reconcile", "--all", *NOW).code == 1
    assert world.run("rows reconcile", "--all", "--force", *NOW).code == 0
    assert world.run("messages list-conversations", VIC.user_uuid).lines[0].endswith("uma: are you there?")


def test_reconcile_wants_to_know_which(world: World) -> None:
    assert "one of --group, --all is required" in world.run("rows reconcile").err
    assert "from 0 to 3600 seconds" in world.run("rows verify", "--settle", "-1").err
    assert world.refused("rows verify", "--group", "nowhere") == f"table {TABLE}: no group 'nowhere'"


def test_failed_batches_are_redriven_and_deleted_if_the_bucket_is_typed(
    world: World, table: MessageTable, group: str, s3: Any
) -> None:
    newest = table.messages(group, UMA.user_uuid, limit=1).items[0]
    (record,) = message_records(newest)
    record["dynamodb"]["ApproximateCreationDateTime"] = datetime.now(UTC).timestamp()
    batch = json.dumps(document(record)).replace("table/messages/", f"table/{TABLE}/")
    s3.put_object(Bucket=BUCKET, Key="aws/lambda/uuid-1/shardId-1/x", Body=batch.encode())
    assert world.refused("rows redrive", "--delete", answer="yes\n") == "not confirmed: nothing was done"
    assert "add --yes" in world.refused("rows redrive", "--delete", "--json")
    done = world.run("rows redrive", "--delete", answer=f"{BUCKET}\n")
    assert (done.code, done.lines[-1]) == (
        0,
        "1 failed batch: 3 rows applied, 0 already newer; 0 still bad, 1 deleted",
    )
    assert world.run("rows redrive", "--json").out == '{\n  "batches": [],\n  "deleted": []\n}\n'
    assert world.run("rows verify", *NOW).code == 0


def test_without_the_bucket_or_the_folder_redrive_says_so(world: World, tmp_path: Path) -> None:
    assert "NoSuchBucket" in world.refused("rows redrive", "--bucket", "no-such-bucket")
    assert "is no folder" in world.refused("rows redrive", "--folder", str(tmp_path / "none"))


def test_a_message_is_edited_and_deleted(world: World, table: MessageTable, group: str) -> None:
    at = table.messages(group, UMA.user_uuid, limit=1).items[0].created_at
    assert world.run("messages change", group, at, "u1", "--text", "anybody?", "--refresh").code == 0
    assert world.run("messages list-conversations", "u2").lines[0].endswith("uma: anybody?")
    assert world.run("messages change", group, at, "u1", "--delete", "--refresh").code == 0
    assert world.run("messages list-conversations", "u2").lines[0].endswith("uma: ")
    assert "was not written by 'u2'" in world.refused("messages change", group, at, "u2", "--delete")


def test_what_is_unread_is_shown_until_it_is_marked(world: World, group: str) -> None:
    unread = world.run("messages list-conversations", "u2", "--unread")
    assert unread.lines[0].endswith("uma: hello  [unread]")
    assert unread.err.splitlines()[0] == "1 unread"
    assert world.run("messages mark-read", group, "u2").lines[0].startswith("read until ")
    assert world.run("messages mark-read", group, "u2").lines == ["had read as much already"]
    assert world.run("messages list-conversations", "u2", "--unread").lines[0].endswith("uma: hello")


def test_members_come_and_go_and_change_their_names(world: World, group: str) -> None:
    added = world.run("messages change-members", group, "u1", "--add", "u4", "Xia", "xia")
    assert added.lines == ["u1  uma", "u2  vic", "u3  wim", "u4  xia"]
    assert world.run("messages list-conversations", "u4").lines[0].endswith("uma: are you there?")
    renamed = world.run("messages rename-user", "u1", "Uma Thorne", "umat")
    assert renamed.lines == ["1 group and 3 rows of others name u1 anew"]
    assert world.run("messages change-members", group, "u2", "--remove", "u2").lines == [
        "u1  umat",
        "u3  wim",
        "u4  xia",
    ]
    assert "has no conversation" in world.refused("messages list-conversations", "u2")


def test_a_message_may_be_kept_for_a_while_only(world: World, table: MessageTable, group: str) -> None:
    assert world.run("messages create", "u1", "brief", "--group", group, "--keep", "60").code == 0
    expires_at = table.messages(group, "u1", limit=1).items[0].expires_at
    assert expires_at is not None
    assert 0 < expires_at - datetime.now(UTC).timestamp() <= 60
