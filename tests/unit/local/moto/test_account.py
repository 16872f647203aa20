"""Account Management: an operation that moto lacks has its address, so it is decided about, and then not modelled."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tableguard.local import landing_zone, server
from tests.worlds.edge import REGION, SETTINGS
from tests.worlds.estate import refusal

KEPT = {
    "Effect": "Deny",
    "Action": "account:DisableRegion",
    "Resource": "*",
    "Condition": {"StringEquals": {"account:TargetRegion": REGION}},
}


@pytest.fixture(scope="module")
def account() -> Iterator[Any]:
    """A client of an administrator whose home region an SCP keeps open."""
    with server.start() as running:
        zone = landing_zone.prepare(SETTINGS, running.endpoint)
        organizations = zone.session("management").client("organizations")
        document = json.dumps({"Version": "2012-10-17", "Statement": [KEPT]})
        scp = {"Name": "kept", "Description": "-", "Type": "SERVICE_CONTROL_POLICY", "Content": document}
        policy = organizations.create_policy(**scp)["Policy"]["PolicySummary"]["Id"]
        organizations.attach_policy(PolicyId=policy, TargetId=SETTINGS.account_id)
        yield zone.session("administrator").client("account")


@pytest.mark.parametrize(("region", "code"), [(REGION, "AccessDeniedException"), ("ap-east-1", "NotModelled")])
def test_whether_a_region_may_be_closed_is_decided_by_its_name(account: Any, region: str, code: str) -> None:
    assert refusal(account.disable_region, RegionName=region)[0] == code


def test_the_operations_that_moto_has_answer_as_ever(account: Any) -> None:
    contact = {"EmailAddress": "a@example.com", "Name": "A", "PhoneNumber": "1", "Title": "T"}
    account.put_alternate_contact(AlternateContactType="SECURITY", **contact)
    assert account.get_alternate_contact(AlternateContactType="SECURITY")["AlternateContact"]["Name"] == "A"
