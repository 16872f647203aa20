"""An estate that begins empty: accounts, an organization, and who deploys."""

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tableguard import settings as settings_files
from tableguard.cli.app import main
from tableguard.local import client_configuration, demo, estate, presentation
from tableguard.local.estate import EmbeddedEstate
from tableguard.local.run_folder.folder import RunFolder
from tableguard.settings import Settings

DEPLOYING = {"administrator", "break-glass", "deployer", "management"}


@pytest.fixture(scope="module", params=["default", "existing-vpc"])
def chosen(request: pytest.FixtureRequest) -> Settings:
    """Both examples: a VPC of somebody else cannot log into a bucket that is not there yet."""
    return settings_files.example(request.param)


@pytest.fixture(scope="module")
def empty(chosen: Settings) -> Iterator[EmbeddedEstate]:
    """An estate in which nothing is deployed."""
    with estate.running(chosen, 0, lambda step: None, empty=True) as running:
        yield running


def client(empty: EmbeddedEstate, service: str, account: str = "") -> Any:
    return empty.zone.clients(service, account or empty.settings.account_id, empty.settings.home_region)


def test_it_has_accounts_and_neither_buckets_nor_stacks_nor_policy_types(empty: EmbeddedEstate) -> None:
    organizations = client(empty, "organizations", empty.settings.management_account_id)
    assert organizations.describe_organization()["Organization"]["Id"] == empty.settings.organization_id
    (root,) = organizations.list_roots()["Roots"]
    assert root["PolicyTypes"] == []
    assert client(empty, "s3").list_buckets()["Buckets"] == []
    assert client(empty, "cloudformation").list_stacks()["StackSummaries"] == []
    with pytest.raises(ClientError, match="NoSuchPublicAccessBlockConfiguration"):
        client(empty, "s3control").get_public_access_block(AccountId=empty.settings.account_id)


def test_its_profiles_are_of_who_deploys_and_the_deployers_is_one_who_may_take_the_role(empty: EmbeddedEstate) -> None:
    assert set(empty.roles) == DEPLOYING
    takers = {}
    for role in ("deployer", "break-glass"):
        *_, name, _ = empty.roles[role].client("sts").get_caller_identity()["Arn"].split("/")
        takers[role] = name
        assert [arn for arn in empty.settings.takers_of(role) if fnmatchcase(name, arn.rpartition("/")[2])]
    assert takers["deployer"] != takers["break-glass"]


def test_what_is_printed_says_what_to_do_next(empty: EmbeddedEstate, tmp_path: Path) -> None:
    clients = client_configuration.write(empty, demo.message_key(empty), RunFolder(tmp_path, -1, None))
    assert clients.variables["AWS_PROFILE"] == "administrator"
    lines = presentation.estate_text(empty, clients, tmp_path / "settings.toml", hint=True).splitlines()
    assert lines[-3].startswith("  . ")
    assert lines[-2].startswith(f"  tableguard bootstrap --settings {tmp_path}/settings.toml --profile administrator")
    assert lines[-1].startswith(f"  tableguard deploy --settings {tmp_path}/settings.toml --profile administrator")
    facts = json.loads(presentation.estate_json(empty, clients, None))
    assert (facts["stacks"], set(facts["profiles"]["names"])) == ([], DEPLOYING)


def test_the_stack_of_buckets_is_asked_for_where_the_settings_lack_it(empty: EmbeddedEstate, tmp_path: Path) -> None:
    clients = client_configuration.write(empty, None, RunFolder(tmp_path, -1, None))
    text = presentation.estate_text(empty, clients, None, hint=True)
    assert (
        "bootstrap --profile administrator --management-profile management  # once stacks.optional has bootstrap"
        in text
    )


def test_a_demonstration_needs_the_stacks(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["up", "--empty", "--demo"]) == 2
    assert "--demo needs the stacks that --empty leaves out" in capsys.readouterr().err
