"""The complete example: deployed with failures, repaired, destroyed by break-glass, deployed beside what stayed."""

import shlex
from collections.abc import Iterator
from typing import Any

import pytest

from tableguard.local import estate
from tableguard.local.clients.factory import without_aws_configuration
from tableguard.local.stacks import api
from tests.worlds.rehearsals import (
    Rehearsal,
    Result,
    check_as_undisturbed,
    deploy_with_failures,
    facts,
    rehearsal,
    resources,
    third,
)

pytestmark = pytest.mark.slow
BREAK_GLASS = ("--break-glass-profile", "emergency")
MANAGEMENT = ("--management-profile", "organization")
ADOPTED = {
    "bootstrap": 4,
    "login": 2,
    "access": 8,
    "audit": 10,
    "network": 1,
    "table": 8,
    "stream": 6,
    "onprem": 1,
    "config": 6,
    "oversight": 10,
    "guardrails": 8,
}
Identities = dict[tuple[str, str], str]


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """The estate after a first deployment in which every third resource of each stack failed once."""
    with without_aws_configuration(), rehearsal("complete", tmp_path_factory.mktemp("settings")) as here:
        bootstrap_with_failures(here)
        deploy_with_failures(here, *MANAGEMENT)
        yield here


def bootstrap_with_failures(here: Rehearsal) -> None:
    """Make the buckets by their own command, of whose resources every third fails once too."""
    here.failing.update(third(here.settings.stack_name("bootstrap"), resources(here)["bootstrap"]))
    while here.failing:
        failed = here.run("bootstrap", "--yes", *MANAGEMENT)
        assert (failed.code, "run the same command again" in failed.err) == (2, True)
    repaired = here.run("bootstrap", "--yes", *MANAGEMENT)
    assert repaired.code == 0, repaired.err


def adopt_the_buckets(here: Rehearsal) -> None:
    """Adopt the buckets by their own command too, which names break-glass: the guardrails stayed."""
    for asking in (MANAGEMENT, ()):
        refused = here.run("bootstrap", "--yes", *asking)
        assert (refused.code, here.statuses()) == (2, {})
        command = shlex.join(("bootstrap", "--settings", str(here.file), *asking, BREAK_GLASS[0], "BREAK_GLASS"))
        assert refused.err.endswith(f"nothing was changed; run: tableguard {command}\n"), refused.err
    adopted = here.run("bootstrap", "--yes", "--json", *BREAK_GLASS)
    assert [(one["stack"], one["outcome"]) for one in facts(adopted)["stacks"]] == [("bootstrap", "adopted")]


def identities() -> Identities:
    """Return the physical id of every deployed resource."""
    return {(one.stack, one.logical_id): one.handle.physical_id for one in api.deployed()}


def invite(here: Rehearsal, email: str) -> dict[str, Any]:
    """Invite a member to the user pool of the estate, and return whom Cognito made."""
    attributes = [{"Name": "email", "Value": email}]
    answer = here.client("cognito-idp").admin_create_user(
        UserPoolId=pool_of(here), Username=email, UserAttributes=attributes
    )
    user: dict[str, Any] = answer["User"]
    return user


def pool_of(here: Rehearsal) -> str:
    return identities()[here.settings.stack_name("login"), "UserPool"]


def imports(result: Result) -> dict[str, int]:
    """Return how many resources each stack adopted."""
    return {
        stack["stack"]: sum(change["action"] == "Import" for change in stack["changes"])
        for stack in facts(result)["stacks"]
    }


def test_nobody_but_break_glass_destroys_it(deployed: Rehearsal) -> None:
    before = identities()
    refused = deployed.run("destroy", "--yes", "--production", *MANAGEMENT)
    assert (refused.code, "--break-glass-profile NAME" in refused.err) == (2, True)
    assert identities() == before


def test_failures_leave_it_undisturbed_and_the_next_life_adopts_what_stays_with_its_members(
    deployed: Rehearsal,
) -> None:
    check_as_undisturbed(deployed)
    pool, member, before = pool_of(deployed), invite(deployed, "ada@example.com"), identities()
    gone = deployed.run("destroy", "--yes", "--production", *BREAK_GLASS, *MANAGEMENT)
    assert gone.code == 0, gone.err
    assert (deployed.statuses(), api.deployed()) == ({}, [])
    refused = deployed.deploy(*MANAGEMENT)
    assert (refused.code, deployed.statuses()) == (2, {})
    assert "break-glass must deploy this, nothing was changed" in refused.err
    adopt_the_buckets(deployed)
    back = deployed.deploy("--json", *BREAK_GLASS, *MANAGEMENT)
    assert back.code == 0, back.err
    assert imports(back) == {**dict.fromkeys(ADOPTED.keys() | {"cache"}, 0), **ADOPTED, "bootstrap": 0}
    assert estate._verify(deployed.zone.clients).different == ()
    assert {stack["outcome"] for stack in facts(deployed.deploy("--json"))["stacks"]} == {"unchanged"}
    assert (pool_of(deployed), len(identities())) == (pool, len(before))
    (still,) = deployed.client("cognito-idp").list_users(UserPoolId=pool)["Users"]
    assert still["Username"] == member["Username"]
