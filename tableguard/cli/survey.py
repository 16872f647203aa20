"""The survey of rows that options ask for."""

from datetime import UTC, datetime

from tableguard.cli.target import Target
from tableguard.projection.survey import Survey
from tableguard.projection.views import Reader


def survey(target: Target) -> Survey:
    """Make the survey of the table that the options name."""
    options = target.options
    reader = Reader(target.client, target.table, lambda: datetime.now(UTC), options.workers)
    return Survey(reader, options.settle, progress=not options.json)
