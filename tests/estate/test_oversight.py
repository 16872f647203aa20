"""What the management account does to the guardrails, the account and the oversight is mailed, within minutes."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tableguard.local.estate import EmbeddedEstate
from tableguard.local.landing_zone import LandingZone
from tests.worlds.estate import ACCOUNT, ON_THE_EMBEDDED_AWS, REGION, SETTINGS

pytestmark = [pytest.mark.slow, ON_THE_EMBEDDED_AWS]
TRAIL = f"{SETTINGS.name}-oversight"
UNIT = SETTINGS.organization_targets[0]
ROLE = f"arn:aws:iam::{ACCOUNT}:role/OrganizationAccountAccessRole"


def told(running: EmbeddedEstate, deed: Callable[[], None]) -> set[str]:
    """Return the alarms of which the management account's topic tells within a quarter of an hour of a deed."""
    running.watch.run(2400, step=300)  # no alarm rings any more
    began = len(running.watch.notifications)
    deed()
    running.watch.run(900)
    topic = f"arn:aws:sns:{REGION}:{SETTINGS.management_account_id}:{SETTINGS.name}-alerts"
    mails = [one.message for one in running.watch.notifications[began:] if one.topic_arn == topic]
    alarms = [json.loads(mail) for mail in mails if mail.startswith("{")]
    ringing = {alarm["AlarmName"] for alarm in alarms if alarm["NewStateValue"] == "ALARM"}
    return {name.removeprefix(f"{SETTINGS.name}-") for name in ringing}


@contextmanager
def _attached_again(zone: LandingZone) -> Iterator[str]:
    """The id of a guardrail, attached where it was however the block ends."""
    client = zone.clients("organizations", SETTINGS.management_account_id, REGION)
    policies = client.list_policies_for_target(TargetId=UNIT, Filter="SERVICE_CONTROL_POLICY")["Policies"]
    (policy,) = (one["Id"] for one in policies if one["Name"] == f"{SETTINGS.name}-protect-perimeter")
    try:
        yield policy
    finally:
        attached = client.list_policies_for_target(TargetId=UNIT, Filter="SERVICE_CONTROL_POLICY")["Policies"]
        if policy not in [one["Id"] for one in attached]:
            client.attach_policy(PolicyId=policy, TargetId=UNIT)


@pytest.mark.parametrize(("operation", "alarms"), [("detach_policy", {"guardrail-detached"}), (None, set())])
def test_a_guardrail_that_is_detached_is_told_though_us_east_1_records_it(
    running: EmbeddedEstate, zone: LandingZone, operation: str | None, alarms: set[str]
) -> None:
    organizations = running.roles["management"].client("organizations")
    with _attached_again(zone) as policy:

        def deed() -> None:
            if operation:
                getattr(organizations, operation)(PolicyId=policy, TargetId=UNIT)
            else:
                organizations.describe_policy(PolicyId=policy)

        assert told(running, deed) == alarms


def test_the_account_that_is_moved_is_told_and_another_is_not(running: EmbeddedEstate, zone: LandingZone) -> None:
    organizations = running.roles["management"].client("organizations")
    setup = zone.clients("organizations", SETTINGS.management_account_id, REGION)
    (root,) = (one["Id"] for one in setup.list_roots()["Roots"])
    other = next(one["Id"] for one in setup.list_accounts_for_parent(ParentId=root)["Accounts"])

    def moved(account: str, there: str, back: str) -> set[str]:
        def deed() -> None:
            organizations.move_account(AccountId=account, SourceParentId=there, DestinationParentId=back)

        try:
            return told(running, deed)
        finally:
            setup.move_account(AccountId=account, SourceParentId=back, DestinationParentId=there)

    assert moved(other, root, UNIT) == set()
    assert moved(ACCOUNT, UNIT, root) == {"account-moved"}


@pytest.mark.parametrize(
    ("operation", "alarms"), [("stop_logging", {"oversight-blinded"}), ("get_trail_status", set())]
)
def test_a_trail_that_is_stopped_tells_of_it(running: EmbeddedEstate, operation: str, alarms: set[str]) -> None:
    cloudtrail = running.roles["management"].client("cloudtrail")
    try:
        assert told(running, lambda: getattr(cloudtrail, operation)(Name=TRAIL)) == alarms
    finally:
        cloudtrail.start_logging(Name=TRAIL)


def test_the_administrators_role_that_is_taken_is_told_which_is_a_read(running: EmbeddedEstate) -> None:
    sts = running.roles["management"].client("sts")
    assert told(running, lambda: sts.assume_role(RoleArn=ROLE, RoleSessionName="somebody")) == {"administrator-taken"}
    assert told(running, sts.get_caller_identity) == set()


def test_an_alarm_of_the_oversight_that_is_muted_is_told(running: EmbeddedEstate) -> None:
    cloudwatch = running.roles["management"].client("cloudwatch")
    name = f"{SETTINGS.name}-account-moved"
    try:
        assert told(running, lambda: cloudwatch.disable_alarm_actions(AlarmNames=[name])) == {"oversight-silenced"}
    finally:
        cloudwatch.enable_alarm_actions(AlarmNames=[name])


def test_what_management_reads_is_not_told(running: EmbeddedEstate) -> None:
    session = running.roles["management"]

    def deed() -> None:
        session.client("organizations").list_accounts()
        session.client("cloudformation").describe_stacks()
        session.client("kms").list_aliases()

    assert told(running, deed) == set()
