"""The target of a rule receives the event, a part of it, a constant, or a text with parts of it."""

import json
from typing import Any

import pytest

from tableguard.local.alerts.input_transformer import RuleName, target_input

EVENT = {
    "source": "aws.ec2",
    "time": "2026-12-01T12:00:00Z",
    "detail": {"who": 'a "quoted" name', "count": 3, "list": [{"n": 1}, {"n": 2}], "path-with-dash": "x"},
}
RULE = RuleName("rule", "arn:aws:events:eu-central-1:111122223333:rule/rule")


def sent(**target: Any) -> str:
    return target_input(target, EVENT, RULE, "2026-12-01T12:00:01Z")


def transformed(template: str, **paths: str) -> str:
    return sent(InputTransformer={"InputPathsMap": paths, "InputTemplate": template})


def test_without_an_input_the_event_is_sent() -> None:
    assert json.loads(sent()) == EVENT


def test_a_constant_is_sent_as_it_is() -> None:
    assert sent(Input='{"a": 1}') == '{"a": 1}'


@pytest.mark.parametrize(("path", "value"), [("$.detail.count", 3), ("$.detail.list[1].n", 2), ("$.absent", None)])
def test_a_path_sends_what_it_leads_to(path: str, value: Any) -> None:
    assert json.loads(sent(InputPath=path)) == value


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ('"<who> called <count> times"', '"a \\"quoted\\" name called 3 times"'),
        ('{"who": <who>, "count": <count>}', '{"who": "a \\"quoted\\" name", "count": 3}'),
        ('{"text": "<who>", "all": <numbers>}', '{"text": "a \\"quoted\\" name", "all": [1, 2]}'),
        ('"<who>"\n"<count>"', '"a \\"quoted\\" name"\n"3"'),
        ('"<absent> was absent"', '" was absent"'),
        ('"<unnamed> stays"', '"<unnamed> stays"'),
        (
            '"<dash> by <aws.events.rule-name> at <aws.events.event.ingestion-time>"',
            '"x by rule at 2026-12-01T12:00:01Z"',
        ),
        ('{"rule": <aws.events.rule-arn>}', f'{{"rule": "{RULE.arn}"}}'),
    ],
)
def test_a_template_has_values_bare_in_quotes_and_as_json_elsewhere(template: str, text: str) -> None:
    paths = {"who": "$.detail.who", "count": "$.detail.count", "numbers": "$.detail.list[*].n", "absent": "$.nothing"}
    assert transformed(template, **paths, dash="$.detail.path-with-dash") == text


def test_the_whole_event_stands_in_a_template_with_and_without_its_detail() -> None:
    both = json.loads(transformed('{"whole": <aws.events.event.json>, "rest": <aws.events.event>}'))
    assert both["whole"] == EVENT
    assert both["rest"] == {name: value for name, value in EVENT.items() if name != "detail"}


def test_a_template_that_makes_no_json_sends_nothing() -> None:
    with pytest.raises(ValueError, match="Expecting value"):
        transformed('{"absent": <absent>}', absent="$.nothing")
