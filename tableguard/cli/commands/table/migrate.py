"""Move conversation rows beyond each person's first ones to the new layout, beside live traffic; --back undoes it."""

from typing import TYPE_CHECKING

import click

from tableguard.cli import options
from tableguard.cli.command import Command

if TYPE_CHECKING:
    from tableguard.cli.target import Target
    from tableguard.projection.migration.plan import MigrationPlan
    from tableguard.projection.migration.run import Migration


_UNDER_WAY = (
    "how long after a move the stream function may still write to the old place (default: its timeout in the stream "
    "stack and 5; 0 where no function runs)"
)


@click.command(cls=Command, help=__doc__, epilog="Exit codes: 0 moved and verified, 1 something is wrong, 2 error.")
@options.on_table
@options.writing
@click.option("--back", is_flag=True, help="move all further rows back, so that the former release can work again")
@click.option("--dry-run", is_flag=True, help="only say what would be moved, and what it costs")
@click.option("--add-index", is_flag=True, help="first add the index to a table outside CloudFormation, if it lacks it")
@click.option("--under-way", callback=options.seconds, type=float, metavar="SECONDS", help=_UNDER_WAY)
@options.survey
@options.as_json
def command(
    target: "Target",
    *,
    back: bool,
    dry_run: bool,
    add_index: bool,
    under_way: float | None,
    settle: float,
    workers: int,
    as_json: bool,
) -> int:
    """Say what is to move and what it costs, ask, move, wait, reconcile, verify."""
    from tableguard.cli.confirmation import check_can_ask, confirm_name
    from tableguard.cli.exit_codes import on_interruption
    from tableguard.cli.output import print_json, print_report
    from tableguard.projection.migration.run import seconds_under_way

    options.one_of({"--dry-run": dry_run, "--add-index": add_index})
    check_can_ask("table migrate", yes=target.yes or dry_run, as_json=as_json)
    migration = _migration(
        target, settle, workers, seconds_under_way(target.settings) if under_way is None else under_way
    )
    plan = _plan(target, migration, back=back, add_index=add_index)
    if dry_run:
        print_json(plan.facts()) if as_json else print(plan.text())
        return 0
    if not as_json:
        print(plan.text())
        print(f"Then it waits {migration.under_way:g} s for batches under way, and reconciles and verifies all rows.")
    if not target.yes:
        confirm_name(target.table_name)
    on_interruption(lambda: "interrupted; no row is lost. Run the same command again: it goes on, and verifies")
    return print_report(migration.run(plan), "json" if as_json else "text")


def _migration(target: "Target", settle: float, workers: int, under_way: float) -> "Migration":
    from datetime import UTC, datetime
    from functools import partial

    from tableguard.cli.progress import shown
    from tableguard.projection.migration.run import Migration
    from tableguard.projection.views import Reader

    reader = Reader(target.client, target.table_name, lambda: datetime.now(UTC), workers)
    return Migration(
        reader,
        under_way,
        settle,
        observe_rows=partial(shown, unit="rows moved"),
        observe_groups=partial(shown, unit="groups verified"),
    )


def _plan(target: "Target", migration: "Migration", *, back: bool, add_index: bool) -> "MigrationPlan":
    from functools import partial

    from tableguard.cli.progress import shown
    from tableguard.projection.migration import census, indexes
    from tableguard.projection.migration.direction import Direction
    from tableguard.projection.migration.plan import plan

    direction = Direction(target.messages.conversations_in_table, back)
    if add_index:
        indexes.add_index(target.client, target.settings, target.table_name, direction.index)
    usable = indexes.usable_indexes(target.client, target.table_name, direction.index)
    rows = census.count(migration.reader, partial(shown, unit="pages scanned"))
    return plan(migration.reader, direction, rows, usable, partial(shown, unit="persons looked at"))
