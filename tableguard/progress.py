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
    # file is given: tqdm's default is the stderr of when it was imported; disable=None: where that is no terminal;
    # ncols: some terminals, of containers for instance, say that they have no columns
    yield from _Line(items, total=total, unit=f" {unit}", delay=1, disable=None, leave=False, file=sys.stderr, ncols=72)
