"""An empty account gets what deploying needs: twice, without leave, and where the settings do not ask for it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tableguard.local.clients.factory import without_aws_configuration
from tests.worlds.rehearsals import Rehearsal, facts, rehearsal

pytestmark = pytest.mark.slow
PROFILES = ("--management-profile", "organization")
EVERY_BLOCK = dict.fromkeys(("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True)
SCP = "SERVICE_CONTROL_POLICY"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Rehearsal]:
    """Hold an account whose buckets may be public, in an organization that has SCPs disabled."""
    with without_aws_configuration(), rehearsal("complete", tmp_path) as zone:
        control(zone).delete_public_access_block(AccountId=zone.settings.account_id)
        organizations = management(zone)
        root = organizations.list_roots()["Roots"][0]["Id"]
        organizations.disable_policy_type(RootId=root, PolicyType=SCP)
        yield zone


def control(here: Rehearsal) -> Any:
    return here.zone.clients("s3control", here.settings.account_id, here.settings.home_region)


def management(here: Rehearsal) -> Any:
    return here.zone.clients("organizations", here.settings.management_account_id, here.settings.home_region)


def enabled(here: Rehearsal) -> set[str]:
    (root,) = management(here).list_roots()["Roots"]
    return {kind["Type"] for kind in root["PolicyTypes"]}


def buckets(here: Rehearsal) -> set[str]:
    s3 = here.zone.clients("s3", here.settings.account_id, here.settings.home_region)
    return {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}


def wanted(here: Rehearsal) -> set[str]:
    return {here.settings.artifact_bucket, here.settings.access_log_bucket}


def test_deploy_names_the_command_that_makes_the_buckets(here: Rehearsal) -> None:
    refused = here.run("deploy", "access", "--dry-run")
    assert refused.code == 2
    assert f"bucket {here.settings.artifact_bucket} does not exist; `tableguard bootstrap` makes it" in refused.err


def test_settings_that_do_not_ask_for_the_stack_are_told_so(here: Rehearsal) -> None:
    here.change((', "bootstrap"', ""))
    refused = here.run("bootstrap", "--dry-run")
    assert refused.code == 2
    assert "stack bootstrap is not enabled: add it to stacks.optional in the settings" in refused.err


def test_a_dry_run_says_what_is_lacking_and_changes_nothing(here: Rehearsal) -> None:
    planned = here.run("bootstrap", "--dry-run", "--json", *PROFILES)
    assert planned.code == 0, planned.err
    assert facts(planned)["account"] == [
        f"account {here.settings.account_id}: block public access to every bucket",
        f"organization {here.settings.organization_id}: enable policies of type {SCP}",
    ]
    assert [(one["stack"], one["status"], one["by"]) for one in facts(planned)["stacks"]] == [
        ("bootstrap", "absent", "administrator")
    ]
    assert (buckets(here), enabled(here)) == (set(), {"RESOURCE_CONTROL_POLICY"})
    with pytest.raises(ClientError, match="NoSuchPublicAccessBlockConfiguration"):
        control(here).get_public_access_block(AccountId=here.settings.account_id)


def test_without_leave_nothing_is_made(here: Rehearsal) -> None:
    refused = here.run("bootstrap", *PROFILES)
    assert (refused.code, buckets(here)) == (2, set())


def test_it_makes_what_deploying_needs_the_second_time_nothing_and_deploying_begins(here: Rehearsal) -> None:
    made = here.run("bootstrap", "--yes", "--json", *PROFILES)
    assert made.code == 0, made.err
    assert [(one["stack"], one["outcome"]) for one in facts(made)["stacks"]] == [("bootstrap", "created")]
    assert buckets(here) == wanted(here)
    block = control(here).get_public_access_block(AccountId=here.settings.account_id)
    assert block["PublicAccessBlockConfiguration"] == EVERY_BLOCK
    assert enabled(here) == {"RESOURCE_CONTROL_POLICY", SCP}
    again = here.run("bootstrap", "--yes", "--json", *PROFILES)
    assert (again.code, facts(again)["account"]) == (0, [])
    assert [(one["stack"], one["outcome"]) for one in facts(again)["stacks"]] == [("bootstrap", "unchanged")]
    planned = here.run("deploy", "--dry-run", "--json", *PROFILES)
    assert planned.code == 0, planned.err
    assert {one["status"] for one in facts(planned)["stacks"]} == {"absent", "CREATE_COMPLETE"}


def test_what_only_the_management_account_can_set_is_said(here: Rehearsal) -> None:
    said = here.run("bootstrap", "--yes")
    assert (said.code, said.err) == (0, "")
    assert (buckets(here), enabled(here)) == (wanted(here), {"RESOURCE_CONTROL_POLICY"})
    assert said.out.splitlines()[-1].startswith("the organization was not asked; with --management-profile NAME")
