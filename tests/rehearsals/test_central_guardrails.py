"""Guardrails that the organisation provides: `deploy` finds them before the first change, whatever they are called."""

import json
from collections.abc import Iterator

import pytest

from tableguard.local import estate
from tableguard.local.clients.factory import without_aws_configuration
from tableguard.policy import documents
from tableguard.policy.shorthand import Shorthand
from tests.worlds.rehearsals import Rehearsal, rehearsal

pytestmark = pytest.mark.slow
LEFT_OUT = ('optional = ["guardrails", "oversight", "config"]', 'optional = ["config"]')
ROLES = ('operator = ["permission-set/MessagesOperator"]', 'operator = ["permission-set/Others"]')
BREAK_GLASS = ("--break-glass-profile", "emergency")
MANAGEMENT = ("--management-profile", "organization")


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """A landing zone, and settings that leave guardrails and oversight to the organisation."""
    with without_aws_configuration(), rehearsal("default", tmp_path_factory.mktemp("settings")) as zone:
        zone.change(LEFT_OUT)
        yield zone


def _attach(here: Rehearsal) -> None:
    """Attach the shipped SCPs from the management account, under the organisation's own names."""
    client = here.client("organizations", here.settings.management_account_id)
    values = Shorthand(here.settings).values
    for name in documents.names("scp"):
        content = json.dumps(documents.fill(documents.load("scp", name), values))
        made = client.create_policy(
            Content=content, Description="central", Name=f"central-{name}", Type="SERVICE_CONTROL_POLICY"
        )
        client.attach_policy(
            PolicyId=made["Policy"]["PolicySummary"]["Id"], TargetId=here.settings.organization_targets[0]
        )


def _detach(here: Rehearsal) -> None:
    client = here.client("organizations", here.settings.management_account_id)
    for policy in client.list_policies(Filter="SERVICE_CONTROL_POLICY")["Policies"]:
        if policy["Name"].startswith("central-"):
            client.detach_policy(PolicyId=policy["Id"], TargetId=here.settings.organization_targets[0])
            client.delete_policy(PolicyId=policy["Id"])


def test_guardrails_of_the_organisation_are_found_before_the_first_change(here: Rehearsal) -> None:
    _attach(here)
    try:
        early = here.deploy(*MANAGEMENT)
    finally:
        _detach(here)
    assert early.code == 2
    assert "iam:CreateRole" in early.err
    assert early.err.endswith(
        "break-glass is only made by this stack: have the organization detach the SCPs until it is there\n"
    )
    assert here.statuses() == {}
    here.failing.add(("cruddur-stream", "Function"))
    failed = here.deploy()
    assert "mend this, and run the same command again" in failed.err
    first = here.deploy()
    assert first.code == 0, first.err
    assert "cruddur-guardrails" not in here.statuses()
    _attach(here)
    before = here.statuses()
    here.change(LEFT_OUT, ROLES)
    for words, said in ((MANAGEMENT, ""), ((), "the guardrails are taken for attached, as nobody asked")):
        refused = here.deploy(*words)
        assert refused.code == 2
        assert refused.err.startswith(said)
        assert "cruddur-access: break-glass must deploy this, nothing was changed; run: tableguard" in refused.err
        assert ("denied by scp policy central-" in refused.out) is bool(words)
    assert (here.statuses(), here.change_sets()) == (before, [])
    for replacements in ([LEFT_OUT, ROLES], [LEFT_OUT]):
        here.change(*replacements)
        result = here.deploy(*MANAGEMENT, *BREAK_GLASS)
        assert result.code == 0, result.err
        assert estate._verify(here.zone.clients).different == ()
    _detach(here)
    here.change(LEFT_OUT, ROLES)
    by_day = here.deploy(*MANAGEMENT)
    assert by_day.code == 0, by_day.err
    assert here.statuses()["cruddur-access"] == "UPDATE_COMPLETE"
