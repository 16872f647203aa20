"""The deployed rules and the recorder are read as AWS Config tells them."""

from collections.abc import Iterator
from typing import Any

import pytest

from tableguard.compliance.deployed_rule import Reach, described
from tableguard.compliance.recording import Recording
from tableguard.errors import ComplianceError
from tableguard.local import server
from tableguard.local.clients.factory import Clients
from tableguard.local.configuration import deployed

TEXT = "rule a { awsRegion exists }"
MANAGED = {
    "ConfigRuleName": "b-versions",
    "Source": {"Owner": "AWS", "SourceIdentifier": "S3_BUCKET_VERSIONING_ENABLED"},
    "InputParameters": '{"isMfaDeleteEnabled": "false"}',
    "Scope": {"TagKey": "Application", "TagValue": "chat"},
}
GUARD = {
    "ConfigRuleName": "a-guard",
    "Scope": {"ComplianceResourceTypes": ["AWS::DynamoDB::Table"]},
    "Source": {
        "Owner": "CUSTOM_POLICY",
        "SourceDetails": [{"EventSource": "aws.config", "MessageType": "ConfigurationItemChangeNotification"}],
        "CustomPolicyDetails": {"PolicyRuntime": "guard-2.x.x", "PolicyText": TEXT},
    },
}


@pytest.fixture
def config() -> Iterator[Any]:
    with server.start() as running:
        yield Clients(running.endpoint)("config", "111122223333", "eu-central-1")


def test_nothing_is_deployed_in_an_empty_account(config: Any) -> None:
    assert deployed.rules(config) == ()
    assert deployed.recording(config) == Recording(None, False, False)


def test_rules_have_their_parameters_their_reach_and_their_text(config: Any) -> None:
    for rule in (MANAGED, GUARD):
        config.put_config_rule(ConfigRule=rule)
    guard, managed = deployed.rules(config)
    assert (guard.name, guard.text, guard.identifier) == ("a-guard", TEXT, "")
    assert guard.reach == Reach(("AWS::DynamoDB::Table",))
    assert managed.parameters == {"isMfaDeleteEnabled": "false"}
    assert managed.reach == Reach(tag_key="Application", tag_value="chat")
    assert not managed.periodic


def test_a_managed_rule_that_aws_does_not_have_is_an_error() -> None:
    rule = {"ConfigRuleName": "x", "Source": {"Owner": "AWS", "SourceIdentifier": "NOPE"}}
    with pytest.raises(ComplianceError, match="rule x: AWS has no managed rule NOPE"):
        described(rule)
