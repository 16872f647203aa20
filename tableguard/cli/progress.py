"""One line on a terminal's stderr that tells how far a command is: none where nobody watches, or it is soon done."""

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from rich.progress import Progress

_Item = TypeVar("_Item")
_DELAY = 1.0  # seconds before the line appears


def shown(items: Iterable[_Item], unit: str, total: int | None = None, *, threads: bool = True) -> Iterator[_Item]:
    """Pass items on, counting them on a line that goes at the end; without threads it moves with the items alone."""
    if not sys.stderr.isatty():
        yield from items
        return
    began, bar = time.monotonic(), None
    with ExitStack() as stack:
        for number, item in enumerate(items):
            if bar is None and time.monotonic() - began > _DELAY:
                bar = stack.enter_context(_bar(threads))
                task = bar.add_task(unit, total=total, completed=number)
            yield item
            if bar is not None:
                bar.update(task, completed=number + 1, refresh=not threads)


def _bar(threads: bool) -> "Progress":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=Console(stderr=True), transient=True, auto_refresh=threads)
