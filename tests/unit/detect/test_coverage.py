"""Whether a detection watches an operation: by source, name, category and the parameters that its records may have."""

from dataclasses import replace

import pytest

from tableguard.detect import catalogue, coverage
from tableguard.detect.coverage import ApiOperation
from tableguard.detect.detection import Conditions, Detection
from tableguard.settings import example

DETECTIONS = {one.name: one for one in catalogue.load_all(example().policy_values())}


def operation(service: str, name: str, *parameters: str, category: str = "Management") -> ApiOperation:
    return ApiOperation(service, name, category, frozenset(parameters))


@pytest.mark.parametrize(
    ("detection", "watched", "other"),
    [
        ("key_lost", operation("kms", "DisableKeyRotation"), operation("kms", "EnableKeyRotation")),
        ("key_lost", operation("kms", "TagResource", "tags"), operation("s3", "TagResource", "tags")),
        # narrowed by a parameter that the call has, or has not
        (
            "role_widened",
            operation("iam", "CreateRole", "roleName"),
            operation("iam", "CreateSAMLProvider", "name"),
        ),
        (
            "table_disarmed",
            operation("dynamodb", "UpdateTable", "tableName", "deletionProtectionEnabled"),
            operation("dynamodb", "UpdateTable", "tableName"),
        ),
        (
            "table_copied",
            operation("dynamodb", "UpdateTable", "replicaUpdates"),
            operation("dynamodb", "UpdateTable", "tableName"),
        ),
        # conditions: by category, by name, and by a parameter
        (
            "stranger_on_table",
            operation("dynamodb", "PutItem", "tableName", category="Data"),
            operation("dynamodb", "CreateTable", "tableName"),
        ),
        ("batch_forged", operation("s3", "PutObject", "bucketName"), operation("s3", "PutObject")),
        (
            "recovery_shortened",
            operation("dynamodb", "UpdateContinuousBackups", "pointInTimeRecoverySpecification"),
            operation("dynamodb", "UpdateTimeToLive", "pointInTimeRecoverySpecification"),
        ),
    ],
)
def test_an_operation_is_watched_and_its_twin_is_not(
    detection: str, watched: ApiOperation, other: ApiOperation
) -> None:
    assert coverage.watches(DETECTIONS[detection], watched)
    assert not coverage.watches(DETECTIONS[detection], other)


@pytest.mark.parametrize("name", ["break_glass_use", "denied_by_guardrail", "log_evasion", "root_use"])
def test_what_looks_at_no_service_watches_no_operation(name: str) -> None:
    assert not coverage.watches(DETECTIONS[name], operation("s3", "DeleteBucket", "bucketName"))


def test_a_call_that_leaves_no_record_is_watched_by_nothing() -> None:
    rename = operation("kms", "DisableKey")
    assert coverage.watches(DETECTIONS["key_lost"], rename)
    assert not coverage.watches(DETECTIONS["key_lost"], replace(rename, category=""))


def test_names_are_those_of_calls_and_of_conditions_with_their_service() -> None:
    assert ("kms", "ScheduleKeyDeletion") in set(coverage.names(DETECTIONS["key_lost"]))
    assert set(coverage.names(DETECTIONS["batch_taken"])) == {("s3", "GetObject*"), ("s3", "DeleteObject*")}
    assert ("dynamodb", "StartBulkPutItems") in set(coverage.names(DETECTIONS["stranger_on_table"]))


def conditioned(*terms: str) -> Detection:
    """A detection by conditions alone, of calls of KMS."""
    conditions = Conditions("all", ('$.eventSource = "kms.amazonaws.com"', *terms))
    return replace(DETECTIONS["key_lost"], calls=(), conditions=conditions)


@pytest.mark.parametrize(
    ("term", "watched"),
    [
        ('$.eventName = "Disable*"', True),
        ('$.eventName = "Enable*"', False),
        # what only the whole language of filter patterns says
        ("$.eventName = %^Disable%", True),
        ("$.eventName = %^Enable%", False),
        ("$.eventName=DisableKey", True),
        ("$.eventName=EnableKey", False),
        ("$.eventName NOT EXISTS", False),
        ('$.eventName != "DisableKey"', False),
        ("$.requestParameters.keyId NOT EXISTS", True),  # it may be absent
        ("$.requestParameters.absent NOT EXISTS", True),
        ("$.requestParameters.absent IS TRUE", False),
        ("$.requestParameters.absent >= 3", False),
        ('$.requestParameters.absent != "x"', True),
        ("$.requestParameters['absent'].of = 3", True),  # no name of a parameter is read from brackets: it may hold
    ],
)
def test_a_term_of_a_condition_is_read_as_a_filter_pattern(term: str, watched: bool) -> None:
    assert coverage.watches(conditioned(term), operation("kms", "DisableKey", "keyId")) is watched


def test_the_names_of_conditions_are_read_as_filter_patterns() -> None:
    assert ("kms", "DisableKey") in set(coverage.names(conditioned("$.eventName=DisableKey")))
