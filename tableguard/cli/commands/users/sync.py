"""Mend what `users check` names: changed names, and on request Cognito's ids in a database, or a person's uuid."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from tableguard.cli import options
from tableguard.cli.command import Command

if TYPE_CHECKING:
    from tableguard.cli.target import Target
    from tableguard.findings.formats import Format

_REPOINT = "give the conversations of uuid OLD to NEW, which the store has for the same person; more than once"


@click.command(cls=Command, help=__doc__, epilog="Exit codes: 0 all matches, 1 something does not, 2 error.")
@options.on_encrypted_table
@options.with_user_pool
@options.writing
@click.option("--repoint", multiple=True, metavar="OLD=NEW", help=_REPOINT)
@click.option("--links", is_flag=True, help="write Cognito's ids to the database, by users.update of the settings")
@click.option("--dry-run", is_flag=True, help="only say what would be mended")
@options.as_json
def command(target: "Target", *, repoint: Sequence[str], links: bool, dry_run: bool, as_json: bool) -> int:
    """Compare, say what is to be mended, ask, mend, compare again."""
    import os
    from datetime import UTC, datetime
    from functools import partial

    from tableguard.cli.confirmation import check_can_ask, confirm_name
    from tableguard.cli.exit_codes import on_interruption
    from tableguard.cli.output import print_report
    from tableguard.cli.progress import shown
    from tableguard.projection.views import Reader
    from tableguard.users.matching.match import match
    from tableguard.users.matching.sync import sync, sync_plan
    from tableguard.users.stores import user_store

    check_can_ask("users sync", yes=target.yes or dry_run, as_json=as_json)
    form: Format = "json" if as_json else "text"
    reader = Reader(target.client, target.table_name, lambda: datetime.now(UTC))
    pool = target.user_pool_if_any
    store = user_store(target.settings, pool, os.environ)
    before = match(store, pool, reader, partial(shown, unit="groups"))
    pairs = [_pair(text) for text in repoint]
    plan = sync_plan(before, target.messages, links=links, repoint=pairs)
    if not as_json:
        print(plan.text(dry_run=dry_run))
    if dry_run or plan.is_empty:
        return print_report(before.report(), form)
    if not target.yes:
        confirm_name(target.table_name)
    on_interruption(lambda: "interrupted; no message is lost. Run the same command again: it goes on with what is left")
    sync(plan, target.messages, store, partial(shown, unit="groups changed"))
    after = match(store, pool, reader, partial(shown, unit="groups"))
    return print_report(after.report(before.mismatches), form)


def _pair(text: str) -> tuple[str, str]:
    old, sign, new = text.partition("=")
    if not (old and sign and new and old != new):
        raise click.BadParameter(f"{text}: OLD=NEW, two uuids", click.get_current_context(), param_hint="--repoint")
    return old, new
