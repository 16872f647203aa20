"""Every pattern and script on an encrypted table: ciphertext in every item, text for whoever has the key."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import boto3
import pytest

from stream_lambda import items
from stream_lambda.handler import handle_batch
from stream_lambda.items import Message, message_item, message_of
from stream_lambda.table import ProjectionTable
from tableguard import settings
from tableguard.aws.item_size import item_size
from tableguard.errors import MessageError
from tableguard.local import server as embedded
from tableguard.store import encryption, table_admin
from tableguard.store.encryption import REFUSED
from tableguard.store.loading import recording, replay
from tableguard.store.messages import ITEM_BYTES, MessageTable, pair_group_uuid
from tests.paths import ROOT
from tests.worlds import commands
from tests.worlds.messages import ADA, BOB, EVE, NOW, REGION, TABLE, all_items, said, stream_record

pytestmark = pytest.mark.slow
PAIR = pair_group_uuid(ADA.user_uuid, BOB.user_uuid)
SAID = "the ladder is behind the boathouse"
LONG = f"{SAID} " * 10
BOB_AS = (BOB.user_uuid, "Bob", "bob")


@dataclass(frozen=True)
class World:
    """An emulated AWS with a table and a message key."""

    endpoint: str
    dynamodb: Any
    kms: Any
    key: str

    def table(self, **more: Any) -> MessageTable:
        """The table as somebody with the key uses it; each of its messages is a second later than the last."""
        seconds = count()
        cipher = encryption.cipher(self.key, self.kms)
        with_key = MessageTable(
            self.dynamodb, TABLE, clock=lambda: NOW + timedelta(seconds=next(seconds)), cipher=cipher
        )
        return replace(with_key, **more)

    def follow(self) -> None:
        """Pattern D, on every message that there is: the handler, without a key."""
        records = [
            stream_record(item, number)
            for number, item in enumerate(all_items(self.dynamodb), 1)
            if items.is_message_pk(item["pk"]["S"])
        ]
        handled = handle_batch(
            records, ProjectionTable(self.dynamodb, TABLE, 1), NOW + timedelta(days=1), lambda: 60_000
        )
        assert (len(handled.poison), handled.failed_from) == (0, None)

    def contains(self, text: str) -> bool:
        """Whether a text is anywhere in the table."""
        return text in repr(all_items(self.dynamodb))

    def message(self, message: Message) -> dict[str, Any]:
        """A message as it is stored."""
        key = items.message_key(message.group_uuid, message.created_at)
        return dict(self.dynamodb.get_item(TableName=TABLE, Key=key)["Item"])


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with embedded.start() as running:
        yield running.endpoint


@pytest.fixture(scope="module")
def clients(server: str) -> tuple[Any, Any]:
    session = boto3.Session("local", "local", region_name=REGION)
    dynamodb: Any = session.client("dynamodb", endpoint_url=server)
    return dynamodb, session.client("kms", endpoint_url=server)


@pytest.fixture(scope="module")
def key(clients: tuple[Any, Any]) -> str:
    return str(clients[1].create_key()["KeyMetadata"]["Arn"])


@pytest.fixture
def world(server: str, clients: tuple[Any, Any], key: str) -> Iterator[World]:
    dynamodb, kms = clients
    table_admin.create(dynamodb, settings.example(), TABLE)
    yield World(server, dynamodb, kms, key)
    dynamodb.delete_table(TableName=TABLE)


def texts(table: MessageTable) -> list[object]:
    return [message.text for message in table.messages(PAIR, ADA.user_uuid, consistent=True).items]


def previews(table: MessageTable) -> list[object]:
    return [row.last_message for row in table.conversations(BOB.user_uuid).items]


def test_a_conversation_is_written_and_read_and_no_text_is_in_the_table(world: World) -> None:
    table = world.table()
    posted = table.create_conversation(ADA, [BOB], LONG)
    table.post(PAIR, BOB.user_uuid, SAID)
    assert posted.message.text == LONG
    assert texts(table) == [SAID, LONG]
    assert not world.contains("ladder")


def test_rows_show_the_text_at_once_and_after_pattern_d(world: World) -> None:
    table = world.table()
    table.create_conversation(ADA, [BOB], SAID)
    assert previews(table) == [SAID]
    table.post(PAIR, BOB.user_uuid, LONG)
    world.follow()
    assert previews(table) == [LONG[:140]]
    assert [row.last_message for row in table.all_conversations(ADA.user_uuid).items] == [LONG[:140]]
    assert not world.contains("ladder")


@pytest.mark.parametrize(("before", "after"), [("short", LONG), (LONG, "short"), (LONG, LONG + "!")])
def test_an_edit_is_encrypted_anew_and_reaches_the_rows(world: World, before: str, after: str) -> None:
    table = world.table()
    first = table.create_conversation(ADA, [BOB], before).message
    table.edit(PAIR, first.created_at, ADA.user_uuid, after)
    world.follow()
    assert (texts(table), previews(table)) == ([after], [after[:140]])
    assert ("preview" in world.message(first)) is (len(after) > 140)
    assert not world.contains("ladder")


def test_an_old_ciphertext_under_a_new_version_is_refused(world: World) -> None:
    table = world.table()
    first = table.create_conversation(ADA, [BOB], "before").message
    old = world.message(first)["message"]
    table.edit(PAIR, first.created_at, ADA.user_uuid, "after")
    world.dynamodb.put_item(TableName=TABLE, Item=world.message(first) | {"message": old})
    page = table.messages(PAIR, ADA.user_uuid)
    assert (page.items[0].text, len(page.refusals)) == (REFUSED, 1)


def test_a_deleted_message_is_empty_for_everybody(world: World) -> None:
    table = world.table()
    first = table.create_conversation(ADA, [BOB], LONG).message
    table.delete(PAIR, first.created_at, ADA.user_uuid)
    world.follow()
    assert (texts(table), previews(table)) == ([""], [""])
    assert "preview" not in world.message(first)


def test_two_messages_at_one_instant_are_both_readable(world: World) -> None:
    table = world.table(clock=lambda: NOW)
    table.create_conversation(ADA, [BOB], "first")
    table.post(PAIR, BOB.user_uuid, "second")
    assert texts(table) == ["second", "first"]


def test_without_the_key_a_reader_sees_bytes(world: World) -> None:
    table = world.table()
    table.create_conversation(ADA, [BOB], SAID)
    (text,) = texts(replace(table, cipher=None))
    assert isinstance(text, bytes)
    assert SAID.encode() not in text


def test_a_mixed_table_shows_what_was_written_before_the_change(world: World) -> None:
    plain = world.table(cipher=None)
    plain.create_conversation(ADA, [BOB], "old")
    table = world.table(clock=lambda: NOW + timedelta(hours=1))
    table.post(PAIR, BOB.user_uuid, "new")
    cipher = table.cipher
    assert cipher is not None
    mixed = replace(table, cipher=replace(cipher, plaintext_before=items.timestamp(NOW + timedelta(minutes=1))))
    assert texts(mixed) == ["new", "old"]
    assert texts(table) == ["new", REFUSED]


def test_a_ciphertext_of_another_message_is_named_and_the_rest_is_shown(world: World) -> None:
    table = world.table()
    first = table.create_conversation(ADA, [BOB], "first").message
    second = table.post(PAIR, BOB.user_uuid, "second").message
    swapped = world.message(second) | {"message": world.message(first)["message"]}
    world.dynamodb.put_item(TableName=TABLE, Item=swapped)
    page = table.messages(PAIR, ADA.user_uuid)
    assert [message.text for message in page.items] == [REFUSED, "first"]
    assert page.refusals == (
        f"group {PAIR}: the message at {second.created_at} does not fit its ciphertext: "
        "one of them was altered or moved, or is of another key",
    )


def test_a_row_that_shows_a_message_as_another_ones_is_refused(world: World) -> None:
    table = world.table()
    table.create_conversation(ADA, [BOB], "first")
    world.dynamodb.update_item(
        TableName=TABLE,
        Key=items.row_key(items.RowKey(BOB.user_uuid, PAIR)),
        UpdateExpression="SET last_user_uuid = :eve",
        ExpressionAttributeValues={":eve": {"S": EVE.user_uuid}},
    )
    page = table.conversations(BOB.user_uuid)
    assert ([row.last_message for row in page.items], len(page.refusals)) == ([REFUSED], 1)


def test_further_rows_hold_ciphertext_and_are_listed_as_text(world: World) -> None:
    table = world.table(conversations_in_table=1)
    table.create_conversation(EVE, [ADA], "in a first row")
    table.create_conversation(BOB, [ADA], SAID)
    newer = f"{SAID}, since today"
    table.post(PAIR, BOB.user_uuid, newer)
    world.follow()
    listed = table.conversations(ADA.user_uuid)
    assert [(row.last_message, row.further) for row in listed.items] == [(newer, True), ("in a first row", False)]
    assert SAID not in str(all_items(world.dynamodb))
    assert [type(row.last_message) for row in world.table(cipher=None).conversations(ADA.user_uuid).items] == [
        bytes
    ] * 2


def test_a_text_that_is_too_long_once_it_is_encrypted_is_refused(world: World) -> None:
    table = world.table()
    table.create_conversation(ADA, [BOB], "first")
    text = "x" * (ITEM_BYTES - 300)
    assert item_size(message_item(said(text, 1))) <= ITEM_BYTES
    with pytest.raises(MessageError, match=r"DynamoDB takes at most 409600"):
        table.post(PAIR, BOB.user_uuid, text)
    table.post(PAIR, BOB.user_uuid, "x" * 250_000)  # moto counts bytes as the base64 that they travel in


def test_a_trace_is_replayed_encrypted(world: World, tmp_path: Path) -> None:
    trace = tmp_path / "trace.txt"
    trace.write_text("1 2 1 1082040961\n2 1 1 1082155839\n")
    lines = recording.read_trace(trace)
    cipher = world.table().cipher
    replay.replay(world.dynamodb, TABLE, lines, world.table().places(), cipher=cipher)
    wanted = list(recording.messages(lines))
    assert cipher is not None
    stored = [message_of(world.message(message)) for message in wanted]
    assert [message.text for message in cipher.open_messages(stored).items] == [message.text for message in wanted]
    assert not any(isinstance(message.text, str) for message in stored)
    assert all(isinstance(message_item(message)["message"].get("S"), str) for message in wanted)


@pytest.fixture
def run(world: World, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("TABLEGUARD_MESSAGE_KEY", world.key)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "local")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")

    def command(name: str, *arguments: str, table: tuple[str, ...] = ("--table", TABLE)) -> commands.Ran:
        where = ("--endpoint-url", world.endpoint, "--region", REGION, *table)
        return commands.run(name, *arguments, *where)

    return command


def test_commands_write_list_edit_and_show_encrypted_texts(world: World, run: Any) -> None:
    sent = run("messages create", ADA.user_uuid, SAID, "--to", *BOB_AS, "--as", "Ada", "ada")
    assert (sent.code, world.contains("ladder")) == (0, False)
    created_at = sent.out.split()[0]
    assert SAID in run("messages get-conversation", PAIR, BOB.user_uuid).out
    assert SAID in run("messages list-conversations", BOB.user_uuid).out
    edited = run("messages change", PAIR, created_at, ADA.user_uuid, "--text", "nothing there", "--refresh")
    assert edited.code == 0
    assert "nothing there" in run("messages list-conversations", BOB.user_uuid, "--all").out
    assert not world.contains("nothing there")


def test_seed_is_encrypted_too(world: World, run: Any) -> None:
    assert run("messages seed").code == 0
    assert not [item for item in all_items(world.dynamodb) if "S" in item.get("message", {})]


def test_without_the_key_scripts_show_how_long_the_ciphertext_is(
    world: World, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.table().create_conversation(ADA, [BOB], SAID)
    monkeypatch.delenv("TABLEGUARD_MESSAGE_KEY")
    shown = run("messages get-conversation", PAIR, BOB.user_uuid)
    assert (shown.code, SAID in shown.out, " bytes, encrypted>" in shown.out) == (0, False, True)


def test_a_message_that_does_not_fit_is_not_shown_and_ends_a_script_with_2(world: World, run: Any) -> None:
    table = world.table()
    first = table.create_conversation(ADA, [BOB], "first").message
    second = table.post(PAIR, BOB.user_uuid, "second").message
    world.dynamodb.put_item(TableName=TABLE, Item=world.message(second) | {"message": world.message(first)["message"]})
    shown = run("messages get-conversation", PAIR, BOB.user_uuid)
    assert shown.code == 2
    assert shown.out.splitlines() == [
        f"{second.created_at}  bob: <not shown>",
        f"{first.created_at}  ada: first",
    ]
    last = shown.err.splitlines()[-1]
    assert last.startswith(
        f"tableguard messages get-conversation: group {PAIR}: the message at {second.created_at} does not fit its"
    )
    assert shown.err.splitlines()[0].startswith("1 shown, ")


def test_plaintext_is_shown_by_scripts_that_are_told_when_encryption_began(world: World, run: Any) -> None:
    world.table(cipher=None).create_conversation(ADA, [BOB], "old")
    conversation = ("messages get-conversation", PAIR, BOB.user_uuid)
    refused, shown = run(*conversation), run(*conversation, "--plaintext-before", "2026-06-27")
    assert (refused.code, "old" in refused.out) == (2, False)
    assert refused.err.splitlines()[-1].endswith("say when that began")
    assert (shown.code, "old" in shown.out) == (0, True)


@pytest.mark.parametrize(
    ("option", "says"),
    [
        (("--plaintext-before", "yesterday"), "--plaintext-before 'yesterday': not an ISO 8601 time"),
        (("--message-key", "alias/messages"), "message key 'alias/messages': name the key by its ARN"),
    ],
)
def test_an_option_that_makes_no_sense_is_one_line(run: Any, option: tuple[str, str], says: str) -> None:
    ran = run("messages list-conversations", BOB.user_uuid, *option)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"tableguard messages list-conversations: {says}")
    assert ran.err.count("\n") == 1


def test_kms_can_be_elsewhere_than_dynamodb_local(world: World, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    world.table().create_conversation(ADA, [BOB], SAID)
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", "http://kms.example")
    ran = run("messages get-conversation", PAIR, BOB.user_uuid)
    assert ran.err.splitlines()[-1] == (
        "tableguard messages get-conversation: endpoint http://kms.example: messages would travel unencrypted; use https://"
    )
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", world.endpoint)
    assert SAID in run("messages get-conversation", PAIR, BOB.user_uuid).out


def test_a_table_that_is_to_be_encrypted_is_not_written_to_in_plaintext(
    world: World, run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = (ROOT / "templates/settings/existing-vpc.toml").read_text()
    file = tmp_path / "settings.toml"
    file.write_text(text.replace("chatter-messages", TABLE))
    monkeypatch.delenv("TABLEGUARD_MESSAGE_KEY")
    message = ("messages create", ADA.user_uuid, SAID, "--to", *BOB_AS, "--as", "Ada", "ada")
    refused = run(*message, table=("--settings", str(file)))
    assert (refused.code, all_items(world.dynamodb)) == (2, [])
    assert refused.err == (
        f"tableguard messages create: table {TABLE} has client-side encryption; name its key with --message-key or "
        "TABLEGUARD_MESSAGE_KEY: the table stack exports it as chatter-MessageKeyArn\n"
    )
    assert run(*message, "--message-key", world.key, table=("--settings", str(file))).code == 0
    assert not world.contains("ladder")
