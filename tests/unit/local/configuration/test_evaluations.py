"""Rules that wait are evaluated at a tick, and the event of a change is as AWS Config's page has it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tableguard.compliance.results import EvaluationResult
from tableguard.local.configuration.evaluations import Evaluations, RuleId, compliance_change

ACCOUNT, REGION = "111122223333", "eu-central-1"
RULE = RuleId(ACCOUNT, REGION, "rule", "config-rule-1", f"arn:aws:config:{REGION}:{ACCOUNT}:config-rule/config-rule-1")
TIME = datetime(2025, 1, 2, 3, 4, 5, 678900, tzinfo=UTC)
BROKEN = EvaluationResult("rule", ("AWS::S3::Bucket", "bucket"), "NON_COMPLIANT", "is open", TIME)
FINE = EvaluationResult("rule", ("AWS::S3::Bucket", "bucket"), "COMPLIANT", "", TIME)


def _told(account: str, region: str, kind: str, detail: Mapping[str, Any]) -> None:
    raise AssertionError(f"nothing has changed: {account} {region} {kind} {detail}")


def test_the_detail_of_a_change_has_the_fields_of_awss_page() -> None:
    detail = compliance_change(RULE, BROKEN, FINE)
    moment = "2025-01-02T03:04:05.678Z"
    named = {
        "configRuleName": "rule",
        "resourceType": "AWS::S3::Bucket",
        "resourceId": "bucket",
        "evaluationMode": "DETECTIVE",
    }
    asked = {"evaluationResultQualifier": named, "orderingTimestamp": moment}
    times = {"resultRecordedTime": moment, "configRuleInvokedTime": moment}
    new = {"evaluationResultIdentifier": asked, "complianceType": "NON_COMPLIANT", **times, "annotation": "is open"}
    assert detail == {
        "resourceId": "bucket",
        "awsRegion": REGION,
        "awsAccountId": ACCOUNT,
        "configRuleName": "rule",
        "recordVersion": "1.0",
        "configRuleARN": RULE.arn,
        "messageType": "ComplianceChangeNotification",
        "newEvaluationResult": new,
        "oldEvaluationResult": {"evaluationResultIdentifier": asked, "complianceType": "COMPLIANT", **times},
        "notificationCreationTime": moment,
        "resourceType": "AWS::S3::Bucket",
    }
    assert "oldEvaluationResult" not in compliance_change(RULE, BROKEN, None)


def test_a_rule_waits_once_and_until_the_tick() -> None:
    evaluations = Evaluations(lambda: TIME, _told)
    assert evaluations.start([RULE, RULE])
    assert not evaluations.start([RULE])
    assert evaluations.latest(RULE) is None
    evaluations.tick()
    assert evaluations.start([RULE])


def test_what_cannot_be_read_is_the_reason() -> None:
    evaluations = Evaluations(lambda: TIME, _told)
    evaluations.start([RULE])
    evaluations.tick()
    latest = evaluations.latest(RULE)
    assert latest is not None
    assert (latest.compliance, latest.results) == ("INSUFFICIENT_DATA", ())
    assert latest.reasons == ("AWS Config has no clients here, and reads no resource",)
    evaluations.reset()
    assert evaluations.latest(RULE) is None
