"""An account without an organization: it is guarded by its own policies, and nothing of an organization is there."""

import json
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from tableguard.errors import EmbeddedError
from tableguard.local import landing_zone, server
from tableguard.local.authorization.state import AuthorizationState
from tableguard.local.landing_zone import LandingZone
from tableguard.settings import example

SETTINGS = example("single-account")
OWNER = f"arn:aws:iam::{SETTINGS.account_id}:role/Owner"


@pytest.fixture(scope="module")
def zone() -> Iterator[LandingZone]:
    with server.start() as running:
        yield landing_zone.prepare(SETTINGS, running.endpoint)


def test_there_is_no_organization_and_nobody_of_its_management(zone: LandingZone) -> None:
    with pytest.raises(ClientError, match="AWSOrganizationsNotInUseException"):
        zone.session("administrator").client("organizations").describe_organization()
    with pytest.raises(EmbeddedError, match="management: the settings have no"):
        zone.session("management")


def test_its_principals_may_do_what_their_own_policies_allow_and_nothing_else(zone: LandingZone) -> None:
    assert zone.session("administrator").client("dynamodb").list_tables()["TableNames"] == []
    taker = zone._assume(SETTINGS.account_id, OWNER.rpartition("/")[2])
    with pytest.raises(ClientError, match="is not authorized to perform: dynamodb:ListTables"):
        taker.client("dynamodb").list_tables()


@pytest.mark.parametrize(("account", "is_let_in"), [(SETTINGS.account_id, True), ("444455556666", False)])
def test_a_role_that_asks_for_the_account_lets_in_its_own_roles_alone(
    zone: LandingZone, account: str, is_let_in: bool
) -> None:
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": SETTINGS.account_id},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:PrincipalAccount": account}},
    }
    iam = zone.clients("iam", SETTINGS.account_id, SETTINGS.home_region)
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName=f"asks-for-{account}", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    sts = zone._assume(SETTINGS.account_id, "Owner").client("sts")
    if is_let_in:
        assert sts.assume_role(RoleArn=role, RoleSessionName="mina")["AssumedRoleUser"]
    else:
        with pytest.raises(ClientError, match="is not authorized to perform: sts:AssumeRole"):
            sts.assume_role(RoleArn=role, RoleSessionName="mina")


def test_the_next_embedded_aws_is_not_guarded_before_its_landing_zone_is_prepared() -> None:
    state = AuthorizationState(account_alone=SETTINGS.account_id)  # not that of the zone, which others here ask
    state.reset()
    assert state.account_alone == ""
