"""Report how a user store and the table match, and what was mended, as lines, JSON or SARIF; never a message's text."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from tableguard.findings.counts import counted
from tableguard.findings.exit_code import FINDINGS, FINE
from tableguard.findings.finding import Finding
from tableguard.findings.formats import Report
from tableguard.projection.report import printable
from tableguard.stacks.origin import python_of
from tableguard.users.matching.comparison import Mismatch, MismatchKind

_GROUPS = 3  # named in a line; --json names all
_REMEDIES = {
    MismatchKind.UUID: "if both are one person: tableguard users sync --repoint {user}={stored}",
    MismatchKind.UNKNOWN: "put the account back, or erase what is left of the person",
    MismatchKind.ORPHAN: "put the accounts back, or erase what is left of the persons",
    MismatchKind.NAMES: "tableguard users sync",
    MismatchKind.HANDLE: "give each user a handle of their own in the store",
    MismatchKind.LINK: "tableguard users sync --links",
    MismatchKind.UNLINKED: "make the account in the user pool, or remove the user from the database",
    MismatchKind.GROUP: "correct the item by hand: nothing else tells what was meant",
}


@dataclass(frozen=True)
class ComparedUsers:
    """The store and how much was compared."""

    store: str
    accounts: int
    persons: int
    groups: int
    read_units: float


@dataclass(frozen=True)
class MatchReport(Report):
    """Every mismatch, and those among them that were mended."""

    compared: ComparedUsers
    mismatches: Sequence[Mismatch]
    mended: Collection[Mismatch] = field(default=())

    @property
    def exit_code(self) -> int:
        """Return FINE if everything matches by now, else FINDINGS."""
        return FINDINGS if self._open else FINE

    @property
    def _open(self) -> list[Mismatch]:
        return [mismatch for mismatch in self.mismatches if mismatch not in self.mended]

    def text(self) -> str:
        """Write one line a mismatch, then how many of each kind, then what was compared."""
        lines = [line(mismatch) + (" [mended]" if mismatch in self.mended else "") for mismatch in self.mismatches]
        kinds = Counter(mismatch.kind for mismatch in self.mismatches)
        lines += [f"{kinds[kind]} {kind.name.lower()}: {kind.value}" for kind in MismatchKind if kinds[kind]]
        compared = self.compared
        people = counted(compared.persons, "person", "people")
        looked = f"{people} in {counted(compared.groups, 'group')}, {compared.read_units:g} read units"
        users = f"{counted(compared.accounts, 'user')} of {compared.store}"
        wrong = counted(len(self._open), "mismatch", "mismatches") if self._open else "no mismatch"
        return "\n".join([*lines, f"{users}, {looked}: {wrong}"])

    def facts(self) -> dict[str, Any]:
        """Return the same facts as a value for JSON."""
        compared = self.compared
        return {
            "store": compared.store,
            "users": compared.accounts,
            "people": compared.persons,
            "groups": compared.groups,
            "read_units": compared.read_units,
            "mismatches": Counter(mismatch.kind.name.lower() for mismatch in self.mismatches),
            "findings": [{**facts(one), "mended": one in self.mended} for one in self.mismatches],
        }

    @property
    def findings(self) -> list[Finding]:
        """Return what does not match yet; people lie in no file, so the template of their table stands for them."""
        table = python_of("table")
        start = table.line_of(("Resources", "Messages"))
        return [_finding(mismatch, table.file, start) for mismatch in self._open]


def line(mismatch: Mismatch) -> str:
    """Return one line without control characters: names come from the table and the store."""
    parts = (mismatch.kind.name.lower(), mismatch.user_uuid, mismatch.detail, _groups(mismatch.groups))
    return printable("  ".join(part for part in parts if part))


def facts(mismatch: Mismatch) -> dict[str, Any]:
    """Return the same facts for JSON."""
    stored = mismatch.stored
    return {
        "kind": mismatch.kind.name.lower(),
        "user": mismatch.user_uuid,
        "detail": mismatch.detail,
        "groups": list(mismatch.groups),
        "stored": stored and {"user": stored.user_uuid, "handle": stored.handle, "display_name": stored.display_name},
    }


def _groups(groups: Sequence[str]) -> str:
    if not groups:
        return ""
    more = f" and {len(groups) - _GROUPS} more" if len(groups) > _GROUPS else ""
    return f"in {', '.join(groups[:_GROUPS])}{more}"


def _finding(mismatch: Mismatch, file: str, start: int) -> Finding:
    path = f"user {mismatch.user_uuid}" if mismatch.user_uuid else f"group {', '.join(mismatch.groups)}"
    stored = mismatch.stored.user_uuid if mismatch.stored else "UUID"
    remedy = _REMEDIES[mismatch.kind].format(user=mismatch.user_uuid, stored=stored)
    problem = f"{mismatch.kind.value}: {mismatch.detail}"
    return Finding(mismatch.kind.name.lower(), file, printable(path), start, printable(problem), printable(remedy))
