"""The commands on a table, run in this process against an emulated DynamoDB on loopback."""

import importlib
import itertools
import json
import os
import pkgutil
import re
import shlex
import socket
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from stream_lambda import items
from stream_lambda.items import User
from tableguard import settings
from tableguard.aws.loopback import is_on_loopback
from tableguard.cli.commands.messages import seed
from tableguard.cli.target import Target
from tableguard.errors import MessageError
from tableguard.stacks.credentials import unknown_keys
from tableguard.stacks.registry import find_stack
from tableguard.store import table_admin
from tableguard.store.loading import conversation_file, replay
from tableguard.store.messages import MessageTable
from tests.paths import ROOT
from tests.worlds.command_table import CONVERSATION, GROUP, MINA, TABLE, TEO, World
from tests.worlds.commands import GROUPS, run
from tests.worlds.messages import NOW, REGION

pytestmark = pytest.mark.slow
NAMES = [f"{group} {name}" for group, names in GROUPS.items() for name in names]
# All of them


@pytest.mark.parametrize("name", NAMES)
def test_a_command_explains_itself(name: str) -> None:
    helped = run(name, "--help")
    assert helped.code == 0
    for option in ("--endpoint-url", "--region", "--profile", "--table", "--settings"):
        assert option in helped.out


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_names_each_of_its_modules_as_a_command(group: str) -> None:
    modules = pkgutil.iter_modules(importlib.import_module(f"tableguard.cli.commands.{group}").__path__)
    assert sorted(module.name.replace("_", "-") for module in modules) == sorted(GROUPS[group])
    listed = run(group, "--help").out
    assert all(re.search(rf"^  {name}\b", listed, re.MULTILINE) for name in GROUPS[group])


ARGUMENTS = {
    "table drop": (),
    "table scan": (),
    "messages seed": (),
    "messages create": (MINA, "hello", "--group", "g"),
    "messages get-conversation": ("g", MINA),
    "messages list-conversations": (MINA,),
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_without_the_table_it_says_how_to_make_one(empty: World, name: str) -> None:
    assert re.fullmatch(
        rf"no table {TABLE} at http://127.0.0.1:\d+; make one for development: tableguard table create --table {TABLE}",
        empty.refused(name, *ARGUMENTS[name]),
    )


def test_an_endpoint_where_nobody_answers_is_one_line(empty: World) -> None:
    with socket.socket() as taken:  # bound, and never listening
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        ran = run("table list", "--endpoint-url", f"http://127.0.0.1:{port}", *empty.options[2:])
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "Could not connect to the endpoint URL" in ran.err
    assert ran.err.endswith("; check the endpoint, the region and the network\n")


def test_an_unencrypted_endpoint_elsewhere_is_refused(empty: World) -> None:
    ran = run("table list", "--endpoint-url", "http://dynamodb.example.com", *empty.options[2:])
    assert ran.code == 2
    assert "would travel unencrypted; use https://" in ran.err


def test_an_unencrypted_endpoint_of_the_environment_is_refused_too(
    empty: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://dynamodb.example.com")
    ran = run("table list", *empty.options[2:])
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "http://dynamodb.example.com: messages would travel unencrypted; use https://" in ran.err


@pytest.mark.parametrize("endpoint", ["", "nonsense", "http://[::1", "http://localhost:99999", "https://a b"])
def test_an_endpoint_that_is_no_address_is_one_line(empty: World, endpoint: str) -> None:
    ran = run("table list", "--endpoint-url", endpoint, *empty.options[2:])
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert endpoint in ran.err


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("AWS_MAX_ATTEMPTS", "many", "invalid literal for int() with base 10: 'many'"),
        ("AWS_ENDPOINT_URL", "nonsense", "Invalid endpoint: nonsense"),
        ("AWS_ENDPOINT_URL", "http://[", "Invalid IPv6 URL"),
    ],
)
def test_a_variable_that_makes_no_sense_is_one_line(
    empty: World, monkeypatch: pytest.MonkeyPatch, name: str, value: str, reason: str
) -> None:
    monkeypatch.setenv(name, value)
    ran = run("table list", *empty.options[2:])
    remedy = "correct --endpoint-url, --region, the variables AWS_… or the profile"
    assert (ran.code, ran.out, ran.err) == (2, "", f"tableguard table list: {reason}; {remedy}\n")


@pytest.mark.parametrize(("region", "code"), [("eu central 1", 2), ("eu-central-1", 0)])
def test_a_region_that_is_none_is_one_line(empty: World, region: str, code: int) -> None:
    ran = run("table list --region", region, *empty.options)
    assert (ran.code, ran.err.count("\n")) == (code, code // 2)
    assert ("; correct --endpoint-url, --region, " in ran.err) == (code == 2)


@pytest.mark.parametrize(("text", "code"), [("[default", 2), ("[default]\n", 0)])
def test_a_configuration_of_aws_that_cannot_be_read_is_one_line(
    empty: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, code: int
) -> None:
    (tmp_path / "config").write_text(text, encoding="utf-8")
    with monkeypatch.context() as patch:  # moto reads it too, when it first makes a client: at the end of the test
        patch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
        ran = run("table list", *empty.options)
    assert (ran.code, ran.err.count("\n")) == (code, code // 2)
    assert (f"{tmp_path}/config; mend that file, or name another with AWS_CONFIG_FILE" in ran.err) == (code == 2)


def test_a_profile_that_does_not_exist_is_one_line(empty: World) -> None:
    reason = empty.refused("table list", "--profile", "nobody")
    assert reason.startswith("The config profile (nobody) could not be found; name another with --profile")
    assert "tableguard up" not in reason


def test_a_terminal_that_outlives_the_estate_is_told_that_it_has_ended(
    empty: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    gone = tmp_path / "aws-config"
    monkeypatch.setenv("AWS_CONFIG_FILE", str(gone))
    monkeypatch.setenv("AWS_PROFILE", "application")
    ended = f"; there is no {gone}, which AWS_CONFIG_FILE names: has `tableguard up` ended?"
    assert empty.refused("table list").endswith(ended)


UNKNOWN = "; it was asked with "
OWN = "; paste the line that `tableguard up` printed, which hides all others"


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "ListTables")


@pytest.mark.parametrize(
    ("variables", "options", "whose"),
    [
        (
            {"AWS_ACCESS_KEY_ID": "AKIAFOREIGN", "AWS_SECRET_ACCESS_KEY": "x"},
            (),
            "AWS_ACCESS_KEY_ID in the environment",
        ),
        ({"AWS_PROFILE": "application"}, (), "profile application, which AWS_PROFILE names"),
        ({"AWS_ACCESS_KEY_ID": "AKIAFOREIGN"}, ("--profile", "application"), "profile application"),
        ({}, (), "credentials that nobody named"),
    ],
)
def test_keys_that_loopback_does_not_know_are_named_and_never_shown(
    empty: World, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], options: tuple[str, ...], whose: str
) -> None:
    def refuse(**_: Any) -> Any:
        raise refusal("UnrecognizedClientException")

    config = Path(empty.options[-1]).with_name("config")
    config.write_text("[profile application]\n")
    for name, value in {"AWS_CONFIG_FILE": str(config), **variables}.items():
        monkeypatch.setenv(name, value)
    client = SimpleNamespace(get_paginator=lambda _: SimpleNamespace(paginate=refuse))
    monkeypatch.setattr(Target, "client_of", lambda *_: client)
    reason = empty.refused("table list", *options)
    assert reason.endswith(f"operation: no{UNKNOWN}{whose}{OWN}")
    assert "AKIA" not in reason


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("UnrecognizedClientException", True),
        ("ExpiredTokenException", True),
        ("ExpiredToken", True),
        ("InvalidClientTokenId", True),
        ("InvalidAccessKeyId", True),
        ("AccessDeniedException", False),
        ("ProvisionedThroughputExceededException", False),
    ],
)
def test_no_other_refusal_is_taken_for_one_of_keys(code: str, told: bool) -> None:
    assert unknown_keys(refusal(code), "work", True) == (f"{UNKNOWN}profile work{OWN}" if told else "")


@pytest.mark.parametrize(
    ("endpoint", "told"), [("https://dynamodb.eu-central-1.amazonaws.com", ""), ("http://127.0.0.1:1", OWN)]
)
def test_only_on_loopback_the_estates_own_keys_are_the_remedy(endpoint: str, told: str) -> None:
    assert unknown_keys(refusal("ExpiredToken"), "work", is_on_loopback(endpoint)) == f"{UNKNOWN}profile work{told}"


@pytest.mark.parametrize(
    ("variables", "options", "key"),
    [
        ({}, (), "local"),
        ({"AWS_PROFILE": "application"}, (), "AKIAOFAPPLICATION"),
        ({"AWS_ACCESS_KEY_ID": "AKIAOFMINE", "AWS_SECRET_ACCESS_KEY": "x"}, (), "AKIAOFMINE"),
        ({}, ("application",), "AKIAOFAPPLICATION"),
    ],
)
def test_any_keys_do_on_loopback_where_none_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variables: dict[str, str], options: tuple[str, ...], key: str
) -> None:
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ACCESS_KEY_ID"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "credentials").write_text(
        "".join(
            f"[{name}]\naws_access_key_id = AKIAOF{name.upper()}\naws_secret_access_key = x\n"
            for name in ("default", "application")
        )
    )
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    target = Target("http://127.0.0.1:1", REGION, options[0] if options else None, TABLE, None)
    assert target.client._request_signer._credentials.access_key == key


def test_where_nobody_gave_credentials_one_line_says_how_to(empty: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    ran = run("table list", "--endpoint-url", "https://dynamodb.example.com", *empty.options[2:])
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "Unable to locate credentials; name a profile with --profile, or set AWS_PROFILE" in ran.err


def test_the_region_is_the_settings_unless_another_is_named(world: World) -> None:
    assert world.run("table list").lines == [TABLE]
    assert world.run("table list", "--region", "us-east-1").lines == []


def test_it_runs_as_a_program_and_ends_quietly_when_its_reader_does(seeded: World) -> None:
    command = [sys.executable, "-m", "tableguard", "table", "scan", *seeded.options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    whole = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert len(whole.stdout.splitlines()) == 23
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as cut:
        assert cut.stdout is not None
        assert cut.stderr is not None
        cut.stdout.close()
        assert b"Traceback" not in cut.stderr.read()
    assert cut.returncode == 0


def test_settings_are_not_spoken_of_where_none_is_used(
    empty: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    endpoint = empty.options[:2]
    assert "no settings.toml here" in run("table list", *endpoint).err
    region = (*endpoint, "--region", REGION)
    assert "no settings.toml here" in run("table scan", *region).err
    assert run("table list", *region).err == ""
    table = (*region, "--table", "messages")
    for name, *arguments in (["table scan"], ["table drop"], ["messages seed"], ["rows redrive", "--folder", "here"]):
        assert "settings" not in run(name, *arguments, *table).err


# table, and messages written by the many


def test_schema_load_makes_the_table_of_the_template(empty: World) -> None:
    assert empty.run("table create").lines == [f"made {TABLE}: arn:aws:dynamodb:{REGION}:123456789012:table/{TABLE}"]
    made = empty.client.describe_table(TableName=TABLE)["Table"]
    resources = find_stack("table").document(settings.example())["Resources"]
    (wanted,) = (r["Properties"] for r in resources.values() if r["Type"] == "AWS::DynamoDB::Table")
    assert made["KeySchema"] == wanted["KeySchema"]
    assert made["AttributeDefinitions"] == wanted["AttributeDefinitions"]
    assert [(index["IndexName"], index["KeySchema"]) for index in made["GlobalSecondaryIndexes"]] == [
        (index["IndexName"], index["KeySchema"]) for index in wanted["GlobalSecondaryIndexes"]
    ]
    assert made["StreamSpecification"] == {"StreamEnabled": True, **wanted["StreamSpecification"]}
    expiry = empty.client.describe_time_to_live(TableName=TABLE)["TimeToLiveDescription"]
    assert expiry == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}


def test_schema_load_does_not_touch_a_table_that_exists(world: World) -> None:
    reason = world.refused("table create")
    assert reason == f"table {TABLE}: exists already; drop it first: tableguard table drop --table {TABLE}"
    assert world.run("table create", "--table", "another-table").code == 0


def test_list_tables_names_them_all(world: World) -> None:
    world.run("table create", "--table", "another-table")
    assert world.run("table list").lines == ["another-table", TABLE]


def test_seed_loads_the_conversation_once(world: World) -> None:
    first = world.run("messages seed")
    assert first.lines[0].startswith("20 messages loaded")
    again = world.run("messages seed")
    assert again.lines == ["0 messages loaded, 0 read units, 0 write units", *first.lines[1:]]
    shown = world.run("messages get-conversation", GROUP, TEO)
    assert [line.split(": ", 1)[1] for line in shown.lines] == [line.text for line in CONVERSATION.lines[::-1]]


def test_what_seed_proposes_can_be_run(seeded: World) -> None:
    for line in seeded.run("messages seed").lines[1:]:
        program, *arguments = shlex.split(line, comments=True)
        assert (program, run(" ".join(arguments[:2]), *arguments[2:]).code) == ("tableguard", 0)


def test_seed_proposes_what_reads_the_table_that_it_wrote(world: World) -> None:
    options = ("--table", "another-table", "--region", "us-east-1")
    world.run("table create", *options)
    first, *proposed = world.run("messages seed", *options).lines
    assert first.startswith("20 messages loaded")
    assert len(proposed) == 2
    for line in proposed:
        assert all(f" {option} " in f"{line} " for option in (" ".join(options[:2]), *world.options))
        _, group, name, *arguments = shlex.split(line, comments=True)
        assert run(f"{group} {name}", *arguments).code == 0
    assert world.run("table drop", "--yes", *options).code == 0


def test_replay_loads_a_trace(world: World, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    trace.write_text("% asym positive\n1 2 1 1082008561\n2 1 1 1082008562\n3 1 1 1082008563\n")
    ran = world.run("messages replay", str(trace), "--messages", "2", "--workers", "1")
    assert ran.lines[0].startswith("2 messages, 2 new, in 1 conversation of 2 users, ")
    again = world.run("messages replay", str(trace), "--messages", "2", "--workers", "1")
    assert again.lines[0].startswith("2 messages, 0 new, in 1 conversation of 2 users, ")
    # plain moto does not report them, moto as corrected for this process does
    assert "write units" in ran.lines[0]
    assert " 0 write units" in again.lines[0]
    assert len([line for line in world.run("table scan").lines if "MSG#" in line]) == 2


def test_replay_ends_with_one_line_when_it_is_interrupted(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pressed(message: items.Message) -> items.Item:
        raise KeyboardInterrupt

    trace = tmp_path / "trace"
    trace.write_text("1 2 1 1082008561\n")
    with monkeypatch.context() as patch:
        patch.setattr(replay, "message_item", pressed)
        ran = world.run("messages replay", str(trace))
    assert (ran.code, ran.lines) == (130, [])
    assert ran.err == (
        "tableguard messages replay: interrupted after 0 messages: run it again, what is there is left alone\n"
    )
    assert world.run("messages replay", str(trace)).lines[0].startswith("1 message, 1 new, ")


def test_replay_names_the_bad_line_of_a_trace_and_writes_nothing(world: World, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    trace.write_text("% asym positive\n1 2 1 1082008561\n1 two 1 1082008562\n")
    assert f"{trace}:3" in world.refused("messages replay", str(trace))
    assert world.run("table scan").lines == []


@pytest.mark.parametrize(
    "text",
    [
        "not toml",
        "user = []\nmessage = []",
        '[[user]]\nname = "x"',
        seed.SHIPPED.read_text().replace("minute = 2\n", "minute = 99\n"),
        seed.SHIPPED.read_text().replace('by = "teo"', 'by = "tim"', 1),
        seed.SHIPPED.read_text().partition("[[message]]")[0] + "message = []",
    ],
    ids=["not toml", "nobody", "not a user", "out of order", "by a stranger", "no messages"],
)
def test_seed_refuses_a_file_that_is_no_conversation(world: World, tmp_path: Path, text: str) -> None:
    (tmp_path / "other.toml").write_text(text)
    assert str(tmp_path / "other.toml") in world.refused("messages seed", "--file", str(tmp_path / "other.toml"))
    assert world.run("table scan").lines == []


def test_a_conversation_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MessageError, match="absent: cannot be read"):
        conversation_file.read(tmp_path / "absent")


def test_scan_prints_every_item_as_json(seeded: World) -> None:
    message = items.Message("g", "2026-01-01", "m", items.User("u", "n", "h"), b"\x00\xff")
    seeded.client.put_item(TableName=TABLE, Item=items.message_item(message))
    scanned = seeded.run("table scan")
    found = [json.loads(line) for line in scanned.lines]
    assert sorted({item["pk"]["S"].partition("#")[0] for item in found}) == ["GRP", "META", "MSG"]
    assert [item["message"] for item in found if item["pk"]["S"] == "MSG#g"] == [{"B": "AP8="}]
    assert scanned.err.startswith("24 items, ")


def test_drop_says_what_goes_and_asks_for_the_name(seeded: World) -> None:
    ran = seeded.run("table drop", answer=f"{TABLE}\n")
    arn = f"arn:aws:dynamodb:{REGION}:123456789012:table/{TABLE}"
    assert ran.lines[0] == f"This destroys {arn} (development) and the 23 items in it."
    assert (ran.code, ran.lines[-1][-len(TABLE) :]) == (0, TABLE)
    assert seeded.run("table list").lines == []


@pytest.mark.parametrize("answer", ["", "yes\n", "\n"])
def test_drop_does_nothing_unless_the_name_is_typed(seeded: World, answer: str) -> None:
    assert seeded.refused("table drop", answer=answer) == "not confirmed: nothing was done"
    assert seeded.run("table list").lines == [TABLE]


def test_drop_does_not_ask_with_yes(seeded: World) -> None:
    assert seeded.run("table drop", "--yes").code == 0
    assert seeded.run("table list").lines == []


def tag(world: World, environment: str | None) -> None:
    arn = world.client.describe_table(TableName=TABLE)["Table"]["TableArn"]
    if environment:
        world.client.tag_resource(ResourceArn=arn, Tags=[{"Key": "Environment", "Value": environment}])
    else:
        world.client.untag_resource(ResourceArn=arn, TagKeys=["Environment"])


# the settings of the fixture say production; a table's own tag says more
@pytest.mark.parametrize(("environment", "guarded"), [("production", True), (None, True), ("staging", False)])
def test_drop_wants_its_own_flag_for_production(world: World, environment: str | None, guarded: bool) -> None:
    tag(world, environment)
    if guarded:
        assert "add --production if it is meant" in world.refused("table drop", "--yes")
        assert world.run("table list").lines == [TABLE]
    assert world.run("table drop", "--yes", *["--production"] * guarded).code == 0


def test_drop_refuses_a_protected_table_whatever_is_said(world: World) -> None:
    world.client.update_table(TableName=TABLE, DeletionProtectionEnabled=True)
    assert "deletion protection is on" in world.refused("table drop", "--yes", "--production")
    assert world.run("table list").lines == [TABLE]


def test_an_engine_without_tags_holds_no_production(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def tagless(operation: str) -> Any:
        raise world.client.exceptions.ClientError({"Error": {"Code": "UnknownOperationException"}}, operation)

    tag(world, None)
    assert table_admin.facts(world.client, TABLE, lambda: "production").environment == "production"
    monkeypatch.setattr(world.client, "get_paginator", tagless)
    assert table_admin.facts(world.client, TABLE, lambda: "production").environment == "development"


# messages


def test_get_conversation_goes_on_where_it_ended(seeded: World) -> None:
    first = seeded.run("messages get-conversation", GROUP, MINA, "--limit", "15")
    token = first.err.split("--token ")[1].strip()
    second = seeded.run("messages get-conversation", GROUP, MINA, "--limit", "15", "--token", token, "--consistent")
    assert first.err.startswith("15 shown, ")
    assert (len(second.lines), "--token" in second.err) == (5, False)
    assert first.lines + second.lines == seeded.run("messages get-conversation", GROUP, MINA).lines


def test_get_conversation_refuses_who_is_no_member(seeded: World) -> None:
    assert seeded.refused("messages get-conversation", GROUP, "eve") == f"user 'eve' is not a member of group {GROUP}"
    assert seeded.refused("messages get-conversation", "nowhere", MINA) == f"table {TABLE}: no group 'nowhere'"


def test_list_conversations_shows_the_last_message(seeded: World) -> None:
    listed = seeded.run("messages list-conversations", TEO)
    assert [line.split(maxsplit=2)[2] for line in listed.lines] == [f"with mina — you: {CONVERSATION.lines[-1].text}"]
    assert listed.err.startswith("1 shown, ")
    assert seeded.run("messages list-conversations", TEO, "--all").lines == listed.lines
    (as_mina,) = seeded.run("messages list-conversations", MINA).lines
    assert as_mina.endswith(f"  with teo — teo: {CONVERSATION.lines[-1].text}")


def test_list_conversations_begins_every_text_in_one_column(seeded: World) -> None:
    seeded.run("messages create", MINA, "hi", "--as", "Mina", "mina", "--to", "u2", "Vic", "vic-of-the-pier")
    lines = seeded.run("messages list-conversations", MINA).lines
    assert [" ".join(line.split()[2:5]) for line in lines] == ["with vic-of-the-pier —", "with teo —"]
    assert len({line.index(" — ") for line in lines}) == 1


def test_list_conversations_shows_the_others_beside_a_damaged_row_and_says_how_to_mend_it(seeded: World) -> None:
    seeded.run("messages create", MINA, "hi", "--as", "Mina", "mina", "--to", "u2", "Vic", "vic")
    whole = seeded.run("messages list-conversations", MINA)
    key = items.row_key(items.RowKey(MINA, GROUP))
    seeded.client.update_item(TableName=TABLE, Key=key, UpdateExpression="REMOVE last_message_uuid")
    ran = seeded.run("messages list-conversations", MINA, "--unread")
    assert ((whole.code, len(whole.lines)), (ran.code, ran.lines)) == ((0, 2), (2, whole.lines[:1]))
    unread, count, reason = ran.err.splitlines()
    assert (unread == "0 unread", count.startswith("1 shown, ")) == (True, True)
    assert reason.startswith(
        f"tableguard messages list-conversations: item GRP#{MINA} / {GROUP}: last_message_uuid: absent"
    )
    mend = reason.split("; tableguard ")[1].removesuffix(" writes the row anew").split()
    assert "last_message_uuid: absent" in seeded.refused("messages rename-user", MINA, "Mina Berg", "minab")
    assert seeded.run(" ".join(mend), "--settle", "0", "--workers", "1").code == 0
    assert seeded.run("messages list-conversations", MINA).lines == whole.lines
    assert seeded.run("messages rename-user", MINA, "Mina Berg", "minab").code == 0


def test_a_user_whose_only_row_is_damaged_is_not_told_that_there_is_none(seeded: World) -> None:
    key = items.row_key(items.RowKey(MINA, GROUP))
    seeded.client.update_item(TableName=TABLE, Key=key, UpdateExpression="REMOVE last_message_uuid")
    count, reason = seeded.run("messages list-conversations", MINA).err.splitlines()
    assert (count.startswith("0 shown, "), "last_message_uuid: absent" in reason) == (True, True)


PROFILES = (
    "; --profile NAME: on the estate's table posting and reading is the application's, `rows` the operator's, and "
    "so is `table migrate` while former_index = true is deployed; `table scan` and `query` of it and `table adopt` "
    "into it are break-glass's; "
    "`table list`, and every command on a table outside the estate, is the administrator's"
)


@pytest.mark.parametrize(("code", "hint"), [("AccessDeniedException", PROFILES), ("ThrottlingException", "")])
def test_who_is_denied_is_told_whose_profile_it_takes(
    seeded: World, monkeypatch: pytest.MonkeyPatch, code: str, hint: str
) -> None:
    def refuse(**_: Any) -> Any:
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "GetItem")

    monkeypatch.setattr(seeded.client, "get_item", refuse)
    monkeypatch.setattr(Target, "client_of", lambda target, service: seeded.client)
    reason = seeded.refused("messages get-conversation", GROUP, MINA)
    assert reason == f"An error occurred ({code}) when calling the GetItem operation: no{hint}"


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("AccessDeniedException", PROFILES),
        ("UnrecognizedClientException", f"{UNKNOWN}credentials that nobody named{OWN}"),
        ("DisabledException", ""),
    ],
)
def test_who_is_denied_by_kms_is_told_so_too(
    seeded: World, monkeypatch: pytest.MonkeyPatch, code: str, hint: str
) -> None:
    def refuse(**_: Any) -> Any:
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "generate_data_key")

    kms = boto3.Session("no", "keys", region_name=REGION).client("kms", endpoint_url=seeded.options[1])
    monkeypatch.setattr(kms, "generate_data_key", refuse)
    monkeypatch.setattr(Target, "client_of", lambda target, service: kms if service == "kms" else seeded.client)
    key = f"arn:aws:kms:{REGION}:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    reason = seeded.refused("messages create", MINA, "hello", "--group", GROUP, "--message-key", key)
    assert reason == f"KMS refused generate_data_key: {code}: no{hint}"


@pytest.fixture
def crowded(world: World) -> World:
    """A table in which Mina has one first row and two further ones."""
    seconds = itertools.count()
    table = MessageTable(world.client, TABLE, lambda: NOW + timedelta(seconds=next(seconds)), conversations_in_table=1)
    for name in ("teo", "uma", "vic"):
        table.create_conversation(User(f"u-{name}", name.title(), name), [User(MINA, "Mina", "mina")], f"from {name}")
    return world


def texts(lines: list[str]) -> list[str]:
    return [line.partition(": ")[2] for line in lines]


def test_list_conversations_goes_on_over_first_and_further_rows(crowded: World) -> None:
    first = crowded.run("messages list-conversations", MINA, "--limit", "2", "--unread")
    assert texts(first.lines) == ["from vic  [unread]", "from uma  [unread]"]
    token = json.loads(crowded.run("messages list-conversations", MINA, "--limit", "2", "--json").out)["token"]
    rest = crowded.run("messages list-conversations", MINA, "--token", token)
    assert texts(rest.lines) == ["from teo"]
    assert texts(crowded.run("messages list-conversations", MINA, "--all").lines) == [
        "from vic",
        "from uma",
        "from teo",
    ]


@pytest.mark.parametrize(("user", "consistent"), [(MINA, False), ("u-vic", True)])
def test_list_conversations_says_whether_it_could_be_strongly_consistent(
    crowded: World, user: str, consistent: bool
) -> None:
    ran = crowded.run("messages list-conversations", user, "--consistent")
    assert ("not strongly consistent" in ran.err) is not consistent
    told = json.loads(crowded.run("messages list-conversations", user, "--consistent", "--json").out)
    assert told["consistent"] is consistent


def test_a_page_of_nothing_but_expired_rows_is_not_taken_for_no_conversation(crowded: World) -> None:
    table = MessageTable(crowded.client, TABLE, lambda: NOW + timedelta(minutes=1), conversations_in_table=1)
    table.create_conversation(User("u-wim", "Wim", "wim"), [User(MINA, "Mina", "mina")], "from wim")
    for row in table.all_conversations(MINA).items[:3]:
        crowded.client.update_item(
            TableName=TABLE,
            Key=items.row_key(items.RowKey(MINA, row.group_uuid, row.further)),
            UpdateExpression="SET expires_at = :past",
            ExpressionAttributeValues={":past": {"N": "1"}},
        )
    first = json.loads(crowded.run("messages list-conversations", MINA, "--limit", "1", "--json").out)
    assert first["conversations"] == []
    rest = crowded.run("messages list-conversations", MINA, "--token", first["token"])
    assert texts(rest.lines) == ["from teo"]


def test_list_conversations_refuses_an_unknown_user(seeded: World) -> None:
    assert (
        seeded.refused("messages list-conversations", "nobody") == f"user 'nobody' has no conversation in table {TABLE}"
    )


def test_list_conversations_takes_a_token_or_all(seeded: World) -> None:
    ran = seeded.run("messages list-conversations", TEO, "--all", "--token", "x")
    assert (ran.code, "--token and --all exclude each other: choose one" in ran.err) == (2, True)


def test_create_message_begins_a_conversation_and_goes_on_with_it(world: World) -> None:
    begun = world.run("messages create", "u1", "hello", "--as", "Uma", "uma", "--to", "u2", "Vic", "vic")
    assert begun.code == 0, begun.err
    group = begun.lines[0].split()[1]
    posted = world.run("messages create", "u2", "hello uma", "--group", group)
    assert posted.code == 0, posted.err
    shown = world.run("messages get-conversation", group, "u1").lines
    assert [line.split("  ")[1] for line in shown] == ["vic: hello uma", "uma: hello"]
    assert world.run("messages list-conversations", "u1").lines[0].endswith("  with vic — you: hello")
    assert world.run("messages list-conversations", "u2").lines[0].endswith("  with uma — uma: hello")


def test_create_message_updates_the_rows_where_no_function_does(seeded: World) -> None:
    assert seeded.run("messages create", MINA, "one more", "--group", GROUP, "--refresh").code == 0
    assert seeded.run("messages list-conversations", TEO).lines[0].endswith("mina: one more")


def test_create_message_needs_the_names_of_who_begins(world: World) -> None:
    reason = world.refused("messages create", "u1", "hello", "--to", "u2", "Vic", "vic")
    assert reason == "--to needs --as NAME HANDLE: how the sender is shown to others"


def test_create_message_takes_no_names_in_a_group_that_has_them(world: World) -> None:
    reason = world.refused("messages create", "u1", "hello", "--group", GROUP, "--as", "Uma", "uma")
    assert reason.startswith("--group and --as exclude each other")


def test_a_message_cannot_play_with_the_terminal(seeded: World) -> None:
    seeded.run("messages create", TEO, "look\n2026 mina: \x1b[2Jforged", "--group", GROUP)
    shown = seeded.run("messages get-conversation", GROUP, MINA, "--limit", "1")
    assert [line.split("  ", 1)[1] for line in shown.lines] == ["teo: look 2026 mina:  [2Jforged"]


@pytest.mark.parametrize(
    ("table", "given", "number"),
    [
        (None, False, 2),
        ("cruddur-messages", False, 2),
        ("another-table", False, 50),
        ("another-table", True, 2),
    ],
)
def test_the_settings_say_how_many_conversations_their_table_lists(
    table: str | None, given: bool, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "templates" / "settings" / "default.toml").read_text(encoding="utf-8")
    file = tmp_path / "settings.toml"
    file.write_text(text.replace("conversations_in_table = 50", "conversations_in_table = 2"), encoding="utf-8")
    target = Target("http://127.0.0.1:1", None, None, table, file if given else None)
    assert target.messages.conversations_in_table == number


def test_a_table_without_settings_lists_as_many_as_usual_and_nobody_is_told_of_an_example(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    target = Target("http://127.0.0.1:1", "eu-west-1", None, "another-table", None)
    assert target.messages.conversations_in_table == 50
    assert capsys.readouterr().err == ""
