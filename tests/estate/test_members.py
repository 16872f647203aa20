"""A member signs in on the estate, and reads the own conversations with the credentials that follow, and no others."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from stream_lambda.items import User
from tableguard.local import estate
from tableguard.local.clients.factory import make_client
from tableguard.local.landing_zone import EmbeddedSession, LandingZone
from tableguard.settings import ExistingLogin
from tableguard.store.messages import MessageTable
from tests.worlds.estate import DENIED, ON_THE_EMBEDDED_AWS, REGION, SETTINGS, TABLE, begin_conversation
from tests.worlds.sign_in import Device

pytestmark = [pytest.mark.slow, ON_THE_EMBEDDED_AWS]
EMAIL, INVITED, CHOSEN = "eve@example.com", "Invited-2026!", "Chosen-2026!!"


def unsigned(running: estate.EmbeddedEstate, service: str) -> Any:
    """A client as an application has it on somebody's device: without any key of AWS."""
    config = Config(signature_version=UNSIGNED)
    return make_client(service, region_name=REGION, endpoint_url=running.endpoint, config=config)


@pytest.fixture(scope="module")
def device(running: estate.EmbeddedEstate, zone: LandingZone) -> Iterator[Device]:
    """The device of a member who was invited, and has chosen a password."""
    login, users = SETTINGS.login, zone.clients("cognito-idp", SETTINGS.account_id, REGION)
    assert isinstance(login, ExistingLogin)
    named = {"UserPoolId": login.user_pool_id, "Username": EMAIL}
    users.admin_create_user(**named, TemporaryPassword=INVITED)
    made = Device(unsigned(running, "cognito-idp"), login.user_pool_id, login.client_id, EMAIL, INVITED)
    made.choose(made.begin(), CHOSEN)
    yield made
    users.admin_delete_user(**named)


@pytest.fixture(scope="module")
def user_uuid(zone: LandingZone, device: Device) -> str:
    """The member's `sub`, which is the uuid of the table's keys."""
    users = zone.clients("cognito-idp", SETTINGS.account_id, REGION)
    user = users.admin_get_user(UserPoolId=device.pool_id, Username=EMAIL)
    return next(str(one["Value"]) for one in user["UserAttributes"] if one["Name"] == "sub")


def exchanged(running: estate.EmbeddedEstate, zone: LandingZone, device: Device) -> EmbeddedSession:
    """A session with what the identity pool gives for the member's token."""
    exports = zone.clients("cloudformation", SETTINGS.account_id, REGION).list_exports()["Exports"]
    pool = next(export["Value"] for export in exports if export["Name"] == SETTINGS.export("IdentityPoolId"))
    logins = {f"cognito-idp.{REGION}.amazonaws.com/{device.pool_id}": device.begin()["AuthenticationResult"]["IdToken"]}
    identities = unsigned(running, "cognito-identity")
    identity = identities.get_id(IdentityPoolId=pool, Logins=logins)["IdentityId"]
    keys = identities.get_credentials_for_identity(IdentityId=identity, Logins=logins)["Credentials"]
    credentials = Credentials(keys["AccessKeyId"], keys["SecretKey"], keys["SessionToken"])
    return EmbeddedSession(running.endpoint, REGION, credentials)


def test_a_member_lists_the_own_conversations_and_nobody_else_s(
    running: estate.EmbeddedEstate, zone: LandingZone, table: MessageTable, device: Device, user_uuid: str
) -> None:
    eve, fay = User(user_uuid, "Eve", "eve"), User("members-fay", "Fay", "fay")
    begin_conversation(running, table, eve, fay, "hello")
    session = zone.in_network(exchanged(running, zone, device))
    own = MessageTable(session.client("dynamodb"), TABLE, clock=lambda: datetime.now(UTC))
    assert [row.last_message for row in own.conversations(user_uuid).items] == ["hello"]
    with pytest.raises(ClientError, match="no identity-based policy allows the dynamodb:Query action"):
        own.conversations(fay.user_uuid)


def test_outside_of_the_network_a_member_reads_nothing(
    running: estate.EmbeddedEstate, zone: LandingZone, device: Device, user_uuid: str
) -> None:
    client = exchanged(running, zone, device).client("dynamodb")
    own = MessageTable(client, TABLE, clock=lambda: datetime.now(UTC))
    with pytest.raises(ClientError, match=DENIED):
        own.conversations(user_uuid)


def test_a_role_that_does_not_trust_the_pool_is_given_to_nobody(
    running: estate.EmbeddedEstate, zone: LandingZone, device: Device
) -> None:
    identities = zone.clients("cognito-identity", SETTINGS.account_id, REGION)
    (pool,) = identities.list_identity_pools(MaxResults=1)["IdentityPools"]
    named = {"IdentityPoolId": pool["IdentityPoolId"]}
    kept = identities.get_identity_pool_roles(**named)["Roles"]
    identities.set_identity_pool_roles(**named, Roles={"authenticated": SETTINGS.role_arn("application")})
    with pytest.raises(ClientError, match="InvalidIdentityPoolConfiguration"):
        exchanged(running, zone, device)
    identities.set_identity_pool_roles(**named, Roles=kept)
    assert exchanged(running, zone, device)
