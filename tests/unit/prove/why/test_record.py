"""CloudTrail's records of denied calls are read, with a message or without, and so is a decoded message."""

import json
from typing import Any

import pytest

from tableguard.errors import PolicyError
from tableguard.prove.why.message import Refused
from tableguard.prove.why.record import read

ROLE = "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_X_0123456789abcdef"
SESSION = "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_X_0123456789abcdef/ida"
TABLE = "arn:aws:dynamodb:eu-west-1:111122223333:table/a"


def record(**changed: Any) -> dict[str, Any]:
    return {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole",
            "arn": SESSION,
            "sessionContext": {"sessionIssuer": {"type": "Role", "arn": ROLE}},
        },
        "eventSource": "dynamodb.amazonaws.com",
        "eventName": "DeleteTable",
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "203.0.113.9",
        "errorCode": "AccessDenied",
        "requestParameters": {"tableName": "a"},
        "recipientAccountId": "111122223333",
        "eventID": "1",
        **changed,
    }


def test_a_record_without_a_message_is_read_by_its_operation_and_parameters() -> None:
    refused = read(json.dumps(record(errorMessage="Access Denied")))
    assert (refused.user, refused.action, refused.resource) == (ROLE, "dynamodb:DeleteTable", TABLE)
    assert (refused.region, refused.layer, refused.context) == ("eu-west-1", None, {"aws:SourceIp": "203.0.113.9"})


def test_the_message_of_a_record_says_more_and_the_issuer_who_it_is() -> None:
    text = f"User: {SESSION} is not authorized to perform: dynamodb:TagResource on resource: {TABLE}"
    refused = read(json.dumps(record(errorMessage=f"{text} with an explicit deny in a service control policy")))
    assert (refused.user, refused.action, refused.layer, refused.explicit) == (
        ROLE,
        "dynamodb:TagResource",
        "scp",
        True,
    )


@pytest.mark.parametrize(
    ("changed", "action", "resource"),
    [
        (
            {"eventSource": "lambda.amazonaws.com", "eventName": "UpdateFunctionCode20150331v2",
             "requestParameters": {"functionName": "arn:aws:lambda:eu-west-1:111122223333:function:f"}},
            "lambda:UpdateFunctionCode", "arn:aws:lambda:eu-west-1:111122223333:function:f",
        ),
        (
            {"eventSource": "lambda.amazonaws.com", "eventName": "DeleteFunction20150331",
             "requestParameters": {"functionName": "f"}},
            "lambda:DeleteFunction", "arn:aws:lambda:eu-west-1:111122223333:function:f",
        ),
        (
            {"eventSource": "s3.amazonaws.com", "eventName": "HeadObject",
             "requestParameters": {"bucketName": "b", "key": "k/l"}},
            "s3:GetObject", "arn:aws:s3:::b/k/l",
        ),
        (
            {"eventSource": "monitoring.amazonaws.com", "eventName": "PutMetricData", "requestParameters": None},
            "cloudwatch:PutMetricData", "*",
        ),
        (
            {"eventSource": "kms.amazonaws.com", "eventName": "Decrypt", "requestParameters": {},
             "resources": [{"ARN": "arn:aws:kms:eu-west-1:111122223333:key/1"}]},
            "kms:Decrypt", "arn:aws:kms:eu-west-1:111122223333:key/1",
        ),
        ({"eventSource": "weather.amazonaws.com", "eventName": "MakeRain"}, "weather:MakeRain", "*"),
    ],
)  # fmt: skip
def test_operations_are_read_as_the_actions_that_they_need(changed: dict[str, Any], action: str, resource: str) -> None:
    refused = read(json.dumps(record(**changed)))
    assert (refused.action, refused.resource) == (action, resource)


def test_a_call_through_an_endpoint_or_a_service_has_the_keys_of_its_way() -> None:
    through = read(json.dumps(record(vpcEndpointId="vpce-1", vpcEndpointAccountId="111122223333")))
    assert through.context == {"aws:SourceVpce": "vpce-1", "aws:VpceAccount": "111122223333"}
    identity = {**record()["userIdentity"], "invokedBy": "dynamodb.amazonaws.com"}
    parameters = {"encryptionContext": {"a": "b"}}
    changed = {"eventSource": "kms.amazonaws.com", "eventName": "Decrypt", "requestParameters": parameters}
    service = read(json.dumps(record(userIdentity=identity, sourceIPAddress="dynamodb.amazonaws.com", **changed)))
    assert service.context == {
        "aws:CalledVia": ("dynamodb.amazonaws.com",),
        "kms:ViaService": "dynamodb.eu-west-1.amazonaws.com",
        "kms:EncryptionContextKeys": ("a",),
        "kms:EncryptionContext:a": "b",
    }


@pytest.mark.parametrize(
    "wrapped",
    [
        {"Records": [record(errorCode=None), record()]},
        {"CloudTrailEvent": json.dumps(record())},
        {"Events": [{"CloudTrailEvent": json.dumps(record())}]},
        {"detail-type": "AWS API Call via CloudTrail", "detail": record()},
        [record()],
    ],
)
def test_a_record_is_found_where_aws_puts_it(wrapped: Any) -> None:
    assert read(json.dumps(wrapped)).action == "dynamodb:DeleteTable"


def test_a_decoded_message_has_the_keys_of_the_request() -> None:
    condition = {"key": "aws:SourceVpce", "values": {"items": [{"value": "vpce-1"}]}}
    named = {"key": "aws:Resource", "values": {"items": [{"value": "table/a"}]}}
    context = {
        "principal": {"id": "AROA:ida", "arn": SESSION},
        "action": "dynamodb:DeleteTable",
        "resource": TABLE,
        "conditions": {"items": [condition, named]},
    }
    decoded = {"allowed": False, "explicitDeny": True, "matchedStatements": {"items": []}, "context": context}
    refused = read(json.dumps({"DecodedMessage": json.dumps(decoded)}))
    assert (refused.user, refused.resource, refused.context) == (SESSION, TABLE, {"aws:SourceVpce": "vpce-1"})


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "neither a message of denied access nor JSON"),
        ('"a"', "the JSON is no object"),
        ('{"a": 1}', "it has no eventName"),
        (json.dumps(record(errorCode="ValidationException")), "is not one of denied access: its errorCode is Val"),
        (json.dumps({"Records": [record(eventID="1"), record(eventID="2")]}), "2 of 2 records are of denied access: "),
        (json.dumps({"Records": [record(errorCode=None)]}), "0 of 1 records are of denied access"),
        (json.dumps(record(userIdentity={})), "its userIdentity has neither arn nor invokedBy"),
        (json.dumps(record(eventName="TransactWriteItems")), "needs one or more of dynamodb:PutItem, "),
    ],
)  # fmt: skip
def test_what_is_no_record_of_a_denied_call_is_refused(content: str, problem: str) -> None:
    with pytest.raises(PolicyError) as refusal:
        read(content)
    assert problem in str(refusal.value)


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"userIdentity": "ida"}, "userIdentity of the record is 'ida'; accepted: an object"),
        ({"userIdentity": {"arn": SESSION, "sessionContext": []}}, r"sessionContext of the record is \[\]; accepted"),
        ({"requestParameters": ["a"]}, "requestParameters of the record is"),
        ({"resources": 1}, "resources of the record is 1; accepted: a list"),
    ],
)
def test_a_record_of_another_shape_is_refused_in_one_line(changed: dict[str, Any], problem: str) -> None:
    with pytest.raises(PolicyError, match=problem):
        read(json.dumps(record(**changed)))


@pytest.mark.parametrize("key", ["requestParameters", "resources", "awsRegion", "errorMessage"])
def test_a_record_may_lack_what_cloudtrail_leaves_empty(key: str) -> None:
    empty, absent = record(**{key: None}), record()
    absent.pop(key, None)
    assert read(json.dumps(empty)) == read(json.dumps(absent))


@pytest.mark.parametrize(
    "text",
    [
        '{"CloudTrailEvent": "not JSON"}',
        '{"explicitDeny": true}',
        '{"explicitDeny": true, "context": {"principal": {"arn": "a"}}}',
        '{"explicitDeny": true, "context": 1}',
        '{"explicitDeny": true, "context": {"principal": {"arn": "a"}, "action": "s3:X", "conditions": []}}',
        '{"explicitDeny": "no", "context": {"principal": {"arn": "a"}, "action": "s3:X"}}',
        "[" * 5000,
    ],
)
def test_a_wrapper_or_decoded_message_of_another_shape_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(PolicyError) as refusal:
        read(text)
    assert "\n" not in str(refusal.value)


def test_the_resource_that_a_message_leaves_out_is_the_record_s() -> None:
    text = f"User: {SESSION} is not authorized to perform: kms:Decrypt on the resource associated with this ciphertext"
    key = "arn:aws:kms:eu-west-1:111122223333:key/1"
    changed = {"eventSource": "kms.amazonaws.com", "eventName": "Decrypt", "requestParameters": None}
    assert read(json.dumps(record(errorMessage=text, resources=[{"ARN": key}], **changed))).resource == key


def decoded(*items: tuple[str, list[dict[str, str]]]) -> Refused:
    listed = [{"key": key, "values": {"items": values}} for key, values in items]
    principal = {"arn": SESSION}
    context = {"principal": principal, "action": "kms:Decrypt", "conditions": {"items": listed}}
    return read(json.dumps({"explicitDeny": False, "context": context}))


def test_a_decoded_message_gives_the_keys_of_the_request_and_the_region_that_was_called() -> None:
    via, region = [{"value": "s3.eu-west-1.amazonaws.com"}], [{"value": "eu-west-1"}]
    refused = decoded(("kms:ViaService", via), ("aws:RequestedRegion", region), ("aws:Type", [{"value": "key"}]))
    assert (refused.region, refused.context) == ("eu-west-1", {"kms:ViaService": "s3.eu-west-1.amazonaws.com"})
    assert decoded(("aws:Region", region)).region == "eu-west-1"


def test_an_item_without_a_value_is_no_key_of_the_request() -> None:
    assert decoded(("aws:SourceIp", [{"unit": "1"}])).context == {}
    assert decoded(("aws:SourceIp", [{"value": "10.0.0.1"}])).context == {"aws:SourceIp": "10.0.0.1"}
