"""Apply the batches that the stream function could not process, from the bucket where Lambda left them."""

import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tableguard.cli import options
from tableguard.cli.command import Command

if TYPE_CHECKING:
    from tableguard.cli.target import Target
    from tableguard.projection.failed_batches import Bucket, Folder


@click.command(
    cls=Command,
    help=__doc__,
    epilog="Exit codes: 0 nothing is left, 1 something can never be applied or differs from the table, 2 error.",
)
@options.on_table
@options.writing
@click.option("--bucket", metavar="BUCKET", help="where the batches are (default: the estate's bucket for them)")
@click.option("--folder", type=options.FILE, metavar="FOLDER", help="a folder with copies of them, not a bucket")
@click.option("--delete", is_flag=True, help="delete what is applied whole; asks for the name first")
@options.as_json
def command(target: "Target", *, bucket: str | None, folder: Path | None, delete: bool, as_json: bool) -> int:
    """Print what was applied, what was newer already, and what is still bad."""
    from tableguard.cli.confirmation import check_can_ask, confirm_name
    from tableguard.cli.output import print_json
    from tableguard.cli.progress import shown
    from tableguard.projection import redrive
    from tableguard.projection.failed_batches import Bucket

    options.one_of({"--bucket": bucket, "--folder": folder})
    check_can_ask("rows redrive --delete", yes=target.yes or not delete, as_json=as_json)
    source = _source(target, bucket, folder)
    if delete and not target.yes:
        name = source.name if isinstance(source, Bucket) else str(source.path)
        print(f"Every batch that is applied whole will be deleted from {name}.")
        confirm_name(name)
    table = redrive.RedriveTarget(target.client, target.table_name, lambda: datetime.now(UTC))
    results = []
    for result in redrive.redrive(source, table, partial(shown, unit="batches")):
        results.append(result)
        if not as_json:
            sys.stdout.writelines(f"{line}\n" for line in result.lines())
    report = redrive.RedriveReport(results, redrive.delete_applied(source, results) if delete else [])
    if as_json:
        print_json(report.facts())
    else:
        print(report.summary())
    return report.exit_code


def _source(target: "Target", bucket: str | None, folder: Path | None) -> "Bucket | Folder":
    from tableguard.projection.failed_batches import Bucket, Folder, failure_bucket

    if folder:
        return Folder(folder)
    return Bucket(target.client_of("s3"), bucket or failure_bucket(target.settings))
