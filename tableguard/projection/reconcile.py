"""Repair the rows that disagree with the messages."""

from collections.abc import Callable
from dataclasses import dataclass

from tableguard.projection.repair import RepairOutcome, repair
from tableguard.projection.report import DriftReport, DriftResult
from tableguard.projection.survey import Survey
from tableguard.store.rows import Rows

_LOOKS = 3  # at groups in which something was mended: it is live traffic
_LEFT = frozenset({RepairOutcome.NEEDS_FORCE, RepairOutcome.HOPELESS})


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


def reconciled(survey: Callable[[], Survey]) -> tuple[DriftReport, list[DriftResult]]:
    """Repair all groups in live traffic; return the report, and what is wrong at the last look.

    What was mended is verified, and what is wrong again is mended. Each look takes a survey of its own.
    """
    report = reconcile(survey(), Choice())
    wrong = list(report.results)
    for _ in range(_LOOKS):
        left = [result for result in wrong if result.outcome in _LEFT]
        groups = {result.drift.group_uuid for result in wrong if result.outcome not in _LEFT} - {""}
        again = [reconcile(survey(), Choice(group_uuid)).results for group_uuid in sorted(groups)]
        wrong = [*left, *(result for results in again for result in results)]
        if wrong == left:
            break
    return report, wrong
