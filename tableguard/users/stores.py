"""The user stores of the settings: the user pool, and the application's own database where one is named."""

from collections.abc import Callable, Mapping
from typing import Any

from tableguard.errors import UserStoreError
from tableguard.settings import ExistingLogin, Settings
from tableguard.stacks.status import stack_named
from tableguard.users.cognito import UserPool
from tableguard.users.model import UserStore
from tableguard.users.postgresql import PostgresqlUsers

_NO_POOL = (
    "the settings have no [login], so there is no user pool; without one work `users check` and `sync` with the "
    "database of [users], and `users export` and `delete` of what the table holds of a uuid"
)


def user_pool(settings: Settings, client_of: Callable[[str], Any], pool_id: str | None = None) -> UserPool | None:
    """Return the pool that is named, or that of [login]; None where there is no [login].

    `client_of` makes a client of a service of AWS. Where the stack `login` makes the pool, CloudFormation is asked.
    """
    if pool_id is None:
        if settings.login is None:
            return None
        existing = isinstance(settings.login, ExistingLogin)
        pool_id = settings.user_pool_id if existing else _made_by_stack(settings, client_of("cloudformation"))
    return UserPool(client_of("cognito-idp"), pool_id)


def needed(pool: UserPool | None) -> UserPool:
    """Return the pool; UserStoreError, with what works without one, where there is none."""
    if pool is None:
        raise UserStoreError(_NO_POOL)
    return pool


def user_store(settings: Settings, pool: UserPool | None, environment: Mapping[str, str]) -> UserStore:
    """Return the store that says who a person is: the database where one is named, else the user pool."""
    database = settings.user_database
    return PostgresqlUsers(database, environment) if database else needed(pool)


def _made_by_stack(settings: Settings, cloudformation: Any) -> str:
    """Return the pool that the stack `login` exports: its own description is all that is asked for."""
    name = settings.stack_name("login")
    stack = stack_named(cloudformation, name)
    if stack is None or "UserPoolId" not in stack.outputs:
        raise UserStoreError(
            f"stack {name}, which makes the user pool of [login], has none yet; `tableguard deploy` makes it, and "
            "--user-pool names another"
        )
    return stack.outputs["UserPoolId"]
