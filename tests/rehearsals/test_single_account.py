"""The example of a single account: deployed with failures, changed, and destroyed, by its one owner."""

from collections.abc import Iterator

import pytest

from tableguard.local import estate
from tableguard.local.clients.factory import without_aws_configuration
from tests.worlds.rehearsals import Rehearsal, check_as_undisturbed, deploy_with_failures, rehearsal

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """Hold the account after every third resource of each stack failed once."""
    with without_aws_configuration(), rehearsal("single-account", tmp_path_factory.mktemp("settings")) as zone:
        deploy_with_failures(zone)
        yield zone


def test_a_deployment_that_failed_at_every_third_resource_ends_as_an_undisturbed_one(here: Rehearsal) -> None:
    check_as_undisturbed(here)
    assert estate._verify(here.zone.clients).different == ()


def test_deploying_again_changes_nothing_and_asks_for_nobody_of_an_organization(here: Rehearsal) -> None:
    again = here.deploy()
    assert again.code == 0, again.err
    assert "management" not in again.out + again.err


def test_bootstrap_finds_its_buckets_there(here: Rehearsal) -> None:
    bootstrapped = here.run("bootstrap", "--yes")
    assert (bootstrapped.code, bootstrapped.out) == (0, "postcard-bootstrap: unchanged in 0 s\n"), bootstrapped.err


def test_a_change_is_made_by_the_deployer_whom_no_guardrail_hinders(here: Rehearsal) -> None:
    here.change(("max_read_units = 100 ", "max_read_units = 200 "))
    try:
        changed = here.deploy()
    finally:
        here.change()
    assert changed.code == 0, changed.err
    table = here.client("dynamodb").describe_table(TableName=here.settings.table_name)["Table"]
    assert table["DeletionProtectionEnabled"]


def test_break_glass_destroys_single_stacks(here: Rehearsal) -> None:
    refused = here.run("destroy", "config", "--yes")
    assert refused.code == 2
    destroyed = here.run("destroy", "config", "--yes", "--break-glass-profile", "emergency")
    assert destroyed.code == 0, destroyed.err
    assert "postcard-config" not in here.statuses()
