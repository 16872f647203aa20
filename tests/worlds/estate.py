"""The estate of the shipped example: its names, how it refuses, and what it decided."""

import re
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stream_lambda.items import RowKey, User, row_key
from tableguard import settings
from tableguard.local.authorization import guard
from tableguard.local.authorization.state import DecisionRecord
from tableguard.local.estate import EmbeddedEstate
from tableguard.local.landing_zone import LandingZone
from tableguard.store.messages import MessageTable
from tests.engines.choice import MOTO

SETTINGS = settings.example()
TABLE, REGION, ACCOUNT = SETTINGS.table_name, SETTINGS.home_region, SETTINGS.account_id
TABLE_ARN = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{TABLE}"
FAILURES = f"{SETTINGS.name}-failures-{ACCOUNT}-{REGION}"
ELSEWHERE = "us-east-1"
STRANGER = "444455556666"  # an account of somebody else
APPLICATION = f"{SETTINGS.name}-application"  # the role's name
FORGED_BATCH = {"Bucket": FAILURES, "Key": "aws/lambda/forged.json"}
DENIED = "AccessDeniedException"
BY_SCP = "with an explicit deny in a service control policy"
KEY = {"pk": {"S": "MSG#g"}, "sk": {"S": "2024"}}
NEW_TABLE: dict[str, Any] = {
    "TableName": "elsewhere",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}
# the engine of tests/estate/conftest.py's estate, for a file that asks nothing of another
ON_THE_EMBEDDED_AWS = pytest.mark.parametrize("running", [MOTO], indirect=True, scope="package")


@dataclass(frozen=True)
class Ids:
    """Ids that AWS gives."""

    key: str
    endpoint: str
    mapping: str
    subscription: str
    vpc: str
    subnet: str
    group: str
    rule: str
    access: str


def ids_of(zone: LandingZone) -> Ids:
    """Return the ids of what the stacks made."""

    def client(service: str) -> Any:
        return zone.clients(service, ACCOUNT, REGION)

    aliases = client("kms").list_aliases()["Aliases"]
    return Ids(
        key=next(alias["TargetKeyId"] for alias in aliases if alias["AliasName"] == f"alias/{SETTINGS.name}-table"),
        endpoint=client("ec2").describe_vpc_endpoints()["VpcEndpoints"][0]["VpcEndpointId"],
        mapping=client("lambda").list_event_source_mappings()["EventSourceMappings"][0]["UUID"],
        vpc=_ours(client("ec2").describe_vpcs()["Vpcs"])["VpcId"],
        subnet=_all_ours(client("ec2").describe_subnets()["Subnets"])[0]["SubnetId"],
        group=_ours(client("ec2").describe_security_groups()["SecurityGroups"])["GroupId"],
        rule=client("config").describe_config_rules()["ConfigRules"][0]["ConfigRuleArn"],
        access=client("cloudformation").describe_stacks(StackName=SETTINGS.stack_name("access"))["Stacks"][0][
            "StackId"
        ],
        subscription=client("sns").list_subscriptions()["Subscriptions"][0]["SubscriptionArn"],
    )


def _ours(resources: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the one resource that carries the workload's tag."""
    (resource,) = _all_ours(resources)
    return resource


def _all_ours(resources: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the resources that carry the workload's tag."""
    tag = {"Key": "Application", "Value": SETTINGS.name}
    return [resource for resource in resources if tag in resource.get("Tags", [])]


def refusal(call: Any, **parameters: Any) -> tuple[str, str]:
    """Return the code and the message with which a call is refused."""
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


def decided(principal: str) -> DecisionRecord:
    """Return the latest decision about a principal: the poller asks all the time."""
    return next(record for record in reversed(guard.decisions()) if record.principal.startswith(principal))


def denial(call: Any, **parameters: Any) -> str:
    """Return the statement that refuses a call; where none denies it, the reason."""
    _, message = refusal(call, **parameters)
    refused = re.search(r"User: (\S+) is not authorized to perform: (\S+) on resource", message)
    assert refused, message
    user, action = refused.groups()
    record = next(
        record for record in reversed(guard.decisions()) if (record.principal, record.action) == (user, action)
    )
    assert not record.allowed
    return record.because.rpartition("statement ")[2]


def begin_conversation(running: EmbeddedEstate, table: MessageTable, author: User, other: User, text: str) -> str:
    """Return the UUID of a new group of two, after the rows have followed its one message."""
    uuid = table.create_conversation(author, [other], text).message.group_uuid
    running.poller.drain(timeout=20)
    return uuid


def spoil_row(zone: LandingZone, user: User, group: str) -> None:
    """Let a row show an older message than the newest, written by break-glass, as somebody in haste would."""
    zone.assume(SETTINGS.role_arn("break-glass")).client("dynamodb").update_item(
        TableName=TABLE,
        Key=row_key(RowKey(user.user_uuid, group)),
        UpdateExpression="SET last_message = :text, last_message_at = :at",
        ExpressionAttributeValues={":text": {"S": "never said"}, ":at": {"S": "2020-01-01T00:00:00.000000+00:00"}},
    )
