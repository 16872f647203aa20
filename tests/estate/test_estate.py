"""The whole estate on the embedded AWS: deployed, read back, and messages flowing through the packaged function."""

import os
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stream_lambda.items import Group, User, group_item
from tableguard import settings
from tableguard.errors import MessageError
from tableguard.local import demo, estate
from tableguard.local.function.deployed import deployed_function
from tableguard.local.function.function import Function
from tableguard.local.function.outcome import Success
from tableguard.stacks.deploy import deploy
from tableguard.stacks.registry import STACKS
from tableguard.store.loading import recording, replay
from tableguard.store.messages import MessageTable
from tests.engines import DYNAMODB_LOCAL, dynamodb_local
from tests.engines.choice import BOTH, FASTER
from tests.worlds.messages import REAL_RECORD

# a recorded trace of private messages, if there is one: it is not part of this repository
TRACE = os.environ.get("TABLEGUARD_TRACE")
ADA, BOB, CAT, DAN, EVE = (User(f"user-{name}", name.title(), name) for name in ("ada", "bob", "cat", "dan", "eve"))


@pytest.fixture(scope="module", params=BOTH)
def running(request: pytest.FixtureRequest) -> Iterator[estate.EmbeddedEstate]:
    tables = dynamodb_local.engine() if request.param == DYNAMODB_LOCAL else None
    with estate.running(settings.example(), 0, lambda step: None, tables) as found:
        yield found


@pytest.fixture
def table(running: estate.EmbeddedEstate) -> MessageTable:
    return MessageTable(
        running.roles["application"].client("dynamodb"), running.settings.table_name, clock=lambda: datetime.now(UTC)
    )


def test_every_stack_is_created(running: estate.EmbeddedEstate) -> None:
    assert [(done.stack, done.outcome) for done in running.deployments] == [(s.name, "created") for s in STACKS]


def test_every_resource_that_the_embedded_aws_models_is_read_back_as_declared(running: estate.EmbeddedEstate) -> None:
    unverified = [resource for resource in running.read_back.resources if not resource.verified]
    assert {resource.type for resource in unverified} == {
        "AWS::Backup::BackupSelection",
        "AWS::Cognito::IdentityPoolPrincipalTag",
        "AWS::Cognito::IdentityPoolRoleAttachment",
    }
    assert all(not resource.compared and resource.not_modelled for resource in unverified)


def test_the_demonstration_verifies_what_every_member_sees(running: estate.EmbeddedEstate) -> None:
    shown = demo.run(running)
    assert [len(seen.conversations) for seen in shown.seen] == [2, 2, 2]
    assert "explicit deny in a service control policy" in shown.refusal


def test_a_message_reaches_the_conversation_lists_of_all_members_newest_first(
    running: estate.EmbeddedEstate, table: MessageTable
) -> None:
    first = table.create_conversation(ADA, [BOB], "to bob").message
    second = table.create_conversation(ADA, [EVE], "to eve").message
    latest = table.post(first.group_uuid, BOB.user_uuid, "back to ada").message
    running.poller.drain(timeout=20)
    assert [(row.other.handle, row.last_message) for row in table.conversations(ADA.user_uuid).items] == [
        ("bob", "back to ada"),
        ("eve", "to eve"),
    ]
    assert table.conversations(BOB.user_uuid).items[0].last_message_uuid == latest.message_uuid
    assert table.conversations(EVE.user_uuid).items[0].last_message_uuid == second.message_uuid


def test_a_stranger_reads_nothing(table: MessageTable) -> None:
    group = table.create_conversation(CAT, [DAN], "between us").message.group_uuid
    with pytest.raises(MessageError, match="is not a member of group"):
        table.messages(group, EVE.user_uuid)


def test_a_record_of_a_real_stream_runs_verbatim(running: estate.EmbeddedEstate, table: MessageTable) -> None:
    image = REAL_RECORD["dynamodb"]["NewImage"]
    author = User(image["user_uuid"]["S"], image["user_display_name"]["S"], image["user_handle"]["S"])
    group = Group(image["pk"]["S"].removeprefix("MSG#"), (author, CAT))
    table.client.put_item(TableName=table.name, Item=group_item(group))
    bucket = running.settings.artifact_bucket
    deployed = deployed_function(running.settings.function_name, running.roles["deployer"].client, bucket)
    lines: list[str] = []
    parts = deployed.package, deployed.configuration, deployed.credentials
    with Function(*parts, running.endpoint, lines.append) as function:
        outcome = function.invoke({"Records": [REAL_RECORD]})
    assert isinstance(outcome, Success)
    assert outcome.payload == {"batchItemFailures": []}
    assert "opa" not in "".join(lines)
    shown = {row.group_uuid: row for row in table.all_conversations(CAT.user_uuid).items}[group.group_uuid]
    assert (shown.other, shown.last_message, shown.last_message_at) == (author, "opa", image["sk"]["S"])


def test_deploying_again_changes_nothing(running: estate.EmbeddedEstate) -> None:
    again = deploy(running.settings, running.session, estate.POLLING, estate.approve)
    assert {done.outcome for done in again} == {"unchanged"}


@pytest.fixture
def trace_file(tmp_path: Path) -> Path:
    """The recorded trace, or one drawn: few pairs write much, many write little, three messages a second."""
    if TRACE:
        return Path(TRACE)
    chance = random.Random(1)  # noqa: S311  # traffic, not a secret
    pairs = chance.choices(range(400), [1 / rank for rank in range(1, 401)], k=2000)
    lines = (f"{1 + pair % 40} {41 + pair % 97} 1 {1082008561 + second // 3}" for second, pair in enumerate(pairs))
    drawn = tmp_path / "trace"
    drawn.write_text("\n".join(lines) + "\n")
    return drawn


@pytest.mark.parametrize("running", [FASTER], indirect=True)
def test_two_thousand_messages_of_a_trace_leave_every_row_at_its_newest_message(
    running: estate.EmbeddedEstate, trace_file: Path
) -> None:
    trace = recording.read_trace(trace_file)[:2000]
    client = running.roles["application"].client("dynamodb")
    replayed = replay.replay(client, running.settings.table_name, trace, workers=1)
    assert replayed.messages == 2000
    running.poller.drain(timeout=240)
    table = MessageTable(client, running.settings.table_name, clock=lambda: datetime.now(UTC))
    expected = recording.expected_rows(trace)
    shown = {
        (row.user_uuid, row.group_uuid): row.last_message_uuid
        for user in {user for user, _ in expected}
        for row in table.all_conversations(user).items
    }
    assert shown == {key: message.message_uuid for key, message in expected.items()}
