"""What `tableguard explain` says and what the running estate decides agree: attacks, and requests drawn at random.

TABLEGUARD_EXPLAIN_SEED chooses the requests. Each call goes over the edge and is decided there; it is stopped before
anything is done.
"""

import os
from collections.abc import Iterator, Mapping
from functools import cache
from random import Random
from typing import Any

import botocore.session
import pytest
from botocore import xform_name

from tableguard.local.landing_zone import LandingZone
from tableguard.policy.service_reference import load
from tableguard.prove.why import message
from tableguard.prove.why.answer import Answer, answered
from tests.cases.least_arguments import least_arguments
from tests.worlds.estate import ACCOUNT, FAILURES, KEY, ON_THE_EMBEDDED_AWS, REGION, SETTINGS, TABLE, TABLE_ARN, Ids
from tests.worlds.explained_calls import ADDED, CALLERS, Decided, Watch, watching

pytestmark = [pytest.mark.slow, ON_THE_EMBEDDED_AWS]
SEED, REQUESTS = int(os.environ.get("TABLEGUARD_EXPLAIN_SEED", "20261201")), 300
REFUSALS = 25
TRAIL_BUCKET = f"{SETTINGS.name}-trail-{ACCOUNT}-{REGION}"
FUNCTION_ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{SETTINGS.function_name}"
TOPIC_ARN = f"arn:aws:sns:{REGION}:{ACCOUNT}:{SETTINGS.name}-alerts"
QUEUE_URL = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{SETTINGS.name}-dead-letters"
OPEN = '{"Version": "2012-10-17", "Statement": []}'
EVENT = {"timestamp": 0, "message": "a"}
OFF = {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": False}}
EXPORT = {"TableArn": TABLE_ARN, "S3Bucket": "theirs"}
READING = f'SELECT * FROM "{TABLE}"'  # noqa: S608  # PartiQL, and denied
CODE = {"Runtime": "python3.12", "Handler": "a.b", "Code": {"ZipFile": b"a"}}


@pytest.fixture(scope="module")
def watch(zone: LandingZone) -> Iterator[Watch]:
    """The watched sessions."""
    with watching(zone) as watched:
        yield watched


def _role(name: str) -> dict[str, str]:
    return {"RoleArn": SETTINGS.role_arn(name), "RoleSessionName": "me"}


# attack -> caller, service, operation, parameters, and the statement that denies it; none for one that is allowed
ATTACKS: Mapping[str, tuple[str, str, str, dict[str, Any], str]] = {
    "1 delete the table": (
        "administrator", "dynamodb", "delete_table", {"TableName": TABLE},
        "DenyStrangersAtTheTable",
    ),
    "2 take the deployer": ("administrator", "sts", "assume_role", _role("deployer"), "DenyTakingDeployers"),
    "3 open the table": (
        "deployer", "dynamodb", "put_resource_policy", {"ResourceArn": TABLE_ARN, "Policy": OPEN},
        "DenyTableDestruction",
    ),
    "4 end recovery": ("deployer", "dynamodb", "update_continuous_backups", {"TableName": TABLE, **OFF}, ""),
    "5 give the key away": (
        "deployer", "kms", "put_key_policy", {"KeyId": "<key>", "PolicyName": "default", "Policy": OPEN},
        "DenyKeyDestruction",
    ),
    "6 take break-glass": ("administrator", "sts", "assume_role", _role("break-glass"), "DenyTakingBreakGlass"),
    "6 the taker takes it": ("break-glass-taker", "sts", "assume_role", _role("break-glass"), ""),
    "6 who takes another does not": (
        "deployer-taker", "sts", "assume_role", _role("break-glass"),
        "DenyTakingBreakGlass",
    ),
    "7 make a user": ("administrator", "iam", "create_user", {"UserName": "eve"}, ""),
    "7 give it a second factor": (
        "administrator", "iam", "create_virtual_mfa_device", {"VirtualMFADeviceName": "eve"}, "",
    ),
    "8 hold an alarm down": (
        "administrator", "cloudwatch", "put_metric_data",
        {"Namespace": f"{SETTINGS.name}/trail", "MetricData": [{"MetricName": "a", "Value": -1.0}]},
        "DenyForgingMetrics",
    ),
    "9 blind the rules": ("administrator", "events", "update_event_bus", {"Name": "default"}, "DenyBusChanges"),
    "10 take the bucket its tags": (
        "administrator", "s3", "put_bucket_tagging", {"Bucket": TRAIL_BUCKET, "Tagging": {"TagSet": []}},
        "DenyWeakeningEvidence",
    ),
    "10 take the function its tags": (
        "administrator", "lambda", "untag_resource", {"Resource": FUNCTION_ARN, "TagKeys": ["Application"]},
        "DenyStrangersAtTheFunction",
    ),
    "11 make an endpoint": (
        "administrator", "ec2", "create_vpc_endpoint", {"VpcId": "<vpc>", "ServiceName": f"com.amazonaws.{REGION}.s3"},
        "DenyEndpointChanges",
    ),
    "12 cut the function off": (
        "administrator", "ec2", "revoke_security_group_egress",
        {"GroupId": "<group>", "IpPermissions": [{"IpProtocol": "-1"}]}, "DenyStrangersAtTheNetwork",
    ),
    "15 pass the application's role": (
        "administrator", "lambda", "create_function",
        {"FunctionName": "mine", "Role": SETTINGS.role_arn("application"), **CODE}, "DenyPassingRoles",
    ),
    "16 accept an invitation": (
        "administrator", "organizations", "accept_handshake", {"HandshakeId": "h-examplehandshakeid111"},
        "DenyLeavingTheOrganization",
    ),
    "17 close the home region": (
        "administrator", "account", "disable_region", {"RegionName": REGION}, "DenyRegionOptOut",
    ),
    "17 close another": ("administrator", "account", "disable_region", {"RegionName": "ap-east-1"}, ""),
    "19 grant the key": (
        "administrator", "kms", "create_grant",
        {"KeyId": "<key>", "GranteePrincipal": SETTINGS.role_arn("deployer"), "Operations": ["Decrypt"]},
        "DenyStrangersAtTheKeys",
    ),
    "20 forge a failed batch": (
        "administrator", "s3", "put_object", {"Bucket": FAILURES, "Key": "a/b", "Body": b"{}"},
        "DenyForgingFailedBatches",
    ),
    "21 read by a statement": (
        "administrator", "dynamodb", "execute_statement", {"Statement": READING},
        "DenyStrangersAtTheTable",
    ),
    "21 write in a transaction": (
        "administrator", "dynamodb", "transact_write_items",
        {"TransactItems": [{"Delete": {"TableName": TABLE, "Key": KEY}}]}, "DenyStrangersAtTheTable",
    ),
    "22 scan": ("administrator", "dynamodb", "scan", {"TableName": TABLE}, "DenyStrangersAtTheTable"),
    "24 let messages expire": (
        "administrator", "dynamodb", "update_time_to_live",
        {"TableName": TABLE, "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "a"}},
        "DenyStrangersAtTheTable",
    ),
    "24 weaken the table": (
        "administrator", "dynamodb", "update_table", {"TableName": TABLE, "DeletionProtectionEnabled": False},
        "DenyStrangersAtTheTable",
    ),
    "25 stop the trail": (
        "administrator", "cloudtrail", "stop_logging", {"Name": SETTINGS.trail_name},
        "DenyStoppingTrail",
    ),
    "25 narrow the trail": (
        "administrator", "cloudtrail", "put_event_selectors", {"TrailName": SETTINGS.trail_name, "EventSelectors": []},
        "DenyNarrowingTrail",
    ),
    "26 export the table": ("break-glass", "dynamodb", "export_table_to_point_in_time", EXPORT, "DenyCopies"),
    "27 the application elsewhere": (
        "application", "dynamodb", "put_item", {"TableName": TABLE, "Item": {**KEY, "pk": {"S": "MSG#1"}}},
        "DenyOtherNetworks",
    ),
    "27 the application at its endpoint": (
        "application inside", "dynamodb", "put_item", {"TableName": TABLE, "Item": {**KEY, "pk": {"S": "MSG#1"}}}, "",
    ),
    "29 replace the code": (
        "administrator", "lambda", "update_function_code", {"FunctionName": SETTINGS.function_name},
        "DenyStrangersAtTheFunction",
    ),
    "30 write logs": (
        "administrator", "logs", "put_log_events", {"logGroupName": "a", "logStreamName": "b", "logEvents": [EVENT]},
        "",
    ),
    "30 empty the dead letters": (
        "administrator", "sqs", "purge_queue", {"QueueUrl": QUEUE_URL}, "DenyStrangersAtTheQueue",
    ),
}  # fmt: skip


def _filled(value: Any, ids: Ids) -> Any:
    if isinstance(value, dict):
        return {key: _filled(one, ids) for key, one in value.items()}
    return vars(ids).get(value[1:-1], value) if isinstance(value, str) and value.startswith("<") else value


def _differences(watch: Watch, decided: tuple[Decided, ...]) -> list[str]:
    """Return where explanation and decision differ: verdict, owner, or the statement that denies."""
    different = []
    for one in decided:
        answer = watch.explanation(one)
        first = answer.decision.because[0]
        sid = first.sid if first.effect == "Deny" else ""
        ours = (answer.decision.allowed, sid, answer.request.resource_account)
        theirs = (one.decision.allowed, one.sid, one.request.resource_account)
        if ours != theirs:
            different.append(
                f"{one.request}: explained {answer.sentence}; decided {'; '.join(map(str, one.decision.because))}"
            )
    return different


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_explained_as_it_is_decided(watch: Watch, ids: Ids, name: str) -> None:
    caller, service, operation, parameters, sid = ATTACKS[name]
    decided = watch.call(caller, service, operation, **_filled(parameters, ids))
    assert decided
    last = decided[-1]
    assert (last.decision.allowed, last.sid) == (not sid, sid)
    assert _differences(watch, decided) == []


DENIED = [name for name, (*_, sid) in ATTACKS.items() if sid]


@pytest.mark.parametrize("name", DENIED)
def test_the_refusal_of_an_attack_is_traced_to_its_statement(watch: Watch, ids: Ids, name: str) -> None:
    caller, service, operation, parameters, sid = ATTACKS[name]
    decided = watch.call(caller, service, operation, **_filled(parameters, ids))[-1]
    answer = _traced(watch, decided)
    assert answer.reason.sid == sid
    assert answer.refused.layer == decided.decision.because[0].layer
    assert answer.change.allows
    assert {edit.sid for edit in answer.change.edits} >= {sid}


def _traced(watch: Watch, decided: Decided) -> Answer:
    """Return what AWS's message of the last call is traced to, with the keys that the call had."""
    context = {key: value for key, value in decided.request.context.items() if not key.lower().startswith(ADDED)}
    return answered(message.parse(watch.message), SETTINGS, context)


def test_refusals_drawn_at_random_are_traced_to_what_refused(watch: Watch, ids: Ids) -> None:
    print(f"TABLEGUARD_EXPLAIN_SEED={SEED}")  # noqa: T201  # shown with a failure: what to ask for again
    random, traced = Random(SEED + 1), 0  # noqa: S311  # the same refusals again are what is wanted here
    while traced < REFUSALS:
        drawn = tuple(filter(_is_of_aws, _drawn(watch, ids, random)))
        if drawn and not drawn[-1].decision.allowed:
            first, answer = drawn[-1].decision.because[0], _traced(watch, drawn[-1])
            assert (answer.reason.layer, answer.reason.effect) == (first.layer, first.effect), watch.message
            assert answer.reason.sid == first.sid, watch.message
            assert answer.change.allows, watch.message
            traced += 1


def test_the_comparison_notices_a_difference(watch: Watch) -> None:
    (decided,) = watch.call("administrator", "dynamodb", "describe_table", TableName=TABLE)
    assert _differences(watch, (decided,)) == []
    (denied,) = watch.call("administrator", "dynamodb", "delete_table", TableName=TABLE)
    assert len(_differences(watch, (Decided(decided.request, denied.decision),))) == 1
    assert len(_differences(watch, (Decided(denied.request, decided.decision),))) == 1


SERVICES = {
    "backup": "backup", "cloudformation": "cloudformation", "cloudtrail": "cloudtrail", "cloudwatch": "cloudwatch",
    "config": "config", "dynamodb": "dynamodb", "ec2": "ec2", "events": "events", "iam": "iam", "kms": "kms",
    "lambda": "lambda", "logs": "logs", "organizations": "organizations", "s3": "s3", "sns": "sns", "sqs": "sqs",
    "sts": "sts",
}  # fmt: skip


def _present(random: Random, ids: Ids) -> dict[str, Any]:
    """Return a value for each parameter that names something: ours, or somebody else's."""
    table = random.choice((TABLE, TABLE, "others"))
    role = random.choice(("deployer", "break-glass", "application", "pattern-d", "backup"))
    bucket = random.choice((TRAIL_BUCKET, FAILURES, SETTINGS.artifact_bucket))
    function = random.choice((SETTINGS.function_name, "others"))
    topic, queue = random.choice((TOPIC_ARN, f"{TOPIC_ARN}-2")), random.choice((QUEUE_URL, f"{QUEUE_URL}-2"))
    return {
        "TableName": table, "GlobalTableName": table, "TableArn": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}",
        "ResourceArn": random.choice((TABLE_ARN, TOPIC_ARN)), "KeyId": ids.key, "Key": KEY, "Item": KEY,
        "RoleArn": SETTINGS.role_arn(role), "RoleName": f"{SETTINGS.name}-{role}", "UserName": "eve", "Bucket": bucket,
        "FunctionName": function, "Resource": FUNCTION_ARN, "TopicArn": topic, "QueueUrl": queue, "UUID": ids.mapping,
        "AlarmName": f"{SETTINGS.name}-root-use", "AlarmNames": [f"{SETTINGS.name}-root-use"],
        "BackupVaultName": random.choice((f"{SETTINGS.name}-vault", "others")), "TrailName": SETTINGS.trail_name,
        "StackName": random.choice((SETTINGS.stack_name("table"), "others")), "VpcId": ids.vpc, "GroupId": ids.group,
        "VpcEndpointIds": [ids.endpoint], "VpcEndpointId": ids.endpoint, "Resources": [ids.vpc],
        "logGroupName": random.choice((f"/aws/lambda/{SETTINGS.function_name}", "others")), "PolicyDocument": OPEN,
        "Name": random.choice((SETTINGS.trail_name, f"{SETTINGS.name}-root-use", "default")), "Policy": OPEN,
    }  # fmt: skip


@cache
def _models() -> Mapping[str, Any]:
    session = botocore.session.get_session()
    return {service: session.get_service_model(service) for service in SERVICES}


def _is_of_aws(decided: Decided) -> bool:
    """Return True for an action on a resource of its own kinds: AWS refuses another before it asks any policy."""
    return load().acts_on(decided.request.action, decided.request.resource)


def _drawn(watch: Watch, ids: Ids, random: Random) -> tuple[Decided, ...]:
    """Draw a caller, an operation and its parameters, and return what the estate decides about the call."""
    service = random.choice(tuple(SERVICES))
    operation = _models()[service].operation_model(random.choice(_models()[service].operation_names))
    present = _present(random, ids)
    if service == "s3":
        present["Key"] = random.choice(("a", "AWSLogs/x", "aws/lambda/1/x"))
    if operation.has_event_stream_output or operation.auth_type == "none":
        return ()
    parameters = least_arguments(operation, present)
    return watch.call(random.choice(CALLERS), service, xform_name(operation.name), **parameters)


def test_requests_drawn_at_random_are_explained_as_they_are_decided(watch: Watch, ids: Ids) -> None:
    print(f"TABLEGUARD_EXPLAIN_SEED={SEED}")  # noqa: T201  # shown with a failure: what to ask for again
    random = Random(SEED)  # noqa: S311  # the same requests again are what is wanted here
    decided: list[Decided] = []
    differences: list[str] = []
    while len(decided) < REQUESTS:
        one = tuple(filter(_is_of_aws, _drawn(watch, ids, random)))
        decided += one
        differences += _differences(watch, one)
    assert differences == []
    verdicts = [one.decision.allowed for one in decided]
    assert min(verdicts.count(True), verdicts.count(False)) > REQUESTS / 5
    assert len({one.request.action for one in decided}) > REQUESTS / 4
