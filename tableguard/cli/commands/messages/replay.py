"""Load a trace of private messages, one a line: `sender recipient weight unix-time`, with % before header lines.

What is in the table already is left alone: run it again after an interruption.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tableguard.cli import options
from tableguard.cli.command import Command

if TYPE_CHECKING:
    from tableguard.cli.target import Target
    from tableguard.store.loading.replay import ReplayResult


@click.command(cls=Command, help=__doc__)
@options.on_encrypted_table
@options.writing
@click.argument("file", type=options.FILE, help="the trace")
@click.option("--messages", type=options.POSITIVE, metavar="N", help="only the first N messages (default: all)")
@click.option("--seed", type=int, default=0, help="from which texts are drawn (default: 0)")
@click.option("--workers", type=options.POSITIVE, default=4, help="transactions written at once (default: 4)")
@options.as_json
def command(target: "Target", *, file: Path, messages: int | None, seed: int, workers: int, as_json: bool) -> None:
    """Read all of it before anything is written, then write what is absent."""
    from stream_lambda.items import Message
    from tableguard.cli.exit_codes import on_interruption
    from tableguard.cli.output import print_json
    from tableguard.cli.progress import shown
    from tableguard.findings.counts import counted
    from tableguard.store.loading import recording, replay

    trace = recording.read_trace(file)[:messages]
    written = 0

    def observe(passing: Iterable[Message]) -> Iterator[Message]:
        nonlocal written
        for message in shown(passing, "messages", len(trace)):
            written += 1
            yield message

    on_interruption(
        lambda: f"interrupted after {counted(written, 'message')}: run it again, what is there is left alone"
    )
    replayed = replay.replay(
        target.client,
        target.table_name,
        trace,
        target.messages.places(),
        seed=seed,
        workers=workers,
        cipher=target.cipher,
        observe_groups=partial(shown, unit="conversations"),
        observe=observe,
    )
    if as_json:
        print_json(asdict(replayed) | {"seed": seed})
    else:
        print(f"{_counts(replayed)}; the texts are drawn from seed {seed}")


def _counts(replayed: "ReplayResult") -> str:
    from tableguard.findings.counts import counted

    units = replayed.write_units
    return (
        f"{counted(replayed.messages, 'message')}, {replayed.new_messages} new, in "
        f"{counted(replayed.groups, 'conversation')} of {counted(replayed.users, 'user')}, "
        f"{replayed.read_units:g} read units, "
        f"{'write units not reported' if units is None else f'{units:g} write units'}"
    )
