"""Repair the rows that disagree with the messages."""

from dataclasses import dataclass

from tableguard.projection.repair import repair
from tableguard.projection.report import DriftReport, DriftResult
from tableguard.projection.survey import Survey
from tableguard.store.rows import Rows


@dataclass(frozen=True)
class Choice:
    """The operator's options: one group or all (None), only to look, and whether rows may go back or expire."""

    group_uuid: str | None = None
    dry_run: bool = False
    force: bool = False


def reconcile(survey: Survey, choice: Choice) -> DriftReport:
    """Repair one group or all, and report everything that was wrong with its outcome.

    Run again, it reports only what it could not repair.
    """
    rows = Rows(survey.reader.client, survey.reader.table_name)
    drifts = survey.of_all() if choice.group_uuid is None else survey.of_group(choice.group_uuid)
    results = [
        DriftResult(drift, repair(rows, drift, survey.reader.clock(), force=choice.force, dry_run=choice.dry_run))
        for drift in drifts
    ]
    return DriftReport(results, survey)
