"""Each way in which a user store and the table do not match is named, and what matches is not."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from stream_lambda.items import Group, User
from tableguard.errors import UserStoreError
from tableguard.users.matching.comparison import Accounts, Mismatch, MismatchKind, link_mismatches, mismatches
from tableguard.users.matching.people import People
from tableguard.users.model import UserAccount

# as in the notes: the conversations were seeded for andrewbrown, and the account that signs in is rob's
ANDREW = User("u-andrew", "Andrew Brown", "andrewbrown")
BAYKO = User("u-bayko", "Andrew Bayko", "bayko")
LONDO = User("u-londo", "Londo Mollari", "londo")
PAIR = Group("g1", (ANDREW, BAYKO))


def accounts(*users: User) -> Accounts:
    return Accounts("the store", map(UserAccount, users))


def people(*groups: Group) -> People:
    population = People()
    for group in groups:
        population.add_group(group.group_uuid, group.members)
    return population


@dataclass(frozen=True)
class Case:
    """Users of the store and groups of the table, what is named, and the users of a store that matches."""

    stored: Sequence[User]
    groups: Sequence[Group]
    named: Sequence[tuple[MismatchKind, str, tuple[str, ...]]]
    matching: Sequence[User]


CASES = {
    "a handle under another uuid": Case(
        (replace(ANDREW, user_uuid="sub-rob"), BAYKO),
        (PAIR,),
        [(MismatchKind.UUID, "u-andrew", ("g1",))],
        (ANDREW, BAYKO),
    ),
    "a user whom the store does not know": Case(
        (BAYKO,), (PAIR,), [(MismatchKind.UNKNOWN, "u-andrew", ("g1",))], (BAYKO, ANDREW)
    ),
    "a conversation of nobody": Case(
        (LONDO,),
        (PAIR,),
        [
            (MismatchKind.UNKNOWN, "u-andrew", ("g1",)),
            (MismatchKind.UNKNOWN, "u-bayko", ("g1",)),
            (MismatchKind.ORPHAN, "", ("g1",)),
        ],
        (LONDO, ANDREW, BAYKO),
    ),
    "a changed handle": Case(
        (replace(ANDREW, handle="rob"), BAYKO), (PAIR,), [(MismatchKind.NAMES, "u-andrew", ("g1",))], (ANDREW, BAYKO)
    ),
    "a changed display name": Case(
        (replace(ANDREW, display_name="Rob"), BAYKO),
        (PAIR,),
        [(MismatchKind.NAMES, "u-andrew", ("g1",))],
        (ANDREW, BAYKO),
    ),
    "an old name in one group of two": Case(
        (ANDREW, BAYKO),
        (PAIR, Group("g2", (replace(ANDREW, handle="andy"), BAYKO))),
        [(MismatchKind.NAMES, "u-andrew", ("g2",))],
        (),
    ),
    "a handle of two users": Case(
        (ANDREW, BAYKO, replace(LONDO, handle="bayko")),
        (PAIR,),
        [(MismatchKind.HANDLE, "", ())],
        (ANDREW, BAYKO, LONDO),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_mismatch_is_named_and_its_match_is_not(name: str) -> None:
    case = CASES[name]
    outcome = mismatches(accounts(*case.stored), people(*case.groups))
    assert [(one.kind, one.user_uuid, one.groups) for one in outcome] == list(case.named)
    if case.matching:
        assert mismatches(accounts(*case.matching), people(*case.groups)) == []


def test_a_user_without_conversations_is_no_mismatch() -> None:
    assert mismatches(accounts(ANDREW, BAYKO, LONDO), people(PAIR)) == []


def test_the_other_uuid_of_a_handle_is_what_the_store_has_unless_it_has_two() -> None:
    one, other = (replace(ANDREW, user_uuid=uuid) for uuid in ("sub-a", "sub-b"))
    (single,) = mismatches(accounts(one, BAYKO), people(PAIR))
    assert (single.stored, single.detail) == (one, "andrewbrown is sub-a in the store")
    doubled = mismatches(accounts(one, other, BAYKO), people(PAIR))
    assert [(found.kind, found.stored) for found in doubled] == [(MismatchKind.UUID, None), (MismatchKind.HANDLE, None)]


def test_rows_of_somebody_whom_nobody_knows_are_a_mismatch_too() -> None:
    population = people(PAIR)
    population.person("u-gone").rows.add("g")
    (mismatch,) = mismatches(accounts(ANDREW, BAYKO), population)
    assert mismatch == Mismatch(MismatchKind.UNKNOWN, "u-gone", "no handle")


def test_a_group_that_cannot_be_understood_is_named() -> None:
    population = people(PAIR)
    population.unusable["g2"] = "members: absent"
    (mismatch,) = mismatches(accounts(ANDREW, BAYKO), population)
    assert mismatch == Mismatch(MismatchKind.GROUP, "", "members: absent", ("g2",))


def test_a_uuid_that_the_store_has_twice_is_an_error() -> None:
    with pytest.raises(UserStoreError, match="the store: answers two users with the uuid 'u-andrew'"):
        accounts(ANDREW, replace(ANDREW, handle="rob"))


@pytest.mark.parametrize(
    ("written", "pool", "named"),
    [
        ("sub-1", (User("sub-1", "A", "andrewbrown"),), None),
        ("MOCK", (User("sub-1", "A", "andrewbrown"),), (MismatchKind.LINK, True)),
        ("MOCK", (User("sub-1", "A", "rob"),), (MismatchKind.UNLINKED, False)),
        ("sub-1", (User("sub-1", "A", "rob"),), (MismatchKind.LINK, False)),
        ("MOCK", tuple(User(sub, "A", "andrewbrown") for sub in ("sub-1", "sub-2")), (MismatchKind.UNLINKED, False)),
        (None, (), None),
    ],
)
def test_the_cognito_id_of_a_database_is_that_of_the_account(
    written: str | None, pool: tuple[User, ...], named: tuple[MismatchKind, bool] | None
) -> None:
    database = Accounts("the database", [UserAccount(ANDREW, cognito_user_id=written)])
    outcome = link_mismatches(database, accounts(*pool))
    assert [(one.kind, one.stored == pool[0]) for one in outcome] == ([named] if named else [])
