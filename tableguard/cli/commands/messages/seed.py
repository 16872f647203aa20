"""Load a conversation of two users into the table; loading it twice changes nothing."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from tableguard.cli import options

if TYPE_CHECKING:
    from tableguard.cli.target import Target

SHIPPED = Path(__file__).with_name("conversation.toml")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what to load."""
    options.add_encryption(parser)
    parser.add_argument(
        "--file", type=Path, default=SHIPPED, help="what to load (default: the conversation that is shipped)"
    )


def main(target: "Target") -> None:
    """Load it, and say how to look at it."""
    from datetime import UTC, datetime

    from tableguard.store.loading import conversation_file

    script = conversation_file.read(target.options.file)
    loaded = conversation_file.load(target.messages, script, datetime.now(UTC))
    reader, same = script.users[0], options.repeated(target.options)
    print(f"{loaded.messages} messages loaded, {loaded.read_units:g} read units, {loaded.write_units:g} write units")
    print(f"tableguard messages list-conversations {reader.user_uuid}{same}  # {reader.display_name}")
    print(f"tableguard messages get-conversation {loaded.group_uuid} {reader.user_uuid}{same}")
