"""Let a person sign in no more, and end their sessions; their messages and rows stay as they are."""

from typing import TYPE_CHECKING

import click

from tableguard.cli import options
from tableguard.cli.command import Command

if TYPE_CHECKING:
    from tableguard.cli.target import Target


@click.command(cls=Command, help=__doc__)
@options.on_table
@options.with_user_pool
@options.writing
@options.user
@options.as_json
def command(target: "Target", *, user: str, as_json: bool) -> None:
    """Change the account, and say so."""
    from tableguard.cli.output import print_json

    target.user_pool.disable(user)
    if as_json:
        print_json({"user_pool": target.user_pool.pool_id, "disabled": user})
    else:
        print(f"disabled {user}")
