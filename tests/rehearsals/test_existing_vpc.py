"""The example of an existing VPC: deployed, repaired, and capacity changed from provisioned to on-demand and back."""

from collections.abc import Iterator

import pytest

from tableguard.local import estate
from tableguard.local.clients.factory import without_aws_configuration
from tests.worlds.rehearsals import Rehearsal, check_as_undisturbed, deploy_with_failures, rehearsal

pytestmark = pytest.mark.slow
MANAGEMENT = ("--management-profile", "organization")  # who can tell whether the guardrails are attached
ON_DEMAND = [
    ('capacity = "provisioned"', 'capacity = "on-demand"\nmax_read_units = 100\nmax_write_units = 100'),
    ("[table.provisioned] ", "# "),
    ("read_units = [10, 500] ", "# "),
    ("write_units = [10, 500]", ""),
    ("target_percent = 70", ""),
]


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """The estate in the VPC of the example, after every third resource of each stack failed once."""
    with without_aws_configuration(), rehearsal("existing-vpc", tmp_path_factory.mktemp("settings")) as here:
        deploy_with_failures(here, *MANAGEMENT)
        yield here


def test_a_deployment_that_failed_at_every_third_resource_ends_as_an_undisturbed_one(deployed: Rehearsal) -> None:
    check_as_undisturbed(deployed)


def test_capacity_changes_both_ways(deployed: Rehearsal) -> None:
    for replacements, mode in ((ON_DEMAND, "PAY_PER_REQUEST"), ([], "PROVISIONED")):
        deployed.change(*replacements)
        result = deployed.deploy("--break-glass-profile", "emergency")
        assert result.code == 0, result.err
        table = deployed.client("dynamodb").describe_table(TableName="chatter-messages")["Table"]
        assert table["BillingModeSummary"]["BillingMode"] == mode
        assert estate._verify(deployed.zone.clients).different == ()
