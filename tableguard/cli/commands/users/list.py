"""List the accounts of the user pool, by handle."""

from typing import TYPE_CHECKING

import click

from tableguard.cli import options
from tableguard.cli.command import Command

if TYPE_CHECKING:
    from tableguard.cli.target import Target


@click.command(cls=Command, help=__doc__)
@options.on_table
@options.with_user_pool
@options.as_json
def command(target: "Target", *, as_json: bool) -> None:
    """Print one account a line."""
    from tableguard.cli.listing import printable
    from tableguard.cli.output import print_json
    from tableguard.cli.progress import shown
    from tableguard.users.model import facts

    accounts = sorted(shown(target.user_pool.accounts(), "accounts"), key=lambda one: (one.user.handle, one.user))
    if as_json:
        print_json({"user_pool": target.user_pool.pool_id, "users": [facts(account) for account in accounts]})
        return
    for account in accounts:
        user, state = account.user, "" if account.enabled else "  disabled"
        print(f"{user.user_uuid}  {printable(user.handle)}  {printable(user.display_name)}{state}")
