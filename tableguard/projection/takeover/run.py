"""Run an takeover: read theirs, copy what ours lacks, read again until nothing new is found, and mend the rows.

Theirs is only read. Every reading compares every message with ours, so the last one is the verification too. Killed at
any point it is run again: what is there is not written twice.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from stream_lambda.batch_get import KEYS_PER_CALL, chunks
from stream_lambda.items import Group, Message, group_item, message_item
from tableguard.aws.item_size import item_size
from tableguard.projection.reconcile import reconciled
from tableguard.projection.survey import Survey
from tableguard.projection.takeover import source as sources
from tableguard.projection.takeover.copying import Copier, Standing, Standings
from tableguard.projection.takeover.membership import Doubt, members_of
from tableguard.projection.takeover.report import TakeoverReport
from tableguard.projection.takeover.source import Source
from tableguard.projection.takeover.tally import Tally
from tableguard.projection.views import Reader
from tableguard.store.places import Places

_READINGS = 4  # as long as messages arrive, each finds some; what arrives after the last is for the next run
_UNIT = 1024  # bytes that one write unit writes


@dataclass(frozen=True)
class Takeover:
    """Their table, a copier into ours, what places new rows, and how a survey of the rows looks again."""

    source: Source
    copier: Copier
    places: Callable[[], Places]
    authors: bool = False
    under_way: float = 0.0  # seconds for which the stream function may still write rows of what was copied
    settle: float = 5.0
    sleep: Callable[[float], object] = time.sleep
    observe_groups: Callable[[Iterable[str]], Iterable[str]] = iter

    def look(self) -> Tally:
        """Read theirs and say what would be copied; nothing is written."""
        return self._read(write=False)

    def run(self) -> TakeoverReport:
        """Copy, read again until nothing is new, wait for the rows, and mend those that are wrong."""
        tallies = [self._read(write=True)]
        while len(tallies) < 2 or (tallies[-1].arrived and len(tallies) < _READINGS):
            tallies.append(self._read(write=True))
        self.sleep(self.under_way)
        survey, wrong = reconciled(self._survey)
        return TakeoverReport(tallies, survey, wrong)

    def _survey(self) -> Survey:
        return Survey(self._ours, self.settle, self.observe_groups, self.sleep)

    @property
    def _ours(self) -> Reader:
        return self.copier.reader

    def _read(self, *, write: bool) -> Tally:
        tally = Tally(sources.count(self.source))
        groups = self._add_groups(tally, write=write)
        for page in self.source.pages():
            messages = [message for message in page.messages if message.group_uuid in groups]
            groupless = [m.group_uuid for m in page.messages if m.group_uuid not in groups]
            tally.groupless += sum(group_uuid in tally.doubts for group_uuid in groupless)
            tally.unread_groups += sum(group_uuid not in tally.doubts for group_uuid in groupless)
            for standing in self._standings(messages, write=write):
                tally.add(standing)
        return tally

    def _standings(self, messages: list[Message], *, write: bool) -> Iterator[Standings]:
        missing: list[Message] = []
        for standing in self.copier.look(messages):
            if standing.standing is not Standing.MISSING:
                yield standing
            elif write:
                missing.append(standing.message)
            else:
                yield replace(standing, write_units=-(-item_size(message_item(standing.message)) // _UNIT))
        yield from self.copier.copy(missing)

    def _add_groups(self, tally: Tally, *, write: bool) -> set[str]:
        """Write the groups that are not there yet; return all whose members are known."""
        there, places = set[str](), self.places()
        for chunk in chunks(sorted(tally.contents.groups), KEYS_PER_CALL):
            present = self._ours.groups(chunk)
            there |= present.keys()
            for group_uuid in chunk:
                if group_uuid in present:
                    continue  # ours is the truth from here on: a member may have left, or have another name
                group = members_of(tally.contents, group_uuid, authors=self.authors)
                if isinstance(group, Doubt):
                    tally.doubts[group_uuid] = group
                    continue
                there.add(group_uuid)
                tally.new_groups += 1
                tally.write_units += self._add_group(group, places) if write else 1.0
        return there

    def _add_group(self, group: Group, places: Places) -> float:
        before = places.write_units
        placed = replace(group, further=places.further(member.user_uuid for member in group.members))
        client = self._ours.client
        try:
            answer = client.put_item(
                TableName=self._ours.table_name,
                Item=group_item(placed),
                ConditionExpression="attribute_not_exists(pk)",
                ReturnConsumedCapacity="TOTAL",
            )
        except client.exceptions.ConditionalCheckFailedException:
            return 0.0  # another run was first
        return places.write_units - before + float((answer.get("ConsumedCapacity") or {}).get("CapacityUnits", 0.0))
