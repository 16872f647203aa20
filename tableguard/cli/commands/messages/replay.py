"""Load a trace of private messages, one a line: `sender recipient weight unix-time`, with % before header lines.

What is in the table already is left alone: run it again after an interruption.
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tableguard.cli import options

if TYPE_CHECKING:
    from tableguard.cli.target import Target


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the trace, how much of it, and how fast."""
    options.add_encryption(parser)
    parser.add_argument("file", type=Path, help="the trace")
    parser.add_argument(
        "--messages", type=options.positive, metavar="N", help="only the first N messages (default: all)"
    )
    parser.add_argument("--seed", type=int, default=0, help="from which texts are drawn (default: 0)")
    parser.add_argument("--workers", type=options.positive, default=4, help="transactions written at once (default: 4)")


def main(target: "Target") -> int | None:
    """Read all of it before anything is written, then write what is absent with a progress bar."""
    from tableguard.cli.exit_codes import INTERRUPTED
    from tableguard.store.loading import recording, replay

    chosen = target.options
    trace = recording.read_trace(chosen.file)[: chosen.messages]
    try:
        done = replay.replay(
            target.client, target.table, trace, seed=chosen.seed, workers=chosen.workers, cipher=target.cipher
        )
    except replay.InterruptedReplayError as interrupted:
        sys.stderr.write(f"{interrupted}\n")
        return INTERRUPTED
    write_units = "write units not reported" if done.write_units is None else f"{done.write_units:g} write units"
    print(
        f"{done.messages} messages, {done.new_messages} new, in {done.groups} conversations of {done.users} users, "
        f"{done.read_units:g} read units, {write_units}; the texts are drawn from seed {chosen.seed}"
    )
    return None
