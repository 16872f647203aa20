"""The log archive: its bucket is written by the workload's trail alone, and the trail has no bucket of its own."""

from dataclasses import replace
from typing import Any

import pytest

from tableguard.policy import documents
from tableguard.policy.matching import wildcard
from tableguard.settings import LogArchive, Settings, example
from tableguard.stacks.registry import find_stack
from tests.worlds.requirements import (
    REMOVED,
    Requirement,
    Template,
    at,
    holds_and_breaks,
    is_set,
    of_type,
    retained,
    statement,
)
from tests.worlds.requirements import stack as rendered

ARCHIVE = "444455556666"
SETTINGS = replace(example(), log_archive=LogArchive(ARCHIVE), optional_stacks=(*example().optional_stacks, "archive"))
EXISTING = replace(
    example(), log_archive=LogArchive(ARCHIVE, "evidence", f"arn:aws:kms:eu-central-1:{ARCHIVE}:key/1234")
)
BUCKET = "Resources/TrailBucket/Properties"
POLICY = "Resources/TrailBucketPolicy/Properties/PolicyDocument/Statement"
KEY_POLICY = "Resources/ArchiveKey/Properties/KeyPolicy/Statement"
TRAIL_ARN = {"Fn::Sub": "arn:aws:cloudtrail:${AWS::Region}:111122223333:trail/cruddur-trail"}


def _services(statements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in statements if one["Effect"] == "Allow" and "Service" in one["Principal"]]


def _the_workloads_trail_alone(template: Template) -> bool:
    allowed = [*_services(at(template, POLICY)), *_services(at(template, KEY_POLICY))]
    return len(allowed) == 4 and all(
        one["Principal"] == {"Service": "cloudtrail.amazonaws.com"}
        and one["Condition"]["StringEquals"].get("aws:SourceArn") == TRAIL_ARN
        for one in allowed
    )


def _nobody_else_is_allowed(template: Template) -> bool:
    return [one for one in at(template, POLICY) if one["Effect"] == "Allow"] == _services(at(template, POLICY))


def _the_key_is_used_from_its_account_alone(template: Template) -> bool:
    used = [one for one in at(template, KEY_POLICY) if "kms:Decrypt" in one["Action"] and "AWS" in one["Principal"]]
    return len(used) == 1 and used[0]["Condition"]["StringEquals"].get("kms:CallerAccount") == {"Ref": "AWS::AccountId"}


REQUIREMENTS = [
    Requirement(
        "the workload's trail alone writes files and uses the key",
        _the_workloads_trail_alone,
        (
            (f"{POLICY}/2/Condition/StringEquals", {}),
            (f"{POLICY}/3/Condition/StringEquals/aws:SourceArn", "arn:aws:cloudtrail:eu-central-1:*:trail/*"),
            (f"{POLICY}/3/Principal", "*"),
            (f"{KEY_POLICY}/1/Condition/StringEquals", {}),
            (f"{KEY_POLICY}/2/Condition/StringEquals/aws:SourceArn", REMOVED),
        ),
    ),
    Requirement(
        "the bucket's policy allows nobody else anything",
        _nobody_else_is_allowed,
        ((f"{POLICY}/1", {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "s3:GetObject"}),),
    ),
    Requirement(
        "the key is used from its own account alone",
        _the_key_is_used_from_its_account_alone,
        ((f"{KEY_POLICY}/3/Condition/StringEquals/kms:CallerAccount", "111122223333"),),
    ),
    is_set(
        "files lie under the workload's account",
        f"{POLICY}/3/Resource",
        {"Fn::Sub": "${TrailBucket.Arn}/AWSLogs/111122223333/*"},
    ),
    is_set(
        "other accounts are refused",
        f"{POLICY}/1/Condition/StringNotEquals",
        {"aws:PrincipalAccount": {"Ref": "AWS::AccountId"}},
    ),
    is_set(
        "files are locked for 400 days",
        f"{BUCKET}/ObjectLockConfiguration",
        {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 400}}},
    ),
    is_set("files go when the settings say", f"{BUCKET}/LifecycleConfiguration/Rules/0/ExpirationInDays", 2555),
    is_set("the trail names the key so", "Resources/ArchiveKeyAlias/Properties/AliasName", "alias/cruddur-archive"),
    retained("the evidence outlives its stack", "ArchiveKey", "ArchiveKeyAlias", "TrailBucket", "TrailBucketPolicy"),
]


@pytest.fixture(scope="module")
def template() -> Template:
    return rendered("archive", SETTINGS)


test_the_stack_holds, test_a_spoilt_stack_does_not_hold = holds_and_breaks(REQUIREMENTS, "template")


ALIAS = {"Fn::Sub": f"arn:aws:kms:${{AWS::Region}}:{ARCHIVE}:alias/cruddur-archive"}


@pytest.mark.parametrize(
    ("settings", "bucket", "key"),
    [
        (SETTINGS, "cruddur-trail-111122223333-eu-central-1-archive", ALIAS),
        (EXISTING, "evidence", f"arn:aws:kms:eu-central-1:{ARCHIVE}:key/1234"),
        (example(), {"Ref": "TrailBucket"}, {"Fn::GetAtt": ["AuditKey", "Arn"]}),
    ],
)
def test_the_trail_names_the_archive_s_bucket_and_key_or_has_its_own(settings: Settings, bucket: Any, key: Any) -> None:
    audit = rendered("audit", settings)
    trail = at(audit, "Resources/Trail/Properties")
    assert (trail["S3BucketName"], trail["KMSKeyId"]) == (bucket, key)
    own = settings.log_archive is None
    assert bool(of_type(audit, "AWS::S3::Bucket")) is own
    uses = {one["Sid"] for one in at(audit, "Resources/AuditKey/Properties/KeyPolicy/Statement")}
    assert ({"TrailEncrypts", "UsedThroughS3"} <= uses) is own
    assert at(audit, "Outputs/TrailBucketName/Value") == bucket


@pytest.mark.parametrize(
    ("settings", "begins"), [(SETTINGS, "cruddur-trail-111122223333-eu-central-1-archive/"), (EXISTING, "evidence/")]
)
def test_the_trail_sees_who_of_its_account_removes_files_there(settings: Settings, begins: str) -> None:
    selectors = at(rendered("audit", settings), "Resources/Trail/Properties/AdvancedEventSelectors")
    (removal,) = [one for one in selectors if one["Name"] == "Removal of evidence"]
    (arns,) = [field["StartsWith"] for field in removal["FieldSelectors"] if field["Field"] == "resources.ARN"]
    assert arns[1].startswith(f"arn:aws:s3:::{begins}")


def test_the_bucket_is_what_the_guardrails_protect_by_its_name_and_none_that_the_workload_had() -> None:
    name = at(rendered("archive", SETTINGS), f"{BUCKET}/BucketName")
    scp = documents.fill(documents.load("scp", "protect_audit_trail"), SETTINGS.policy_values())
    protected = statement(scp, "DenyDestroyingEvidence")["Resource"]
    assert any(wildcard(pattern)(f"arn:aws:s3:::{name}") for pattern in protected)
    assert not any(wildcard(pattern)(f"arn:aws:s3:::{EXISTING.trail_bucket}") for pattern in protected)
    assert name != example().trail_bucket
    longest = replace(SETTINGS, name="a" * 20, home_region="ap-southeast-1")
    assert len(longest.trail_bucket) <= 63


def test_the_stack_lies_in_the_account_of_the_archive() -> None:
    assert find_stack("archive").account(SETTINGS) == ARCHIVE
    assert find_stack("audit").account(SETTINGS) == SETTINGS.account_id


@pytest.mark.parametrize(("settings", "asked"), [(SETTINGS, False), (example(), True)])
def test_aws_config_asks_about_the_lock_of_a_bucket_of_its_own_account(settings: Settings, asked: bool) -> None:
    rules = of_type(rendered("config", settings), "AWS::Config::ConfigRule").values()
    assert ("S3_BUCKET_DEFAULT_LOCK_ENABLED" in {one["Source"].get("SourceIdentifier") for one in rules}) is asked
