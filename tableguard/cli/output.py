"""Print lines into a pipe, rich's tables and steps on a terminal, and JSON."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from tableguard.errors import TableguardError
from tableguard.findings import formats
from tableguard.findings.formats import Format, Report

if TYPE_CHECKING:
    from rich.console import Console

    from tableguard.local.estate import Step


def print_json(facts: Mapping[str, Any]) -> None:
    """Print facts as JSON, indented."""
    sys.stdout.write(formats.as_json(facts) + "\n")


@contextmanager
def private_file(path: Path) -> Iterator[TextIO]:
    """Open a file that only its owner can read; it comes to its place once it is whole, and not at all otherwise."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            yield file
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def printing_json(wanted: bool, facts: Callable[[], Mapping[str, Any]]) -> Iterator[None]:
    """Print facts as JSON when the block ends; where it fails, those so far, and why as `failure`.

    The error goes on to stderr and to the exit code as it does without JSON.
    """
    from botocore.exceptions import BotoCoreError

    try:
        yield
    except (TableguardError, BotoCoreError, KeyboardInterrupt, click.Abort) as error:
        if wanted:
            print_json({**facts(), "failure": " ".join(str(error).split()) or "interrupted"})
        raise
    if wanted:
        print_json(facts())


def print_report(report: Report, form: Format) -> int:
    """Print a report in one of the formats and return its exit code."""
    print(formats.write(report, form))
    return report.exit_code


def terminal(stream: TextIO | None = None) -> "Console | None":
    """Return rich's console for a stream (default: stdout) that is a terminal; None where lines are to be plain."""
    file = stream or sys.stdout
    if not file.isatty():
        return None
    from rich.console import Console

    context = click.get_current_context(silent=True)
    uncoloured = context is not None and context.color is False  # --no-color; NO_COLOR is rich's own
    return Console(file=file, no_color=True if uncoloured else None, highlight=False, force_terminal=True)


@contextmanager
def steps(*, to_stderr: bool = False) -> "Iterator[Callable[[Step], None]]":
    """Hand out a function that prints a step that is done; on a terminal a line tells how long the next has taken."""
    from tableguard.local import presentation

    stream = sys.stderr if to_stderr else sys.stdout
    console = terminal(stream)
    if console is None:
        yield lambda step: print(presentation.step(step), file=stream, flush=True)
        return
    with console.status("starting") as status:

        def show(step: "Step") -> None:
            console.print(f"{step.seconds:6.2f} s  [bold]{step.what:<17}[/bold] ", step.detail, sep="", soft_wrap=True)
            status.update(f"after {step.what}")

        yield show
