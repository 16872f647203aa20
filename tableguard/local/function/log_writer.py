"""Writes the lines of functions to their log groups, as their roles, in the background.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from queue import SimpleQueue
from threading import Event, Lock, Thread
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
BATCH_EVENTS, BATCH_BYTES, EVENT_OVERHEAD = 10_000, 1_048_576, 26

Client = Any  # a boto3 client; botocore makes their classes at run time


@dataclass(frozen=True)
class LogEvent:
    """One line, with the time at which it was written in milliseconds."""

    timestamp: int
    message: str

    @cached_property
    def size(self) -> int:
        """Return the bytes that CloudWatch Logs counts."""
        return len(self.message.encode()) + EVENT_OVERHEAD


@dataclass(frozen=True)
class LogStream:
    """Where one execution environment writes, and the client of its role with which it does."""

    function: str
    group: str
    name: str
    client: Callable[[], Client]

    def put(self, events: Sequence[LogEvent]) -> None:
        """Write events in the order of their times; group and stream are created at the first."""
        arguments = {"logGroupName": self.group, "logStreamName": self.name}
        written = [{"timestamp": event.timestamp, "message": event.message} for event in events]
        client = self.client()
        try:
            client.put_log_events(**arguments, logEvents=written)
        except client.exceptions.ResourceNotFoundException:
            self._create(client, arguments)
            client.put_log_events(**arguments, logEvents=written)

    def _create(self, client: Client, arguments: dict[str, str]) -> None:
        try:
            client.create_log_stream(**arguments)
        except client.exceptions.ResourceNotFoundException:
            client.create_log_group(logGroupName=self.group)
            client.create_log_stream(**arguments)


class LogWriter:
    """Writes in one thread, which begins with the first events; what cannot be written is said once and dropped."""

    def __init__(self, notice: Callable[[str], None]) -> None:
        self._notice = notice
        self._queue: SimpleQueue[tuple[LogStream, Sequence[LogEvent]] | Event | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._starting = Lock()
        self._said: set[str] = set()
        self._closed = False

    def write(self, stream: LogStream, events: Sequence[LogEvent]) -> None:
        """Write events soon; after `close` they are dropped."""
        with self._starting:
            if self._closed:
                return
            if self._thread is None:
                self._thread = Thread(target=self._run, name="lambda log writer", daemon=True)
                self._thread.start()
            self._queue.put((stream, events))

    def flush(self) -> None:
        """Return once all that was handed over is written."""
        done = Event()
        with self._starting:
            if self._thread is None:
                return
            self._queue.put(done)
        done.wait()

    def close(self) -> None:
        """Write what is left, and end."""
        with self._starting:
            thread, self._thread, self._closed = self._thread, None, True
        if thread is not None:
            self._queue.put(None)
            thread.join()

    def _run(self) -> None:
        while (job := self._queue.get()) is not None:
            if isinstance(job, Event):
                job.set()
            else:
                self._put(*job)

    def _put(self, stream: LogStream, events: Sequence[LogEvent]) -> None:
        try:
            for batch in batches(events):
                stream.put(batch)
        except (BotoCoreError, ClientError) as error:
            text = f"function {stream.function}: its log lines are not written to {stream.group}: {error}"
            if text not in self._said:
                self._said.add(text)
                self._notice(text)


def batches(events: Sequence[LogEvent]) -> Iterator[list[LogEvent]]:
    """Yield the same events in as many portions as PutLogEvents takes at once."""
    batch: list[LogEvent] = []
    size = 0
    for event in events:
        if batch and (len(batch) == BATCH_EVENTS or size + event.size > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(event)
        size += event.size
    if batch:
        yield batch
