"""Count what one reading of the bootcamp's table met, and keep what somebody must look at."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tableguard.findings.counts import counted
from tableguard.projection.report import printable
from tableguard.projection.takeover.copying import Standing, Standings
from tableguard.projection.takeover.membership import Doubt
from tableguard.projection.takeover.source import SourceContents

_TO_LOOK_AT = (Standing.DIFFERENT, Standing.FUTURE)


@dataclass
class Tally:
    """What there is, how each message stands in our table, which groups are new to it, and who is not known."""

    contents: SourceContents
    new_groups: int = 0
    doubts: dict[str, Doubt] = field(default_factory=dict)
    standings: Counter[Standing] = field(default_factory=Counter)
    left: list[str] = field(default_factory=list)  # messages that were not copied or differ, with the reason
    groupless: int = 0  # messages of groups whose members are not known
    unread_groups: int = 0  # messages of groups that began after the contents: the next reading has them
    write_units: float = 0.0

    def add(self, message: Standings) -> None:
        """Count a message."""
        self.standings[message.standing] += 1
        self.write_units += message.write_units
        if message.standing in _TO_LOOK_AT:
            place = f"{message.message.group_uuid}  {message.message.created_at}  {message.message.message_uuid}"
            self.left.append(f"{place}: {message.standing.value}")

    @property
    def arrived(self) -> int:
        """Return how much of what was read had not been in our table before."""
        return self.standings[Standing.COPIED] + self.unread_groups + self.new_groups

    @property
    def is_complete(self) -> bool:
        """Tell whether everything of theirs that can be understood is in our table, as it was."""
        return not (self.doubts or self.left or self.contents.malformed)

    def lines(self) -> Iterator[str]:
        """Yield what the bootcamp's table has, and what is left of it."""
        contents = self.contents
        yield (
            f"{counted(len(contents.groups), 'group')}, {counted(contents.messages, 'message')} and "
            f"{counted(contents.rows, 'row')} in the bootcamp's table"
        )
        for group_uuid, doubt in sorted(self.doubts.items()):
            messages = counted(contents.groups[group_uuid].messages, "message")
            yield printable(f"left  {group_uuid}  {messages}: {doubt.value}")
        yield from (printable(f"left  {line}") for line in (*self.left, *contents.malformed))
        if contents.unknown.kinds:
            yield f"{counted(contents.unknown.kinds.total(), 'item')} of other kinds, left alone"

    def text(self) -> str:
        """Say what is to be copied, and what that costs."""
        there = self.standings[Standing.SAME] + self.standings[Standing.EDITED]
        missing, groups = counted(self.standings[Standing.MISSING], "message"), counted(self.new_groups, "group")
        summary = (
            f"to copy: {missing} and {groups}, for {self.write_units:g} write units, and those of their rows; "
            f"there already: {counted(there, 'message')}"
        )
        return "\n".join((*self.lines(), summary))

    def facts(self) -> dict[str, Any]:
        """Return the counts for JSON."""
        return {
            "groups": len(self.contents.groups),
            "new_groups": self.new_groups,
            "rows": self.contents.rows,
            "messages": self.contents.messages,
            "standings": {standing.name.lower(): count for standing, count in self.standings.items()},
            "messages_of_unknown_members": self.groupless,
            "messages_of_new_groups": self.unread_groups,
            "doubts": {group_uuid: doubt.name.lower() for group_uuid, doubt in sorted(self.doubts.items())},
            "left": self.left,
            "malformed": self.contents.malformed,
            "unknown_items": self.contents.unknown.kinds,
            "write_units": self.write_units,
        }
