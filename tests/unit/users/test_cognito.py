"""A Cognito user pool is read as a user store."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from stream_lambda.items import User
from tableguard.users.cognito import UserPool
from tableguard.users.model import UserAccount
from tests.worlds.boto3_emulation import emulated_aws
from tests.worlds.messages import REGION


@pytest.fixture
def pool() -> Iterator[UserPool]:
    import boto3

    with emulated_aws():
        client = boto3.client("cognito-idp", region_name=REGION)
        yield UserPool(client, client.create_user_pool(PoolName="members")["UserPool"]["Id"])


def join(pool: UserPool, username: str, attributes: Mapping[str, str]) -> str:
    """Make an account; return its sub."""
    written = [{"Name": name, "Value": value} for name, value in attributes.items()]
    answer: Any = pool.client.admin_create_user(UserPoolId=pool.pool_id, Username=username, UserAttributes=written)
    return str(next(one["Value"] for one in answer["User"]["Attributes"] if one["Name"] == "sub"))


def test_a_person_is_the_sub_with_handle_and_name(pool: UserPool) -> None:
    sub = join(pool, "rob@example.com", {"preferred_username": "rob", "name": "Rob Example"})
    assert list(pool.accounts()) == [UserAccount(User(sub, "Rob Example", "rob"), enabled=True)]


def test_without_handle_and_name_the_username_stands_for_both(pool: UserPool) -> None:
    sub = join(pool, "rob", {})
    assert list(pool.accounts()) == [UserAccount(User(sub, "rob", "rob"), enabled=True)]


def test_an_account_that_may_not_sign_in_is_not_enabled(pool: UserPool) -> None:
    join(pool, "rob", {})
    pool.client.admin_disable_user(UserPoolId=pool.pool_id, Username="rob")
    assert [account.enabled for account in pool.accounts()] == [False]


def test_more_accounts_than_a_page_are_all_read(pool: UserPool) -> None:
    subs = {join(pool, f"user-{number}", {}) for number in range(61)}
    assert {account.user.user_uuid for account in pool.accounts()} == subs
