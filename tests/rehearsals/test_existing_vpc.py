"""The example of an existing VPC: deployed, repaired, and capacity changed from provisioned to on-demand and back."""

from collections.abc import Iterator

import pytest

from tableguard.local import estate
from tableguard.local.clients.factory import without_aws_configuration
from tests.worlds.rehearsals import AWS_WORDS, Rehearsal, rehearsal

pytestmark = pytest.mark.slow
ON_DEMAND = [
    ('capacity = "provisioned"', 'capacity = "on-demand"\nmax_read_units = 100\nmax_write_units = 100'),
    ("[table.provisioned] ", "# "),
    ("read_units = [10, 500] ", "# "),
    ("write_units = [10, 500]", ""),
    ("target_percent = 70", ""),
]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """A landing zone with the VPC of the example, and nothing deployed."""
    with without_aws_configuration(), rehearsal("existing-vpc", tmp_path_factory.mktemp("settings")) as zone:
        yield zone


def test_one_failure_in_each_stack_is_repaired_by_the_same_command_and_capacity_changes_both_ways(
    here: Rehearsal,
) -> None:
    first = [("network", "DynamoDbEndpoint"), ("table", "Messages"), ("stream", "Function")]
    here.failing.update((f"chatter-{stack}", name) for stack, name in first)
    for stack, name in first:
        result = here.deploy()
        assert result.err.startswith(f"tableguard deploy: stack chatter-{stack}: {name} (AWS::")
        assert AWS_WORDS in result.err
    assert here.deploy().code == 0
    assert estate._verify(here.zone.endpoint).different == ()
    for replacements, mode in ((ON_DEMAND, "PAY_PER_REQUEST"), ([], "PROVISIONED")):
        here.change(*replacements)
        result = here.deploy("--break-glass-profile", "emergency")
        assert result.code == 0, result.err
        table = here.client("dynamodb").describe_table(TableName="chatter-messages")["Table"]
        assert table["BillingModeSummary"]["BillingMode"] == mode
        assert estate._verify(here.zone.endpoint).different == ()
