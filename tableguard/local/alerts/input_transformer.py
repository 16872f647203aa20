"""Makes of an event what the target of a rule receives: the event itself, a part, a constant, or a text made of parts.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Event = Mapping[str, Any]

_PLACEHOLDER = re.compile(r"<([\w.-]+)>")
_STEP = re.compile(r"\.([\w/-]+)|\['([^']+)'\]|\[(\d+|\*)\]|\.(\*)")
_ABSENT = object()


@dataclass(frozen=True)
class RuleName:
    """The name and ARN of the rule, which a template may mention."""

    name: str
    arn: str


def target_input(target: Mapping[str, Any], event: Event, rule: RuleName, ingestion_time: str) -> str:
    """Return the text that a target receives; ValueError if EventBridge would send none.

    Whatever it sends is JSON, a text in its quotes too.
    """
    if target.get("Input") is not None:
        return str(target["Input"])
    if target.get("InputPath") is not None:
        value = _at(event, target["InputPath"])
        return json.dumps(None if value is _ABSENT else value)
    transformer = target.get("InputTransformer")
    if transformer is None:
        return json.dumps(event)
    values = {name: _at(event, path) for name, path in transformer.get("InputPathsMap", {}).items()}
    return _filled(transformer["InputTemplate"], {**values, **_predefined(event, rule, ingestion_time)})


def _predefined(event: Event, rule: RuleName, ingestion_time: str) -> dict[str, Any]:
    return {
        "aws.events.rule-arn": rule.arn,
        "aws.events.rule-name": rule.name,
        "aws.events.event.ingestion-time": ingestion_time,
        "aws.events.event": {name: value for name, value in event.items() if name != "detail"},
        "aws.events.event.json": dict(event),
    }


def _filled(template: str, values: Mapping[str, Any]) -> str:
    """Return the template with values at their places: bare within quotes, and as JSON elsewhere.

    A value that the event lacks is left out; where that leaves no JSON, EventBridge sends nothing.
    """
    text = "".join(_parts(template, values))
    for line in [text] if text.lstrip().startswith(("{", "[")) else text.splitlines():
        json.loads(line or '""')
    return text


def _parts(template: str, values: Mapping[str, Any]) -> Iterator[str]:
    place, quoted = 0, False
    for match in _PLACEHOLDER.finditer(template):
        before = template[place : match.start()]
        quoted ^= _quotes(before) % 2 == 1
        yield before
        yield _written(values[match[1]], quoted) if match[1] in values else match[0]
        place = match.end()
    yield template[place:]


def _quotes(text: str) -> int:
    """Return the number of double quotes that no backslash escapes."""
    return len(re.findall(r'(?:\\.|[^"\\])*?"', text, re.DOTALL))


def _written(value: Any, quoted: bool) -> str:
    if value is _ABSENT:
        return ""
    if not quoted:
        return json.dumps(value)
    text = value if isinstance(value, str) else json.dumps(value)
    return json.dumps(text)[1:-1]  # escaped, without the quotes of its own


def _at(event: Any, path: str) -> Any:
    """Return what a JSON path leads to: names, indices, and stars, which make a list."""
    values, many = [event], False
    for named, quoted, index, star in _STEP.findall(path):
        many |= index == "*" or bool(star)
        values = [below for value in values for below in _below(value, named or quoted, index or star)]
    if many:
        return values
    return values[0] if values else _ABSENT


def _below(value: Any, name: str, index: str) -> list[Any]:
    if index == "*":
        return list(value.values()) if isinstance(value, Mapping) else list(value) if isinstance(value, list) else []
    if index:
        return [value[int(index)]] if isinstance(value, list) and int(index) < len(value) else []
    return [value[name]] if isinstance(value, Mapping) and name in value else []
