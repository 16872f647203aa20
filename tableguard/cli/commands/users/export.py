"""Write a person's data as JSON: account, conversations and own messages, the texts of others left out."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from tableguard.cli import options
from tableguard.cli.command import Command

if TYPE_CHECKING:
    from tableguard.cli.target import Target
    from tableguard.users.export import Export, Facts

_TO = "write to this file, which only its owner can read (default: standard output)"


@click.command(cls=Command, help=__doc__, epilog="Exit codes: 0 complete, 1 a text could not be shown, 2 error.")
@options.on_encrypted_table
@options.with_user_pool
@options.user
@click.option("--output", type=options.FILE, metavar="FILE", help=_TO)
def command(target: "Target", *, user: str, output: Path | None) -> int:
    """Find by a scan what there is, then read and write it bit by bit."""
    import sys

    from stream_lambda.items import User
    from tableguard.cli.output import private_file
    from tableguard.cli.progress import shown
    from tableguard.errors import UserStoreError
    from tableguard.users import export
    from tableguard.users.holdings import TableScan

    pool = target.user_pool_if_any
    profile = pool.profile(user) if pool else None
    scan = TableScan(target.client, target.table_name, observe=partial(shown, unit="pages scanned"))
    holdings = scan.holdings(User(user, "", ""))
    if profile is None and not holdings.erasable:
        accounts = f"{pool.name} has no account of {user!r}" if pool else f"there is no user pool for {user!r}"
        raise UserStoreError(f"{accounts}, and the table nothing: is it their uuid?")
    exported = export.Export(scan, holdings, target.cipher)
    account = export.account(profile)
    if output is None:
        _write(sys.stdout, user, account, exported)
    else:
        with private_file(output) as file:
            _write(file, user, account, exported)
    sys.stderr.write(f"{len(holdings.messages)} own messages, {scan.cost.units:g} read units\n")
    for reason in exported.not_shown:
        sys.stderr.write(f"not shown: {reason}\n")
    return 1 if exported.not_shown else 0


def _write(file: TextIO, user: str, account: "Facts | None", exported: "Export") -> None:
    """Write one JSON document, of which no more than a page of messages is held."""
    import json

    def dumped(value: object) -> str:
        return json.dumps(value, ensure_ascii=False)

    file.write(f'{{"user": {dumped(user)},\n"account": {dumped(account)},\n"conversations": [')
    for number, conversation in enumerate(exported.conversations()):
        file.write(f"{',' if number else ''}\n{dumped(conversation)}")
    file.write('],\n"messages": [')
    for number, message in enumerate(exported.messages()):
        file.write(f"{',' if number else ''}\n{dumped(message)}")
    end = {"not_shown": exported.not_shown, "read_units": exported.scan.cost.units}
    file.write(f"],\n{dumped(end)[1:]}\n")
