"""Bring somebody into a group, who at once sees its newest message, or remove a member, who at once sees it no more."""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tableguard.cli.target import Target


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add who wants whom to come or go."""
    parser.add_argument("group", help="uuid of the group")
    parser.add_argument("member", help="uuid of the member who wants it so")
    change = parser.add_mutually_exclusive_group(required=True)
    change.add_argument("--add", nargs=3, metavar=("UUID", "NAME", "HANDLE"), help="whom to bring in")
    change.add_argument("--remove", metavar="UUID", help="whom to remove, or oneself to leave")


def main(target: "Target") -> None:
    """Change the members, and say who they are now."""
    from stream_lambda.items import User
    from tableguard.cli.printing import shown
    from tableguard.store.members import add_member, remove_member

    chosen = target.options
    if chosen.add:
        group = add_member(target.messages, chosen.group, chosen.member, User(*chosen.add))
    else:
        group = remove_member(target.messages, chosen.group, chosen.member, chosen.remove)
    for member in group.members:
        print(f"{member.user_uuid}  {shown(member.handle)}")
