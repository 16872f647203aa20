"""Compare a user store with the people of the table: pure.

A user without conversations is no mismatch. Messages keep the names under which they were written, and are not
compared.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from stream_lambda.items import User
from tableguard.errors import UserStoreError
from tableguard.users.matching.people import People, Person
from tableguard.users.model import UserAccount


class MismatchKind(Enum):
    """A way in which user store and table, or two user stores, do not match."""

    UUID = "the store has the user's handle under another uuid"
    UNKNOWN = "the store has no user with this uuid or handle"
    ORPHAN = "no member of the conversation is in the store"
    NAMES = "conversations show other names than the store"
    HANDLE = "the store has this handle more than once"
    LINK = "the database has another Cognito id than the user pool"
    UNLINKED = "the user pool has no account with this Cognito id or handle"
    GROUP = "the group cannot be understood"


@dataclass(frozen=True)
class Mismatch:
    """One mismatch: whose, in which groups, and the user as the store has them, if it does."""

    kind: MismatchKind
    user_uuid: str
    detail: str
    groups: tuple[str, ...] = ()
    stored: User | None = None

    @property
    def order(self) -> tuple[int, str, tuple[str, ...]]:
        """Return what mismatches are sorted by: the kind, then whose."""
        return list(MismatchKind).index(self.kind), self.user_uuid, self.groups


class Accounts:
    """The accounts of a store by uuid and by handle."""

    def __init__(self, store: str, accounts: Iterable[UserAccount]) -> None:
        self.by_uuid: dict[str, UserAccount] = {}
        self.by_handle: dict[str, list[UserAccount]] = defaultdict(list)
        for account in accounts:
            user = account.user
            if user.user_uuid in self.by_uuid:
                raise UserStoreError(f"{store}: answers two users with the uuid {user.user_uuid!r}; a uuid is one user")
            self.by_uuid[user.user_uuid] = account
            self.by_handle[user.handle].append(account)

    def of_handles(self, handles: Iterable[str]) -> list[User]:
        """Return the users that have any of these handles."""
        return [account.user for handle in handles for account in self.by_handle.get(handle, ())]


def mismatches(accounts: Accounts, people: People) -> list[Mismatch]:
    """Return everything in which the table does not match the store."""
    outcome = [
        *(mismatch for person in people.persons.values() for mismatch in _of_person(accounts, person)),
        *_orphans(accounts, people),
        *(Mismatch(MismatchKind.HANDLE, "", f"{handle}: {_uuids(same)}") for handle, same in _repeated(accounts)),
        *(Mismatch(MismatchKind.GROUP, "", why, (group,)) for group, why in people.unusable.items()),
    ]
    return sorted(outcome, key=lambda mismatch: mismatch.order)


def link_mismatches(database: Accounts, pool: Accounts) -> list[Mismatch]:
    """Return the users of a database whose Cognito id is not that of their account in the user pool."""
    linked = (account for account in database.by_uuid.values() if account.cognito_user_id is not None)
    return [mismatch for account in linked for mismatch in _of_link(account, pool)]


def _of_person(accounts: Accounts, person: Person) -> Iterator[Mismatch]:
    account = accounts.by_uuid.get(person.user_uuid)
    if account is not None:
        yield from _of_names(account.user, person)
        return
    same = accounts.of_handles(person.handles)
    shown, groups = ", ".join(person.handles) or "no handle", tuple(person.group_uuids)
    if not same:
        yield Mismatch(MismatchKind.UNKNOWN, person.user_uuid, shown, groups)
        return
    detail = f"{shown} is {' or '.join(user.user_uuid for user in same)} in the store"
    yield Mismatch(MismatchKind.UUID, person.user_uuid, detail, groups, same[0] if len(same) == 1 else None)


def _of_names(user: User, person: Person) -> Iterator[Mismatch]:
    names = user.handle, user.display_name
    outdated = {shown: groups for shown, groups in person.groups.items() if shown != names}
    if outdated:
        shown = ", ".join(f"{handle} ({name})" for handle, name in sorted(outdated))
        groups = tuple(sorted(group for groups in outdated.values() for group in groups))
        yield Mismatch(
            MismatchKind.NAMES, user.user_uuid, f"{shown} is {user.handle} ({user.display_name})", groups, user
        )


def _orphans(accounts: Accounts, people: People) -> Iterator[Mismatch]:
    for group_uuid, members in people.members.items():
        if not any(member in accounts.by_uuid for member in members):
            yield Mismatch(MismatchKind.ORPHAN, "", ", ".join(members) or "no members", (group_uuid,))


def _repeated(accounts: Accounts) -> Iterator[tuple[str, list[UserAccount]]]:
    yield from ((handle, same) for handle, same in accounts.by_handle.items() if len(same) > 1)


def _uuids(accounts: Iterable[UserAccount]) -> str:
    return ", ".join(sorted(account.user.user_uuid for account in accounts))


def _of_link(account: UserAccount, pool: Accounts) -> Iterator[Mismatch]:
    user, written = account.user, str(account.cognito_user_id)
    if written in pool.by_uuid:
        shown = pool.by_uuid[written].user.handle
        if shown != user.handle:
            yield Mismatch(
                MismatchKind.LINK, user.user_uuid, f"{written} is {shown} in the user pool, here {user.handle}"
            )
        return
    same = pool.of_handles([user.handle])
    if len(same) != 1:
        yield Mismatch(MismatchKind.UNLINKED, user.user_uuid, f"{user.handle} with the id {written}")
        return
    detail = f"{user.handle} has the id {written}, in the user pool {same[0].user_uuid}"
    yield Mismatch(MismatchKind.LINK, user.user_uuid, detail, stored=same[0])


def counts(outcome: Iterable[Mismatch]) -> Mapping[MismatchKind, int]:
    """Return how many mismatches there are of each kind that occurs."""
    numbers: dict[MismatchKind, int] = defaultdict(int)
    for mismatch in outcome:
        numbers[mismatch.kind] += 1
    return {kind: numbers[kind] for kind in MismatchKind if numbers[kind]}
