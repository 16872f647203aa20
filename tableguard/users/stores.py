"""The user stores of the settings: the user pool, and the application's own database where one is named."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tableguard.settings import Settings
from tableguard.users.cognito import UserPool
from tableguard.users.model import UserStore
from tableguard.users.postgresql import PostgresqlUsers


@dataclass(frozen=True)
class Stores:
    """The store that says who a person is, and the user pool where persons sign in: often the same."""

    store: UserStore
    pool: UserPool


def stores(settings: Settings, client_of: Callable[[str], Any], environment: Mapping[str, str]) -> Stores:
    """Return the stores; `client_of` makes a client of a service of AWS, and nothing is asked yet."""
    pool = UserPool(client_of("cognito-idp"), settings.user_pool_id)
    database = settings.user_database
    return Stores(PostgresqlUsers(database, environment) if database else pool, pool)
