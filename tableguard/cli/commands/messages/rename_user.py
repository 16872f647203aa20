"""Give a user new names in all conversations of theirs; interrupted, it can be run again and does what is left."""

import argparse
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tableguard.cli.target import Target


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add whose names, and which."""
    parser.add_argument("user", help="uuid of the user")
    parser.add_argument("name", help="how the user is shown from now on")
    parser.add_argument("handle", help="and the handle")


def main(target: "Target") -> None:
    """Rename, and say what was written."""
    from stream_lambda.items import User
    from tableguard.store.members import rename

    chosen = target.options
    renamed = rename(target.messages, User(chosen.user, chosen.name, chosen.handle), _with_progress)
    print(f"{renamed.groups} groups and {renamed.rows} rows of others name {chosen.user} anew")


def _with_progress(group_uuids: Iterable[str]) -> Iterator[str]:
    """Pass groups on, with a bar once it takes longer than a second."""
    from tqdm import tqdm

    yield from tqdm(group_uuids, unit=" groups", delay=1)
