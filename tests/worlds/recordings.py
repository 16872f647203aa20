"""The conversation rows that a recorded trace must lead to."""

from collections.abc import Mapping, Sequence

from stream_lambda.items import Message
from tableguard.store.loading import recording
from tableguard.store.loading.recording import TraceLine


def expected_rows(trace: Sequence[TraceLine]) -> Mapping[tuple[str, str], Message]:
    """Return, by user and group, the message that the row must show once the function has seen all messages."""
    newest: dict[str, Message] = {}
    for message in recording.messages(trace):
        best = newest.setdefault(message.group_uuid, message)
        newest[message.group_uuid] = max(best, message, key=lambda candidate: candidate.stamp)
    return {
        (user.user_uuid, group.group_uuid): newest[group.group_uuid]
        for group in recording.groups(trace)
        for user in group.members
    }
