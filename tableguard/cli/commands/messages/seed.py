"""Load a conversation of two users into the table; loading it twice changes nothing."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tableguard.cli import options
from tableguard.cli.command import Command

if TYPE_CHECKING:
    from tableguard.cli.target import Target

SHIPPED = Path(__file__).with_name("conversation.toml")


@click.command(cls=Command, help=__doc__)
@options.on_encrypted_table
@options.writing
@click.option(
    "--file",
    type=options.FILE,
    default=SHIPPED,
    metavar="FILE",
    help="what to load (default: the conversation that is shipped)",
)
@options.as_json
def command(target: "Target", *, file: Path, as_json: bool) -> None:
    """Load it, and print the commands that show it."""
    from tableguard.cli.output import print_json
    from tableguard.findings.counts import counted
    from tableguard.store.loading import conversation_file

    script = conversation_file.read(file)
    loaded = conversation_file.load(target.messages, script, datetime.now(UTC))
    reader, same = script.users[0], target.repeated()
    commands = (
        f"tableguard messages list-conversations {reader.user_uuid}{same}",
        f"tableguard messages get-conversation {loaded.group_uuid} {reader.user_uuid}{same}",
    )
    if as_json:
        print_json(vars(loaded) | {"commands": commands})
        return
    units = f"{loaded.read_units:g} read units, {loaded.write_units:g} write units"
    print(f"{counted(loaded.messages, 'message')} loaded, {units}")
    print(f"{commands[0]}  # {reader.display_name}")
    print(commands[1])
