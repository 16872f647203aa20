"""Who has which conversations: few people with many, so that most of their rows are further ones."""

from collections import Counter
from dataclasses import replace

from stream_lambda.items import Group
from tableguard.store.loading import recording
from tests.cases.message_batches import Traffic

CONVERSATIONS = 20  # of a person, on average
FIRST_ROWS = 5  # of a person


def crowded(traffic: Traffic) -> Traffic:
    """Traffic of as many pairs among few people, in place of two people for each pair."""
    people = [recording.member(number) for number in range(max(3, 2 * len(traffic.groups) // CONVERSATIONS))]
    groups = {}
    for number, group in enumerate(traffic.groups):
        one = number % len(people)
        other = (one + 1 + number // len(people) % (len(people) - 1)) % len(people)
        groups[group.group_uuid] = Group(group.group_uuid, (people[one], people[other]))
    authors = {
        member.user_uuid: author
        for group in traffic.groups
        for member, author in zip(group.members, groups[group.group_uuid].members, strict=True)
    }
    messages = [replace(message, author=authors[message.author.user_uuid]) for message in traffic.messages]
    return Traffic(tuple(groups.values()), messages)


def placed(traffic: Traffic, first_rows: int = FIRST_ROWS) -> Traffic:
    """The same with so many first rows a person; all rows that come after these are further ones."""
    counts: Counter[str] = Counter()
    groups = []
    for group in traffic.groups:
        members = [member.user_uuid for member in group.members]
        groups.append(replace(group, further=frozenset(uuid for uuid in members if counts[uuid] >= first_rows)))
        counts.update(members)
    return Traffic(tuple(groups), traffic.messages)
