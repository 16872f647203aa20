"""Traffic on a table, by threads of its own: messages, new conversations, and batches that take their time."""

import queue
import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from stream_lambda.items import Group, Message, message_item, timestamp
from tableguard.store.messages import MessageTable
from tests.worlds.messages import TABLE
from tests.worlds.migrations import batch

PAUSE = 0.02  # seconds after each message
LONGEST = 1.0  # seconds between the moments at which a batch has read its groups and begins to write


@dataclass
class LiveTraffic:
    """Messages to groups of a table and to new ones, some thirty a second, until it is stopped."""

    client: Any
    groups: Sequence[Group]
    strangers: Sequence[Group]  # conversations that begin meanwhile
    conversations_in_table: int
    sent: int = 0
    begun: int = 0
    errors: list[BaseException] = field(default_factory=list)
    _messages: "queue.Queue[Message]" = field(
        default_factory=lambda: queue.Queue(maxsize=100)
    )  # so that rows lag by a second or two at most
    _stopped: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self, functions: int = 3) -> None:
        """Begin to write, with so many functions at once behind."""
        targets = [self._write, *[self._project] * functions]
        self._threads = [threading.Thread(target=self._noting, args=(target,)) for target in targets]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Write no more, and wait until every message has been through the function."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()
        if self.errors:
            raise self.errors[0]

    def _noting(self, target: Any) -> None:
        try:
            target()
        except BaseException as error:  # noqa: BLE001  # it is raised when the traffic is stopped
            self.errors.append(error)

    def _write(self) -> None:
        chance = random.Random(1)  # noqa: S311  # traffic, not a secret
        table = MessageTable(self.client, TABLE, _now, conversations_in_table=self.conversations_in_table)
        strangers = list(self.strangers)
        while not self._stopped.is_set():
            if strangers and self.sent % 20 == 0:
                group = strangers.pop()
                created = table.create_conversation(group.members[0], group.members[1:], "nice to meet you")
                self.begun += 1
                self._messages.put(created.message)
            else:
                group = chance.choice(self.groups)
                message = Message(group.group_uuid, timestamp(_now()), f"live {self.sent}", group.members[0], "news")
                self.client.put_item(TableName=TABLE, Item=message_item(message))
                self._messages.put(message)
            self.sent += 1
            time.sleep(PAUSE)

    def _project(self) -> None:
        chance = random.Random(threading.get_ident())  # noqa: S311  # traffic, not a secret
        while not (self._stopped.is_set() and self._messages.empty()):
            if messages := self._taken():
                begun = batch(self.client, messages)
                time.sleep(chance.random() * LONGEST)  # here rows are moved
                begun.finish()

    def _taken(self) -> list[Message]:
        taken: list[Message] = []
        while len(taken) < 50:
            try:
                taken.append(self._messages.get(timeout=0.05))
            except queue.Empty:
                break
        return taken


def _now() -> datetime:
    return datetime.now(UTC)
