"""Bring somebody into a group, who at once sees its newest message, or remove a member, who at once sees it no more."""

from typing import TYPE_CHECKING

import click

from tableguard.cli import options
from tableguard.cli.command import Command

if TYPE_CHECKING:
    from tableguard.cli.target import Target


@click.command(cls=Command, help=__doc__)
@options.on_table
@options.writing
@options.group
@click.argument("member", help="uuid of the member who wants it so")
@click.option("--add", nargs=3, metavar="UUID NAME HANDLE", help="whom to bring in (this or --remove)")
@click.option("--remove", metavar="UUID", help="whom to remove, or oneself to leave")
@options.as_json
def command(
    target: "Target", *, group: str, member: str, add: tuple[str, str, str] | None, remove: str | None, as_json: bool
) -> None:
    """Change the members, and print who they are now."""
    from stream_lambda.items import User
    from tableguard.cli.listing import printable
    from tableguard.cli.output import print_json
    from tableguard.store.members import add_member, remove_member

    options.one_of({"--add": add, "--remove": remove}, required=True)
    if add:
        changed = add_member(target.messages, group, member, User(*add))
    else:
        changed = remove_member(target.messages, group, member, str(remove))
    if as_json:
        print_json({"group": group, "members": [vars(user) for user in changed.members]})
        return
    for user in changed.members:
        print(f"{user.user_uuid}  {printable(user.handle)}")
