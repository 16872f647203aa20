"""A table of users in PostgreSQL as a user store: read by the query of the settings, in one read-only transaction.

https://www.postgresql.org/docs/current/libpq-connect.html: a connection string, or a section of pg_service.conf. A
password comes from pgpass or the environment, never from the settings, and stands in no message.
"""

import ipaddress
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stream_lambda.items import User
from tableguard.errors import UserStoreError
from tableguard.settings.model import UserDatabase
from tableguard.users.model import UserAccount

if TYPE_CHECKING:
    import psycopg

_INSTALL = "users in PostgreSQL need one more package: pip install 'tableguard[postgresql]'"
_ROWS = 2000  # fetched at once
_SECONDS = 10  # to connect
_LINK = "cognito_user_id"


@dataclass(frozen=True)
class PostgresqlUsers:
    """The database of the settings, and the environment that says where it is."""

    database: UserDatabase
    environment: Mapping[str, str]

    @property
    def name(self) -> str:
        """Return what messages call the store."""
        return f"the database of {self.database.connection}"

    def accounts(self) -> Iterator[UserAccount]:
        """Yield every row that the query answers, in its order."""
        with self._connection() as connection, connection.cursor(name="users") as cursor:
            connection.read_only = True
            cursor.itersize = _ROWS
            cursor.execute(self.database.query.encode())
            columns = [column.name for column in cursor.description or ()]
            self._check_columns(columns)
            for number, row in enumerate(cursor, start=1):
                yield self._account(number, dict(zip(columns, row, strict=True)))

    def write_links(self, ids: Mapping[str, str]) -> None:
        """Write the Cognito ids of users, by uuid, all or none; the update must change one row for each."""
        if not self.database.update:
            raise UserStoreError("users.update: missing; accepted: an UPDATE that sets %(cognito_user_id)s")
        with self._connection() as connection:
            for user_uuid, cognito_user_id in ids.items():
                values = {"user_uuid": user_uuid, _LINK: cognito_user_id}
                changed = connection.execute(self.database.update.encode(), values).rowcount
                if changed != 1:
                    raise UserStoreError(
                        f"{self.name}: users.update changed {changed} rows of {user_uuid}, 1 expected; "
                        "nothing was written"
                    )

    @contextmanager
    def _connection(self) -> "Iterator[psycopg.Connection[Any]]":
        connect, error_of = _driver()
        try:
            with connect(**self._address(), connect_timeout=_SECONDS, application_name="tableguard") as connection:
                _check_encrypted(connection, self.name)
                yield connection
        except error_of as error:
            raise UserStoreError(f"{self.name}: {_reason(error)}") from error

    def _address(self) -> dict[str, str]:
        kind, _, name = self.database.connection.partition(":")
        if kind == "service":
            return {"service": name}
        address = self.environment.get(name, "")
        if not address:
            raise UserStoreError(
                f"users.connection: {name} is not in the environment; set it to a connection string, such as "
                "postgresql://USER@HOST/DATABASE, with the password in pgpass"
            )
        return {"conninfo": address}

    def _check_columns(self, columns: Sequence[str]) -> None:
        accepted = {*UserDatabase.COLUMNS, _LINK}
        if not set(UserDatabase.COLUMNS) <= set(columns) <= accepted or len(set(columns)) != len(columns):
            raise UserStoreError(
                f"users.query: answers {', '.join(columns) or 'nothing'}; accepted: {', '.join(UserDatabase.COLUMNS)} "
                f"and, if there is one, {_LINK}"
            )

    def _account(self, number: int, row: Mapping[str, Any]) -> UserAccount:
        texts = {name: None if value is None else str(value) for name, value in row.items()}
        for name in UserDatabase.COLUMNS:
            if not texts[name]:
                raise UserStoreError(f"{self.name}: row {number} of users.query has no {name}")
        user = User(*(str(texts[name]) for name in ("user_uuid", "display_name", "handle")))
        link = (texts[_LINK] or "") if _LINK in texts else None
        return UserAccount(user, cognito_user_id=link)


def _driver() -> "tuple[Callable[..., Any], type[Exception]]":
    try:
        import psycopg  # noqa: PLC0415  # an extra
    except ImportError as error:
        raise UserStoreError(_INSTALL) from error
    return psycopg.connect, psycopg.Error


def _check_encrypted(connection: "psycopg.Connection[Any]", name: str) -> None:
    """Raise UserStoreError if users would leave this machine in plaintext."""
    if connection.pgconn.ssl_in_use or _is_local(connection.info.host):
        return
    raise UserStoreError(
        f"{name}: users would travel unencrypted; add sslmode=verify-full and sslrootcert to the connection"
    )


def _is_local(host: str) -> bool:
    if not host or host.startswith(("/", "@")):  # a socket
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _reason(error: Exception) -> str:
    """Return PostgreSQL's own words in one line; psycopg puts neither password nor values into them."""
    return " ".join(str(error).split()) or type(error).__name__
