"""The application, its members, the function and the auditor on the whole estate: their work, and nothing beyond."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stream_lambda.items import INDEX, User
from tableguard.local import estate
from tableguard.local.authorization.network import endpoint_for
from tableguard.local.landing_zone import EmbeddedSession, LandingZone
from tableguard.store.messages import MessageTable
from tests.worlds.estate import (
    DENIED,
    ELSEWHERE,
    FAILURES,
    KEY,
    ON_THE_EMBEDDED_AWS,
    REGION,
    SETTINGS,
    TABLE,
    TABLE_ARN,
    begin_conversation,
    refusal,
)

pytestmark = [pytest.mark.slow, ON_THE_EMBEDDED_AWS]
CAT, DAN = (User(f"application-{name}", name.title(), name) for name in ("cat", "dan"))


def test_the_application_s_patterns_work_and_its_rows_arrive(
    running: estate.EmbeddedEstate, table: MessageTable
) -> None:
    group = begin_conversation(running, table, CAT, DAN, "first")
    table.post(group, DAN.user_uuid, "second")
    running.poller.drain(timeout=20)
    assert [message.text for message in table.messages(group, CAT.user_uuid).items] == ["second", "first"]
    assert table.conversations(CAT.user_uuid).items[0].last_message == "second"


_STATEMENT = f"SELECT * FROM \"{TABLE}\" WHERE pk='MSG#g'"  # noqa: S608  # the table's name is ours
BEYOND: dict[str, tuple[str, dict[str, Any]]] = {
    "dynamodb:Scan": ("scan", {"TableName": TABLE}),
    "dynamodb:DeleteItem": ("delete_item", {"TableName": TABLE, "Key": KEY}),
    "dynamodb:BatchWriteItem": (
        "batch_write_item",
        {"RequestItems": {TABLE: [{"DeleteRequest": {"Key": KEY}}]}},
    ),
    "dynamodb:PartiQLSelect": ("execute_statement", {"Statement": _STATEMENT}),
    "dynamodb:GetItem": ("get_item", {"TableName": TABLE, "Key": {"pk": {"S": "OTHER#g"}, "sk": {"S": "2024"}}}),
}


@pytest.mark.parametrize("action", BEYOND)
def test_the_application_does_nothing_beyond_its_patterns(running: estate.EmbeddedEstate, action: str) -> None:
    operation, parameters = BEYOND[action]
    code, message = refusal(getattr(running.roles["application"].client("dynamodb"), operation), **parameters)
    assert code == DENIED
    assert f"perform: {action} on resource: {TABLE_ARN} " in message


def test_a_transaction_is_asked_for_each_of_its_actions(running: estate.EmbeddedEstate) -> None:
    client = running.roles["application"].client("dynamodb")
    put = {"Put": {"TableName": TABLE, "Item": KEY}}
    delete = {"Delete": {"TableName": TABLE, "Key": {**KEY, "sk": {"S": "2025"}}}}
    code, message = refusal(client.transact_write_items, TransactItems=[put, delete])
    assert code == DENIED
    assert "dynamodb:DeleteItem" in message
    client.transact_write_items(TransactItems=[put])


def test_without_the_endpoint_the_application_is_refused(running: estate.EmbeddedEstate, zone: LandingZone) -> None:
    outside = zone.assume(SETTINGS.role_arn("application"))
    code, message = refusal(outside.client("dynamodb").get_item, TableName=TABLE, Key=KEY)
    assert (code, message.endswith("with an explicit deny in a resource-based policy")) == (DENIED, True)
    inside = zone.in_network(outside)
    assert "Item" not in inside.client("dynamodb").get_item(TableName=TABLE, Key={**KEY, "sk": {"S": "absent"}})


def test_what_leaves_by_the_endpoint_is_bound_by_the_endpoint_s_policy(zone: LandingZone) -> None:
    inside = zone.in_network(zone.assume(SETTINGS.role_arn("break-glass")))
    code, message = refusal(inside.client("dynamodb").describe_table, TableName=TABLE)
    assert code == DENIED
    assert message.endswith("because no VPC endpoint policy allows the dynamodb:DescribeTable action")
    outside = zone.assume(SETTINGS.role_arn("break-glass"))
    assert outside.client("dynamodb").describe_table(TableName=TABLE)["Table"]["TableArn"] == TABLE_ARN


def test_streams_are_read_past_the_gateway_endpoint(running: estate.EmbeddedEstate) -> None:
    key = running.roles["application"].get_credentials().access_key
    assert endpoint_for(key, "dynamodb", REGION) is not None
    assert endpoint_for(key, "dynamodbstreams", REGION) is None
    assert endpoint_for(key, "dynamodb", ELSEWHERE) is None


def test_an_auditor_reads_settings_and_changes_none(running: estate.EmbeddedEstate) -> None:
    auditor = running.roles["auditor"].client("dynamodb")
    assert auditor.describe_table(TableName=TABLE)["Table"]["TableArn"] == TABLE_ARN
    parameters = {"AttributeName": "expires_at", "Enabled": False}
    code, _ = refusal(auditor.update_time_to_live, TableName=TABLE, TimeToLiveSpecification=parameters)
    assert code == DENIED


def test_the_function_reads_members_and_no_message(function: Callable[[str], Any]) -> None:
    client = function("dynamodb")
    client.batch_get_item(RequestItems={TABLE: {"Keys": [{"pk": {"S": "META#g"}, "sk": {"S": "META"}}]}})
    code, message = refusal(client.batch_get_item, RequestItems={TABLE: {"Keys": [KEY]}})
    assert code == DENIED
    assert message.endswith("because no identity-based policy allows the dynamodb:BatchGetItem action")


def test_the_function_keeps_failed_batches_in_their_place_only(
    running: estate.EmbeddedEstate, function: Callable[[str], Any]
) -> None:
    function("s3").put_object(Bucket=FAILURES, Key="aws/lambda/batch.json", Body=b"{}")
    assert refusal(function("s3").put_object, Bucket=FAILURES, Key="elsewhere.json", Body=b"{}")[0] == "AccessDenied"
    assert refusal(function("s3").get_object, Bucket=FAILURES, Key="aws/lambda/batch.json")[0] == "AccessDenied"
    running.roles["break-glass"].client("s3").delete_object(Bucket=FAILURES, Key="aws/lambda/batch.json")


def _member(zone: LandingZone, user: str) -> EmbeddedSession:
    return zone.in_network(zone.assume(SETTINGS.role_arn("identity-pool-user"), {"user_uuid": user}))


@pytest.mark.parametrize("index", [{}, {"IndexName": INDEX}], ids=["table", "index"])
def test_a_member_reads_the_own_conversations_and_no_other_s(zone: LandingZone, index: dict[str, str]) -> None:
    client = _member(zone, CAT.user_uuid).client("dynamodb")

    def asking(user: str) -> dict[str, Any]:
        values = {":pk": {"S": f"GRP#{user}"}}
        return {"TableName": TABLE, "KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": values, **index}

    client.query(**asking(CAT.user_uuid))
    code, message = refusal(client.query, **asking(DAN.user_uuid))
    assert code == DENIED
    arn = f"{TABLE_ARN}/index/{INDEX}" if index else TABLE_ARN
    assert f"dynamodb:Query on resource: {arn} because no identity-based policy" in message


def test_first_and_further_rows_are_listed_by_the_application_and_by_their_owner_and_to_nobody_else(
    running: estate.EmbeddedEstate, zone: LandingZone, table: MessageTable
) -> None:
    popular, *others = (User(f"popular-{name}", name.title(), name) for name in ("pia", "quin", "rob", "sue"))
    crowded = replace(table, conversations_in_table=1)
    groups = [begin_conversation(running, crowded, other, popular, f"from {other.handle}") for other in others]
    crowded.post(groups[1], others[1].user_uuid, "newest")
    running.poller.drain(timeout=20)
    wanted = [(groups[1], "newest", True), (groups[2], "from sue", True), (groups[0], "from quin", False)]
    own = MessageTable(_member(zone, popular.user_uuid).client("dynamodb"), TABLE, clock=lambda: datetime.now(UTC))
    for reader in (crowded, own):
        first = reader.conversations(popular.user_uuid, limit=2)
        second = reader.conversations(popular.user_uuid, limit=2, token=first.token)
        listed = [(row.group_uuid, row.last_message, row.further) for row in (*first.items, *second.items)]
        assert (listed, second.token) == (wanted, None)
    with pytest.raises(ClientError, match="no identity-based policy allows the dynamodb:Query action"):
        own.conversations(others[0].user_uuid)
