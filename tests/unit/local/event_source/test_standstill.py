"""A mapping whose role is refused stands still and says why; it goes on as soon as the role may read."""

import json
from typing import Any

import pytest

from tableguard.errors import EmbeddedError
from tableguard.local.event_source import mapping_runner
from tableguard.local.event_source.poller import Poller
from tableguard.local.function import functions
from tests.worlds import edge
from tests.worlds.edge import ACCOUNT, REGION
from tests.worlds.lambda_package import package
from tests.worlds.lambdas import within

pytestmark = pytest.mark.slow

TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
WRITING = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
READING = ("dynamodb:DescribeStream", "dynamodb:GetShardIterator", "dynamodb:GetRecords")
SOURCE = "def handle(event, context): print('handled', len(event['Records']))"


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def test_a_mapping_stands_still_while_its_role_may_not_read_and_then_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapping_runner, "ERROR_SECONDS", 0.1)
    with edge.running() as zone:
        iam, aws, table, logs = (
            zone.clients(service, ACCOUNT, REGION) for service in ("iam", "lambda", "dynamodb", "logs")
        )

        def allow(*actions: str) -> None:
            allowed = {"Effect": "Allow", "Action": actions, "Resource": "*"}
            iam.put_role_policy(RoleName="reading", PolicyName="it", PolicyDocument=document(allowed))

        role = iam.create_role(RoleName="reading", AssumeRolePolicyDocument=document(TRUST))["Role"]["Arn"]
        allow(*WRITING)
        on = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
        table.update_table(TableName=edge.TABLE, StreamSpecification=on)
        stream = table.describe_table(TableName=edge.TABLE)["Table"]["LatestStreamArn"]
        aws.create_function(
            FunctionName="reader",
            Runtime="python3.13",
            Role=role,
            Handler="app.handle",
            Code={"ZipFile": package(SOURCE)},
        )
        aws.create_event_source_mapping(FunctionName="reader", EventSourceArn=stream, StartingPosition="TRIM_HORIZON")
        running = functions.in_use()
        assert running is not None
        table.put_item(TableName=edge.TABLE, Item=edge.KEY)
        with Poller(running) as poller:
            assert within(10, lambda: "dynamodb:DescribeStream" in _reason(poller))
            assert logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/reader")["logGroups"] == []
            allow(*WRITING, *READING)
            assert within(10, lambda: not _reason(poller))
            poller.drain(20)
        running.flush_logs()
        events = logs.filter_log_events(logGroupName="/aws/lambda/reader", filterPattern="handled")["events"]
    assert [event["message"] for event in events] == ["handled 1\n"]


def _reason(poller: Poller) -> str:
    """Return why a mapping stands still, nothing if none does."""
    try:
        poller.lag()
    except EmbeddedError as error:
        return str(error)
    return ""
