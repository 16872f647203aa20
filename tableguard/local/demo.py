"""A demonstration: a few people write to each other on the running estate, and each one's list is verified."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from botocore.exceptions import ClientError

from stream_lambda.items import Conversation, User
from tableguard.errors import EmbeddedError
from tableguard.local.estate import EmbeddedEstate
from tableguard.store.encryption import cipher
from tableguard.store.messages import MessageTable

_MINA, _TEO, _IDA = (
    User("6f1c2b1e-3a53-4c0b-9b56-0a4d7f0f3e11", "Mina Berg", "mina"),
    User("b0a7d5f4-52c8-4d3f-8f0e-5c2f6d9a7e22", "Teo Alvarez", "teo"),
    User("0c3e8d52-7b1f-4b60-8a55-9d4c1e6f7a33", "Ida Lund", "ida"),
)
MEMBERS = (_MINA, _TEO, _IDA)
MESSAGES = (
    (_MINA, _TEO, "The tide clock in the harbour runs fifty minutes fast. Could you look at it?"),
    (_TEO, _MINA, "Gladly. Which harbour?"),
    (_IDA, _MINA, "Are you coming to the boathouse tonight?"),
    (_MINA, _TEO, "The small one, behind the chandler's."),
    (_MINA, _IDA, "Yes, after the clock is mended."),
    (_TEO, _IDA, "Could you lend me your ladder until tomorrow?"),
    (_TEO, _MINA, "Then I shall bring a ladder."),
)
PATIENCE = 20.0  # seconds until every row must show its newest message


@dataclass(frozen=True)
class MemberView:
    """The conversations of one member, newest first."""

    member: User
    conversations: tuple[Conversation, ...]


@dataclass(frozen=True)
class Demonstration:
    """The number of messages sent, each member's list, the durations, and the refusal to delete the table."""

    messages: int
    seen: tuple[MemberView, ...]
    seconds_to_send: float
    seconds_to_follow: float
    refusal: str


def run(estate: EmbeddedEstate, clock: Callable[[], float] = time.perf_counter) -> Demonstration:
    """Send the messages and wait until every member's list is right; EmbeddedError if that takes over PATIENCE."""
    application = estate.roles["application"]
    key = message_key(estate)
    table = MessageTable(
        application.client("dynamodb"),
        estate.settings.table_name,
        clock=lambda: datetime.now(UTC),
        cipher=cipher(key, application.client("kms")) if key else None,
    )
    started = clock()
    for sender, other, text in MESSAGES:
        table.create_conversation(sender, [other], text)
    sent = clock()
    while True:
        seen = tuple(MemberView(member, table.conversations(member.user_uuid).items) for member in MEMBERS)
        problems_left = [problem for view in seen for problem in problems(table, view)]
        if not problems_left:
            return Demonstration(len(MESSAGES), seen, sent - started, clock() - sent, refusal(estate))
        if clock() - sent > PATIENCE:
            raise EmbeddedError(f"after {PATIENCE:g} s {problems_left[0]}; {len(problems_left)} such problems")
        time.sleep(0.05)


def message_key(estate: EmbeddedEstate) -> str | None:
    """Return the ARN of the key that encrypts texts, as the table stack exports it.

    None if they are not encrypted, or if that stack is not deployed yet.
    """
    return estate.zone.exports().get(estate.settings.export("MessageKeyArn"))


def refusal(estate: EmbeddedEstate) -> str:
    """Let an administrator try to delete the table and return the refusal; EmbeddedError if there is none."""
    administrator = estate.session("administrator").client("dynamodb")
    try:
        administrator.delete_table(TableName=estate.settings.table_name)
    except ClientError as error:
        return str(error.response["Error"]["Message"])
    raise EmbeddedError("an administrator deleted the table: the guardrails do not hold")


def problems(table: MessageTable, view: MemberView) -> list[str]:
    """Return how a member's list deviates from one row a conversation, newest first, with its newest message."""
    name = view.member.handle
    partners = {
        sender if other == view.member else other for sender, other, _ in MESSAGES if view.member in (sender, other)
    }
    problems = []
    if sorted(row.other.handle for row in view.conversations) != sorted(user.handle for user in partners):
        problems.append(f"{name} does not see one conversation with each of {len(partners)} people")
    order = [row.last_message_at for row in view.conversations]
    if order != sorted(order, reverse=True):
        problems.append(f"{name}'s conversations are not newest first")
    for row in view.conversations:
        (newest,) = table.messages(row.group_uuid, view.member.user_uuid, limit=1, consistent=True).items
        if (row.last_message_uuid, row.last_message) != (newest.message_uuid, newest.summary):
            problems.append(f"{name}'s conversation with {row.other.handle} does not show its newest message")
    return problems
