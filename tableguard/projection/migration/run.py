"""Run a migration: move, wait for the batches under way, reconcile, verify. Killed at any point, it is run again.

A batch of the stream function that read a group before a row of it was moved writes the row at the old place, perhaps
after the move. That brings the old row back to life and leaves the new one behind. It can happen for as long as the
function may run, and the move may be that of an earlier run that was killed. So every run waits, and then reconciles
all rows at both places.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tableguard.errors import TemplateError
from tableguard.projection.migration import census
from tableguard.projection.migration.flags import expire_flags
from tableguard.projection.migration.mover import Moved, Mover
from tableguard.projection.migration.plan import MigrationPlan
from tableguard.projection.migration.report import MigrationReport
from tableguard.projection.reconcile import reconciled
from tableguard.projection.survey import Survey
from tableguard.projection.views import Reader
from tableguard.settings import Settings
from tableguard.stacks.registry import find_stack

_LAST_WRITE = 5.0  # seconds in which a write that the function sent before it was cut off still arrives


def seconds_under_way(settings: Settings) -> float:
    """Return how long after a move a batch of the stream function may still write to the old place."""
    resources = find_stack("stream").document(settings)["Resources"].values()
    timeouts = [r["Properties"]["Timeout"] for r in resources if r["Type"] == "AWS::Lambda::Function"]
    if not timeouts:
        raise TemplateError("stack stream: no function with a Timeout")
    return float(max(timeouts)) + _LAST_WRITE


@dataclass(frozen=True)
class Migration:
    """A reader of the table, how long to wait after the last move, and how a survey looks again."""

    reader: Reader
    under_way: float
    settle: float = 5.0
    sleep: Callable[[float], object] = time.sleep
    observe_rows: Callable[[Iterable[Moved]], Iterable[Moved]] = iter
    observe_groups: Callable[[Iterable[str]], Iterable[str]] = iter

    def run(self, plan: MigrationPlan) -> MigrationReport:
        """Do what the plan says, and whatever else is due by now; return what was done and what is wrong at the end."""
        mover = Mover(self.reader, plan.direction, self.sleep)
        moved = list(self.observe_rows(mover.move(plan.persons)))
        self.sleep(self.under_way)
        report, wrong = reconciled(self._survey)
        left, flags = self._finish_back() if plan.direction.back else (0, 0)
        return MigrationReport(plan, moved, report, wrong, left, flags)

    def _finish_back(self) -> tuple[int, int]:
        """Expire the flags; return how many further rows there are now, and how many flags expired."""
        now = census.count(self.reader)
        return now.further.total(), expire_flags(self.reader, now.flagged)

    def _survey(self) -> Survey:
        return Survey(self.reader, self.settle, self.observe_groups, self.sleep)
