"""AWS Config rules in templates against AWS's own catalogue: cfn-lint and checkov accept any identifier."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from tableguard.aws.managed_config_rules import RuleFacts, catalogue
from tableguard.cloudformation.template_files import Source
from tableguard.findings.finding import Finding
from tableguard.findings.outcome import Outcome

ENGINE = "Config rules"
_PAGE = "https://docs.aws.amazon.com/config/latest/developerguide/managed-rules-by-aws-config.html"
# https://docs.aws.amazon.com/config/latest/APIReference/API_CustomPolicyDetails.html
_RUNTIME, _POLICY_CHARACTERS = "guard-2.x.x", 10_000
# https://docs.aws.amazon.com/config/latest/APIReference/API_ConfigRule.html
_PARAMETER_CHARACTERS = 1_024


def check(sources: Iterable[Source], region: str) -> Outcome:
    """Whether AWS Config would take each rule of the templates, in one region."""
    rules = [
        (f"{source.place}: Resources/{logical_id}", properties)
        for source in sources
        for logical_id, properties in source.resources("AWS::Config::ConfigRule").items()
    ]
    found = [list(_rule(place, properties, region)) for place, properties in rules]
    failed = sum(map(bool, found))
    findings = tuple(finding for each in found for finding in each)
    return Outcome(ENGINE, "rules", len(rules) - failed, failed, findings)


def _rule(place: str, properties: dict[str, Any], region: str) -> Iterator[Finding]:
    source = properties.get("Source")
    if not isinstance(source, dict):
        return  # an intrinsic, or absent, which cfn-lint finds
    if source.get("Owner") == "AWS":
        yield from _managed(place, properties, source.get("SourceIdentifier"), region)
    elif source.get("Owner") == "CUSTOM_POLICY":
        yield from _guard(place, properties, source)


def _managed(place: str, properties: dict[str, Any], identifier: Any, region: str) -> Iterator[Finding]:
    if not isinstance(identifier, str):
        yield _wrong(place, "identifier", "the rule's identifier is not written out", f"write one of {_PAGE}")
        return
    rule = catalogue().get(identifier)
    if rule is None:
        yield _wrong(place, "identifier", f"AWS has no managed rule {identifier}", f"write one of {_PAGE}")
        return
    yield from _parameters(place, properties, rule)
    if "MaximumExecutionFrequency" in properties and not rule.periodic:
        problem = f"{identifier} runs on changes only, and AWS refuses a frequency for it"
        yield _wrong(place, "frequency", problem, "leave out MaximumExecutionFrequency")
    if rule.offered_in(region) is False:
        problem = f"{identifier} is not offered in {region}, by AWS's list as moto ships it"
        yield _wrong(place, "region", problem, "leave the rule out there, or deploy it elsewhere")


def _parameters(place: str, properties: dict[str, Any], rule: RuleFacts) -> Iterator[Finding]:
    given = properties.get("InputParameters", {})
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except json.JSONDecodeError as error:
            yield _wrong(place, "parameters", f"InputParameters are not JSON: {error}", "write a JSON object")
            return
    if not isinstance(given, dict):
        yield _wrong(place, "parameters", "InputParameters are not an object", "write a JSON object")
        return
    if len(json.dumps(given)) > _PARAMETER_CHARACTERS:
        problem = f"InputParameters have more than {_PARAMETER_CHARACTERS} characters"
        yield _wrong(place, "parameters", problem, "name fewer values")
    if any(name == "Ref" or name.startswith("Fn::") for name in given):
        return  # the whole object comes from an intrinsic
    for name in sorted(rule.required - given.keys()):
        problem = f"{rule.identifier} needs the parameter {name}"
        yield _wrong(place, "parameters", problem, f"add {name} to InputParameters")
    for name in sorted(given.keys() - rule.parameters):
        known = ", ".join(sorted(rule.parameters)) or "none"
        problem = f"{rule.identifier} has no parameter {name}"
        yield _wrong(place, "parameters", problem, f"remove it; there are: {known}")


def _guard(place: str, properties: dict[str, Any], source: dict[str, Any]) -> Iterator[Finding]:
    details = source.get("CustomPolicyDetails")
    if not isinstance(details, dict):
        yield _wrong(place, "policy", "a CUSTOM_POLICY rule without CustomPolicyDetails", "add runtime and text")
        return
    if details.get("PolicyRuntime") != _RUNTIME:
        problem = f"AWS Config has no runtime {details.get('PolicyRuntime')!r}"
        yield _wrong(place, "policy", problem, f"write {_RUNTIME}")
    text = details.get("PolicyText")
    if isinstance(text, str) and not 0 < len(text) <= _POLICY_CHARACTERS:
        problem = f"the policy has {len(text)} characters; AWS Config takes 1 to {_POLICY_CHARACTERS}"
        yield _wrong(place, "policy", problem, "shorten or write it")
    if "MaximumExecutionFrequency" in properties:
        problem = "a Guard rule runs on changes only"
        yield _wrong(place, "frequency", problem, "leave out MaximumExecutionFrequency")
    if not source.get("SourceDetails"):
        problem = "nothing triggers the rule"
        yield _wrong(place, "policy", problem, "add SourceDetails with ConfigurationItemChangeNotification")


def _wrong(place: str, what: str, problem: str, remedy: str) -> Finding:
    return Finding(place, f"config-rule-{what}", problem, remedy)
