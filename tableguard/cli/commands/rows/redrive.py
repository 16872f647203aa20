"""Apply the batches that the stream function could not process, from the bucket where Lambda left them."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tableguard.cli.target import Target
    from tableguard.projection.failed_batches import Bucket, Folder

EXIT_CODES = "Exit codes: 0 nothing is left, 1 something can never be applied, 2 could not."


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add where the batches are, and what becomes of those that are applied."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--bucket", help="where the batches are (default: the estate's bucket for them)")
    where.add_argument("--folder", type=Path, help="a folder with copies of them")
    parser.add_argument("--delete", action="store_true", help="delete what is applied whole; asks for the name first")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--json", action="store_true", help="print JSON")


def main(target: "Target") -> int:
    """Print what was applied, what was newer already, and what is still bad."""
    from datetime import UTC, datetime

    from tableguard.projection import redrive

    chosen = target.options
    source = _source(target)
    if chosen.delete and not chosen.yes:
        _confirm(source, chosen.json)
    to = redrive.RedriveTarget(target.client, target.table, lambda: datetime.now(UTC))
    return redrive.run(source, to, delete=chosen.delete, as_json=chosen.json, progress=not chosen.json)


def _source(target: "Target") -> "Bucket | Folder":
    from tableguard.projection.failed_batches import Bucket, Folder, failure_bucket

    if target.options.folder:
        return Folder(target.options.folder)
    return Bucket(target.client_of("s3"), target.options.bucket or failure_bucket(target.settings))


def _confirm(source: "Bucket | Folder", as_json: bool) -> None:
    from tableguard.cli.printing import confirm
    from tableguard.errors import TableError
    from tableguard.projection.failed_batches import Bucket

    if as_json:
        raise TableError("--delete asks before it begins, which is no JSON; add --yes")
    name = source.name if isinstance(source, Bucket) else str(source.path)
    print(f"Every batch that is applied whole will be deleted from {name}.")
    confirm(name)
