"""What the scripts of scripts/projection share: options of a survey, and the survey that they ask for."""

import argparse
from datetime import UTC, datetime

from tableguard import cli_table
from tableguard.operations.survey import Survey
from tableguard.operations.views import Reader
from tableguard.settings import Settings


def add_survey(found: argparse.ArgumentParser) -> None:
    """How long to wait between the two looks, how much to ask at once, and how to print."""
    found.add_argument(
        "--settle",
        type=_seconds,
        default=5.0,
        metavar="SECONDS",
        help="how long a message may be on its way to the rows: what is wrong is looked at again (default: 5)",
    )
    found.add_argument("--workers", type=cli_table.positive, default=8, help="queries at once (default: 8)")
    found.add_argument("--json", action="store_true", help="print JSON")


def survey(target: cli_table.Target) -> Survey:
    """The survey of the table that the options name."""
    options = target.options
    reader = Reader(target.client, target.table, lambda: datetime.now(UTC), options.workers)
    return Survey(reader, options.settle, progress=not options.json)


def failure_bucket(settings: Settings) -> str:
    """The bucket of the stream stack in which Lambda leaves the batches that it gives up."""
    return f"{settings.name}-failures-{settings.account_id}-{settings.home_region}"


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds") from error
    if not 0 <= seconds <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r}: from 0 to 3600 seconds")
    return seconds
