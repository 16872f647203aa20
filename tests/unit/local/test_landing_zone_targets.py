"""The landing zone of settings unlike the examples: each on an embedded AWS of its own."""

from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tableguard.errors import EmbeddedError
from tableguard.local import landing_zone, server
from tableguard.settings import ExistingLogin, example

DEFAULT = example("default")


TARGETS = {
    "a-root": (("r-abcd",), "r-abcd"),
    "a-unit-of-another-root": (("ou-wxyz-12345678",), "ou-wxyz-12345678"),
    "the-account-itself": (("111122223333",), "r-exam"),
    "another-account-first": (("444455556666", "ou-exam-abcdefgh"), "ou-exam-abcdefgh"),
    "a-unit-first": (("ou-abcd-12345678", "r-abcd"), "ou-abcd-12345678"),
}


@pytest.mark.parametrize(("targets", "parent"), TARGETS.values(), ids=TARGETS)
def test_every_kind_of_target_exists_and_takes_policies(targets: tuple[str, ...], parent: str) -> None:
    with server.start() as running:
        zone = landing_zone.prepare(replace(DEFAULT, organization_targets=targets), running.endpoint)
        organizations = zone.session("management").client("organizations")
        for target in targets:
            organizations.attach_policy(PolicyId="p-FullAWSAccess", TargetId=target)
        (found,) = organizations.list_parents(ChildId=DEFAULT.account_id)["Parents"]
        assert found["Id"] == parent


@pytest.mark.parametrize(
    ("change", "because"),
    [
        (
            {"organization_targets": ("r-abcd", "ou-wxyz-12345678")},
            "lie under r-abcd, r-wxyz; an organization has one root",
        ),
        ({"login": ExistingLogin("eu-central-1_a", "a" * 27)}, "longer ids; choose shorter ones"),
    ],
)
def test_ids_that_cannot_be_are_refused(change: dict[str, Any], because: str) -> None:
    with server.start() as running, pytest.raises(EmbeddedError, match=because):
        landing_zone.prepare(replace(DEFAULT, **change), running.endpoint)


def test_another_management_account_holds_the_organization() -> None:
    with server.start() as running:
        zone = landing_zone.prepare(replace(DEFAULT, management_account_id="444455556666"), running.endpoint)
        found = zone.session("management").client("organizations").describe_organization()["Organization"]
        assert found["MasterAccountId"] == "444455556666"
        with pytest.raises(ClientError):
            zone.session("administrator").client("organizations").create_policy(
                Content="{}", Description="", Name="n", Type="TAG_POLICY"
            )


def test_no_user_pool_is_there_where_a_stack_makes_it() -> None:
    settings = example("complete")
    with server.start() as running:
        prepared = landing_zone.prepare(settings, running.endpoint)
        cognito = prepared.clients("cognito-idp", settings.account_id, settings.home_region)
        assert cognito.list_user_pools(MaxResults=60)["UserPools"] == []
