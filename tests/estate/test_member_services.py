"""Member services on the whole estate: accounts, an export, an erasure beside Pattern D, and nothing beyond."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stream_lambda.items import User, group_key, message_key, rows_pk
from tableguard.local import estate
from tableguard.local.landing_zone import LandingZone
from tableguard.projection.views import Reader
from tableguard.store.messages import MessageTable
from tableguard.users.cognito import UserPool
from tableguard.users.eraser import Eraser
from tableguard.users.export import Export
from tableguard.users.holdings import TableScan
from tableguard.users.matching.comparison import MismatchKind
from tableguard.users.matching.match import Match, match
from tableguard.users.matching.sync import sync, sync_plan
from tests.worlds.estate import ON_THE_EMBEDDED_AWS, SETTINGS, TABLE, refusal

pytestmark = [pytest.mark.slow, ON_THE_EMBEDDED_AWS]
BOB = User("services-bob", "Bob of the services", "bob-of-the-services")


@pytest.fixture(scope="module")
def pool(running: estate.EmbeddedEstate) -> UserPool:
    client = running.roles["member-services"].client("cognito-idp", region_name=SETTINGS.home_region)
    return UserPool(client, SETTINGS.user_pool_id)


@pytest.fixture(scope="module")
def scan(running: estate.EmbeddedEstate) -> TableScan:
    return TableScan(running.roles["member-services"].client("dynamodb"), TABLE)


@pytest.fixture
def rob(pool: UserPool) -> User:
    """Who is made by member services."""
    return pool.create(f"rob-{time.time_ns()}", "Rob of the services", f"{time.time_ns()}@example.com").user


def row_of(table: MessageTable, user: User, group_uuid: str) -> Any:
    return next((row for row in table.all_conversations(user.user_uuid).items if row.group_uuid == group_uuid), None)


def until(condition: Callable[[], bool]) -> bool:
    """Wait for Pattern D, ten seconds at most."""
    end = time.monotonic() + 10
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def test_a_person_is_exported_and_erased_beside_pattern_d(
    table: MessageTable, pool: UserPool, scan: TableScan, rob: User
) -> None:
    group = table.create_conversation(BOB, [rob], "hello Rob").message.group_uuid
    newest = table.post(group, rob.user_uuid, "hello Bob").message
    assert until(lambda: row_of(table, BOB, group).last_message == "hello Bob")
    export = Export(scan, scan.holdings(User(rob.user_uuid, "", "")))
    assert [message["text"] for message in export.messages()] == ["hello Bob"]
    pool.disable(rob.user_uuid)
    erasure = Eraser(scan, lambda: datetime.now(UTC), settle=1).erase(scan.holdings(rob))
    pool.delete(rob.user_uuid)
    assert (erasure.left.erasable, erasure.left.foreign) == (0, [])
    assert pool.account(rob.user_uuid) is None
    row = row_of(table, BOB, group)
    assert (row.last_message, row.last_message_at, row.other.handle) == ("", newest.created_at, "former-member")
    assert [message.text for message in table.messages(group, BOB.user_uuid).items] == ["", "hello Rob"]
    # and the conversation goes on
    table.post(group, BOB.user_uuid, "anybody?")
    assert until(lambda: row_of(table, BOB, group).last_message == "anybody?")
    assert scan.holdings(rob).erasable == 0


@pytest.fixture
def services(scan: TableScan) -> MessageTable:
    """The access patterns, by who may do few of them."""
    return MessageTable(scan.client, TABLE, lambda: datetime.now(UTC))


def matched(pool: UserPool, services: MessageTable) -> Match:
    return match(pool, pool, Reader(services.client, TABLE, services.clock))


def test_accounts_are_compared_and_new_names_written(
    table: MessageTable, pool: UserPool, services: MessageTable, rob: User
) -> None:
    former = replace(rob, display_name="Robert")
    group = table.create_conversation(BOB, [former], "hello Robert").message.group_uuid
    before = matched(pool, services)
    assert [one.groups for one in before.mismatches if one.kind is MismatchKind.NAMES] == [(group,)]
    sync(sync_plan(before, services, links=False, repoint=[]), services, pool)
    assert row_of(table, BOB, group).other == rob
    assert not [one for one in matched(pool, services).mismatches if one.kind is MismatchKind.NAMES]


def test_giving_conversations_to_another_uuid_is_break_glasss(
    table: MessageTable, pool: UserPool, services: MessageTable, rob: User
) -> None:
    wrong = replace(rob, user_uuid=f"wrong-{rob.user_uuid}")
    group = table.create_conversation(BOB, [wrong], "hello Rob").message.group_uuid
    before = services.client.batch_get_item(RequestItems={TABLE: {"Keys": [group_key(group)]}})["Responses"]
    plan = sync_plan(matched(pool, services), services, links=False, repoint=[(wrong.user_uuid, rob.user_uuid)])
    with pytest.raises(ClientError, match=r"AccessDeniedException.* PutItem operation"):
        sync(plan, services, pool)
    assert services.client.batch_get_item(RequestItems={TABLE: {"Keys": [group_key(group)]}})["Responses"] == before


ACTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "put_item": ("dynamodb", {"TableName": TABLE, "Item": {**message_key("g", "2026"), "message": {"S": "words"}}}),
    "scan": ("dynamodb", {"TableName": TABLE}),
    "query": (
        "dynamodb",
        {
            "TableName": TABLE,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": rows_pk("x")}},
        },
    ),
    "delete_table": ("dynamodb", {"TableName": TABLE}),
    "admin_set_user_password": (
        "cognito-idp",
        {"UserPoolId": SETTINGS.user_pool_id, "Username": "x", "Password": "Correct-horse-1", "Permanent": True},
    ),
    "delete_user_pool": ("cognito-idp", {"UserPoolId": SETTINGS.user_pool_id}),
}


@pytest.mark.parametrize("action", ACTIONS)
def test_member_services_does_nothing_beyond_that(running: estate.EmbeddedEstate, action: str) -> None:
    service, parameters = ACTIONS[action]
    client = running.roles["member-services"].client(service, region_name=SETTINGS.home_region)
    code, _ = refusal(getattr(client, action), **parameters)
    assert code.startswith("AccessDenied")


def test_without_the_endpoint_member_services_is_refused(zone: LandingZone) -> None:
    client = zone.assume(SETTINGS.role_arn("member-services")).client("dynamodb")
    code, message = refusal(client.delete_item, TableName=TABLE, Key={"pk": {"S": "GRP#x"}, "sk": {"S": "y"}})
    assert code == "AccessDeniedException"
    assert "with an explicit deny in a resource-based policy" in message
