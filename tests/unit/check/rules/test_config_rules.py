"""Config rules in templates: what AWS Config would refuse is found before it is deployed."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml

from tableguard.aws.managed_config_rules import catalogue, region_names
from tableguard.check.rules import config_rules
from tableguard.cloudformation import template_files
from tableguard.errors import CheckError

Template = dict[str, Any]


def _rule(identifier: str, **properties: Any) -> Template:
    source = {"Owner": "AWS", "SourceIdentifier": identifier}
    return {"Type": "AWS::Config::ConfigRule", "Properties": {"Source": source, **properties}}


def _config_findings(rule: Template, region: str = "eu-central-1") -> list[str]:
    with TemporaryDirectory() as folder:
        path = Path(folder, "t.yaml")
        path.write_text(yaml.safe_dump({"Resources": {"Rule": rule}}), encoding="utf-8")
        findings = config_rules.check(
            [template_files.TemplateFile("t.yaml", path, template_files.read(path))], region
        ).findings
    assert {(finding.file, finding.path, finding.line) for finding in findings} <= {("t.yaml", "Resources/Rule", 2)}
    return [finding.problem for finding in findings]


def _guard(**changed: Any) -> Template:
    details = {"PolicyRuntime": "guard-2.x.x", "PolicyText": "rule r when a exists { b exists }", **changed}
    trigger = {"EventSource": "aws.config", "MessageType": "ConfigurationItemChangeNotification"}
    source = {"Owner": "CUSTOM_POLICY", "SourceDetails": [trigger], "CustomPolicyDetails": details}
    return {"Type": "AWS::Config::ConfigRule", "Properties": {"Source": source}}


ENDPOINT = "SERVICE_VPC_ENDPOINT_ENABLED"
FAULTS_OF_RULES: dict[str, tuple[Template, str, Template]] = {
    "identifier": (_rule("NOPE"), "AWS has no managed rule NOPE", _rule("DYNAMODB_PITR_ENABLED")),
    "identifier hidden": (
        _rule("x", Source={"Owner": "AWS", "SourceIdentifier": {"Ref": "Which"}}),
        "the rule's identifier is not written out",
        _rule("DYNAMODB_PITR_ENABLED"),
    ),
    "parameter missing": (
        _rule(ENDPOINT),
        f"{ENDPOINT} needs the parameter serviceName",
        _rule(ENDPOINT, InputParameters={"serviceName": "dynamodb"}),
    ),
    "parameter unknown": (
        _rule("DYNAMODB_PITR_ENABLED", InputParameters={"days": "35"}),
        "DYNAMODB_PITR_ENABLED has no parameter days",
        _rule("DYNAMODB_TABLE_ENCRYPTED_KMS", InputParameters={"kmsKeyArns": {"Fn::ImportValue": "k"}}),
    ),
    "parameters not JSON": (
        _rule(ENDPOINT, InputParameters="serviceName: dynamodb"),
        "InputParameters are not JSON: Expecting value: line 1 column 1 (char 0)",
        _rule(ENDPOINT, InputParameters='{"serviceName": "dynamodb"}'),
    ),
    "parameters a list": (
        _rule(ENDPOINT, InputParameters=["dynamodb"]),
        "InputParameters are not an object",
        _rule(ENDPOINT, InputParameters={"Fn::Sub": '{"serviceName": "dynamodb"}'}),
    ),
    "parameters too long": (
        _rule(ENDPOINT, InputParameters={"serviceName": "d" * 1_024}),
        "InputParameters have more than 1024 characters",
        _rule(ENDPOINT, InputParameters={"serviceName": "d" * 900}),
    ),
    "frequency": (
        _rule("DYNAMODB_PITR_ENABLED", MaximumExecutionFrequency="Six_Hours"),
        "DYNAMODB_PITR_ENABLED runs on changes only, and AWS refuses a frequency for it",
        _rule("DYNAMODB_IN_BACKUP_PLAN", MaximumExecutionFrequency="Six_Hours"),
    ),
    "region": (
        _rule("DYNAMODB_MEETS_RESTORE_TIME_TARGET", InputParameters={"maxRestoreTime": "60"}),
        "DYNAMODB_MEETS_RESTORE_TIME_TARGET is not offered in cn-north-1, by AWS's list as moto ships it",
        _rule("DYNAMODB_PITR_ENABLED"),
    ),
    "runtime": (_guard(PolicyRuntime="guard-9.x"), "AWS Config has no runtime 'guard-9.x'", _guard()),
    "policy too long": (
        _guard(PolicyText="#" * 10_001),
        "the policy has 10001 characters; AWS Config takes 1 to 10000",
        _guard(PolicyText="#" * 10_000),
    ),
    "policy empty": (_guard(PolicyText=""), "the policy has 0 characters; AWS Config takes 1 to 10000", _guard()),
}


@pytest.mark.parametrize("fault", FAULTS_OF_RULES)
def test_a_config_rule_that_aws_would_refuse_is_found(fault: str) -> None:
    faulty, problem, clean = FAULTS_OF_RULES[fault]
    region = "cn-north-1" if fault == "region" else "eu-central-1"
    assert _config_findings(faulty, region) == [problem]
    assert _config_findings(clean, region) == []


def test_a_guard_rule_that_nothing_triggers_is_found() -> None:
    untriggered = _guard()
    del untriggered["Properties"]["Source"]["SourceDetails"]
    assert _config_findings(untriggered) == ["nothing triggers the rule"]


def test_the_catalogue_names_no_region_that_has_no_code_here() -> None:
    named = frozenset().union(*(rule.named_regions()[1] for rule in catalogue().values()))
    assert named <= set(region_names().values())


def test_a_region_that_the_catalogue_cannot_know_is_neither_offered_nor_refused() -> None:
    rule = catalogue()["IAM_NO_INLINE_POLICY_CHECK"]
    assert [rule.is_offered_in(region) for region in ("eu-central-1", "eu-south-2", "xx-new-1")] == [True, False, None]


def test_a_form_of_the_region_list_that_is_not_known_is_an_error() -> None:
    rule = replace(catalogue()["DYNAMODB_PITR_ENABLED"], regions="Nearly everywhere")
    with pytest.raises(CheckError, match="DYNAMODB_PITR_ENABLED: regions 'Nearly everywhere' are in a form not known"):
        rule.is_offered_in("eu-central-1")
