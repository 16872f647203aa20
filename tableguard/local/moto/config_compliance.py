"""Adds to moto's AWS Config what it answers about compliance, from the evaluations of the watch.

Times are those of the estate's clock. Not modelled: proactive evaluation, and the limit of one start a minute.
"""

import binascii
import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable
from typing import Any

from moto.config.exceptions import (
    InvalidNextTokenException,
    InvalidParameterValueException,
    NoSuchConfigRuleException,
    ValidationException,
)
from moto.config.responses import ConfigResponse
from moto.core.exceptions import JsonRESTError

from tableguard.compliance.results import EvaluationResult, Resource, RuleResults, compliance_of
from tableguard.local.configuration.evaluations import Evaluations, RuleId
from tableguard.local.watch import watch

_MOST_RULES = 25  # that a request may name
_PAGE, _MOST = 10, 100  # results in an answer, unless the request says how many
_STATUSES = 50
# https://docs.aws.amazon.com/config/latest/APIReference/API_ComplianceSummary.html
_COUNTED_RULES, _COUNTED_RESOURCES = 25, 100

Entry = tuple[str, dict[str, Any]]  # what an answer is sorted by, and the answer


def install() -> None:
    """Give moto's AWS Config the operations that it lacks."""
    for operation in (
        start_config_rules_evaluation,
        describe_compliance_by_config_rule,
        describe_compliance_by_resource,
        get_compliance_details_by_config_rule,
        get_compliance_details_by_resource,
        describe_config_rule_evaluation_status,
    ):
        setattr(ConfigResponse, operation.__name__, operation)


def start_config_rules_evaluation(handler: ConfigResponse) -> str:
    """Let the named rules be evaluated by the watch, at its next tick; that none is named is refused."""
    names = _named(handler)
    if not names:
        raise InvalidParameterValueException("ConfigRuleNames: name the rules that are to be evaluated")
    if not _evaluations().start(_rules(handler, names)):
        raise JsonRESTError(
            "LimitExceededException", "An evaluation of one of these rules is in progress; call again when it has ended"
        )
    return ""


def describe_compliance_by_config_rule(handler: ConfigResponse) -> str:
    """Answer what is so of each rule, with the number of resources that break it."""
    evaluations, entries = _evaluations(), []
    for rule in _rules(handler, _named(handler)):
        latest = evaluations.latest(rule)
        compliance = latest.compliance if latest else "INSUFFICIENT_DATA"
        broken = _broken(latest.results if latest else ())
        entry = {"ConfigRuleName": rule.name, "Compliance": _compliance(compliance, broken, _COUNTED_RESOURCES)}
        entries.append((rule.name, entry))
    chosen = _of_types(handler, entries, lambda entry: entry["Compliance"]["ComplianceType"])
    return _answer(handler, "ComplianceByConfigRules", chosen, _MOST_RULES)


def describe_compliance_by_resource(handler: ConfigResponse) -> str:
    """Answer what is so of each resource that was evaluated, with the number of rules that it breaks."""
    kind, identity = handler._get_param("ResourceType"), handler._get_param("ResourceId")
    if identity and not kind:
        raise InvalidParameterValueException("ResourceId: name the ResourceType too")
    by_resource: dict[Resource, list[EvaluationResult]] = {}
    for result in _results(handler):
        if kind in (None, result.resource[0]) and identity in (None, result.resource[1]):
            by_resource.setdefault(result.resource, []).append(result)
    entries = [
        (
            json.dumps(resource),
            {
                "ResourceType": resource[0],
                "ResourceId": resource[1],
                "Compliance": _compliance(compliance_of(results), _broken(results), _COUNTED_RULES),
            },
        )
        for resource, results in by_resource.items()
    ]
    chosen = _of_types(handler, entries, lambda entry: entry["Compliance"]["ComplianceType"])
    return _answer(handler, "ComplianceByResources", chosen, _limit(handler, _PAGE, _MOST))


def get_compliance_details_by_config_rule(handler: ConfigResponse) -> str:
    """Answer what a rule said of each resource."""
    (rule,) = _rules(handler, [handler._get_param("ConfigRuleName")])
    latest = _evaluations().latest(rule)
    entries = [(json.dumps(one.resource), _result(one)) for one in (latest.results if latest else ())]
    chosen = _of_types(handler, entries, lambda entry: entry["ComplianceType"])
    return _answer(handler, "EvaluationResults", chosen, _limit(handler, _PAGE, _MOST))


def get_compliance_details_by_resource(handler: ConfigResponse) -> str:
    """Answer what each rule said of a resource."""
    resource = (handler._get_param("ResourceType"), handler._get_param("ResourceId"))
    if not all(resource):
        raise InvalidParameterValueException("Name both the ResourceType and the ResourceId")
    entries = [(one.rule, _result(one)) for one in _results(handler) if one.resource == resource]
    return _answer(
        handler, "EvaluationResults", _of_types(handler, entries, lambda entry: entry["ComplianceType"]), _PAGE
    )


def describe_config_rule_evaluation_status(handler: ConfigResponse) -> str:
    """Answer when each rule was evaluated, and why it, or a resource of it, could not be judged."""
    evaluations = _evaluations()
    entries = [(rule.name, _status(rule, evaluations.latest(rule))) for rule in _rules(handler, _named(handler))]
    return _answer(handler, "ConfigRulesEvaluationStatus", entries, _limit(handler, _STATUSES, _STATUSES))


def _evaluations() -> Evaluations:
    watching = watch.in_use()
    if watching is None:
        raise NotImplementedError
    return watching.evaluations


def _named(handler: ConfigResponse) -> list[str]:
    names: list[str] = handler._get_param("ConfigRuleNames") or []
    if len(names) > _MOST_RULES:
        raise ValidationException(
            f"1 validation error detected: Value '[{', '.join(names)}]' at 'configRuleNames' failed to satisfy "
            f"constraint: Member must have length less than or equal to {_MOST_RULES}"
        )
    return names


def _rules(handler: ConfigResponse, names: list[str]) -> list[RuleId]:
    """Return the rules of these names, all if there is none; NoSuchConfigRuleException if one is not there."""
    there = handler.config_backend.config_rules
    for name in names:
        if name not in there:
            raise NoSuchConfigRuleException(name)
    where = (handler.current_account, handler.region)
    return [
        RuleId(*where, name, there[name].config_rule_id, there[name].config_rule_arn) for name in names or list(there)
    ]


def _results(handler: ConfigResponse) -> Iterable[EvaluationResult]:
    evaluations = _evaluations()
    for rule in _rules(handler, []):
        latest = evaluations.latest(rule)
        yield from latest.results if latest else ()


def _broken(results: Iterable[EvaluationResult]) -> int:
    return sum(result.compliance == "NON_COMPLIANT" for result in results)


def _compliance(kind: str, broken: int, most: int) -> dict[str, Any]:
    if kind != "NON_COMPLIANT":
        return {"ComplianceType": kind}
    count = {"CappedCount": min(broken, most), "CapExceeded": broken > most}
    return {"ComplianceType": kind, "ComplianceContributorCount": count}


def _result(result: EvaluationResult) -> dict[str, Any]:
    kind, identity = result.resource
    named = {"ConfigRuleName": result.rule, "ResourceType": kind, "ResourceId": identity, "EvaluationMode": "DETECTIVE"}
    time = result.time.timestamp()
    return {
        "EvaluationResultIdentifier": {"EvaluationResultQualifier": named, "OrderingTimestamp": time},
        "ComplianceType": result.compliance,
        "ResultRecordedTime": time,
        "ConfigRuleInvokedTime": time,
        **({"Annotation": result.annotation} if result.annotation else {}),
    }


def _status(rule: RuleId, latest: RuleResults | None) -> dict[str, Any]:
    named = {"ConfigRuleName": rule.name, "ConfigRuleArn": rule.arn, "ConfigRuleId": rule.id}
    if latest is None:
        return {**named, "FirstEvaluationStarted": False}
    word, time = "Failed" if latest.reasons else "Successful", latest.time.timestamp()
    times = {f"Last{word}InvocationTime": time, f"Last{word}EvaluationTime": time, "FirstEvaluationStarted": True}
    # the code is ours: AWS documents none
    error = {"LastErrorCode": "NotJudged", "LastErrorMessage": "; ".join(latest.reasons)} if latest.reasons else {}
    return {**named, **times, **error}


def _of_types(handler: ConfigResponse, entries: list[Entry], kind: Callable[[dict[str, Any]], str]) -> list[Entry]:
    wanted = handler._get_param("ComplianceTypes")
    return [entry for entry in entries if not wanted or kind(entry[1]) in wanted]


def _limit(handler: ConfigResponse, default: int, most: int) -> int:
    limit = handler._get_int_param("Limit") or default  # 0 is the default, as the API's page says
    if not 0 < limit <= most:
        raise ValidationException(
            f"1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: Member must have "
            f"value less than or equal to {most}"
        )
    return limit


def _answer(handler: ConfigResponse, name: str, entries: list[Entry], limit: int) -> str:
    """Answer with one page, which begins after the entry that the token names."""
    token = handler._get_param("NextToken")
    after = _decoded(token) if token else ""
    rest = sorted((entry for entry in entries if entry[0] > after), key=lambda entry: entry[0])
    more = {"NextToken": b64encode(rest[limit - 1][0].encode()).decode()} if len(rest) > limit else {}
    return json.dumps({name: [entry for _, entry in rest[:limit]], **more})


def _decoded(token: str) -> str:
    try:
        return b64decode(token, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise InvalidNextTokenException from error
