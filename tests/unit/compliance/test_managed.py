"""Every managed rule that is deployed has an evaluator that knows what complies, what does not, and what is apart."""

from collections.abc import Iterable

import pytest

from tableguard.aws.managed_config_rules import catalogue
from tableguard.compliance import managed
from tableguard.compliance.deployed_rule import DeployedRule, Reach
from tableguard.compliance.evaluator import Inventory
from tableguard.compliance.item import ConfigurationItem
from tableguard.compliance.judgement import Evaluation, Judgement, NotJudged, judged
from tableguard.compliance.recording import Recording
from tableguard.compliance.ruling import Ruling, not_applicable
from tableguard.errors import ComplianceError
from tableguard.settings import example
from templates.sections.config_rules import managed_rules
from tests.cases import config_rules as cases
from tests.cases.config_rules import CASES, NOW, Case
from tests.worlds.settings_files import EXAMPLES

RECORDING = Recording({"recordingGroup": {"allSupported": True, "includeGlobalResourceTypes": True}}, True, True)


def skip(_text: str, _item: ConfigurationItem) -> Ruling:
    """Say nothing of an item, as a Guard text that skips it."""
    return not_applicable("skipped")


def judgements(case: Case, *items: ConfigurationItem, scope: Reach = Reach()) -> list[Judgement]:  # noqa: B008  # frozen
    periodic = catalogue()[case.identifier].periodic
    rule = DeployedRule("rule", "AWS", case.identifier, case.parameters, scope, periodic)
    return list(judged([rule], Inventory(items, NOW), RECORDING, managed.evaluators(), skip))


def verdict(found: Iterable[Judgement], item: ConfigurationItem) -> str:
    """Return what is said of an item; nothing is said of what no rule reaches."""
    said = [judgement for judgement in found if isinstance(judgement, Evaluation) and judgement.item is item]
    return said[0].ruling.compliance if said else "NOT_APPLICABLE"


def test_every_deployed_rule_has_an_evaluator_and_a_case() -> None:
    deployed = {rule.identifier for name in EXAMPLES for rule in managed_rules(example(name))}
    assert deployed <= set(managed.evaluators())
    assert [case.identifier for case in CASES] == list(dict.fromkeys(case.identifier for case in CASES))
    assert {case.identifier for case in CASES} == set(managed.evaluators())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.identifier)
def test_a_rule_is_broken_by_one_field(case: Case) -> None:
    assert verdict(judgements(case, case.item, *case.others), case.item) == "COMPLIANT"
    item, others = case.broken()
    found = judgements(case, item, *others)
    assert verdict(found, item) == "NON_COMPLIANT"
    (said,) = (judgement for judgement in found if isinstance(judgement, Evaluation) and judgement.item is item)
    assert said.ruling.problem
    assert said.ruling.remedy
    assert (
        len(said.ruling.annotation) <= 256
    )  # https://docs.aws.amazon.com/config/latest/APIReference/API_Evaluation.html


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.identifier)
def test_a_rule_says_nothing_of_what_is_apart(case: Case) -> None:
    item = cases.changed(case.item, *case.apart)
    assert verdict(judgements(case, item, *case.others), item) == "NOT_APPLICABLE"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.identifier)
def test_a_docstring_names_the_page_of_its_rule(case: Case) -> None:
    evaluator = managed.evaluators()[case.identifier]
    page = case.identifier.lower().replace("_", "-").replace("multi-region-cloud-trail", "multi-region-cloudtrail")
    assert page in (evaluator.judge.__doc__ or "")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.identifier)
def test_an_evaluator_looks_at_the_types_that_the_catalogue_names(case: Case) -> None:
    named = catalogue()[case.identifier].resource_types
    assert set(managed.evaluators()[case.identifier].resource_types) <= (named or {"AWS::::Account"})


BUCKET_CASE = next(case for case in CASES if case.identifier == "S3_BUCKET_VERSIONING_ENABLED")


@pytest.mark.parametrize(
    ("scope", "reached"),
    [
        (Reach(), True),
        (Reach(("AWS::S3::Bucket",), "files"), True),
        (Reach(("AWS::S3::Bucket",), "others"), False),
        (Reach(("AWS::EC2::Volume",)), False),
        (Reach(tag_key="Application"), False),
    ],
)
def test_a_scope_is_by_type_and_id(scope: Reach, reached: bool) -> None:
    assert bool(judgements(BUCKET_CASE, BUCKET_CASE.item, scope=scope)) is reached


@pytest.mark.parametrize(
    ("value", "tags", "reached"),
    [("chat", {"Application": "chat"}, True), ("chat", {"Application": "x"}, False), ("", {"Application": "x"}, True)],
)
def test_a_scope_by_tag_loses_what_lost_its_tag(value: str, tags: dict[str, str], reached: bool) -> None:
    tagged = ConfigurationItem(
        "AWS::S3::Bucket", "files", "files", "", "", "", {}, tags, BUCKET_CASE.item.supplementary
    )
    assert bool(judgements(BUCKET_CASE, tagged, scope=Reach(tag_key="Application", tag_value=value))) is reached


def reasons(rule: DeployedRule, recording: Recording, *items: ConfigurationItem) -> list[str]:
    found = judged([rule], Inventory(items, NOW), recording, managed.evaluators(), skip)
    return [judgement.reason for judgement in found if isinstance(judgement, NotJudged)]


CHANGES = DeployedRule("changes", "AWS", "S3_BUCKET_VERSIONING_ENABLED", {}, Reach(), periodic=False)
PERIODIC = DeployedRule("periodic", "AWS", "IAM_ROOT_ACCESS_KEY_CHECK", {}, Reach(), periodic=True)
STOPPED = Recording(RECORDING.recorder, False, True)


@pytest.mark.parametrize(
    ("recording", "reason"),
    [
        (STOPPED, "the configuration recorder is stopped, and the rule waits for changes"),
        (Recording(RECORDING.recorder, True, False), "the configuration recorder has no delivery channel"),
        (Recording(None, False, True), "there is no configuration recorder"),
        (Recording({"recordingGroup": {"resourceTypes": ["AWS::EC2::VPC"]}}, True, True), "leaves out AWS::S3::Bucket"),
        (
            Recording(
                {"recordingGroup": {"exclusionByResourceTypes": {"resourceTypes": ["AWS::S3::Bucket"]}}}, True, True
            ),
            "leaves out AWS::S3::Bucket",
        ),
    ],
)
def test_nothing_is_judged_that_is_not_recorded(recording: Recording, reason: str) -> None:
    assert reasons(CHANGES, RECORDING, BUCKET_CASE.item) == []
    (said,) = reasons(CHANGES, recording, BUCKET_CASE.item)
    assert reason in said
    assert reasons(PERIODIC, recording, cases.ACCOUNT_ITEM) == []


def test_global_resources_are_recorded_where_the_recorder_says_so() -> None:
    assert RECORDING.records("AWS::IAM::Role")
    assert not Recording({"recordingGroup": {"allSupported": True}}, True, True).records("AWS::IAM::Role")


def test_a_rule_without_evaluator_is_not_judged() -> None:
    unknown = DeployedRule("unknown", "AWS", "EIP_ATTACHED", {}, Reach(), periodic=False)
    assert reasons(unknown, RECORDING) == ["there is no evaluator of EIP_ATTACHED"]
    custom = DeployedRule("custom", "CUSTOM_LAMBDA", "", {}, Reach(), periodic=False)
    assert reasons(custom, RECORDING) == ["there is no evaluator of rules of owner CUSTOM_LAMBDA"]


def test_a_guard_rule_of_every_type_is_not_judged() -> None:
    everything = DeployedRule("all", "CUSTOM_POLICY", "", {}, Reach(), periodic=False, text="rule")
    assert reasons(everything, RECORDING, BUCKET_CASE.item) == [
        "its scope names no resource type, and all types are not read here"
    ]


def test_a_guard_text_is_asked_about_the_items_of_its_scope_and_no_other() -> None:
    def refuse(text: str, item: ConfigurationItem) -> Ruling:
        raise ComplianceError(f"{text} about {item.label}: no engine")

    guard = DeployedRule("guard", "CUSTOM_POLICY", "", {}, Reach(("AWS::S3::Bucket",)), periodic=False, text="rule")
    items = Inventory((BUCKET_CASE.item, cases.TABLE_ITEM), NOW)
    (asked,) = judged([guard], items, RECORDING, managed.evaluators(), skip)
    assert isinstance(asked, Evaluation)
    assert asked.ruling.compliance == "NOT_APPLICABLE"
    (open_question,) = judged([guard], items, RECORDING, managed.evaluators(), refuse)
    assert open_question == NotJudged(guard, "rule about files: no engine", BUCKET_CASE.item)


def test_a_parameter_that_is_no_number_is_an_error_of_the_rule() -> None:
    rule = DeployedRule("keeps", "AWS", "CW_LOGGROUP_RETENTION_PERIOD_CHECK", {"MinRetentionTime": "x"}, Reach(), True)
    assert reasons(rule, RECORDING, cases.LOG_ITEM) == [
        "rule keeps: parameter MinRetentionTime = 'x': a number is wanted"
    ]
