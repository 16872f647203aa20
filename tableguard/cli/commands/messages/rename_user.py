"""Give a user new names in all conversations of theirs; interrupted, it can be run again and does what is left."""

from functools import partial
from typing import TYPE_CHECKING

import click

from tableguard.cli import options
from tableguard.cli.command import Command

if TYPE_CHECKING:
    from tableguard.cli.target import Target


@click.command(cls=Command, help=__doc__)
@options.on_table
@options.writing
@click.argument("user", help="uuid of the user")
@click.argument("name", help="how the user is shown from now on")
@click.argument("handle", help="and the handle")
@options.as_json
def command(target: "Target", *, user: str, name: str, handle: str, as_json: bool) -> None:
    """Rename, and print what was written."""
    from stream_lambda.items import User
    from tableguard.cli.output import print_json
    from tableguard.cli.progress import shown
    from tableguard.findings.counts import counted
    from tableguard.store.members import rename

    renamed = rename(target.messages, User(user, name, handle), partial(shown, unit="groups"))
    if as_json:
        print_json({"user": user, "groups": renamed.groups, "rows": renamed.rows})
        return
    verb = "names" if renamed.groups + renamed.rows == 1 else "name"
    print(f"{counted(renamed.groups, 'group')} and {counted(renamed.rows, 'row')} of others {verb} {user} anew")
