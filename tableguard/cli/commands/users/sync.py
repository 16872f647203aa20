"""Mend what `users check` names: changed names in the table, and on request Cognito's ids in the database."""

from typing import TYPE_CHECKING

import click

from tableguard.cli import options
from tableguard.cli.command import Command

if TYPE_CHECKING:
    from tableguard.cli.target import Target


@click.command(cls=Command, help=__doc__, epilog="Exit codes: 0 all matches, 1 something does not, 2 error.")
@options.on_table
@options.writing
@click.option("--links", is_flag=True, help="write Cognito's ids to the database, by users.update of the settings")
@click.option("--dry-run", is_flag=True, help="only say what would be mended")
@options.as_json
def command(target: "Target", *, links: bool, dry_run: bool, as_json: bool) -> int:
    """Compare, say what is to be mended, ask, mend."""
    import os
    from datetime import UTC, datetime
    from functools import partial

    from tableguard.cli.confirmation import check_can_ask, confirm_name
    from tableguard.cli.output import print_report
    from tableguard.cli.progress import shown
    from tableguard.projection.views import Reader
    from tableguard.users.matching.match import match
    from tableguard.users.matching.sync import sync, sync_plan
    from tableguard.users.stores import stores

    check_can_ask("users sync", yes=target.yes or dry_run, as_json=as_json)
    reader = Reader(target.client, target.table_name, lambda: datetime.now(UTC))
    chosen = stores(target.settings, target.client_of, os.environ)
    outcome = match(chosen.store, chosen.pool, reader, partial(shown, unit="groups"))
    plan = sync_plan(outcome.mismatches, links=links)
    if not as_json:
        print(plan.text(dry_run=dry_run))
    if dry_run or not tuple(plan):
        return print_report(outcome.report(), "json" if as_json else "text")
    if not target.yes:
        confirm_name(target.table_name)
    sync(plan, target.messages, chosen.store, partial(shown, unit="groups renamed"))
    return print_report(outcome.report(plan), "json" if as_json else "text")
