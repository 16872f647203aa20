"""Make an account; Cognito mails a temporary password. The uuid that is printed names the person in the table."""

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
@click.argument("handle", help="the handle that others use")
@click.argument("name", help="how the person is shown")
@click.argument("email", help="where the temporary password goes")
@options.as_json
def command(target: "Target", *, handle: str, name: str, email: str, as_json: bool) -> None:
    """Create, and print the uuid."""
    from stream_lambda.items import User
    from tableguard.cli.output import print_json
    from tableguard.store.messages import check_user
    from tableguard.users.model import facts

    check_user(User("?", name, handle))
    account = target.user_pool.create(handle, name, email)
    if as_json:
        print_json({"user_pool": target.user_pool.pool_id, "created": facts(account)})
    else:
        print(account.user.user_uuid)
