"""How commands print: JSON, and the steps of what takes long."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tableguard.findings import formats
from tableguard.findings.formats import Format, Report

if TYPE_CHECKING:
    from tableguard.local.estate import Step


def print_json(facts: Mapping[str, Any]) -> None:
    """Print facts as JSON, indented."""
    sys.stdout.write(formats.as_json(facts) + "\n")


def print_report(report: Report, form: Format) -> int:
    """Print a report in one of the formats and return its exit code."""
    print(formats.write(report, form))
    return report.exit_code


@contextmanager
def steps(*, to_stderr: bool = False) -> "Iterator[Callable[[Step], None]]":
    """Hand out a function that prints a step that is done."""
    from tableguard.local import presentation

    stream = sys.stderr if to_stderr else sys.stdout
    yield lambda step: print(presentation.step(step), file=stream, flush=True)
