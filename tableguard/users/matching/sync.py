"""Mend mismatches: names in the table by the store, Cognito's ids in a database by the user pool."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from tableguard.errors import UserStoreError
from tableguard.findings.counts import counted
from tableguard.store.members import rename_in
from tableguard.store.messages import MessageTable
from tableguard.users.matching.comparison import Mismatch, MismatchKind
from tableguard.users.model import UserStore
from tableguard.users.postgresql import PostgresqlUsers

Observe = Callable[[Iterable[str]], Iterable[str]]


@dataclass(frozen=True)
class SyncPlan:
    """The mismatches that a run mends: changed names always, Cognito's ids where that is asked for."""

    names: tuple[Mismatch, ...]
    links: tuple[Mismatch, ...]

    def text(self, *, dry_run: bool) -> str:
        """Return what a run mends, or would mend, in one line."""
        groups = sum(len(one.groups) for one in self.names)
        names = f"{counted(len(self.names), 'user')} in {counted(groups, 'group')}"
        links = f", {counted(len(self.links), 'Cognito id')} to the database" if self.links else ""
        return f"{'Would write' if dry_run else 'Writes'} new names of {names}{links}."

    def __iter__(self) -> Iterator[Mismatch]:
        yield from (*self.names, *self.links)


def sync_plan(mismatches: Sequence[Mismatch], *, links: bool) -> SyncPlan:
    """Return what of these can be mended without a person's decision."""
    return SyncPlan(
        tuple(one for one in mismatches if one.kind is MismatchKind.NAMES),
        tuple(one for one in mismatches if links and one.kind is MismatchKind.LINK and one.stored),
    )


def sync(plan: SyncPlan, table: MessageTable, store: UserStore, observe: Observe = iter) -> None:
    """Write names and ids. Interrupted, it can be run again and does what is left."""
    for mismatch in plan.names:
        if mismatch.stored:
            rename_in(table, observe(mismatch.groups), mismatch.stored)
    if plan.links:
        if not isinstance(store, PostgresqlUsers):
            raise UserStoreError(f"{store.name}: keeps no Cognito ids beside its accounts")
        store.write_links({one.user_uuid: one.stored.user_uuid for one in plan.links if one.stored})
