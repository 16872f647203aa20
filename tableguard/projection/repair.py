"""What mends a row: one write, made only if the row is still exactly as it was seen to be wrong."""

from datetime import datetime
from enum import Enum

from tableguard.projection.drift import FORCED, HOPELESS, Drift, Kind
from tableguard.store.rows import Rows


class Outcome(Enum):
    """What became of something wrong."""

    MENDED = "mended"
    MENDABLE = "would be mended"
    CHANGED = "changed in the meantime: run again"
    NEEDS_FORCE = "left: needs --force"
    HOPELESS = "left: not ours to mend"


def repair(rows: Rows, drift: Drift, now: datetime, *, force: bool, dry_run: bool) -> Outcome:
    """Write the row as the messages say.

    Without `force` no row goes back to an older message and none that somebody may need is ended. With it a row that
    shows a message that is not there any more is put back to the newest there is, one that cannot be understood is
    written anew, and one for which there is no message or no group expires now.
    """
    if drift.kind in HOPELESS:
        return Outcome.HOPELESS
    if drift.kind in FORCED and not force:
        return Outcome.NEEDS_FORCE
    if dry_run:
        return Outcome.MENDABLE
    return Outcome.MENDED if _write(rows, drift, now) else Outcome.CHANGED


def _write(rows: Rows, drift: Drift, now: datetime) -> bool:
    if drift.wanted is None:
        return drift.seen is not None and rows.hide(drift.seen, drift.group, now)
    if drift.kind is Kind.NAMES and drift.seen is not None:
        return rows.set_other(drift.seen, drift.wanted.other)
    return rows.put(drift.wanted, drift.seen)
