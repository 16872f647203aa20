"""The survey of rows that options choose."""

from datetime import UTC, datetime
from functools import partial

from tableguard.cli.progress import shown
from tableguard.cli.target import Target
from tableguard.projection.survey import Survey
from tableguard.projection.views import Reader


def survey(target: Target, settle: float, workers: int) -> Survey:
    """Return a survey of the target's table that shows its progress."""
    reader = Reader(target.client, target.table_name, lambda: datetime.now(UTC), workers)
    return Survey(reader, settle, observe=partial(shown, unit="groups"))
