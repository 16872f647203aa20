"""Each call to the embedded AWS is observed with its answer and recorded: allowed, failed and refused, by whomever."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tableguard.local.landing_zone import LandingZone
from tableguard.local.watch import watch
from tableguard.local.watch.watch import Watch
from tests.worlds import edge

SECRET = "what nobody may read"  # noqa: S105  # the text of a message


@pytest.fixture(scope="module")
def zone() -> Iterator[LandingZone]:
    with edge.running() as prepared:
        yield prepared


@pytest.fixture
def watching(zone: LandingZone) -> Watch:
    """Return the watch, which has seen nothing yet that a test does."""
    in_use = watch.in_use()
    assert in_use is not None
    in_use.calls.take()
    return in_use


def _records(watching: Watch) -> list[dict[str, Any]]:
    return [recorded.record for recorded in watching.calls.take()]


def _only(watching: Watch) -> dict[str, Any]:
    (record,) = _records(watching)
    return record


def test_a_call_that_is_carried_out_is_recorded_with_its_caller(zone: LandingZone, watching: Watch) -> None:
    zone.session("administrator").client("dynamodb").describe_table(TableName=edge.TABLE)
    record = _only(watching)
    assert (record["eventName"], record["requestParameters"]) == ("DescribeTable", {"tableName": edge.TABLE})
    issuer = record["userIdentity"]["sessionContext"]["sessionIssuer"]
    assert issuer["arn"] == f"arn:aws:iam::{edge.ACCOUNT}:role/OrganizationAccountAccessRole"
    assert "errorCode" not in record


def test_a_call_of_setup_is_not_recorded(zone: LandingZone, watching: Watch) -> None:
    zone.clients("dynamodb", edge.ACCOUNT, edge.REGION).describe_table(TableName=edge.TABLE)
    assert _records(watching) == []


def test_a_call_that_fails_is_recorded_with_the_code_of_its_service(zone: LandingZone, watching: Watch) -> None:
    with pytest.raises(ClientError):
        zone.session("administrator").client("dynamodb").describe_table(TableName="absent")
    record = _only(watching)
    assert record["errorCode"] == "ResourceNotFoundException"
    assert record["responseElements"] is None


def test_a_call_that_is_not_authorized_is_recorded_as_denied(zone: LandingZone, watching: Watch) -> None:
    zone.clients("iam", edge.ACCOUNT, edge.REGION).create_user(UserName="eve")
    keys = zone.clients("iam", edge.ACCOUNT, edge.REGION).create_access_key(UserName="eve")["AccessKey"]
    eve = edge.over_http(zone, "dynamodb")
    eve._request_signer._credentials.access_key = keys["AccessKeyId"]
    with pytest.raises(ClientError):
        eve.delete_table(TableName=edge.TABLE)
    record = _only(watching)
    assert record["errorCode"] == "AccessDenied"
    assert "dynamodb:DeleteTable" in record["errorMessage"]
    assert record["userIdentity"]["userName"] == "eve"
    assert record["userIdentity"]["accessKeyId"] == keys["AccessKeyId"]


def test_a_request_with_an_unknown_key_is_not_recorded(zone: LandingZone, watching: Watch) -> None:
    stranger = edge.over_http(zone, "dynamodb")
    stranger._request_signer._credentials.access_key = "AKIAUNKNOWN000000000"
    with pytest.raises(ClientError):
        stranger.describe_table(TableName=edge.TABLE)
    assert _records(watching) == []


def test_no_value_of_an_item_but_its_key_is_recorded(zone: LandingZone, watching: Watch) -> None:
    client = zone.session("administrator").client("dynamodb")
    client.put_item(TableName=edge.TABLE, Item={"pk": {"S": "p"}, "message": {"S": SECRET}})
    client.get_item(TableName=edge.TABLE, Key={"pk": {"S": "p"}})
    put, get = _records(watching)
    assert put["requestParameters"] == {"tableName": edge.TABLE, "key": {"pk": "p"}, "item": ["pk", "message"]}
    assert get["requestParameters"] == {"tableName": edge.TABLE, "key": {"pk": "p"}}
    assert SECRET not in json.dumps([put, get])


def test_what_cloudformation_does_for_a_caller_is_recorded_as_invoked_by_it(zone: LandingZone, watching: Watch) -> None:
    cloudformation = zone.session("administrator").client("cloudformation")
    template = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "told"}}}}
    cloudformation.create_stack(StackName="told", TemplateBody=json.dumps(template))
    by_name = {record["eventName"]: record for record in _records(watching)}
    topic, stack = by_name["CreateTopic"], by_name["CreateStack"]
    assert topic["userIdentity"]["invokedBy"] == "cloudformation.amazonaws.com"
    assert topic["sourceIPAddress"] == topic["userAgent"] == "cloudformation.amazonaws.com"
    assert topic["userIdentity"]["accessKeyId"] == stack["userIdentity"]["accessKeyId"]
    assert "invokedBy" not in stack["userIdentity"]
    assert stack["requestParameters"] == {"stackName": "told"}
