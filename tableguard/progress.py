"""One line on a terminal's stderr that says how far a command is; nothing where nobody watches, or it is soon done."""

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

_Item = TypeVar("_Item")


class _Line(tqdm):  # type: ignore[type-arg]  # a tqdm that runs takes no argument
    """A line that comes after a second and goes at the end; no thread of tqdm's watches over it."""

    monitor_interval = 0


def shown(items: Iterable[_Item], unit: str, total: int | None = None) -> Iterator[_Item]:
    """The items, counted on a line that is overwritten."""
    yield from _Line(
        items,
        total=total,
        unit=f" {unit}",
        delay=1,
        disable=None,  # where stderr is no terminal
        leave=False,
        file=sys.stderr,  # tqdm's default is the stderr of when it was imported
        ncols=72,  # some terminals, of containers for instance, say that they have no columns and no rows
        nrows=20,
    )
