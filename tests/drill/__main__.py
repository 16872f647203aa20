"""python -m tests.drill: faults by the thousand, and whether a message was lost."""

import argparse
import resource
import sys
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from tableguard.errors import TableguardError
from tableguard.local.dynamodb_local import engine
from tableguard.local.dynamodb_local.engine import Engine
from tableguard.store.loading import recording
from tests.cases.message_batches import Traffic, zipf
from tests.drill import report
from tests.drill.algorithms import BY_NAME
from tests.drill.crowd import FIRST_ROWS, crowded, placed
from tests.drill.drilled import drilled
from tests.drill.plan import Asked
from tests.drill.run import NeverCame


def main(arguments: Sequence[str] | None = None) -> int:
    """0 nothing is lost or wrong, 1 something is, 2 the drill could not be made."""
    options = _options(arguments)
    started = time.monotonic()
    asked = Asked(options.messages, options.faults, options.seed)
    try:
        bar = Progress(console=Console(stderr=True), disable=not sys.stderr.isatty())
        task = bar.add_task("messages", total=options.messages)
        with _engine(options.engine) as tables, bar:
            found = drilled(
                BY_NAME[options.algorithm], _traffic(options), asked, tables, lambda sent: bar.advance(task, sent)
            )
    except (NeverCame, TableguardError, ValueError) as error:
        sys.stderr.write(f"the drill could not be made: {error} (seed {asked.seed})\n")
        return 2
    spent = {"seconds": time.monotonic() - started, "seconds of CPU": _cpu()}
    sys.stdout.write((report.as_json if options.json else report.as_text)(found, spent) + "\n")
    return found.exit_code


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.drill", description=__doc__)
    parser.add_argument("--messages", type=int, default=10_000, help="how many are sent (default: 10000)")
    parser.add_argument("--faults", type=int, default=1_000, help="how many are injected (default: 1000)")
    parser.add_argument("--seed", type=int, default=1, help="from which both are drawn (default: 1)")
    parser.add_argument("--trace", type=Path, help="a recorded trace (default: drawn by Zipf's law)")
    parser.add_argument(
        "--first-rows", type=int, default=FIRST_ROWS, help=f"how many a person has (default: {FIRST_ROWS})"
    )
    parser.add_argument(
        "--engine", choices=("dynamodb-local", "moto"), default="dynamodb-local", help="who keeps the table"
    )
    parser.add_argument("--algorithm", choices=sorted(BY_NAME), default="pattern-d", help="which function is drilled")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args(arguments)


def _engine(name: str) -> AbstractContextManager[Engine | None]:
    return nullcontext() if name == "moto" else engine.running()


def _traffic(options: argparse.Namespace) -> Traffic:
    if options.trace is None:
        groups = max(1, options.messages // 4)
        return placed(crowded(zipf(options.messages, groups, seed=options.seed)), options.first_rows)
    lines = sorted(recording.read_trace(options.trace), key=lambda line: line.unix_time)[: options.messages]
    return placed(Traffic(recording.groups(lines), tuple(recording.messages(lines))), options.first_rows)


def _cpu() -> float:
    """Of this process and of all that it started and that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


if __name__ == "__main__":
    sys.exit(main())
