"""The whole estate on the embedded AWS: deployed, read back, and messages flowing through the packaged function."""

import base64
import json
from collections.abc import Iterator
from functools import partial

import pytest

from stream_lambda.items import Group, RowKey, User, group_item, row_key
from tableguard.errors import MessageError
from tableguard.local import demo, estate
from tableguard.local.landing_zone import LandingZone
from tableguard.stacks.deployment.deploy import deploy
from tableguard.stacks.registry import enabled_stacks
from tableguard.store.messages import MessageTable
from tests.engines.choice import BOTH
from tests.worlds.messages import REAL_RECORD

ADA, BOB, CAT, DAN, EVE = (User(f"estate-{name}", name.title(), name) for name in ("ada", "bob", "cat", "dan", "eve"))
pytestmark = [pytest.mark.slow, pytest.mark.parametrize("running", BOTH, indirect=True, scope="package")]


def test_every_stack_is_created(running: estate.EmbeddedEstate) -> None:
    assert [(done.stack, done.outcome) for done in running.deployments] == [
        (s.name, "created") for s in enabled_stacks(running.settings)
    ]


def test_every_resource_that_the_embedded_aws_models_is_read_back_as_declared(running: estate.EmbeddedEstate) -> None:
    assert [resource.type for resource in running.read_back.resources if not resource.verified] == []


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


@pytest.fixture
def group(running: estate.EmbeddedEstate, zone: LandingZone, table: MessageTable) -> Iterator[Group]:
    """The group of the real record, which has no message in this table: neither it nor its rows stay."""
    image = REAL_RECORD["dynamodb"]["NewImage"]
    author = User(image["user_uuid"]["S"], image["user_display_name"]["S"], image["user_handle"]["S"])
    group = Group(image["pk"]["S"].removeprefix("MSG#"), (author, CAT))
    item = group_item(group)
    table.client.put_item(TableName=table.name, Item=item)
    yield group
    rows = (row_key(RowKey(user.user_uuid, group.group_uuid)) for user in group.members)
    anybody = zone.clients("dynamodb", running.settings.account_id, running.settings.home_region)
    for key in ({name: item[name] for name in ("pk", "sk")}, *rows):
        anybody.delete_item(TableName=table.name, Key=key)


def test_a_record_of_a_real_stream_runs_verbatim_and_its_lines_are_in_the_log_group(
    running: estate.EmbeddedEstate, zone: LandingZone, table: MessageTable, group: Group
) -> None:
    image, (author, _) = REAL_RECORD["dynamodb"]["NewImage"], group.members
    settings = running.settings
    clients = partial(zone.clients, account=settings.account_id, region=settings.home_region)
    event = json.dumps({"Records": [REAL_RECORD]})
    answer = clients("lambda").invoke(FunctionName=settings.function_name, Payload=event, LogType="Tail")
    assert json.loads(answer["Payload"].read()) == {"batchItemFailures": []}
    shown = {row.group_uuid: row for row in table.all_conversations(CAT.user_uuid).items}[group.group_uuid]
    assert (shown.other, shown.last_message, shown.last_message_at) == (author, "opa", image["sk"]["S"])
    running.functions.flush_logs()
    found = clients("logs").filter_log_events(logGroupName=f"/aws/lambda/{settings.function_name}")["events"]
    tail = base64.b64decode(answer["LogResult"]).decode()
    assert tail in "".join(event["message"] for event in found)
    lines = [json.loads(line) for line in tail.splitlines()]
    assert [line.get("type", "") for line in lines] == ["platform.start", "", "platform.report"]
    assert '"Records": 1' in tail
    assert "opa" not in tail


def test_deploying_again_changes_nothing(running: estate.EmbeddedEstate) -> None:
    again = deploy(running.settings, running.session, estate.POLLING, estate.APPROVING)
    assert [(done.stack, done.changes) for done in again if done.outcome != "unchanged"] == []
