"""Compare a user store with the table, and with the user pool where a database keeps Cognito's ids."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tableguard.errors import UserStoreError
from tableguard.projection.views import Reader
from tableguard.users.matching.comparison import Accounts, Mismatch, link_mismatches, mismatches
from tableguard.users.matching.match_report import ComparedUsers, MatchReport
from tableguard.users.matching.people import People, people
from tableguard.users.model import UserAccount, UserStore

Observe = Callable[[Iterable[str]], Iterable[str]]


@dataclass(frozen=True)
class Match:
    """What was compared, and everything in which it differs."""

    compared: ComparedUsers
    mismatches: tuple[Mismatch, ...]
    accounts: Accounts
    people: People

    def report(self, before: Iterable[Mismatch] = ()) -> MatchReport:
        """Return the report; what there was before and is no more was mended."""
        mended = tuple(mismatch for mismatch in before if mismatch not in self.mismatches)
        return MatchReport(self.compared, (*mended, *self.mismatches), mended)


def match(store: UserStore, pool: UserStore | None, reader: Reader, observe: Observe = iter) -> Match:
    """Return how a store matches the table. `pool` is asked only if the store keeps Cognito's ids."""
    accounts = Accounts(store.name, store.accounts())
    linked = any(map(_keeps_link, accounts.by_uuid.values()))
    if linked and pool is None:
        raise UserStoreError(
            f"{store.name}: has ids in Cognito, and the settings have no [login]; name the pool with --user-pool, or "
            "leave cognito_user_id out of users.query"
        )
    population = people(reader, observe)
    differences = mismatches(accounts, population)
    if linked and pool:
        differences += link_mismatches(accounts, Accounts(pool.name, pool.accounts()))
    compared = ComparedUsers(
        store.name, len(accounts.by_uuid), len(population.persons), len(population.members), reader.cost.units
    )
    return Match(compared, tuple(sorted(differences, key=lambda mismatch: mismatch.order)), accounts, population)


def _keeps_link(account: UserAccount) -> bool:
    return account.cognito_user_id is not None
