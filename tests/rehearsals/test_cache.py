"""An estate with a cache: what is listed through it is as old as it says, and nobody else reads through it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stream_lambda.items import User
from tableguard import settings
from tableguard.compliance import managed
from tableguard.compliance.evaluator import Inventory
from tableguard.compliance.judgement import Evaluation, judged
from tableguard.errors import MessageError
from tableguard.local import estate, stand_in_cache
from tableguard.local.clients.factory import Clients, make_client
from tableguard.local.configuration import deployed, guard, inventory
from tableguard.store.cache.reader import ListingReader
from tableguard.store.messages import MessageTable
from tests.worlds.estate import ACCOUNT, BY_SCP, REGION

pytestmark = pytest.mark.slow

SETTINGS = replace(settings.example("complete"), client_side_encryption=False)
ADA, BOB, EVE = (User(f"user-{name}", name.title(), name) for name in ("ada", "bob", "eve"))
TTL = 5


@pytest.fixture(scope="module")
def running() -> Iterator[estate.EmbeddedEstate]:
    """The complete example but for encryption, so that texts are read as they were sent."""
    with estate.running(SETTINGS, 0, lambda step: None) as started:
        yield started


def through_cache(running: estate.EmbeddedEstate, role: str) -> Any:
    """A client of what stands in for the cluster, with the keys of a role."""
    keys = running.roles[role].get_credentials()
    return make_client(
        "dynamodb",
        region_name=REGION,
        endpoint_url=f"{running.endpoint}{stand_in_cache.PATH}{SETTINGS.name}",
        aws_access_key_id=keys.access_key,
        aws_secret_access_key=keys.secret_key,
        aws_session_token=keys.token,
    )


@pytest.fixture(scope="module")
def table(running: estate.EmbeddedEstate) -> MessageTable:
    return MessageTable(
        running.roles["application"].client("dynamodb"),
        SETTINGS.table_name,
        clock=lambda: datetime.now(UTC),
        cache=ListingReader(through_cache(running, "application"), TTL),
    )


@pytest.fixture
def group_uuid(table: MessageTable, request: pytest.FixtureRequest) -> str:
    """A new conversation of two, with one message."""
    who = [replace(one, user_uuid=f"{one.user_uuid}-{request.node.name}") for one in (ADA, BOB)]
    return table.create_conversation(who[0], [who[1]], "first").message.group_uuid


def member(request: pytest.FixtureRequest) -> str:
    return f"{ADA.user_uuid}-{request.node.name}"


def texts(table: MessageTable, group_uuid: str, reader: str, consistent: bool = False) -> list[Any]:
    return [message.text for message in table.messages(group_uuid, reader, consistent=consistent).items]


def test_a_listing_is_old_for_as_long_as_it_says_and_no_longer(
    running: estate.EmbeddedEstate, table: MessageTable, group_uuid: str, request: pytest.FixtureRequest
) -> None:
    ada = member(request)
    assert texts(table, group_uuid, ada) == ["first"]
    table.post(group_uuid, ada, "second")
    assert texts(table, group_uuid, ada) == ["first"]
    assert texts(table, group_uuid, ada, consistent=True) == ["second", "first"]
    ages = [table.messages(group_uuid, ada, consistent=asked).seconds_old for asked in (False, True)]
    assert ages == [TTL, 0]
    running.watch.clock.advance(TTL)
    assert texts(table, group_uuid, ada) == ["second", "first"]


def test_a_deleted_message_may_show_until_then(
    running: estate.EmbeddedEstate, table: MessageTable, group_uuid: str, request: pytest.FixtureRequest
) -> None:
    ada = member(request)
    (message,) = table.messages(group_uuid, ada).items
    table.delete(group_uuid, message.created_at, ada)
    assert texts(table, group_uuid, ada) == ["first"]
    assert texts(table, group_uuid, ada, consistent=True) == [""]
    running.watch.clock.advance(TTL)
    assert texts(table, group_uuid, ada) == [""]


def test_conversations_are_listed_through_it_too_and_a_hit_costs_nothing(
    table: MessageTable, group_uuid: str, request: pytest.FixtureRequest
) -> None:
    ada = member(request)
    first, again = (table.conversations(ada) for _ in range(2))
    assert [row.group_uuid for row in first.items] == [row.group_uuid for row in again.items] == [group_uuid]
    assert first.read_units > again.read_units == 0
    assert (again.seconds_old, again.consistent) == (TTL, False)
    assert table.conversations(ada, consistent=True).consistent


def test_who_is_no_member_reads_nothing_that_the_cache_has(
    table: MessageTable, group_uuid: str, request: pytest.FixtureRequest
) -> None:
    assert texts(table, group_uuid, member(request)) == ["first"]
    with pytest.raises(MessageError, match="is not a member"):
        table.messages(group_uuid, EVE.user_uuid)


@pytest.mark.parametrize("role", ["administrator", "deployer", "operator", "auditor"])
def test_nobody_but_the_application_reads_through_it(
    running: estate.EmbeddedEstate, group_uuid: str, role: str
) -> None:
    key = {":pk": {"S": f"MSG#{group_uuid}"}}
    question = {
        "TableName": SETTINGS.table_name,
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": key,
    }
    assert through_cache(running, "application").query(**question)["Count"] == 1
    with pytest.raises(ClientError, match=r"not authorized to perform: dax:Query") as refused:
        through_cache(running, role).query(**question)
    assert BY_SCP in str(refused.value)


def test_nothing_is_written_through_it(running: estate.EmbeddedEstate) -> None:
    with pytest.raises(ClientError, match="NotModelled"):
        through_cache(running, "application").put_item(TableName=SETTINGS.table_name, Item={"pk": {"S": "a"}})


def test_it_says_that_it_is_a_stand_in(running: estate.EmbeddedEstate, group_uuid: str) -> None:
    answer = through_cache(running, "application").get_item(
        TableName=SETTINGS.table_name, Key={"pk": {"S": f"META#{group_uuid}"}, "sk": {"S": "META"}}
    )
    assert answer["ResponseMetadata"]["HTTPHeaders"][stand_in_cache.HEADER] == "cache"


def verdicts(running: estate.EmbeddedEstate) -> dict[tuple[str, str], str]:
    """What the rules about caches say of each cluster, asked as the auditor."""
    client = running.roles["auditor"].client
    config, now = client("config"), datetime.now(UTC)
    rules = [rule for rule in deployed.rules(config) if rule.identifier.startswith("DAX_")]
    items = Inventory(tuple(inventory.items(client, ACCOUNT, REGION)), now)
    said = judged(rules, items, deployed.recording(config), managed.evaluators(), guard.ruling)
    return {(one.rule.identifier, one.item.label): one.ruling.compliance for one in said if isinstance(one, Evaluation)}


def test_the_rules_of_aws_config_hold_and_notice_another_cluster(running: estate.EmbeddedEstate) -> None:
    rules = ("DAX_ENCRYPTION_ENABLED", "DAX_TLS_ENDPOINT_ENCRYPTION")
    ours = {(rule, SETTINGS.name): "COMPLIANT" for rule in rules}
    assert verdicts(running) == ours
    dax = Clients(running.endpoint)("dax", ACCOUNT, REGION)
    role = SETTINGS.role_arn("dax")
    dax.create_cluster(ClusterName="open", NodeType="dax.t3.small", ReplicationFactor=1, IamRoleArn=role)
    try:
        assert verdicts(running) == {**ours, **{(rule, "open"): "NON_COMPLIANT" for rule in rules}}
    finally:
        dax.delete_cluster(ClusterName="open")
