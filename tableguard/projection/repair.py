"""Repair a row by one write, made only if the row still equals the wrong one that was read."""

from datetime import datetime
from enum import Enum

from tableguard.projection.drift import FORCED, HOPELESS, Drift, Kind
from tableguard.store.places import write_flag
from tableguard.store.rows import Rows, is_hidden


class RepairOutcome(Enum):
    """The outcome of a repair. Nothing is deleted: a row that expires is shown to nobody, and DynamoDB removes it."""

    MENDED = "mended"
    EXPIRED = "removed (expires now)"
    MENDABLE = "would be mended"
    EXPIRABLE = "would be removed (would expire now)"
    CHANGED = "changed in the meantime: run again"
    NEEDS_FORCE = "left: needs --force"
    HOPELESS = "left: not ours to mend"


DONE = frozenset({RepairOutcome.MENDED, RepairOutcome.EXPIRED})


def repair(rows: Rows, drift: Drift, now: datetime, *, force: bool, dry_run: bool) -> RepairOutcome:
    """Write the row as the messages say, and return the outcome.

    Without `force` no row goes back to an older message and none that somebody may need expires. With `force` a row
    whose message no longer exists goes back to the newest that does. A row that cannot be understood is written anew
    then, and a row without a message or a group expires now.
    """
    if drift.kind in HOPELESS:
        return RepairOutcome.HOPELESS
    if drift.kind in FORCED and not force:
        return RepairOutcome.NEEDS_FORCE
    if dry_run:
        return RepairOutcome.EXPIRABLE if drift.removes else RepairOutcome.MENDABLE
    if not _write(rows, drift, now):
        return RepairOutcome.CHANGED
    return RepairOutcome.EXPIRED if drift.removes else RepairOutcome.MENDED


def _write(rows: Rows, drift: Drift, now: datetime) -> bool:
    if drift.kind is Kind.UNFLAGGED:
        write_flag(rows.client, rows.table_name, drift.user_uuid)
        return True
    if drift.wanted is None:
        row = drift.seen if drift.stray is None else drift.stray
        return row is not None and rows.expire_if_unchanged(row, drift.group, now)
    if drift.wanted.further and (drift.seen is None or is_hidden(drift.seen, now)):
        write_flag(rows.client, rows.table_name, drift.user_uuid)  # before there is a row that needs it
    if drift.stray is not None:
        return rows.move_if_unchanged(drift.wanted, drift.seen, drift.stray, drift.group, now)
    if drift.kind is Kind.NAMES and drift.seen is not None:
        return rows.name_other_if_unchanged(drift.seen, drift.wanted.other)
    return rows.replace_if_unchanged(drift.wanted, drift.seen)
