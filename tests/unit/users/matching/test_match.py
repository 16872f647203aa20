"""A user store is compared with what a table holds, on each engine."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from stream_lambda.items import Group, User, group_key
from tableguard.errors import UserStoreError
from tableguard.projection.views import Reader
from tableguard.users.matching.comparison import MismatchKind
from tableguard.users.matching.match import Match, match
from tableguard.users.model import UserAccount
from tests.engines.choice import BOTH
from tests.worlds.messages import ADA, BOB, EVE, NOW, PAIR, TABLE, TRIO, emulated_table, said
from tests.worlds.rows import PRIVATE, send


@dataclass(frozen=True)
class Store:
    """A store of these users, with their ids in Cognito where there are any."""

    users: Sequence[User]
    ids: Mapping[User, str] | None = None
    name: str = "the store"

    def accounts(self) -> Iterator[UserAccount]:
        yield from (UserAccount(user, cognito_user_id=self.ids[user] if self.ids else None) for user in self.users)


@dataclass(frozen=True)
class Unasked:
    """A user pool that must not be asked."""

    name: str = "the pool"

    def accounts(self) -> Iterator[UserAccount]:
        raise AssertionError


@pytest.fixture(params=BOTH)
def client(request: pytest.FixtureRequest) -> Iterator[Any]:
    with emulated_table(PAIR, TRIO, engine=request.param) as emulated:
        send(emulated, said(PRIVATE, 1))
        yield emulated


def compared(client: Any, store: Store, pool: Any = None) -> Match:
    return match(store, pool or Unasked(), Reader(client, TABLE, lambda: NOW, workers=1))


def test_a_table_that_matches_has_no_mismatch(client: Any) -> None:
    outcome = compared(client, Store((ADA, BOB, EVE)))
    assert outcome.mismatches == ()
    assert (outcome.compared.accounts, outcome.compared.persons, outcome.compared.groups) == (3, 3, 2)
    assert outcome.compared.read_units > 0
    assert outcome.report().exit_code == 0


def test_each_mismatch_is_a_line_without_the_text_of_a_message(client: Any) -> None:
    outcome = compared(client, Store((replace(ADA, handle="ada\x1b"), replace(BOB, user_uuid="sub-bob"))))
    report = outcome.report()
    lines = report.text().splitlines()
    assert lines[:3] == [
        f"uuid  user-bob  bob is sub-bob in the store  in {PAIR.group_uuid}, {TRIO.group_uuid}",
        f"unknown  user-eve  eve  in {TRIO.group_uuid}",
        f"names  user-ada  ada (Ada Example) is ada? (Ada Example)  in {PAIR.group_uuid}, {TRIO.group_uuid}",
    ]
    assert lines[-1].endswith(": 3 mismatches")
    assert PRIVATE not in str((lines, report.facts(), report.findings))
    remedies = {finding.rule: finding.remedy for finding in report.findings}
    assert remedies["uuid"].endswith("tableguard users sync --repoint user-bob=sub-bob")


def test_what_was_mended_is_said_and_no_finding_any_more(client: Any) -> None:
    outcome = compared(client, Store((replace(ADA, handle="rob"), BOB, EVE)))
    report = replace(outcome, mismatches=()).report(before=outcome.mismatches)
    assert report.exit_code == 0
    assert report.findings == []
    assert report.text().splitlines()[0].endswith(" [mended]")
    assert report.facts()["findings"][0]["mended"] is True
    assert outcome.report().exit_code == 1


def test_many_groups_are_counted_in_a_line_and_all_in_json(client: Any) -> None:
    outcome = compared(client, Store((BOB, EVE)))
    many = replace(outcome.mismatches[0], groups=tuple("abcde"))
    report = replace(outcome, mismatches=(many,)).report()
    assert "in a, b, c and 2 more" in report.text()
    assert report.facts()["findings"][0]["groups"] == list("abcde")


def test_a_damaged_group_is_named_and_hides_no_other(client: Any) -> None:
    client.put_item(TableName=TABLE, Item=group_key("damaged") | {"members": {"S": "nobody"}})
    outcome = compared(client, Store((ADA, BOB, EVE)))
    assert [(one.kind, one.groups) for one in outcome.mismatches] == [(MismatchKind.GROUP, ("damaged",))]


def test_the_pool_is_asked_only_where_a_database_keeps_cognitos_ids(client: Any) -> None:
    database = Store((ADA, BOB, EVE), {ADA: "sub-ada", BOB: "sub-bob", EVE: "MOCK"})
    subs = Store([replace(user, user_uuid=f"sub-{user.handle}") for user in (ADA, BOB, EVE)])
    (mismatch,) = compared(client, database, subs).mismatches
    assert (mismatch.kind, mismatch.user_uuid) == (MismatchKind.LINK, EVE.user_uuid)


def test_members_of_more_groups_than_are_read_at_once_are_all_there(client: Any) -> None:
    for number in range(101):
        client.put_item(TableName=TABLE, Item=_group(f"group-{number}"))
    (mismatch,) = compared(client, Store((BOB, EVE))).mismatches
    assert len(mismatch.groups) == 103


def _group(name: str) -> Any:
    from stream_lambda.items import group_item

    return group_item(Group(name, (ADA, BOB)))


def test_ids_in_cognito_without_a_user_pool_are_no_match(client: Any) -> None:
    store, ids = (ADA, BOB, EVE), {user: user.user_uuid for user in (ADA, BOB, EVE)}
    reader = Reader(client, TABLE, lambda: NOW, workers=1)
    with pytest.raises(UserStoreError, match=r"has ids in Cognito, and the settings have no \[login\]"):
        match(Store(store, ids), None, reader)
    assert match(Store(store), None, reader).mismatches == ()
