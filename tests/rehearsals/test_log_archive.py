"""The trail's files in an account of their own: they arrive there, and nobody of the workload reads or removes one."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tableguard.local.clients.factory import without_aws_configuration
from tableguard.local.watch import watch
from tests.worlds.rehearsals import Rehearsal, check_as_undisturbed, facts, rehearsal

pytestmark = pytest.mark.slow
ARCHIVE = "444455556666"
SECTION = f'[log_archive]\naccount_id = "{ARCHIVE}"\n\n[stacks]'
ARCHIVED = (
    ("[stacks]", SECTION),
    ('optional = ["guardrails", "oversight", "config"]', 'optional = ["guardrails", "oversight", "archive"]'),
)
PROFILES = ("--management-profile", "organization")
ARCHIVIST = ("--archive-profile", "archivist")
BREAK_GLASS = ("--break-glass-profile", "emergency")


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """The default estate with a log archive, without AWS Config."""
    folder = tmp_path_factory.mktemp("settings")
    with without_aws_configuration(), rehearsal("default", folder, *ARCHIVED) as here:
        result = here.deploy(*PROFILES, *ARCHIVIST)
        assert result.code == 0, result.err
        yield here


@pytest.fixture(scope="module")
def file(deployed: Rehearsal) -> dict[str, str]:
    """A log file in the archive, by bucket and key; a refusal is recorded in it."""
    with pytest.raises(ClientError, match="AccessDenied"):
        deployed.zone.session("administrator").client("dynamodb").delete_table(TableName=deployed.settings.table_name)
    watching = watch.in_use()
    assert watching is not None
    watching.clock.stop(watching.clock.now())
    watching.run(900, step=300)
    bucket = deployed.settings.trail_bucket
    prefix = f"AWSLogs/{deployed.settings.account_id}/CloudTrail/{deployed.settings.home_region}/"
    listed = deployed.zone.session("archive").client("s3").list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]
    return {"Bucket": bucket, "Key": listed[-1]["Key"]}


def test_a_log_file_arrives_under_the_archive_s_key_and_lock(deployed: Rehearsal, file: dict[str, str]) -> None:
    owners = {name: deployed.client("s3", name).list_buckets()["Buckets"] for name in ("111122223333", ARCHIVE)}
    assert [file["Bucket"] in {one["Name"] for one in buckets} for buckets in owners.values()] == [False, True]
    answer = deployed.zone.session("archive").client("s3").get_object(**file)
    records = json.loads(gzip.decompress(answer["Body"].read()))["Records"]
    assert ("DeleteTable", "AccessDenied") in {(one["eventName"], one.get("errorCode")) for one in records}
    keys = deployed.client("kms", ARCHIVE).list_aliases()["Aliases"]
    (key,) = [one["TargetKeyId"] for one in keys if one["AliasName"] == "alias/cruddur-archive"]
    arn = f"arn:aws:kms:eu-central-1:{ARCHIVE}:key/{key}"
    assert (answer["SSEKMSKeyId"], answer["ObjectLockMode"]) == (arn, "GOVERNANCE")
    assert deployed.client("cloudtrail").get_trail(Name="cruddur-trail")["Trail"]["KmsKeyId"] == arn


CALLS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("get_object", {}),
    ("delete_object", {}),
    ("delete_object", {"VersionId": "null", "BypassGovernanceRetention": True}),
    ("put_object", {"Body": b""}),
)


@pytest.mark.parametrize(("operation", "more"), CALLS, ids=[f"{name} {'version' * bool(more)}" for name, more in CALLS])
@pytest.mark.parametrize("principal", ["administrator", "deployer", "break-glass"])
def test_nobody_of_the_workload_reads_or_changes_a_file(
    deployed: Rehearsal, file: dict[str, str], principal: Any, operation: str, more: dict[str, Any]
) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        getattr(deployed.zone.session(principal).client("s3"), operation)(**file, **more)


@pytest.mark.parametrize("principal", ["administrator", "break-glass"])
@pytest.mark.parametrize("operation", ["delete_bucket", "delete_bucket_policy", "get_bucket_policy"])
def test_nobody_of_the_workload_opens_the_bucket(
    deployed: Rehearsal, file: dict[str, str], principal: Any, operation: str
) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        getattr(deployed.zone.session(principal).client("s3"), operation)(Bucket=file["Bucket"])


def test_the_archive_s_administrator_reads_it(deployed: Rehearsal, file: dict[str, str]) -> None:
    s3 = deployed.zone.session("archive").client("s3")
    assert s3.head_object(**file)["ServerSideEncryption"] == "aws:kms"
    assert s3.get_bucket_policy(Bucket=file["Bucket"])["Policy"]


@pytest.mark.parametrize(("operation", "more"), CALLS[1:], ids=["marker", "version", "another"])
def test_its_administrator_removes_and_replaces_nothing_while_the_guardrails_bind_his_account(
    deployed: Rehearsal, file: dict[str, str], operation: str, more: dict[str, Any]
) -> None:
    with pytest.raises(ClientError, match="explicit deny in a service control policy"):
        getattr(deployed.zone.session("archive").client("s3"), operation)(**file, **more)


def test_a_second_deployment_changes_nothing(deployed: Rehearsal) -> None:
    check_as_undisturbed(deployed)


def test_the_status_says_whom_nobody_asked(deployed: Rehearsal) -> None:
    asked = deployed.run("status", *PROFILES, *ARCHIVIST)
    assert (asked.code, "not asked about" in asked.out) == (0, False)
    partly = deployed.run("status", *PROFILES)
    assert partly.out.splitlines()[-1] == (
        "cruddur-archive: not asked about; --archive-profile NAME asks the log archive"
    )


def test_it_is_compared_where_its_profile_is_named(deployed: Rehearsal) -> None:
    compared = [one["name"] for one in facts(deployed.run("drift", "--json", *ARCHIVIST))["stacks"]]
    without = [one["name"] for one in facts(deployed.run("drift", "--json"))["stacks"]]
    assert set(compared) - set(without) == {"cruddur-archive"}


def test_it_is_destroyed_by_its_own_administrator_keeps_all_and_is_adopted_again(
    deployed: Rehearsal, file: dict[str, str]
) -> None:
    words = ("destroy", "archive", "--yes", "--production")
    refused = deployed.run(*words, *BREAK_GLASS)
    assert "this needs --archive-profile NAME, of the log archive's account; nothing was deleted" in refused.err
    gone = deployed.run(*words, *ARCHIVIST, "--json")
    assert gone.code == 0, gone.err
    (stack,) = facts(gone)["stacks"]
    assert (stack["deleted"], len(stack["kept"])) == ([], 4)
    assert deployed.zone.session("archive").client("s3").head_object(**file)
    again = deployed.deploy("--json", *PROFILES, *ARCHIVIST)
    outcomes = {one["stack"]: one["outcome"] for one in facts(again)["stacks"]}
    assert outcomes.pop("archive") == "adopted"
    assert set(outcomes.values()) == {"unchanged"}
