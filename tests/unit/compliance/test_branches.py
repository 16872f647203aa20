"""What else AWS's page of a rule says: each fact that breaks it, beside one that does not."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from tableguard.compliance import managed
from tableguard.compliance.evaluator import Inventory, Parameters
from tableguard.compliance.item import ConfigurationItem
from tests.cases.config_rules import (
    ACCOUNT_ITEM,
    BUCKET_ITEM,
    CASES,
    FUNCTION_ITEM,
    KEY_ITEM,
    NOW,
    SELECTION_ITEM,
    TABLE_ITEM,
    TRAIL_ITEM,
    changed,
)

MANAGEMENT = {"field": "eventCategory", "equals": ["Management"]}
NO_KMS = {"field": "eventSource", "notEquals": ["kms.amazonaws.com"]}
DATA = {"field": "eventCategory", "equals": ["Data"]}


def complies(
    identifier: str,
    item: ConfigurationItem,
    others: Iterable[ConfigurationItem] = (),
    parameters: Mapping[str, str] | None = None,
) -> bool:
    case = next(case for case in CASES if case.identifier == identifier)
    judge = managed.evaluators()[identifier].judge
    values = Parameters("rule", case.parameters if parameters is None else parameters)
    return judge(item, values, Inventory((item, *others), NOW)).compliance == "COMPLIANT"


def trail(advanced: list[Any], classic: list[Any]) -> ConfigurationItem:
    selected = changed(TRAIL_ITEM, ("supplementary", "AdvancedEventSelectors"), advanced)
    return changed(selected, ("supplementary", "EventSelectors"), classic)


def classic(**more: Any) -> dict[str, Any]:
    return {"includeManagementEvents": True, "readWriteType": "All", "excludeManagementEventSources": [], **more}


@pytest.mark.parametrize(
    ("advanced", "of_classic", "whole", "every_region"),
    [
        ([], [], True, True),
        ([{"fieldSelectors": [MANAGEMENT]}], [], True, True),
        ([{"fieldSelectors": [MANAGEMENT, NO_KMS]}], [], False, False),
        ([{"fieldSelectors": [DATA]}], [], False, False),
        ([], [classic()], True, True),
        ([], [classic(excludeManagementEventSources=["kms.amazonaws.com"])], False, False),
        ([], [classic(includeManagementEvents=False)], False, False),
        ([], [classic(readWriteType="WriteOnly")], False, True),
    ],
)
def test_a_trail_that_excludes_management_events_breaks_both_rules(
    advanced: list[Any], of_classic: list[Any], whole: bool, every_region: bool
) -> None:
    trails = (trail(advanced, of_classic),)
    assert complies("CLOUDTRAIL_SECURITY_TRAIL_ENABLED", ACCOUNT_ITEM, trails) is whole
    assert complies("MULTI_REGION_CLOUD_TRAIL_ENABLED", ACCOUNT_ITEM, trails) is every_region


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("isMultiRegionTrail",), False),
        (("s3BucketName",), "others"),
    ],
)
def test_a_trail_of_one_region_or_another_bucket_is_none(path: tuple[str, ...], value: Any) -> None:
    assert complies("MULTI_REGION_CLOUD_TRAIL_ENABLED", ACCOUNT_ITEM, [TRAIL_ITEM])
    assert not complies("MULTI_REGION_CLOUD_TRAIL_ENABLED", ACCOUNT_ITEM, [changed(TRAIL_ITEM, path, value)])


@pytest.mark.parametrize("path", [("includeGlobalServiceEvents",), ("isMultiRegionTrail",), ("kmsKeyId",)])
def test_each_practice_of_a_security_trail_counts(path: tuple[str, ...]) -> None:
    assert not complies("CLOUDTRAIL_SECURITY_TRAIL_ENABLED", ACCOUNT_ITEM, [changed(TRAIL_ITEM, path, None)])


@pytest.mark.parametrize("fixed", range(4))
def test_each_capacity_of_table_and_index_scales_or_none_is_asked(fixed: int) -> None:
    policies = [one for number, one in enumerate(TABLE_ITEM.supplementary["ScalingPolicies"]) if number != fixed]
    item = changed(TABLE_ITEM, ("supplementary", "ScalingPolicies"), policies)
    assert not complies("DYNAMODB_AUTOSCALING_ENABLED", item)
    on_demand = changed(item, ("billingModeSummary", "billingMode"), "PAY_PER_REQUEST")
    assert complies("DYNAMODB_AUTOSCALING_ENABLED", on_demand)


@pytest.mark.parametrize(
    ("selected", "left_out", "planned"),
    [
        (["arn:aws:dynamodb:*:*:table/*"], [], True),
        (["arn:aws:dynamodb:eu-central-1:111122223333:table/mess*"], [], True),
        (["*"], ["arn:aws:dynamodb:*:*:table/messages"], False),
        (["arn:aws:rds:*:*:*"], [], False),
    ],
)
def test_a_selection_names_tables_by_wildcards(selected: list[str], left_out: list[str], planned: bool) -> None:
    table = replace(TABLE_ITEM, arn="arn:aws:dynamodb:eu-central-1:111122223333:table/messages")
    body = {"Resources": selected, "NotResources": left_out}
    selection = changed(SELECTION_ITEM, ("BackupSelection",), body)
    assert complies("DYNAMODB_IN_BACKUP_PLAN", table, [selection]) is planned


def calls_function(principal: Any, effect: str = "Allow", **condition: Any) -> dict[str, Any]:
    statement = {"Sid": "S", "Effect": effect, "Principal": principal, "Action": "lambda:*", "Resource": "*"}
    return {"Statement": [{**statement, "Condition": condition}]}


@pytest.mark.parametrize(
    ("policy", "closed"),
    [
        (calls_function({"Service": "s3.amazonaws.com"}), False),
        (calls_function({"Service": ["sns.amazonaws.com", "s3.amazonaws.com"]}), False),
        (calls_function({"Service": "s3.amazonaws.com"}, StringEquals={"AWS:SourceAccount": "111122223333"}), True),
        (calls_function({"Service": "s3.amazonaws.com"}, effect="Deny"), True),
        (calls_function({"Service": "sns.amazonaws.com"}), True),
    ],
)
def test_a_bucket_of_any_account_may_not_call_a_function(policy: dict[str, Any], closed: bool) -> None:
    item = changed(FUNCTION_ITEM, ("supplementary", "Policy"), policy)
    assert complies("LAMBDA_FUNCTION_PUBLIC_ACCESS_PROHIBITED", item) is closed


@pytest.mark.parametrize("state", ["PendingDeletion", "PendingReplicaDeletion"])
def test_a_key_whose_replicas_must_go_first_is_scheduled_too(state: str) -> None:
    assert complies("KMS_CMK_NOT_SCHEDULED_FOR_DELETION", changed(KEY_ITEM, ("keyState",), "Disabled"))
    assert not complies("KMS_CMK_NOT_SCHEDULED_FOR_DELETION", changed(KEY_ITEM, ("keyState",), state))


@pytest.mark.parametrize("block", ["blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"])
def test_each_of_the_four_settings_blocks(block: str) -> None:
    item = changed(BUCKET_ITEM, ("supplementary", "PublicAccessBlockConfiguration", block), False)
    assert not complies("S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED", item)
