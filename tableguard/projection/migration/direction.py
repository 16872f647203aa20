"""Which rows are moved: there, those of a person beyond the first N; back, all further ones."""

from dataclasses import dataclass

from stream_lambda.items import FORMER_INDEX, INDEX, RowKey
from tableguard.projection.migration.census import Census
from tableguard.projection.migration.partition import Partition


@dataclass(frozen=True)
class Direction:
    """There, with at most so many first rows a person, or back."""

    conversations_in_table: int
    back: bool = False

    @property
    def index(self) -> str:
        """Return the index without which the rows could not be listed where they are moved to."""
        return FORMER_INDEX if self.back else INDEX

    @property
    def whose(self) -> str:
        """Say in a few words whose rows are moved."""
        return "with further rows" if self.back else f"with more than {self.conversations_in_table} first rows"

    @property
    def where(self) -> str:
        """Say in a few words where they are moved to."""
        return "to be first rows again" if self.back else "to be further rows; the newest of each person stay"

    def persons(self, census: Census) -> list[str]:
        """Return who has rows to move, in order of their uuids."""
        if self.back:
            return sorted(census.further)
        return sorted(user for user, rows in census.first.items() if rows > self.conversations_in_table)

    def rows(self, partition: Partition) -> list[RowKey]:
        """Return which of a person's rows are moved.

        There, the N with the newest messages stay first rows: the next message is likeliest in one of these, and costs
        one unit there instead of three. A row that is at both places is not counted: reconciling takes one away.
        """
        further = partition.newest_first(further=True)
        if self.back:
            return further
        moved = set(further)
        first = [row for row in partition.newest_first(further=False) if row.other_place not in moved]
        return first[self.conversations_in_table :]
