"""What became of every message, found from the messages themselves."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from stream_lambda.items import Item, Message, row_of_key
from tableguard.projection.drift import Drift, Kind
from tableguard.projection.failed_batches import Bucket
from tableguard.projection.redrive import RedriveResult, RedriveTarget, redrive
from tableguard.projection.survey import Survey
from tableguard.projection.views import Reader
from tableguard.store.inbox import Inbox
from tests.cases.message_batches import Traffic
from tests.drill.algorithms import Shown
from tests.drill.ledger import key_of_record
from tests.drill.material import Key, Written, is_poison, key_of
from tests.drill.world import World

Owner = tuple[str, str]  # user, group
Listed = tuple[str, str]  # time of the newest message, group
_PAGE = 7  # conversations


@dataclass(frozen=True)
class Verdict:
    """What is missing and wrong: all of it empty if all is well."""

    lost: tuple[Key, ...] = ()  # neither settled by the function nor in the bucket
    not_in_bucket: int = 0  # records given up that no object holds as they were
    foreign_in_bucket: int = 0  # records of objects that nobody gave up
    slandered: tuple[str, ...] = ()  # sequence numbers of good records that the function called poison
    not_given_up: tuple[str, ...] = ()  # faults in spite of which the function settled their records
    behind: tuple[Owner, ...] = ()  # rows that showed less, at the end of any chunk, than was settled by then
    unexplained: tuple[Owner, ...] = ()  # rows wrong before the redrive, though none of the group's messages is in it
    not_redriven: tuple[str, ...] = ()  # objects without poison that redrive could not apply, or poison that it did
    wrong: tuple[Owner, ...] = ()  # rows wrong at the end
    unlisted: tuple[str, ...] = ()  # users whose pages do not show each of their conversations once, newest first
    drift: tuple[Drift, ...] = ()  # what verify-projection finds beside the poison that was put there

    @property
    def is_fine(self) -> bool:
        """Nothing lost, nothing wrong, every record that was given up in the bucket."""
        return self == Verdict()

    def lines(self) -> Iterator[str]:
        """What is wrong, one line each; keys and reasons, never texts."""
        yield from (f"lost: message {pk} {sk}" for pk, sk in self.lost)
        yield from (f"wrong: row of user {user_uuid} for group {group_uuid}" for user_uuid, group_uuid in self.wrong)
        if self.not_in_bucket:
            yield f"not in the bucket: {self.not_in_bucket} records that were given up"
        if self.foreign_in_bucket:
            yield f"in the bucket: {self.foreign_in_bucket} records that nobody gave up"
        yield from (f"called poison: the good record {number}" for number in self.slandered)
        yield from (f"settled in spite of {name}" for name in self.not_given_up)
        for user_uuid, group_uuid in self.behind:
            yield f"behind what was settled, in between: row of user {user_uuid} for group {group_uuid}"
        for user_uuid, group_uuid in self.unexplained:
            yield f"wrong before the redrive for no reason: row of user {user_uuid} for group {group_uuid}"
        yield from (f"not redriven: {name}" for name in self.not_redriven)
        yield from (f"not listed as it is: the conversations of user {user_uuid}" for user_uuid in self.unlisted)
        for drift in self.drift:
            yield f"verify-projection: {drift.kind.value}: {drift.group_uuid} {drift.user_uuid} {drift.detail}"


@dataclass(frozen=True)
class Findings:
    """The verdict, and how much there was to judge."""

    verdict: Verdict
    rows: int
    objects: int
    in_objects: int  # records
    wrong_before: tuple[Owner, ...]  # before the redrive
    further_rows: int = 0
    listed: int = 0  # conversations, in everybody's pages
    redriven: tuple[RedriveResult, ...] = field(default=(), repr=False)


def judged(world: World, traffic: Traffic, everything: Sequence[Written]) -> Findings:
    """Look at table and bucket, redrive, look again."""
    objects = list(_objects(world))
    in_objects = [record for records in objects for record in records]
    held = {key_of_record(record) for record in in_objects}
    groups_held = {pk.removeprefix("MSG#") for pk, _ in held}
    before = wrong_rows(world, traffic, everything)
    redriven = _redriven(world) if world.algorithm.ours else ()
    missing, foreign = _compared(world, in_objects)
    listings = _listings(world, traffic) if world.algorithm.ours else {}
    keys = {key_of(item) for chunk in everything for item in chunk.items}
    verdict = Verdict(
        lost=tuple(sorted(keys - world.ledger.settled - held)),
        not_in_bucket=missing,
        foreign_in_bucket=foreign,
        slandered=tuple(sorted(world.ledger.told_poison - world.ledger.sent_poison)),
        not_given_up=tuple(kind.name for kind in world.ledger.not_given_up),
        behind=tuple(sorted(world.ledger.behind)),
        unexplained=tuple(owner for owner in before if owner[1] not in groups_held),
        not_redriven=tuple(_not_redriven(world, redriven)),
        wrong=wrong_rows(world, traffic, everything),
        unlisted=tuple(_unlisted(listings, traffic, everything)) if world.algorithm.ours else (),
        drift=tuple(_drift(world, everything)) if world.algorithm.ours else (),
    )
    rows = [row_of_key(item) for item in world.rows()]
    further = sum(row is not None and row.further for row in rows)
    listed = sum(map(len, listings.values()))
    return Findings(verdict, len(rows), len(objects), len(in_objects), before, further, listed, redriven)


def _listings(world: World, traffic: Traffic) -> dict[str, list[Listed]]:
    """What the pages of each user show: times and groups."""
    users = {member.user_uuid for group in traffic.groups for member in group.members}
    return {user_uuid: list(_listed(world, user_uuid)) for user_uuid in sorted(users)}


def _listed(world: World, user_uuid: str) -> Iterator[Listed]:
    inbox = Inbox(world.dynamodb, world.table, user_uuid, datetime.now(UTC))
    token = None
    while True:
        page = inbox.page(_PAGE, token, consistent=False)
        yield from ((row.last_message_at, row.group_uuid) for row in page.items)
        token = page.token
        if token is None:
            return


def _unlisted(
    listings: Mapping[str, Sequence[Listed]], traffic: Traffic, everything: Sequence[Written]
) -> Iterator[str]:
    wanted: dict[str, list[Listed]] = {user_uuid: [] for user_uuid in listings}
    newest = _newest(everything)
    for group in traffic.groups:
        for member in group.members if group.group_uuid in newest else ():
            wanted[member.user_uuid].append((newest[group.group_uuid].created_at, group.group_uuid))
    for user_uuid, listed in listings.items():
        times = [at for at, _ in listed]
        if sorted(listed) != sorted(wanted[user_uuid]) or times != sorted(times, reverse=True):
            yield user_uuid


def wrong_rows(world: World, traffic: Traffic, everything: Sequence[Written]) -> tuple[Owner, ...]:
    """Owners of rows that are missing, too many, or show anything but the newest message of their group."""
    expected = Counter(_expected(world, traffic, everything))
    shown = Counter(
        (item["pk"]["S"].removeprefix("GRP#"), world.algorithm.group(item), world.algorithm.shown(item))
        for item in world.rows()
    )
    different = (expected - shown) + (shown - expected)
    return tuple(sorted({(user_uuid, group_uuid) for user_uuid, group_uuid, _ in different}))


def _expected(world: World, traffic: Traffic, everything: Sequence[Written]) -> Iterator[tuple[str, str, Shown]]:
    newest = _newest(everything)
    for group in traffic.groups:
        for user in group.members:
            if group.group_uuid in newest:
                yield user.user_uuid, group.group_uuid, world.algorithm.expected(newest[group.group_uuid])


def _newest(everything: Sequence[Written]) -> dict[str, Message]:
    messages = [message for chunk in everything for message in chunk.messages]
    return {message.group_uuid: message for message in sorted(messages, key=lambda message: message.created_at)}


def _objects(world: World) -> Iterator[list[Any]]:
    pages = world.s3.get_paginator("list_objects_v2").paginate(Bucket=world.bucket)
    for found in (found for page in pages for found in page.get("Contents", [])):
        body = world.s3.get_object(Bucket=world.bucket, Key=found["Key"])["Body"].read()
        yield json.loads(json.loads(body)["payload"])["Records"]


def _compared(world: World, in_objects: Sequence[Any]) -> tuple[int, int]:
    """How many records given up are not in the bucket just as they were, and how many there are beside them."""
    given_up = Counter(_text(record) for discarded in world.ledger.given_up for record in discarded.batch.events)
    found = Counter(map(_text, in_objects))
    return (given_up - found).total(), (found - given_up).total()


def _text(record: Any) -> str:
    return json.dumps(record, sort_keys=True)


def _redriven(world: World) -> tuple[RedriveResult, ...]:
    target = RedriveTarget(world.dynamodb, world.table, lambda: datetime.now(UTC))
    return tuple(redrive(Bucket(world.s3, world.bucket), target))


def _not_redriven(world: World, redriven: Sequence[RedriveResult]) -> Iterator[str]:
    poison = Counter(
        record["dynamodb"]["SequenceNumber"]
        for discarded in world.ledger.given_up
        for record in discarded.batch.events
        if is_poison(record["dynamodb"]["NewImage"])
    )
    for batch in redriven:
        bad = Counter(told.split()[1].rstrip(":") for told in batch.bad)
        if batch.failed or bad - poison:
            yield batch.name
        poison -= bad
    yield from (f"poison {number} passed for a message" for number in poison)


def _drift(world: World, everything: Sequence[Written]) -> Iterator[Drift]:
    """What verify-projection says, but what it must say of poison: above the newest of its group, or of no group."""
    survey = Survey(Reader(world.dynamodb, world.table, lambda: datetime.now(UTC)), settle=0)
    above, orphaned = _above(everything), _orphaned(everything)
    for drift in survey.of_all():
        known = (drift.group_uuid, drift.detail.split(": ")[0])
        if drift.kind is Kind.MESSAGE and known in above:
            above.remove(known)
        elif drift.kind is Kind.ORPHANED and drift.group_uuid in orphaned:
            orphaned.remove(drift.group_uuid)
        else:
            yield drift
    yield from (Drift(Kind.MESSAGE, group_uuid, detail=f"{sk}: not told") for group_uuid, sk in sorted(above))
    yield from (Drift(Kind.ORPHANED, group_uuid, detail="not told") for group_uuid in sorted(orphaned))


def _orphaned(everything: Sequence[Written]) -> set[str]:
    """Groups that are none, with poison."""
    written = {message.group_uuid for chunk in everything for message in chunk.messages}
    poison = (key_of(item)[0].removeprefix("MSG#") for chunk in everything for item in chunk.poison)
    return set(poison) - written


def _above(everything: Sequence[Written]) -> set[tuple[str, str]]:
    newest = {group_uuid: message.created_at for group_uuid, message in _newest(everything).items()}
    poison: list[Item] = [item for chunk in everything for item in chunk.poison]
    keys = [(pk.removeprefix("MSG#"), sk) for pk, sk in map(key_of, poison)]
    return {(group_uuid, sk) for group_uuid, sk in keys if group_uuid in newest and sk > newest[group_uuid]}
