"""Compare the user store with the table: uuids, handles and names, and conversations of nobody; reads only."""

from typing import TYPE_CHECKING

import click

from tableguard.cli import options
from tableguard.cli.command import FINDINGS_CODES, Command

if TYPE_CHECKING:
    from tableguard.cli.target import Target
    from tableguard.findings.formats import Format


@click.command(cls=Command, help=__doc__, epilog=FINDINGS_CODES)
@options.on_table
@options.with_user_pool
@options.formats
def command(target: "Target", *, form: "Format") -> int:
    """Print what does not match, one line each, and how much of what."""
    import os
    from datetime import UTC, datetime
    from functools import partial

    from tableguard.cli.output import print_report
    from tableguard.cli.progress import shown
    from tableguard.projection.views import Reader
    from tableguard.users.matching.match import match
    from tableguard.users.stores import user_store

    reader = Reader(target.client, target.table_name, lambda: datetime.now(UTC))
    pool = target.user_pool_if_any
    store = user_store(target.settings, pool, os.environ)
    outcome = match(store, pool, reader, partial(shown, unit="groups"))
    return print_report(outcome.report(), form)
