"""The operator on the whole estate: verifies, mends and redrives, and nothing beyond."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stream_lambda.items import RowKey, User, flag_key, group_item, group_key, group_of, messages_pk, row_key, timestamp
from tableguard.local import estate
from tableguard.local.landing_zone import LandingZone
from tableguard.projection import reconcile, redrive
from tableguard.projection.drift import Kind
from tableguard.projection.failed_batches import Bucket
from tableguard.projection.repair import RepairOutcome
from tableguard.projection.survey import Survey
from tableguard.projection.views import Reader
from tableguard.store.messages import MessageTable
from tableguard.store.statements.plan import plan
from tableguard.store.statements.run import StatementRun
from tableguard.users.matching.people import people
from tests.worlds.estate import (
    ACCOUNT,
    BY_SCP,
    DENIED,
    FAILURES,
    KEY,
    ON_THE_EMBEDDED_AWS,
    SETTINGS,
    TABLE,
    refusal,
    spoil_row,
)
from tests.worlds.failed_batches import leave
from tests.worlds.messages import message_records

pytestmark = [pytest.mark.slow, ON_THE_EMBEDDED_AWS]
ADA, BOB = (User(f"operator-{name}", name.title(), name) for name in ("ada", "bob"))


@pytest.fixture(scope="module")
def operated(running: estate.EmbeddedEstate, table: MessageTable) -> str:
    """A group of Ada and Bob, whose rows have followed its one message."""
    group = table.create_conversation(ADA, [BOB], "as it was said").message.group_uuid
    running.poller.drain(timeout=20)
    return group


def _shown(table: MessageTable, user: User, group: str) -> str | bytes:
    (row,) = [row for row in table.all_conversations(user.user_uuid).items if row.group_uuid == group]
    return row.last_message


def _survey(running: estate.EmbeddedEstate) -> Survey:
    running.poller.drain(timeout=20)  # another test's messages are everybody's
    client = running.roles["operator"].client("dynamodb")
    return Survey(Reader(client, TABLE, lambda: datetime.now(UTC)), settle=0.0)


def _redriven(running: estate.EmbeddedEstate, key: str) -> redrive.RedriveResult:
    """What became of one batch, redriven with all others by the operator."""
    operator = running.roles["operator"]
    target = redrive.RedriveTarget(operator.client("dynamodb"), TABLE, lambda: datetime.now(UTC))
    source = Bucket(operator.client("s3"), FAILURES)
    return {batch.name: batch for batch in redrive.redrive(source, target)}[key]


def _wrong(survey: Survey) -> list[tuple[Kind, str, str]]:
    return [(drift.kind, drift.group_uuid, drift.user_uuid) for drift in survey.of_all()]


def test_the_operator_verifies_all_rows_and_mends_one(
    running: estate.EmbeddedEstate, zone: LandingZone, table: MessageTable, operated: str
) -> None:
    assert _wrong(_survey(running)) == []
    spoil_row(zone, BOB, operated)
    assert _wrong(_survey(running)) == [(Kind.BEHIND, operated, BOB.user_uuid)]
    (mended,) = reconcile.reconcile(_survey(running), reconcile.Choice()).results
    assert mended.outcome is RepairOutcome.MENDED
    assert _wrong(_survey(running)) == []
    assert _shown(table, BOB, operated) == "as it was said"


def test_the_operator_sees_whom_the_table_knows_and_with_which_names(
    running: estate.EmbeddedEstate, operated: str
) -> None:
    """What `users check` reads of the table."""
    reader = Reader(running.roles["operator"].client("dynamodb"), TABLE, lambda: datetime.now(UTC))
    known_people = people(reader)
    assert known_people.members[operated] == (ADA.user_uuid, BOB.user_uuid)
    assert known_people.persons[ADA.user_uuid].groups == {(ADA.handle, ADA.display_name): [operated]}
    assert known_people.persons[ADA.user_uuid].rows == {operated}


def test_partiql_is_for_break_glass_alone(running: estate.EmbeddedEstate, zone: LandingZone, operated: str) -> None:
    statement = f'SELECT sk FROM "{TABLE}" WHERE pk = ?'  # noqa: S608  # the table's name is ours
    values = [{"S": messages_pk(operated)}]
    glass = zone.assume(SETTINGS.role_arn("break-glass")).client("dynamodb")
    planned = plan(glass, statement, values, consistent=False)
    assert (planned.kind, planned.stored.name) == ("query", f"table {TABLE}")
    (page,) = StatementRun(glass, statement, values).pages(limit=10, token=None)
    assert len(page["Items"]) == 1
    code, message = refusal(
        running.roles["operator"].client("dynamodb").execute_statement, Statement=statement, Parameters=values
    )
    assert (code, "dynamodb:PartiQLSelect" in message) == (DENIED, True)


def test_the_operator_ends_a_row_of_somebody_who_is_no_member_in_one_transaction(
    running: estate.EmbeddedEstate, zone: LandingZone, operated: str
) -> None:
    row = {**row_key(RowKey("operator-eve", operated)), "last_message_at": {"S": "2020-01-01T00:00:00.000000+00:00"}}
    zone.assume(SETTINGS.role_arn("break-glass")).client("dynamodb").put_item(TableName=TABLE, Item=row)
    (ended,) = reconcile.reconcile(_survey(running), reconcile.Choice()).results
    assert (ended.drift.kind, ended.outcome) == (Kind.FORMER, RepairOutcome.EXPIRED)
    assert _wrong(_survey(running)) == []


def test_the_operator_puts_a_row_back_in_its_place_and_flags_who_has_further_rows(
    running: estate.EmbeddedEstate, zone: LandingZone, operated: str
) -> None:
    break_glass = zone.assume(SETTINGS.role_arn("break-glass")).client("dynamodb")
    first, further = (row_key(RowKey(BOB.user_uuid, operated, further)) for further in (False, True))
    row = break_glass.get_item(TableName=TABLE, Key=first)["Item"]
    at = {"further_at": row["last_message_at"]}

    def mended() -> list[tuple[Kind, RepairOutcome | None]]:
        results = reconcile.reconcile(_survey(running), reconcile.Choice()).results
        return [(result.drift.kind, result.outcome) for result in results]

    break_glass.put_item(TableName=TABLE, Item=row | further | at)
    break_glass.delete_item(TableName=TABLE, Key=first)
    assert mended() == [(Kind.MISPLACED, RepairOutcome.MENDED)]
    group = break_glass.get_item(TableName=TABLE, Key=group_key(operated))["Item"]
    placed = group_item(replace(group_of(group), further=frozenset({BOB.user_uuid})))
    break_glass.put_item(TableName=TABLE, Item=placed)
    assert mended() == [(Kind.MISPLACED, RepairOutcome.MENDED)]
    break_glass.delete_item(TableName=TABLE, Key=flag_key(BOB.user_uuid))
    assert mended() == [(Kind.UNFLAGGED, RepairOutcome.MENDED)]
    break_glass.put_item(TableName=TABLE, Item=group)
    assert mended() == [(Kind.MISPLACED, RepairOutcome.MENDED)]
    assert _wrong(_survey(running)) == []


def test_the_operator_redrives_a_failed_batch_and_removes_it(
    running: estate.EmbeddedEstate,
    zone: LandingZone,
    function: Callable[[str], Any],
    table: MessageTable,
    operated: str,
) -> None:
    (newest,) = table.messages(operated, ADA.user_uuid, limit=1).items
    (record,) = message_records(newest)
    record["dynamodb"]["ApproximateCreationDateTime"] = datetime.now(UTC).timestamp()
    key = leave(function("s3"), record, table=TABLE, bucket=FAILURES)
    spoil_row(zone, BOB, operated)
    done = _redriven(running, key)
    assert (done.applied, done.newer, done.done) == (1, 1, True)
    source = Bucket(running.roles["operator"].client("s3"), FAILURES)
    source.delete(key)
    assert key not in list(source.names())
    assert _wrong(_survey(running)) == []
    assert _shown(table, BOB, operated) == "as it was said"


@pytest.fixture
def spoilt(zone: LandingZone, operated: str) -> None:
    """Bob's row, behind its group's newest message."""
    spoil_row(zone, BOB, operated)


@pytest.mark.usefixtures("spoilt")
@pytest.mark.parametrize("seconds", [None, 1], ids=["of a message that is there", "of one that is not"])
def test_a_forged_batch_reaches_no_row_by_the_operator(
    running: estate.EmbeddedEstate,
    function: Callable[[str], Any],
    table: MessageTable,
    operated: str,
    seconds: int | None,
) -> None:
    (newest,) = table.messages(operated, ADA.user_uuid, limit=1).items
    when = datetime.fromisoformat(newest.created_at) + timedelta(seconds=seconds or 0)
    (record,) = message_records(replace(newest, text="FORGED: pay to account 666", created_at=timestamp(when)))
    # whoever may write there: the redrive must not depend on who that is
    key = leave(function("s3"), record, table=TABLE, bucket=FAILURES)
    done = _redriven(running, key)
    assert (done.gone, len(done.different), done.applied) == ((0, 1, 1) if seconds is None else (1, 0, 0))
    reconcile.reconcile(_survey(running), reconcile.Choice())
    assert [_shown(table, user, operated) for user in (ADA, BOB)] == ["as it was said"] * 2
    running.roles["operator"].client("s3").delete_object(Bucket=FAILURES, Key=key)


@pytest.mark.parametrize("action", ["s3:DeleteObject", "s3:GetObject"])
def test_an_administrator_takes_no_failed_batch(
    running: estate.EmbeddedEstate, function: Callable[[str], Any], action: str
) -> None:
    batch = {"Bucket": FAILURES, "Key": "aws/lambda/kept.json"}
    function("s3").put_object(**batch, Body=b"{}")
    operation = {"s3:DeleteObject": "delete_object", "s3:GetObject": "get_object"}[action]
    code, message = refusal(getattr(running.session("administrator").client("s3"), operation), **batch)
    assert code == "AccessDenied"
    assert f"perform: {action} on resource: arn:aws:s3:::{FAILURES}/aws/lambda/kept.json {BY_SCP}" in message
    getattr(running.roles["operator"].client("s3"), operation)(**batch)
    running.roles["break-glass"].client("s3").delete_object(**batch)


_PUT = {"TableName": TABLE, "Item": KEY}
_ROW = {"TableName": TABLE, "Key": row_key(RowKey(ADA.user_uuid, "g"))}
PAST_THE_OPERATOR: dict[str, tuple[str, str, dict[str, Any]]] = {
    "dynamodb:PutItem": ("dynamodb", "put_item", _PUT),
    "dynamodb:DeleteItem": ("dynamodb", "delete_item", {"TableName": TABLE, "Key": KEY}),
    "dynamodb:Scan": ("dynamodb", "scan", {"TableName": TABLE}),
    "dynamodb:GetItem": ("dynamodb", "get_item", {"TableName": TABLE, "Key": KEY}),
    "dynamodb:UpdateItem": (
        "dynamodb",
        "update_item",
        {**_ROW, "UpdateExpression": "SET last_read_at = :now", "ExpressionAttributeValues": {":now": {"S": "2024"}}},
    ),
    "s3:DeleteObjectVersion": ("s3", "delete_object", {"Bucket": FAILURES, "Key": "aws/lambda/x", "VersionId": "v"}),
    "s3:PutObject": ("s3", "put_object", {"Bucket": FAILURES, "Key": "aws/lambda/x", "Body": b"{}"}),
    "iam:DetachRolePolicy": (
        "iam",
        "detach_role_policy",
        {"RoleName": f"{SETTINGS.name}-operator", "PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/x"},
    ),
}


@pytest.mark.parametrize("action", PAST_THE_OPERATOR)
def test_the_operator_does_nothing_beyond_that(running: estate.EmbeddedEstate, action: str) -> None:
    service, operation, parameters = PAST_THE_OPERATOR[action]
    code, message = refusal(getattr(running.roles["operator"].client(service), operation), **parameters)
    assert code in (DENIED, "AccessDenied")
    assert f"perform: {action} on resource: " in message


def test_without_the_endpoint_the_operator_is_refused(zone: LandingZone) -> None:
    outside = zone.assume(SETTINGS.role_arn("operator")).client("dynamodb")
    newest = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": "MSG#g"}}}
    code, message = refusal(outside.query, TableName=TABLE, **newest)
    assert (code, message.endswith("with an explicit deny in a resource-based policy")) == (DENIED, True)


def test_without_a_table_to_take_over_the_operator_changes_no_group(running: estate.EmbeddedEstate) -> None:
    operator = running.roles["operator"].client("dynamodb")
    change = {
        "TableName": TABLE,
        "Key": group_key("g"),
        "UpdateExpression": "SET members = :none",
        "ExpressionAttributeValues": {":none": {"L": []}},
    }
    assert refusal(operator.update_item, **change)[0] == DENIED
    assert refusal(operator.describe_table, TableName=TABLE)[0] == DENIED
