"""The embedded AWS's Config evaluates rules when it is asked, answers of them, and what breaks one is mailed."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tableguard.local.configuration import guard
from tableguard.local.estate import EmbeddedEstate
from tableguard.local.landing_zone import LandingZone
from tests.worlds.estate import ACCOUNT, ON_THE_EMBEDDED_AWS, REGION, SETTINGS, TABLE

pytestmark = [pytest.mark.slow, ON_THE_EMBEDDED_AWS]

RULE = f"{SETTINGS.name}-dynamodb-pitr-enabled"
EVENT_RULE = f"{SETTINGS.name}-rule-broken"
KIND = "AWS::DynamoDB::Table"
MAIL = f'"AWS Config: {KIND} {TABLE} breaks the rule {RULE}."'


@pytest.fixture
def config(zone: LandingZone) -> Any:
    return zone.clients("config", ACCOUNT, REGION)


@pytest.fixture
def recovery(zone: LandingZone) -> Iterator[Callable[[bool], None]]:
    """Switches the table's point-in-time recovery, which is on again afterwards."""
    dynamodb = zone.clients("dynamodb", ACCOUNT, REGION)

    def switch(on: bool) -> None:
        period = {"RecoveryPeriodInDays": 35} if on else {}
        specification = {"PointInTimeRecoveryEnabled": on, **period}
        dynamodb.update_continuous_backups(TableName=TABLE, PointInTimeRecoverySpecification=specification)

    yield switch
    switch(True)


@pytest.fixture
def evaluate(running: EmbeddedEstate, config: Any) -> Callable[..., list[str]]:
    """Has rules evaluated, and returns what subscribers are told of it."""

    def run(*rules: str) -> list[str]:
        running.watch.tick()
        began = len(running.watch.notifications)
        config.start_config_rules_evaluation(ConfigRuleNames=rules or [RULE])
        running.watch.tick()
        messages = [one.message for one in running.watch.notifications[began:]]
        return [message for message in messages if message.startswith('"AWS Config: ')]

    return run


def compliance(config: Any, rule: str = RULE) -> str:
    (answer,) = config.describe_compliance_by_config_rule(ConfigRuleNames=[rule])["ComplianceByConfigRules"]
    return str(answer["Compliance"]["ComplianceType"])


def test_what_breaks_a_rule_is_mailed_once_and_undoing_heals_it(
    config: Any, recovery: Callable[[bool], None], evaluate: Callable[..., list[str]]
) -> None:
    assert evaluate() == []
    assert compliance(config) == "COMPLIANT"
    recovery(False)
    assert compliance(config) == "COMPLIANT"  # nobody has evaluated it
    assert evaluate() == [MAIL]
    assert compliance(config) == "NON_COMPLIANT"
    assert evaluate() == []  # its compliance has not changed
    recovery(True)
    assert evaluate() == []
    assert compliance(config) == "COMPLIANT"


@pytest.mark.parametrize(("enabled", "told"), [(True, [MAIL]), (False, [])])
def test_a_disabled_rule_tells_nobody(
    zone: LandingZone,
    recovery: Callable[[bool], None],
    evaluate: Callable[..., list[str]],
    enabled: bool,
    told: list[str],
) -> None:
    events = zone.clients("events", ACCOUNT, REGION)
    evaluate()
    recovery(False)
    if not enabled:
        events.disable_rule(Name=EVENT_RULE)
    try:
        assert evaluate() == told
    finally:
        events.enable_rule(Name=EVENT_RULE)
        recovery(True)
        evaluate()


def test_the_details_say_what_is_wrong_by_rule_and_by_resource(
    config: Any, recovery: Callable[[bool], None], evaluate: Callable[..., list[str]]
) -> None:
    recovery(False)
    evaluate()
    (by_rule,) = config.get_compliance_details_by_config_rule(ConfigRuleName=RULE)["EvaluationResults"]
    resource = {"ResourceType": KIND, "ResourceId": TABLE}
    by_resource = config.get_compliance_details_by_resource(**resource)["EvaluationResults"]
    assert by_rule in by_resource
    assert by_rule["ComplianceType"] == "NON_COMPLIANT"
    assert "point-in-time recovery is DISABLED" in by_rule["Annotation"]
    qualifier = by_rule["EvaluationResultIdentifier"]["EvaluationResultQualifier"]
    assert qualifier == {"ConfigRuleName": RULE, "EvaluationMode": "DETECTIVE", **resource}
    (table,) = config.describe_compliance_by_resource(**resource)["ComplianceByResources"]
    assert table["Compliance"]["ComplianceType"] == "NON_COMPLIANT"
    assert table["Compliance"]["ComplianceContributorCount"]["CappedCount"] >= 1
    fine = config.get_compliance_details_by_config_rule(ConfigRuleName=RULE, ComplianceTypes=["COMPLIANT"])
    assert fine["EvaluationResults"] == []


def test_a_rule_that_nobody_evaluated_has_no_data(config: Any, evaluate: Callable[..., list[str]]) -> None:
    evaluate()
    rule = {**config.describe_config_rules(ConfigRuleNames=[RULE])["ConfigRules"][0], "ConfigRuleName": "not-asked"}
    for name in ("ConfigRuleArn", "ConfigRuleId"):
        del rule[name]
    config.put_config_rule(ConfigRule=rule)
    try:
        assert (compliance(config, "not-asked"), compliance(config)) == ("INSUFFICIENT_DATA", "COMPLIANT")
        statuses = config.describe_config_rule_evaluation_status(ConfigRuleNames=["not-asked", RULE])
        started = {
            one["ConfigRuleName"]: one["FirstEvaluationStarted"] for one in statuses["ConfigRulesEvaluationStatus"]
        }
        assert started == {"not-asked": False, RULE: True}
    finally:
        config.delete_config_rule(ConfigRuleName="not-asked")


def status(config: Any, rule: str) -> dict[str, Any]:
    (one,) = config.describe_config_rule_evaluation_status(ConfigRuleNames=[rule])["ConfigRulesEvaluationStatus"]
    return dict(one)


def test_a_rule_that_cannot_be_judged_says_why(
    config: Any, evaluate: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluate()
    assert "LastErrorMessage" not in status(config, RULE)
    (recorder,) = config.describe_configuration_recorders()["ConfigurationRecorders"]
    triggered = f"{SETTINGS.name}-dynamodb-table-deletion-protection-enabled"
    config.stop_configuration_recorder(ConfigurationRecorderName=recorder["name"])
    try:
        evaluate(triggered)
        assert compliance(config, triggered) == "INSUFFICIENT_DATA"
        assert "the configuration recorder is stopped" in status(config, triggered)["LastErrorMessage"]
    finally:
        config.start_configuration_recorder(ConfigurationRecorderName=recorder["name"])
    evaluate(triggered)
    assert compliance(config, triggered) == "COMPLIANT"


def test_pages_have_what_one_answer_has(config: Any, evaluate: Callable[..., list[str]]) -> None:
    names = [
        rule["ConfigRuleName"]
        for page in config.get_paginator("describe_config_rules").paginate()
        for rule in page["ConfigRules"]
        if rule["Source"]["Owner"] == "AWS"
    ]
    for start in range(0, len(names), 25):
        evaluate(*names[start : start + 25])
    pages = config.get_paginator("describe_compliance_by_config_rule").paginate()
    said = {
        one["ConfigRuleName"]: one["Compliance"]["ComplianceType"]
        for page in pages
        for one in page["ComplianceByConfigRules"]
    }
    assert set(names) <= set(said)
    assert {said[name] for name in names} <= {"COMPLIANT", "NON_COMPLIANT", "INSUFFICIENT_DATA"}
    whole = config.describe_compliance_by_resource(Limit=100)["ComplianceByResources"]
    small = config.get_paginator("describe_compliance_by_resource").paginate(PaginationConfig={"PageSize": 7})
    assert [one for page in small for one in page["ComplianceByResources"]][: len(whole)] == whole
    assert len(whole) > 7


REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "start, of nothing": ("start_config_rules_evaluation", {}, "InvalidParameterValueException"),
    "start, of an unknown rule": ("start_config_rules_evaluation", {"ConfigRuleNames": ["no"]}, "NoSuchConfigRule"),
    "start, of too many": ("start_config_rules_evaluation", {"ConfigRuleNames": [RULE] * 26}, "ValidationException"),
    "a resource without type": ("describe_compliance_by_resource", {"ResourceId": TABLE}, "InvalidParameterValue"),
    "details of nothing": ("get_compliance_details_by_resource", {}, "InvalidParameterValueException"),
    "a page too long": ("describe_compliance_by_resource", {"Limit": 101}, "ValidationException"),
    "a token of nobody": ("describe_compliance_by_resource", {"NextToken": "!"}, "InvalidNextTokenException"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_aws_refuses_is_refused(config: Any, what: str) -> None:
    operation, parameters, code = REFUSED[what]
    with pytest.raises(ClientError, match=code):
        getattr(config, operation)(**parameters)


def test_an_evaluation_that_goes_on_is_not_started_again(running: EmbeddedEstate, config: Any) -> None:
    config.start_config_rules_evaluation(ConfigRuleNames=[RULE])
    with pytest.raises(ClientError, match="LimitExceededException"):
        config.start_config_rules_evaluation(ConfigRuleNames=[RULE])
    running.watch.tick()
    config.start_config_rules_evaluation(ConfigRuleNames=[RULE])
    running.watch.tick()


def test_a_guard_rule_is_evaluated_where_its_engine_is(config: Any, evaluate: Callable[..., list[str]]) -> None:
    rule = f"{SETTINGS.name}-table-stays"
    evaluate(rule)
    assert compliance(config, rule) == ("COMPLIANT" if guard.present() else "INSUFFICIENT_DATA")
    assert ("LastErrorMessage" not in status(config, rule)) is bool(guard.present())
