"""What CloudTrail's records of the whole estate say, to whom, and what they never say: the text of a message."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stream_lambda.items import User
from tableguard.local import estate
from tableguard.local.landing_zone import LandingZone
from tableguard.store.messages import MessageTable
from tests.engines.choice import BOTH
from tests.worlds.commands import run
from tests.worlds.estate import (
    ACCOUNT,
    ELSEWHERE,
    KEY,
    NEW_TABLE,
    REGION,
    SETTINGS,
    TABLE,
    TABLE_ARN,
    Ids,
    begin_conversation,
)

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("running", BOTH, indirect=True, scope="package")]
MARKER = "TEXT-THAT-NOBODY-MAY-LOG"
EVE, FAY = (User(f"records-{name}", f"{MARKER} {name}", f"{MARKER}-{name}") for name in ("eve", "fay"))


@pytest.fixture
def recorded(running: estate.EmbeddedEstate) -> Callable[[str], list[dict[str, Any]]]:
    """Return what finds the records of an event from now on."""
    watch = running.watch
    watch.calls.take()
    kept: list[dict[str, Any]] = []

    def named(name: str) -> list[dict[str, Any]]:
        kept.extend(entry.record for entry in watch.calls.take())
        return [record for record in kept if record["eventName"] == name]

    return named


def _fails(call: Callable[..., Any], **parameters: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    return str(refused.value.response["Error"]["Message"])


def test_a_denial_by_a_guardrail_is_recorded_in_its_words(
    running: estate.EmbeddedEstate, recorded: Callable[[str], list[dict[str, Any]]]
) -> None:
    administrator = running.roles["administrator"]
    text = _fails(administrator.client("dynamodb").delete_table, TableName=TABLE)
    (record,) = recorded("DeleteTable")
    assert record["errorCode"] == "AccessDenied"  # where a client reads AccessDeniedException
    assert record["errorMessage"] == text
    assert "with an explicit deny in a service control policy" in text
    assert record["requestParameters"] == {"tableName": TABLE}
    assert (record["readOnly"], record["responseElements"], record["eventCategory"]) == (False, None, "Management")


def test_ec2_and_sns_have_codes_of_their_own(
    running: estate.EmbeddedEstate, ids: Ids, recorded: Callable[[str], list[dict[str, Any]]]
) -> None:
    auditor = running.roles["auditor"]
    _fails(auditor.client("ec2").delete_vpc_endpoints, VpcEndpointIds=[ids.endpoint])
    topic = ids.subscription.rpartition(":")[0]
    _fails(auditor.client("sns").delete_topic, TopicArn=topic)
    (endpoint,), (deletion,) = recorded("DeleteVpcEndpoints"), recorded("DeleteTopic")
    assert endpoint["errorCode"] == "Client.UnauthorizedOperation"
    assert endpoint["requestParameters"] == {
        "DeleteVpcEndpointsRequest": {"VpcEndpointId": {"tag": 1, "content": ids.endpoint}}
    }
    assert deletion["errorCode"] == "AuthorizationError"
    assert deletion["requestParameters"] == {"topicArn": topic}


def test_a_call_in_another_region_is_of_that_region(
    running: estate.EmbeddedEstate, recorded: Callable[[str], list[dict[str, Any]]]
) -> None:
    _fails(running.roles["administrator"].client("dynamodb", region_name=ELSEWHERE).create_table, **NEW_TABLE)
    (record,) = recorded("CreateTable")
    assert record["awsRegion"] == ELSEWHERE
    assert record["requestParameters"]["keySchema"] == [{"attributeName": "pk", "keyType": "HASH"}]


def test_a_call_through_the_endpoint_names_it_and_its_account_and_is_network_activity_too(
    running: estate.EmbeddedEstate, ids: Ids, recorded: Callable[[str], list[dict[str, Any]]]
) -> None:
    running.roles["application"].client("dynamodb").get_item(TableName=TABLE, Key=KEY)
    data, network = recorded("GetItem")
    passed = {"vpcEndpointId": ids.endpoint, "vpcEndpointAccountId": ACCOUNT}
    assert (data["eventCategory"], network["eventCategory"]) == ("Data", "NetworkActivity")
    assert {name: data[name] for name in passed} == {name: network[name] for name in passed} == passed
    assert data["sharedEventID"] == network["sharedEventID"]
    assert data["eventID"] != network["eventID"]
    assert data["sourceIPAddress"].startswith("10.")  # an address of the VPC
    assert data["resources"] == [{"accountId": ACCOUNT, "type": "AWS::DynamoDB::Table", "ARN": TABLE_ARN}]
    assert network["eventType"] == "AwsVpceEvent"
    assert not {"requestParameters", "responseElements", "resources", "errorCode"} & set(network)


def test_what_the_endpoint_refuses_is_told_to_its_account_alone(
    running: estate.EmbeddedEstate, recorded: Callable[[str], list[dict[str, Any]]]
) -> None:
    text = _fails(running.roles["application"].client("dynamodb").describe_table, TableName=TABLE)
    assert text.endswith("because no VPC endpoint policy allows the dynamodb:DescribeTable action")
    (record,) = recorded("DescribeTable")
    assert (record["eventCategory"], record["recipientAccountId"]) == ("NetworkActivity", ACCOUNT)
    assert record["errorCode"] == "VpceAccessDenied"
    assert record["errorMessage"] == "The request was denied due to a VPC endpoint policy"


def test_a_call_from_another_account_is_told_to_both(
    running: estate.EmbeddedEstate, zone: LandingZone, recorded: Callable[[str], list[dict[str, Any]]]
) -> None:
    management = SETTINGS.management_account_id
    target = f"arn:aws:iam::{ACCOUNT}:role/OrganizationAccountAccessRole"
    sts = running.roles["management"].client("sts")
    sts.assume_role(RoleArn=target, RoleSessionName="from-above")
    by_account = {record["recipientAccountId"]: record for record in recorded("AssumeRole")}
    assert set(by_account) == {management, ACCOUNT}
    ours, theirs = by_account[ACCOUNT], by_account[management]
    assert ours["sharedEventID"] == theirs["sharedEventID"]
    assert theirs["userIdentity"]["type"] == "AssumedRole"
    assert set(ours["userIdentity"]) == {"type", "principalId", "accountId"}
    assert (ours["userIdentity"]["type"], ours["userIdentity"]["accountId"]) == ("AWSAccount", management)
    assert ours["requestParameters"] == theirs["requestParameters"]


def test_a_refused_call_from_another_account_is_told_to_the_caller_s_alone(
    running: estate.EmbeddedEstate, recorded: Callable[[str], list[dict[str, Any]]]
) -> None:
    sts = running.roles["management"].client("sts")
    _fails(sts.assume_role, RoleArn=SETTINGS.role_arn("application"), RoleSessionName="from-above")
    (record,) = recorded("AssumeRole")
    assert record["recipientAccountId"] == SETTINGS.management_account_id
    assert record["errorCode"] == "AccessDenied"


def test_lambda_takes_the_function_s_role_as_a_service(
    running: estate.EmbeddedEstate, function: Callable[[str], Any], recorded: Callable[[str], list[dict[str, Any]]]
) -> None:
    running.watch.calls.take()
    records = [entry.record for entry in running.watch.calls.history() if entry.record["eventName"] == "AssumeRole"]
    by_service = next(record for record in records if record["userIdentity"]["type"] == "AWSService")
    assert by_service["userIdentity"] == {"type": "AWSService", "invokedBy": "lambda.amazonaws.com"}
    assert by_service["sourceIPAddress"] == by_service["userAgent"] == "lambda.amazonaws.com"
    assert by_service["recipientAccountId"] == ACCOUNT
    assert "secretAccessKey" not in json.dumps(by_service)


def test_lambda_reads_the_stream_as_the_function_s_role_and_by_its_own_name(
    running: estate.EmbeddedEstate, table: MessageTable
) -> None:
    running.watch.calls.take()
    begin_conversation(running, table, EVE, FAY, "to be read")
    records = [entry.record for entry in running.watch.calls.take()]
    read = next(record for record in records if record["eventName"] == "GetRecords")
    assert read["userIdentity"]["invokedBy"] == read["sourceIPAddress"] == "lambda.amazonaws.com"
    assert read["userIdentity"]["sessionContext"]["sessionIssuer"]["userName"] == f"{SETTINGS.name}-pattern-d"
    written = next(record for record in records if record["eventName"] == "UpdateItem")
    assert "invokedBy" not in written["userIdentity"]  # by the function itself


def _commands(group: str, created_at: str) -> Iterator[tuple[str, ...]]:
    eve, gus = EVE.user_uuid, "records-gus"
    yield "messages create", eve, f"{MARKER} again", "--group", group, "--yes"
    yield "messages create", eve, MARKER, "--to", gus, MARKER, MARKER, "--yes"
    yield "messages change", group, created_at, eve, "--edit", f"{MARKER} otherwise", "--yes"
    yield "messages change-members", group, eve, "--add", gus, f"{MARKER} gus", f"{MARKER}-gus", "--yes"
    yield "messages change-members", group, eve, "--remove", gus, "--yes"
    yield "messages get-conversation", group, eve
    yield "messages list-conversations", eve
    yield "messages mark-read", group, eve, "--yes"
    yield "messages rename-user", eve, f"{MARKER} new", f"{MARKER}-new", "--yes"
    yield "messages seed", "--yes"
    yield "rows verify", "--settle", "0"
    yield "rows reconcile", "--settle", "0", "--yes"
    yield "rows redrive", "--yes"
    yield ("table scan",)
    yield ("table list",)


@pytest.mark.parametrize("role", ["application", "operator"])
def test_no_record_has_the_text_of_a_message_or_a_name(
    running: estate.EmbeddedEstate, table: MessageTable, monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    message = table.create_conversation(EVE, [FAY], f"{MARKER} first").message
    group, created_at = message.group_uuid, message.created_at
    table.post(group, FAY.user_uuid, f"{MARKER} second")
    table.edit(group, created_at, EVE.user_uuid, f"{MARKER} edited")
    running.poller.drain(timeout=20)
    table.messages(group, EVE.user_uuid)
    table.conversations(EVE.user_uuid)
    keys = running.roles[role].get_credentials()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", keys.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", keys.secret_key)
    monkeypatch.setenv("AWS_SESSION_TOKEN", keys.token or "")
    where = ("--endpoint-url", running.endpoint, "--region", REGION, "--table", TABLE)
    for name, *arguments in _commands(group, created_at):
        assert run(name, *arguments, *where).code in (0, 1, 2)  # what a role may not do is refused, and recorded too
    running.poller.drain(timeout=20)
    records = [entry.record for entry in (*running.watch.calls.take(), *running.watch.calls.history())]
    written = [record for record in records if record["eventName"] in ("PutItem", "TransactWriteItems", "UpdateItem")]
    assert len(written) > 5
    assert EVE.user_uuid in json.dumps(records)  # keys are there
    assert [record["eventName"] for record in records if MARKER in json.dumps(record)] == []
