"""The way back: write into the bootcamp's table what our application has written, edited and deleted since.

Of theirs nothing is deleted but a row that is put again at a newer time, in one transaction. So what is killed at any
point is taken up by the next run. Their function may run meanwhile: it puts the same rows at the same times, and where
it goes back to an older message, the next reading mends the row.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stream_lambda import items
from stream_lambda.batch_get import KEYS_PER_CALL, chunks
from stream_lambda.items import Group, Item, ItemError, Message
from tableguard.findings.counts import counted
from tableguard.projection.scan import scan
from tableguard.projection.takeover.copying import Copier
from tableguard.projection.takeover.differences import differences
from tableguard.projection.takeover.return_report import ReturnReport, ReturnTally
from tableguard.projection.takeover.returning import Writer
from tableguard.projection.takeover.source import Source
from tableguard.store.bootcamp.layout import GroupRow
from tableguard.store.newest_message import is_past

_READINGS = 4  # as long as messages arrive, each finds some; what arrives after the last is for the next run
_Rows = Mapping[str, Mapping[str, Sequence[GroupRow]]]  # group -> owner -> rows


@dataclass(frozen=True)
class WayBack:
    """Our table with the cipher of its texts, and theirs."""

    copier: Copier
    source: Source
    under_way: float = 0.0  # seconds for which their function may still put rows again
    sleep: Callable[[float], object] = time.sleep
    observe_groups: Callable[[Iterable[Group]], Iterable[Group]] = iter

    def look(self) -> ReturnTally:
        """Say what would be written; nothing is."""
        return self._read(write=False)

    def run(self) -> ReturnReport:
        """Write, wait, and read again until there is no difference."""
        tallies = [self._read(write=True)]
        while len(tallies) < 2 or (tallies[-1].changes and len(tallies) < _READINGS):
            self.sleep(self.under_way)
            tallies.append(self._read(write=True))
        return ReturnReport(tallies)

    def _read(self, *, write: bool) -> ReturnTally:
        tally, rows = ReturnTally(), _rows(self.source)
        writer = Writer(self.source)
        for group in self.observe_groups(self._groups(tally)):
            ours = list(self._ours(group, tally))
            theirs = list(_query(self.source.client, self.source.table_name, group.group_uuid))
            different = differences(group, ours, theirs, rows.get(group.group_uuid, {}), self.source.zone)
            tally.add(different)
            if write:
                writer.write(different)
        return tally

    def _groups(self, tally: ReturnTally) -> Iterator[Group]:
        """Yield our groups of two; others have no place in the bootcamp's table."""
        for page in scan(self.copier.reader):
            for chunk in chunks(page.groups, KEYS_PER_CALL):
                for group_uuid, item in sorted(self.copier.reader.groups(chunk).items()):
                    try:
                        group = items.group_of(item)
                    except ItemError as error:
                        tally.left.append(f"{group_uuid}: {error}")
                        continue
                    if len(group.members) == 2:
                        yield group
                    else:
                        members = counted(len(group.members), "member")
                        tally.left.append(f"{group_uuid}: {members}; the bootcamp's groups are of two")

    def _ours(self, group: Group, tally: ReturnTally) -> Iterator[Message]:
        """Yield our messages of a group with their texts, but for those that have expired."""
        reader = self.copier.reader
        for item in _query(reader.client, reader.table_name, group.group_uuid):
            try:
                message = self.copier.opened(items.message_of(item))
            except ItemError as error:
                tally.left.append(f"{group.group_uuid}  {item['sk']['S']}: {error}")
                continue
            if isinstance(message.text, bytes):
                tally.left.append(f"{group.group_uuid}  {message.created_at}: its text is encrypted, under another key")
            elif not is_past(message.expires_at, reader.clock()):
                yield message


def _rows(source: Source) -> _Rows:
    rows: dict[str, dict[str, list[GroupRow]]] = defaultdict(lambda: defaultdict(list))
    for page in source.pages():
        for row in page.rows:
            rows[row.group_uuid][row.owner_uuid].append(row)
    return rows


def _query(client: Any, table_name: str, group_uuid: str) -> Iterator[Item]:
    pages = client.get_paginator("query").paginate(
        TableName=table_name,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": items.messages_pk(group_uuid)}},
        ConsistentRead=True,
    )
    for page in pages:
        yield from page["Items"]
