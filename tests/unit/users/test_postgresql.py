"""Users are read from a real PostgreSQL server, and written there only by the update of the settings."""

import ipaddress
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from stream_lambda.items import User
from tableguard.errors import UserStoreError
from tableguard.users import postgresql
from tableguard.users.model import UserAccount
from tableguard.users.postgresql import PostgresqlUsers
from tests.engines.postgresql import needs_postgresql
from tests.worlds.user_database import ASKED, VARIABLE, Users, table_of_users

ADA = User("11111111-1111-4111-8111-111111111111", "Ada Example", "ada")
BOB = User("22222222-2222-4222-8222-222222222222", "Bob Example", "bob")


@pytest.fixture
def users() -> Iterator[Users]:
    with table_of_users() as table:
        yield table


def store(users: Users, **changes: str) -> PostgresqlUsers:
    return PostgresqlUsers(replace(ASKED, **changes), {VARIABLE: users.address})


def refused(users: Users, **changes: str) -> str:
    with pytest.raises(UserStoreError) as error:
        list(store(users, **changes).accounts())
    assert "\n" not in str(error.value)
    return str(error.value)


@needs_postgresql
def test_each_row_is_an_account(users: Users) -> None:
    users.add(ADA, "sub-ada")
    users.add(BOB)
    expected = [UserAccount(ADA, cognito_user_id="sub-ada"), UserAccount(BOB, cognito_user_id="MOCK")]
    assert sorted(store(users).accounts(), key=lambda account: account.user.handle) == expected


@needs_postgresql
def test_a_query_without_cognitos_ids_keeps_none(users: Users) -> None:
    users.add(ADA)
    query = "SELECT uuid AS user_uuid, handle, display_name FROM public.users"
    assert list(store(users, query=query).accounts()) == [UserAccount(ADA)]


@needs_postgresql
def test_more_users_than_are_fetched_at_once_are_all_read(users: Users) -> None:
    users.run(
        "INSERT INTO public.users (display_name, handle, email, cognito_user_id) "
        "SELECT 'User', 'user-' || number, 'a@example.com', 'MOCK' FROM generate_series(1, 4500) AS number"
    )
    assert len({account.user.user_uuid for account in store(users).accounts()}) == 4500


@needs_postgresql
@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("SELECT uuid, handle FROM public.users", "users.query: answers uuid, handle; accepted: user_uuid, handle, "),
        ("SELECT uuid AS user_uuid, handle, display_name, email FROM public.users", "answers user_uuid, handle, displ"),
        ("SELECT 'u' AS user_uuid, NULL AS handle, 'd' AS display_name", "row 1 of users.query has no handle"),
        ("SELECT 'u' AS user_uuid, '' AS handle, 'd' AS display_name", "row 1 of users.query has no handle"),
        ("SELECT * FROM public.nobody", 'relation "public.nobody" does not exist'),
    ],
)
def test_what_is_no_list_of_users_is_refused_in_one_line(users: Users, query: str, says: str) -> None:
    assert says in refused(users, query=query)


@needs_postgresql
@pytest.mark.parametrize(
    "query",
    [
        "WITH gone AS (DELETE FROM public.users RETURNING *) SELECT uuid AS user_uuid, handle, display_name FROM gone",
        "SELECT uuid AS user_uuid, handle, display_name FROM public.users; DELETE FROM public.users",
        "SELECT uuid AS user_uuid, handle, display_name FROM public.users; COMMIT; DELETE FROM public.users",
    ],
)
def test_a_query_that_would_write_writes_nothing(users: Users, query: str) -> None:
    users.add(ADA)
    refused(users, query=query)
    assert users.run("SELECT count(*) FROM public.users") == [(1,)]


@needs_postgresql
def test_cognitos_ids_are_written_all_or_none(users: Users) -> None:
    users.add(ADA)
    users.add(BOB)
    store(users).write_links({ADA.user_uuid: "sub-ada"})
    written = "SELECT handle, cognito_user_id FROM public.users ORDER BY handle"
    assert users.run(written) == [("ada", "sub-ada"), ("bob", "MOCK")]
    with pytest.raises(UserStoreError, match=r"users\.update changed 0 rows of 3, 1 expected; nothing was written"):
        store(users).write_links({BOB.user_uuid: "sub-bob", "3": "sub-eve"})
    assert users.run(written) == [("ada", "sub-ada"), ("bob", "MOCK")]


@needs_postgresql
def test_without_an_update_nothing_is_written(users: Users) -> None:
    users.add(ADA)
    with pytest.raises(UserStoreError, match=r"users\.update: missing"):
        store(users, update="").write_links({ADA.user_uuid: "sub-ada"})
    assert users.run("SELECT cognito_user_id FROM public.users") == [("MOCK",)]


@needs_postgresql
def test_a_service_file_says_where_the_database_is(
    users: Users, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    users.add(ADA)
    file = tmp_path / "pg_service.conf"
    file.write_text("[courier]\n" + "\n".join(users.address.split()) + "\n", encoding="utf-8")
    monkeypatch.setenv("PGSERVICEFILE", str(file))
    asked = PostgresqlUsers(replace(ASKED, connection="service:courier"), {})
    assert [account.user for account in asked.accounts()] == [ADA]
    with pytest.raises(UserStoreError, match=r'the database of service:other: .*"other" not found'):
        list(PostgresqlUsers(replace(ASKED, connection="service:other"), {}).accounts())


def test_a_variable_that_is_not_set_is_named_with_what_it_holds() -> None:
    with pytest.raises(UserStoreError, match=f"users.connection: {VARIABLE} is not in the environment; set it to a "):
        list(PostgresqlUsers(ASKED, {}).accounts())


def test_no_password_is_in_the_line_of_a_server_that_does_not_answer() -> None:
    with socket.socket() as taken:  # bound, and never listening
        taken.bind(("127.0.0.1", 0))
        address = f"postgresql://ada:hunter2@127.0.0.1:{taken.getsockname()[1]}/users"
        with pytest.raises(UserStoreError, match="the database of variable:") as error:
            list(PostgresqlUsers(ASKED, {VARIABLE: address}).accounts())
    assert "hunter2" not in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("host", "encrypted", "accepted"),
    [
        ("db.example.com", True, True),
        ("db.example.com", False, False),
        ("10.20.0.4", False, False),
        ("127.0.0.1", False, True),
        ("::1", False, True),
        ("localhost", False, True),
        ("/run/postgresql", False, True),
        ("", False, True),
    ],
)
def test_users_do_not_travel_unencrypted(
    monkeypatch: pytest.MonkeyPatch, host: str, encrypted: bool, accepted: bool
) -> None:
    asked: list[bool] = []
    cursor = SimpleNamespace(execute=lambda _: asked.append(True), description=(), itersize=0)
    connection = SimpleNamespace(
        pgconn=SimpleNamespace(ssl_in_use=encrypted), info=SimpleNamespace(host=host), read_only=False,
        cursor=lambda name: _Block(cursor),
    )  # fmt: skip
    monkeypatch.setattr(
        postgresql, "_driver", lambda: (lambda *_, **__: _Block(connection), ipaddress.AddressValueError)
    )
    with pytest.raises(UserStoreError, match=r"answers nothing" if accepted else "would travel unencrypted"):
        list(PostgresqlUsers(ASKED, {VARIABLE: "host=x"}).accounts())
    assert bool(asked) is accepted


class _Block:
    """A value that a `with` block is given."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __enter__(self) -> Any:
        return self.value

    def __exit__(self, *_: object) -> None:
        """Close nothing."""


def test_without_the_package_the_line_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)
    with pytest.raises(UserStoreError, match=r"pip install 'tableguard\[postgresql\]'"):
        list(PostgresqlUsers(ASKED, {VARIABLE: "host=x"}).accounts())
