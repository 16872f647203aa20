"""Write a detection for its channels: as a CloudWatch Logs metric filter and as an EventBridge event pattern.

A metric filter on the trail's log group sees every region, minutes later. An event pattern matches within seconds,
but sees its own region only, and not what IAM, STS and Organizations do in us-east-1. So both watch what destroys,
disarms or blinds, and the filter alone watches everything else.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
"""

import json
from typing import Any

from tableguard.detect.detection import Calls, Conditions, Detection, Where
from tableguard.errors import TemplateError

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html
FILTER_PATTERN_CHARACTERS = 1024
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
EVENT_PATTERN_CHARACTERS = 2048

_JOINERS = {"all": " && ", "any": " || "}


def metric_filter(detection: Detection) -> str:
    """Return the filter pattern; TemplateError if it is longer than CloudWatch Logs takes."""
    pattern = f"{{ {_expression(_conditions(detection))} }}"
    if len(pattern) > FILTER_PATTERN_CHARACTERS:
        raise TemplateError(
            f"detection {detection.name}: its metric filter has {len(pattern)} characters, CloudWatch Logs takes "
            f"{FILTER_PATTERN_CHARACTERS}; name fewer break-glass roles or regions in the settings"
        )
    return pattern


def event_pattern(detection: Detection) -> dict[str, Any]:
    """Return the event pattern for the detection's calls; TemplateError if it is longer than EventBridge takes."""
    details = [_detail(*calls, sources) for calls, sources in _sources(detection.calls).items()]
    pattern = {
        # only AWS may send what begins so; a caller's own PutEvents cannot forge an alert
        "source": [{"prefix": "aws."}],
        "detail-type": ["AWS API Call via CloudTrail"],
        "detail": details[0] if len(details) == 1 else {"$or": details},
    }
    size = len(json.dumps(pattern, separators=(",", ":")))
    if size > EVENT_PATTERN_CHARACTERS:
        raise TemplateError(
            f"detection {detection.name}: its event pattern has {size} characters, EventBridge takes "
            f"{EVENT_PATTERN_CHARACTERS}; name fewer calls, or watch them by the metric filter alone"
        )
    return pattern


def _conditions(detection: Detection) -> Conditions:
    """Return the calls and the conditions as one: any of the calls, where all conditions hold."""
    alternatives = tuple(_of_calls(*calls, sources) for calls, sources in _sources(detection.calls).items())
    if detection.conditions is None:
        return alternatives[0] if len(alternatives) == 1 else Conditions("any", alternatives)
    if not alternatives:
        return detection.conditions
    narrowing = detection.conditions.terms if detection.conditions.joined == "all" else (detection.conditions,)
    return Conditions("all", (Conditions("any", alternatives), *narrowing))


def _sources(calls: tuple[Calls, ...]) -> dict[tuple[tuple[str, ...], Where], list[str]]:
    """Return the event sources of calls by their names and fields: services with the same names stand together."""
    sources: dict[tuple[tuple[str, ...], Where], list[str]] = {}
    for one in calls:
        sources.setdefault((one.names, one.where), []).append(f"{one.service}.amazonaws.com")
    return sources


def _of_calls(names: tuple[str, ...], where: Where, sources: list[str]) -> Conditions:
    services = tuple(_term("eventSource", source) for source in sources)
    source = services[0] if len(services) == 1 else Conditions("any", services)
    called = Conditions("any", tuple(_term("eventName", name) for name in names))
    return Conditions("all", (source, called, *(_term(path, value) for path, value in where)))


def _term(path: str, value: str | bool) -> str:
    # a Boolean is not a string: $.x = "false" never matches false
    return f"$.{path} IS {str(value).upper()}" if isinstance(value, bool) else f'$.{path} = "{value}"'


def _expression(conditions: Conditions) -> str:
    # every term in parentheses: AWS's page does not say whether && binds more closely than ||
    terms = (term if isinstance(term, str) else _expression(term) for term in conditions.terms)
    return _JOINERS[conditions.joined].join(f"({term})" for term in terms)


def _detail(names: tuple[str, ...], where: Where, sources: list[str]) -> dict[str, Any]:
    detail: dict[str, Any] = {"eventSource": sources, "eventName": [_matcher(name) for name in names]}
    for path, value in where:
        _put(detail, path.replace("[0]", "").split("."), [_matcher(value)])  # EventBridge looks into every element
    return detail


def _matcher(value: str | bool) -> Any:
    if value == "*":
        return {"exists": True}
    if not isinstance(value, str) or "*" not in value:
        return value
    return {"prefix": value[:-1]} if value.index("*") == len(value) - 1 else {"wildcard": value}


def _put(detail: dict[str, Any], path: list[str], matchers: list[Any]) -> None:
    for key in path[:-1]:
        detail = detail.setdefault(key, {})
    detail[path[-1]] = matchers
