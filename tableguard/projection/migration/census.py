"""Count the rows of each person by their places: a scan of keys."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tableguard.projection.scan import KeyPage, scan
from tableguard.projection.views import Reader


@dataclass
class Census:
    """How many rows everybody has, who is flagged, and how many groups there are: some 200 bytes a person."""

    first: Counter[str] = field(default_factory=Counter)
    further: Counter[str] = field(default_factory=Counter)
    flagged: set[str] = field(default_factory=set)
    groups: int = 0
    read_units: float = 0.0

    @property
    def rows(self) -> int:
        """Return how many rows there are."""
        return self.first.total() + self.further.total()

    @property
    def persons(self) -> int:
        """Return how many people have rows."""
        return len(self.first.keys() | self.further.keys())

    def add(self, page: KeyPage) -> None:
        """Count what a page of the scan has."""
        self.groups += len(page.groups)
        self.flagged.update(page.flags)
        self.first.update(row.user_uuid for row in page.rows if not row.further)
        self.further.update(row.user_uuid for row in page.rows if row.further)


def count(reader: Reader, observe: Callable[[Iterable[KeyPage]], Iterable[KeyPage]] = iter) -> Census:
    """Scan the table's keys; `observe` sees each page pass."""
    census, before = Census(), reader.cost.units
    for page in observe(scan(reader)):
        census.add(page)
    census.read_units = reader.cost.units - before
    return census
