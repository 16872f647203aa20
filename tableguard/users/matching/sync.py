"""Mend mismatches: names in the table, Cognito's ids in a database, and on request a person's uuid."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tableguard.errors import UserStoreError
from tableguard.findings.counts import counted
from tableguard.store.members import rename_in
from tableguard.store.messages import MessageTable
from tableguard.users.matching.comparison import Mismatch, MismatchKind
from tableguard.users.matching.match import Match
from tableguard.users.matching.repointing import Repointer, Repointing, repointings
from tableguard.users.model import UserStore
from tableguard.users.postgresql import PostgresqlUsers

Observe = Callable[[Iterable[str]], Iterable[str]]


@dataclass(frozen=True)
class SyncPlan:
    """What a run mends: changed names always, Cognito's ids and uuids where that is asked for."""

    names: tuple[Mismatch, ...]
    links: tuple[Mismatch, ...]
    repointed: tuple[tuple[Repointer, tuple[Repointing, ...]], ...] = ()

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to mend."""
        return not (self.names or self.links or any(plans for _, plans in self.repointed))

    def text(self, *, dry_run: bool) -> str:
        """Return what a run mends, or would mend, a line each."""
        groups = sum(len(one.groups) for one in self.names)
        links = f", {counted(len(self.links), 'Cognito id')} to the database" if self.links else ""
        would = "Would write" if dry_run else "Writes"
        lines = [f"{would} new names of {counted(len(self.names), 'user')} in {counted(groups, 'group')}{links}."]
        for repointer, plans in self.repointed:
            moved = sum(plan.moves for plan in plans)
            whose = f"{counted(len(plans), 'conversation')} of {repointer.old_uuid} to {repointer.new.user_uuid}"
            named = f", and {'names' if moved == 1 else 'name'} {moved} of them anew" if moved else ""
            lines.append(f"{'Would give' if dry_run else 'Gives'} {whose}, messages included{named}.")
        return "\n".join(lines)


def sync_plan(outcome: Match, table: MessageTable, *, links: bool, repoint: Sequence[tuple[str, str]]) -> SyncPlan:
    """Return what of a comparison is mended; UserStoreError if two uuids cannot be one person."""
    return SyncPlan(
        tuple(one for one in outcome.mismatches if one.kind is MismatchKind.NAMES),
        tuple(one for one in outcome.mismatches if links and one.kind is MismatchKind.LINK and one.stored),
        tuple(_repointed(outcome, table, old_uuid, new_uuid) for old_uuid, new_uuid in repoint),
    )


def _repointed(
    outcome: Match, table: MessageTable, old_uuid: str, new_uuid: str
) -> tuple[Repointer, tuple[Repointing, ...]]:
    account, store = outcome.accounts.by_uuid.get(new_uuid), outcome.compared.store
    if account is None:
        raise UserStoreError(f"--repoint {old_uuid}={new_uuid}: {store} has no user {new_uuid}")
    if old_uuid in outcome.accounts.by_uuid:
        raise UserStoreError(f"--repoint {old_uuid}={new_uuid}: {store} has both, so they are two persons")
    repointer = Repointer(table, old_uuid, account.user)
    return repointer, tuple(repointings(old_uuid, account.user, repointer.groups(outcome.people)))


def sync(plan: SyncPlan, table: MessageTable, store: UserStore, observe: Observe = iter) -> None:
    """Write uuids, names and ids. Interrupted, it can be run again and does what is left."""
    for repointer, plans in plan.repointed:
        for _ in observe(one.wanted.group_uuid for one in repointer.run(plans)):
            pass
    for mismatch in plan.names:
        if mismatch.stored:
            rename_in(table, observe(mismatch.groups), mismatch.stored)
    if plan.links:
        if not isinstance(store, PostgresqlUsers):
            raise UserStoreError(f"{store.name}: keeps no Cognito ids beside its accounts")
        store.write_links({one.user_uuid: one.stored.user_uuid for one in plan.links if one.stored})
