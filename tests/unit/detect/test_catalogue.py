"""The folder of detections: read strictly, refused with file and key, and one new file is one new alert."""

from pathlib import Path
from typing import Any

import pytest

from tableguard.detect import catalogue, channels
from tableguard.detect.detection import Calls, Conditions, Detection
from tableguard.errors import PolicyError
from tableguard.settings import example
from templates import audit

SETTINGS = example()
TABLE_RENAMED = """
sentence = "The table of <name> was renamed"
severity = "low"
attack = []
no-attack = "DynamoDB has no such call"
channels = ["metric filter", "event pattern"]

[[calls]]
service = "dynamodb"
names = ["Rename", "Move*"]
where.requestParameters.tableName = "<table-name>"

[[example]]
event = { eventSource = "dynamodb.amazonaws.com", eventName = "Rename", requestParameters.tableName = "<table-name>" }
twin = { requestParameters.tableName = "other" }
"""


def load(folder: Path, text: str = TABLE_RENAMED, name: str = "table_renamed") -> Detection:
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return catalogue.load(path, SETTINGS.policy_values())


def test_a_detection_is_read_and_filled(tmp_path: Path) -> None:
    detection = load(tmp_path)
    assert (detection.title, detection.slug) == ("TableRenamed", "table-renamed")
    assert detection.sentence == "The table of cruddur was renamed"
    assert detection.threshold == 1
    where = (("requestParameters.tableName", "cruddur-messages"),)
    assert detection.calls == (Calls("dynamodb", ("Rename", "Move*"), where),)


def test_a_threshold_is_a_number_or_one_of_the_settings(tmp_path: Path) -> None:
    def loaded(threshold: str) -> Detection:
        text = TABLE_RENAMED.replace(', "event pattern"', "").replace("severity", f"threshold = {threshold}\nseverity")
        return load(tmp_path, text)

    assert loaded("100").threshold == 100
    assert loaded('"<alert-reads>"').threshold == SETTINGS.alert_reads
    for wrong in ("0", "true", "2.5", '"many"', '"<name>"', "100000000"):
        with pytest.raises(PolicyError, match=r"threshold: .* is not accepted; accepted: a whole number from 1 to 99"):
            loaded(wrong)


def test_an_example_is_completed_and_its_twin_differs_in_one_field(tmp_path: Path) -> None:
    (one,) = load(tmp_path).examples
    assert one.event["requestParameters"] == {"tableName": "cruddur-messages"}
    assert one.event["awsRegion"] == "eu-central-1"
    assert one.twin == {**one.event, "requestParameters": {"tableName": "other"}}


def test_conditions_are_a_tree_and_a_list_becomes_one_condition_for_each_value(tmp_path: Path) -> None:
    conditions = """
[conditions]
all = ['$.awsRegion != "<allowed-regions>"', { any = ['$.a NOT EXISTS', '$.b IS TRUE'] }]
"""
    values = {**SETTINGS.policy_values(), "allowed-regions": ("eu-central-1", "eu-west-1")}
    path = tmp_path / "elsewhere.toml"
    path.write_text(TABLE_RENAMED.replace(', "event pattern"', "") + conditions)
    assert catalogue.load(path, values).conditions == Conditions(
        "all",
        (
            '$.awsRegion != "eu-central-1"',
            '$.awsRegion != "eu-west-1"',
            Conditions("any", ("$.a NOT EXISTS", "$.b IS TRUE")),
        ),
    )


def test_a_detection_may_name_controls_and_only_those_of_the_catalogue(tmp_path: Path) -> None:
    def named(control: str) -> Detection:
        return load(tmp_path, TABLE_RENAMED.replace("attack = []", f'attack = []\ncontrols = ["{control}"]'))

    assert load(tmp_path).controls == ()
    assert list(map(str, named("cis-aws-7.0.0:5.5").controls)) == ["cis-aws-7.0.0:5.5"]
    with pytest.raises(PolicyError, match=r"/table_renamed\.toml: controls: 'cis-aws-7\.0\.0:5\.99' is not accepted"):
        named("cis-aws-7.0.0:5.99")


CONDITIONS = "[conditions]\nall = ['$.errorCode = \"AccessDenied\"']\n"


@pytest.mark.parametrize(
    ("text", "instead", "reason"),
    [
        ('severity = "low"', 'severity = "urgent"', "severity: 'urgent' is not accepted; accepted: critical, high,"),
        ('severity = "low"', "", "severity: missing"),
        ('severity = "low"', 'severity = "low"\nstack = "table"', "stack: 'table' is not accepted; accepted: audit"),
        ("attack = []", 'attack = ["T14"]', "attack: ['T14'] is not accepted; accepted: a list of technique ids"),
        ("attack = []", 'attack = ["T1485"]', "no-attack: unknown key"),
        ('no-attack = "DynamoDB has no such call"', "", "no-attack: missing"),
        ("severity", "urgency", "severity: missing"),
        ('severity = "low"', 'severity = "low"\nmuted = true', "muted: unknown key; accepted: attack,"),
        ('["metric filter", "event pattern"]', '["e-mail"]', "channels: ['e-mail'] is not accepted"),
        ('["metric filter", "event pattern"]', "[]", "channels: [] is not accepted; accepted: a list, not empty"),
        ('service = "dynamodb"', 'service = "dynamodb.amazonaws.com"', "calls 1: service:"),
        ('"Move*"', '"*Move"', "calls 1: names:"),
        ("where.requestParameters.tableName = ", "filter = ", "calls 1: filter: unknown key"),
        ('tableName = "<table-name>"\n', "tableName = 3\n", "calls 1: where: requestParameters.tableName: 3 is not"),
        ("<table-name>", "<table>", "no value for <table>; known placeholders: access-log-bucket,"),
        ('eventName = "Rename", ', "", "example 1: event: eventName: missing"),
        ('{ requestParameters.tableName = "other" }', "{}", "example 1: twin: {} is not accepted; accepted: one field"),
        ('tableName = "other"', 'tableName = "<table-name>"', "accepted: one field with another value"),
        ('"other" }', '"other", eventName = "X" }', "accepted: one field with another value"),
        ("[[example]]", "threshold = 5\n[[example]]", "calls 1: threshold: unknown key"),
        (
            'severity = "low"',
            'severity = "low"\nthreshold = 5',
            "channels: an event pattern is made of calls alone and",
        ),
        ("[[example]]", f"{CONDITIONS}\n[[example]]", "channels: an event pattern is made of calls alone and"),
    ],
)
def test_a_wrong_file_is_refused_with_its_name_and_key(tmp_path: Path, text: str, instead: str, reason: str) -> None:
    assert text in TABLE_RENAMED
    with pytest.raises(PolicyError) as error:
        load(tmp_path, TABLE_RENAMED.replace(text, instead))
    assert str(error.value).startswith(f"{tmp_path.name}/table_renamed.toml: ")
    assert reason in str(error.value)


@pytest.mark.parametrize(
    "wrong", ["['$.a = b']", "[]", "[{ none = ['$.a IS TRUE'] }]", "['$.a == \"b\"']", "['$.a < \"b\"']"]
)
def test_conditions_that_cloudwatch_would_not_read_are_refused(tmp_path: Path, wrong: str) -> None:
    text = TABLE_RENAMED.replace(', "event pattern"', "")
    assert load(tmp_path, f"{text}\n{CONDITIONS}").conditions
    with pytest.raises(PolicyError, match=r"table_renamed\.toml: conditions: .* is not accepted; accepted: "):
        load(tmp_path, f"{text}\n[conditions]\nall = {wrong}\n")


def test_a_detection_without_calls_or_conditions_is_refused(tmp_path: Path) -> None:
    start, end = TABLE_RENAMED.index("[[calls]]"), TABLE_RENAMED.index("[[example]]")
    with pytest.raises(PolicyError, match=r"calls: missing; accepted: \[\[calls\]\] sections, \[conditions\], or both"):
        load(tmp_path, TABLE_RENAMED[:start] + TABLE_RENAMED[end:])


def test_a_name_that_cannot_become_a_logical_id_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"Table-2\.toml: is not accepted as a name; accepted: words in lower case"):
        load(tmp_path, name="Table-2")


def test_the_most_urgent_come_first(tmp_path: Path) -> None:
    for name, severity in (("a", "medium"), ("b", "critical"), ("c", "low"), ("d", "critical")):
        load(tmp_path, TABLE_RENAMED.replace('"low"', f'"{severity}"'), name)
    loaded = catalogue.load_all(SETTINGS.policy_values(), tmp_path)
    assert [detection.name for detection in loaded] == ["b", "d", "a", "c"]


def test_a_detection_of_another_stack_is_no_alert_of_the_audit_stack(tmp_path: Path) -> None:
    assert load(tmp_path).stack == "audit"
    text = TABLE_RENAMED.replace('severity = "low"', 'severity = "low"\nstack = "oversight"')
    elsewhere = load(tmp_path, text, "moved")
    assert elsewhere.stack == "oversight"
    values = SETTINGS.policy_values()
    assert [one.name for one in catalogue.load_all(values, tmp_path, "audit")] == ["table_renamed"]
    assert [one.name for one in catalogue.load_all(values, tmp_path, "oversight")] == ["moved"]
    assert len(catalogue.load_all(values, tmp_path)) == 2
    assert "TableRenamedAlarm" in resources(tmp_path)
    assert "MovedAlarm" not in resources(tmp_path)


def test_one_new_file_is_one_new_alert_in_each_of_its_channels(tmp_path: Path) -> None:
    before = resources(tmp_path)
    load(tmp_path)
    added = {name: body for name, body in resources(tmp_path).items() if name not in before}
    assert set(added) == {f"TableRenamed{part}" for part in ("Filter", "Alarm", "Rule", "FailedAlarm")}
    assert added["TableRenamedFilter"]["Properties"]["FilterPattern"] == (
        '{ ($.eventSource = "dynamodb.amazonaws.com") && '
        '(($.eventName = "Rename") || ($.eventName = "Move*")) && '
        '($.requestParameters.tableName = "cruddur-messages") }'
    )
    assert added["TableRenamedAlarm"]["Properties"]["AlarmDescription"] == "The table of cruddur was renamed"
    assert added["TableRenamedRule"]["Properties"]["EventPattern"]["detail"] == {
        "eventSource": ["dynamodb.amazonaws.com"],
        "eventName": ["Rename", {"prefix": "Move"}],
        "requestParameters": {"tableName": ["cruddur-messages"]},
    }


def test_services_whose_calls_have_the_same_names_stand_together_in_each_channel(tmp_path: Path) -> None:
    more = '[[calls]]\nservice = "{}"\nnames = ["Rename", "Move*"]\n{}\n\n[[example]]'
    alike = more.format("dax", 'where.requestParameters.tableName = "<table-name>"')
    elsewhere = more.format("s3", "")
    together = load(tmp_path, TABLE_RENAMED.replace("[[example]]", alike))
    named = (
        '(($.eventName = "Rename") || ($.eventName = "Move*")) && ($.requestParameters.tableName = "cruddur-messages")'
    )
    sources = '(($.eventSource = "dynamodb.amazonaws.com") || ($.eventSource = "dax.amazonaws.com"))'
    assert channels.metric_filter(together) == f"{{ {sources} && {named} }}"
    assert channels.event_pattern(together)["detail"]["eventSource"] == ["dynamodb.amazonaws.com", "dax.amazonaws.com"]
    apart = load(tmp_path, TABLE_RENAMED.replace("[[example]]", elsewhere))
    assert [one["eventSource"] for one in channels.event_pattern(apart)["detail"]["$or"]] == [
        ["dynamodb.amazonaws.com"],
        ["s3.amazonaws.com"],
    ]


def resources(folder: Path) -> dict[str, Any]:
    """Return the resources of the audit stack, built with the detections of a folder."""
    built: dict[str, Any] = audit.template(SETTINGS, folder).to_dict()["Resources"]
    return built
