"""An optional stack leaves the settings, is destroyed by the command that `deploy` prints, and comes back."""

import shlex
from collections.abc import Iterator

import pytest

from tableguard.local import estate
from tableguard.local.clients.factory import without_aws_configuration
from tableguard.local.stacks import api
from tableguard.stacks.registry import STACKS
from tests.worlds.rehearsals import Rehearsal, Result, facts, rehearsal

pytestmark = pytest.mark.slow
PROFILES = ("--management-profile", "organization")
BREAK_GLASS = ("--break-glass-profile", "emergency")
_DRIFT = {"NOT_CHECKED": "not", "IN_SYNC": "in"}  # CloudFormation's word, and the first of ours


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """The default estate, in production."""
    with without_aws_configuration(), rehearsal("default", tmp_path_factory.mktemp("settings")) as here:
        result = here.deploy()
        assert result.code == 0, result.err
        yield here


def _destroy_as_printed(here: Rehearsal, result: Result) -> Result:
    """Run the command that is printed for a stack which left the settings."""
    (line,) = result.err.splitlines()
    program, *words = shlex.split(line.partition("run: ")[2])
    assert program == "tableguard"
    assert words[2:4] == ["--settings", str(here.file)]
    return here.run(*words[:2], *words[4:], "--yes")


def test_settings_that_call_it_development_destroy_no_production(deployed: Rehearsal) -> None:
    before = deployed.statuses()
    deployed.change(('environment = "production"', 'environment = "development"'))
    try:
        refused = deployed.run("destroy", "config", "--yes", *BREAK_GLASS)
    finally:
        deployed.change()
    assert refused.code == 2
    assert "cruddur-config: deployed as a production environment, though the settings say development" in refused.err
    assert refused.err.rstrip().endswith("nothing was deleted; add --production if it is really meant")
    assert deployed.statuses() == before


def _removal(stack: str) -> str:
    return f"`tableguard destroy {stack}` removes it"


def _problems(status: Result) -> dict[str, list[str]]:
    return {one["stack"]: one["problems"] for one in facts(status)["stacks"] if one["problems"]}


def test_the_status_of_every_stack_is_shown_and_whom_nobody_asked(deployed: Rehearsal) -> None:
    asked = deployed.run("status", *PROFILES)
    assert (asked.code, asked.err) == (0, "")
    words = [line.split()[:4] for line in asked.out.splitlines()]
    there = sorted(deployed.described(), key=lambda stack: _place(stack["StackName"]))
    drifts = [_DRIFT[stack["DriftInformation"]["StackDriftStatus"]] for stack in there]
    assert words == [
        [stack["StackName"], stack["StackStatus"], "protected", drift]
        for stack, drift in zip(there, drifts, strict=True)
    ]
    partly = deployed.run("status")
    assert partly.code == 0
    assert partly.out.splitlines()[-1] == (
        "cruddur-oversight, cruddur-guardrails: not asked about; --management-profile NAME asks the management account"
    )
    named = deployed.run("status", "table")
    assert [line.split()[0] for line in named.out.splitlines()[:2]] == ["cruddur-table", "cruddur-table:"]
    assert "cruddur-table: TableName = cruddur-messages" in named.out.splitlines()


def _place(name: str) -> int:
    return [stack.name for stack in STACKS].index(name.removeprefix("cruddur-"))


def test_a_stack_that_may_be_deleted_is_amiss(deployed: Rehearsal) -> None:
    cloudformation = deployed.client("cloudformation")
    cloudformation.update_termination_protection(StackName="cruddur-table", EnableTerminationProtection=False)
    try:
        status = deployed.run("status", "table", "--json")
    finally:
        cloudformation.update_termination_protection(StackName="cruddur-table", EnableTerminationProtection=True)
    ((problem,),) = _problems(status).values()
    assert (status.code, problem.startswith("its termination protection is off;")) == (1, True)


@pytest.mark.parametrize(
    ("stack", "kept_in_settings", "adopted"),
    [
        ("config", '"guardrails", "oversight"', 6),
        ("oversight", '"guardrails", "config"', 10),
        ("guardrails", '"oversight", "config"', 8),
    ],
)
def test_an_optional_stack_is_taken_off_and_put_on_again(
    deployed: Rehearsal, stack: str, kept_in_settings: str, adopted: int
) -> None:
    before = {(one.stack, one.logical_id) for one in api.deployed()}
    without = ('optional = ["guardrails", "oversight", "config"]', f"optional = [{kept_in_settings}]")
    deployed.change(without)
    try:
        noticed = deployed.deploy(*PROFILES)
        assert noticed.code == 0, noticed.err
        assert noticed.err.startswith(f"cruddur-{stack}: is deployed, and no longer in stacks.optional")
        orphaned = deployed.run("status", "--json", *PROFILES)
        assert (orphaned.code, _problems(orphaned)) == (
            1,
            {stack: [f"is deployed, and no longer in stacks.optional of the settings; {_removal(stack)}"]},
        )
        gone = _destroy_as_printed(deployed, noticed)
        assert gone.code == 0, gone.err
        assert gone.out.splitlines()[-1] == f"cruddur-{stack}: deleted"
        assert f"cruddur-{stack}" not in deployed.statuses()
        without_it = deployed.deploy("--json", *PROFILES)
        assert (without_it.code, without_it.err) == (0, "")
        assert {one["outcome"] for one in facts(without_it)["stacks"]} == {"unchanged"}
    finally:
        deployed.change()
    dry = facts(deployed.run("deploy", "--dry-run", "--json"))["stacks"]
    changes = next(one["changes"] for one in dry if one["stack"] == stack)
    assert sum(change["action"] == "Import" for change in changes) == adopted
    back = deployed.deploy("--json", *BREAK_GLASS)
    assert back.code == 0, back.err
    outcomes = {one["stack"]: one["outcome"] for one in facts(back)["stacks"]}
    assert {name for name, outcome in outcomes.items() if outcome != "unchanged"} == {stack}
    assert outcomes[stack] == "adopted"
    assert {(one.stack, one.logical_id) for one in api.deployed()} == before
    assert estate._verify(deployed.zone.clients).different == ()


def test_guardrails_that_were_kept_bind_also_while_the_settings_leave_them_out(deployed: Rehearsal) -> None:
    without = ('optional = ["guardrails", "oversight", "config"]', 'optional = ["oversight", "config"]')
    roles = ('operator = ["permission-set/MessagesOperator"]', 'operator = ["permission-set/Others"]')
    deployed.change(without)
    gone = deployed.run("destroy", "guardrails", *PROFILES, "--production", "--yes")
    assert gone.code == 0, gone.err
    deployed.change(without, roles)
    refused = deployed.deploy(*PROFILES)
    deployed.change()
    back = deployed.deploy(*PROFILES)
    assert refused.code == 2
    assert "cruddur-access: break-glass must deploy this, nothing was changed" in refused.err
    assert back.code == 0, back.err


def test_destroy_finds_a_stack_that_left_the_settings(deployed: Rehearsal) -> None:
    deployed.change(('optional = ["guardrails", "oversight", "config"]', "optional = []"))
    unconfirmed = deployed.run("destroy", *BREAK_GLASS, "--production")
    with_management = deployed.run("destroy", *BREAK_GLASS, *PROFILES, "--production")
    deployed.change()
    assert [result.code for result in (unconfirmed, with_management)] == [2, 2]
    assert "cruddur-config: " in unconfirmed.out
    for stack in ("guardrails", "oversight"):
        assert [f"cruddur-{stack}: " in result.out for result in (unconfirmed, with_management)] == [False, True]
