"""The notes' table of users in a real PostgreSQL server."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from stream_lambda.items import User
from tableguard.settings import UserDatabase
from tests.engines.postgresql import database

VARIABLE = "COURIER_USERS"
QUERY = "SELECT uuid AS user_uuid, handle, display_name, cognito_user_id FROM public.users"
UPDATE = "UPDATE public.users SET cognito_user_id = %(cognito_user_id)s WHERE uuid::text = %(user_uuid)s"
ASKED = UserDatabase(QUERY, f"variable:{VARIABLE}", UPDATE)
_TABLE = """
CREATE TABLE public.users (
  uuid uuid DEFAULT gen_random_uuid() PRIMARY KEY,
  display_name text NOT NULL,
  handle text NOT NULL,
  email text NOT NULL,
  cognito_user_id text NOT NULL,
  created_at timestamp DEFAULT current_timestamp NOT NULL
)"""


@dataclass(frozen=True)
class Users:
    """The table, and where it is."""

    address: str

    def run(self, statement: str, *values: object) -> list[Any]:
        with psycopg.connect(self.address) as connection:
            cursor = connection.execute(statement.encode(), values or None)
            return cursor.fetchall() if cursor.description else []

    def add(self, user: User, cognito_user_id: str = "MOCK") -> None:
        columns = "uuid, display_name, handle, email, cognito_user_id"
        values = user.user_uuid, user.display_name, user.handle, f"{user.handle}@example.com", cognito_user_id
        self.run(f"INSERT INTO public.users ({columns}) VALUES (%s, %s, %s, %s, %s)", *values)  # noqa: S608  # our own


@contextmanager
def table_of_users() -> Iterator[Users]:
    """An empty table of users."""
    with database() as address:
        users = Users(address)
        users.run(_TABLE)
        yield users
