"""Check AWS Config rules in templates against AWS's own catalogue: cfn-lint and checkov accept any identifier."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from tableguard.aws.managed_config_rules import RuleFacts, catalogue
from tableguard.cloudformation.template_files import TemplateFile
from tableguard.findings.finding import Finding
from tableguard.findings.outcome import Outcome

Fault = tuple[str, str, str]  # (rule, problem, remedy)

ENGINE = "Config rules"
_PAGE = "https://docs.aws.amazon.com/config/latest/developerguide/managed-rules-by-aws-config.html"
# https://docs.aws.amazon.com/config/latest/APIReference/API_CustomPolicyDetails.html
_RUNTIME, _POLICY_CHARACTERS = "guard-2.x.x", 10_000
# https://docs.aws.amazon.com/config/latest/APIReference/API_ConfigRule.html
_PARAMETER_CHARACTERS = 1_024


def check(sources: Iterable[TemplateFile], region: str) -> Outcome:
    """Check that AWS Config would take each rule of the templates, in one region; what complies, AWS alone can say."""
    by_rule = [
        [_finding(source, logical_id, *fault) for fault in _faults(properties, region)]
        for source in sources
        for logical_id, properties in source.resources("AWS::Config::ConfigRule").items()
    ]
    failed = sum(map(bool, by_rule))
    findings = tuple(finding for findings in by_rule for finding in findings)
    return Outcome(ENGINE, "rule definitions", len(by_rule) - failed, failed, findings)


def _finding(source: TemplateFile, logical_id: str, rule: str, problem: str, remedy: str) -> Finding:
    path = ("Resources", logical_id)
    return Finding(f"config-rule-{rule}", source.file, "/".join(path), source.line_of(path), problem, remedy)


def _faults(properties: dict[str, Any], region: str) -> Iterator[Fault]:
    source = properties.get("Source")
    if not isinstance(source, dict):
        return  # an intrinsic, or absent, which cfn-lint finds
    if source.get("Owner") == "AWS":
        yield from _managed(properties, source.get("SourceIdentifier"), region)
    elif source.get("Owner") == "CUSTOM_POLICY":
        yield from _guard(properties, source)


def _managed(properties: dict[str, Any], identifier: Any, region: str) -> Iterator[Fault]:
    if not isinstance(identifier, str):
        yield ("identifier", "the rule's identifier is not written out", f"write one of {_PAGE}")
        return
    rule = catalogue().get(identifier)
    if rule is None:
        yield ("identifier", f"AWS has no managed rule {identifier}", f"write one of {_PAGE}")
        return
    yield from _parameters(properties, rule)
    if "MaximumExecutionFrequency" in properties and not rule.periodic:
        problem = f"{identifier} runs on changes only, and AWS refuses a frequency for it"
        yield ("frequency", problem, "leave out MaximumExecutionFrequency")
    if rule.is_offered_in(region) is False:
        problem = f"{identifier} is not offered in {region}, by AWS's list as moto ships it"
        yield ("region", problem, "leave the rule out there, or deploy it elsewhere")


def _parameters(properties: dict[str, Any], rule: RuleFacts) -> Iterator[Fault]:
    parameters = properties.get("InputParameters", {})
    if isinstance(parameters, str):
        try:
            parameters = json.loads(parameters)
        except json.JSONDecodeError as error:
            yield ("parameters", f"InputParameters are not JSON: {error}", "write a JSON object")
            return
    if not isinstance(parameters, dict):
        yield ("parameters", "InputParameters are not an object", "write a JSON object")
        return
    if len(json.dumps(parameters)) > _PARAMETER_CHARACTERS:
        problem = f"InputParameters have more than {_PARAMETER_CHARACTERS} characters"
        yield ("parameters", problem, "name fewer values")
    if any(name == "Ref" or name.startswith("Fn::") for name in parameters):
        return  # the whole object comes from an intrinsic
    for name in sorted(rule.required - parameters.keys()):
        problem = f"{rule.identifier} needs the parameter {name}"
        yield ("parameters", problem, f"add {name} to InputParameters")
    for name in sorted(parameters.keys() - rule.parameters):
        accepted = ", ".join(sorted(rule.parameters)) or "none"
        problem = f"{rule.identifier} has no parameter {name}"
        yield ("parameters", problem, f"remove it; there are: {accepted}")


def _guard(properties: dict[str, Any], source: dict[str, Any]) -> Iterator[Fault]:
    details = source.get("CustomPolicyDetails")
    if not isinstance(details, dict):
        yield ("policy", "a CUSTOM_POLICY rule without CustomPolicyDetails", "add runtime and text")
        return
    if details.get("PolicyRuntime") != _RUNTIME:
        problem = f"AWS Config has no runtime {details.get('PolicyRuntime')!r}"
        yield ("policy", problem, f"write {_RUNTIME}")
    text = details.get("PolicyText")
    if isinstance(text, str) and not 0 < len(text) <= _POLICY_CHARACTERS:
        problem = f"the policy has {len(text)} characters; AWS Config takes 1 to {_POLICY_CHARACTERS}"
        yield ("policy", problem, "shorten or write it")
    if "MaximumExecutionFrequency" in properties:
        problem = "a Guard rule runs on changes only"
        yield ("frequency", problem, "leave out MaximumExecutionFrequency")
    if not source.get("SourceDetails"):
        problem = "nothing triggers the rule"
        yield ("policy", problem, "add SourceDetails with ConfigurationItemChangeNotification")
