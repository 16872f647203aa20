"""Runs one event source mapping, as its Lambda keeps it from one moment to the next."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from threading import Event, Lock, Thread
from typing import Any

from tableguard.aws.arn import require
from tableguard.errors import EmbeddedError
from tableguard.local.clients.factory import Clients
from tableguard.local.clients.identities import LAMBDA
from tableguard.local.event_source.activity import Activity, Seen
from tableguard.local.event_source.configuration import MappingConfiguration, mapping_configuration
from tableguard.local.event_source.deployed_mappings import deployed_mappings
from tableguard.local.event_source.failure_destination import FailureDestination
from tableguard.local.event_source.lag import StreamLag
from tableguard.local.event_source.mapping import EventSourceMapping, Invoke, exponential_backoff
from tableguard.local.event_source.stream_reader import DynamoDbStream
from tableguard.local.function.deployed import deployed_function, role_credentials
from tableguard.local.function.functions import FunctionEvent, Functions
from tableguard.local.function.outcome import Outcome, error_type

POLL_SECONDS = 0.25  # Lambda polls four times a second: https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
IDLE_SECONDS = 30.0  # between two polls while nobody tells of a write
ERROR_SECONDS = 5.0  # between two attempts of a mapping whose stream, role or function cannot be used
_GIVEN_UP = ("DroppedEventCount", "OnFailureDestinationDeliveredEventCount")


def _as_it_is(invoke: Invoke) -> Invoke:
    return invoke


@dataclass(frozen=True)
class Options:
    """Options of a caller: the clock, the backoff, and a wrapper around invocations.

    With `activity`, which must tell of every write, a poller that has settled all waits for it and does not poll.
    """

    clock: Callable[[], float] = time.time
    backoff: Callable[[int], float] = exponential_backoff
    around_invoke: Callable[[Invoke], Invoke] = _as_it_is
    activity: Activity | None = None


@dataclass(frozen=True)
class _Ends:
    """What a mapping connects, and as whom: if one of these changes, its clients are made anew."""

    function_arn: str
    role: str
    stream_arn: str
    destination_arn: str | None


class MappingRunner:
    """One running mapping, advanced by its thread or by a caller that drains it, never by both at a time."""

    def __init__(self, uuid: str, functions: Functions, options: Options) -> None:
        self.ended = False  # the mapping was deleted
        self._uuid = uuid
        self._functions = functions
        self._options = options
        self._description: Mapping[str, Any] = {}
        self._mapping: EventSourceMapping | None = None
        self._ends: _Ends | None = None
        self._failure: str | None = None  # of the last invocation
        self._seen: Seen | None = None  # when the last step began
        self._settled: Seen | None = None  # when the last step began, if it left nothing to do
        self._lock = Lock()
        self._stopped = Event()
        self._error: EmbeddedError | None = None
        self._thread: Thread | None = None

    @property
    def mapping(self) -> EventSourceMapping:
        """Return the mapping itself; EmbeddedError if it has not been run yet."""
        if self._mapping is None:
            raise self._error or EmbeddedError(f"{self._place}: is not run yet")
        return self._mapping

    @property
    def connected(self) -> bool:
        """Return True once the mapping could be run."""
        return self._mapping is not None

    @property
    def _place(self) -> str:
        return f"event source mapping {self._uuid}"

    def start(self) -> None:
        """Poll in the background, unless it does so already."""
        if self._thread is None:
            self._thread = Thread(target=self._poll, name=f"lambda {self._place}", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Let a current invocation finish, and end the thread."""
        self._stopped.set()
        if self._options.activity is not None:
            self._options.activity.wake()
        if self._thread is not None:
            self._thread.join()

    def raise_error(self) -> None:
        """Raise what made the last attempt fail, if it did."""
        if self._error is not None:
            raise self._error

    def lag(self) -> StreamLag:
        """Return how far the mapping is behind; nothing is asked where nothing was written since all was settled."""
        activity = self._options.activity
        if self._settled is not None and activity is not None and self._settled == activity.seen:
            return StreamLag()
        return self.mapping.lag()

    def drain(self, deadline: float) -> None:
        """Return once every record is delivered or discarded; EmbeddedError if that is not so at the deadline."""
        while (wait := self._step()) is not None:
            time.sleep(min(wait, POLL_SECONDS))
            if time.monotonic() > deadline:
                failure = f", its last invocation failed: {self._failure}" if self._failure else ""
                text = f"{self._place}: not drained in time; it stands at {self.mapping.checkpoints}{failure}"
                raise EmbeddedError(text)
        if not self.ended and not self.mapping.configuration.enabled:
            raise EmbeddedError(f"{self._place}: is disabled and drains nothing; enable it")

    def notice_changes(self) -> None:
        """Take over the mapping's configuration as it is now; EmbeddedError if it cannot be run."""
        description = deployed_mappings().get(self._uuid)
        if description is None:
            self.ended = True
            return
        configuration = mapping_configuration(description)
        role = deployed_function(configuration.function_arn).configuration.role
        ends = _Ends(configuration.function_arn, role, configuration.stream_arn, configuration.destination_arn)
        if ends != self._ends:
            self._connect(configuration)
            self._ends = ends
        elif description != self._description:
            self.mapping.configuration = configuration
        self._description = description

    def _connect(self, configuration: MappingConfiguration) -> None:
        """Make the mapping anew, as the function's role, from where it stood."""
        deployed = deployed_function(configuration.function_arn)
        key = role_credentials(self._functions.endpoint, deployed.configuration).access_key_id
        arn = require(configuration.stream_arn)
        clients = Clients(self._functions.endpoint, key, acting=LAMBDA)
        as_role = cache(lambda service: clients(service, arn.account, arn.region))
        options, destination = self._options, configuration.destination_arn
        mapping = EventSourceMapping(
            configuration,
            DynamoDbStream(as_role("dynamodbstreams"), configuration.stream_arn),
            options.around_invoke(self._invoke),
            deliver=FailureDestination(configuration, destination, as_role, options.clock) if destination else None,
            clock=options.clock,
            backoff=options.backoff,
        )
        if self._mapping is not None:
            mapping.replay(self._mapping.checkpoints)
            mapping.metrics = self._mapping.metrics
        self._mapping = mapping
        self._functions.warm(deployed)

    def _invoke(self, event: Any) -> Outcome:
        deployed = deployed_function(self.mapping.configuration.function_arn)
        body = json.dumps(event, ensure_ascii=False).encode()
        outcome = self._functions.invoke(deployed, FunctionEvent(body)).outcome
        self._failure = error_type(outcome)
        return outcome

    def _poll(self) -> None:
        while not self._stopped.is_set() and not self.ended:
            try:
                wait = self._step()
            except EmbeddedError as error:  # raised by the next lag or stop
                self._error = EmbeddedError(f"{self._place}: {error}")
                self._stopped.wait(ERROR_SECONDS)
            else:
                self._pause(wait)

    def _pause(self, wait: float | None) -> None:
        """Wait until the next step is due: at most four are made a second while there is nothing to do."""
        self._stopped.wait(POLL_SECONDS if wait is None else min(wait, POLL_SECONDS))
        activity = self._options.activity
        if wait is None and activity is not None and self._seen is not None:
            activity.wait(self._seen, IDLE_SECONDS, self._stopped)

    def _step(self) -> float | None:
        with self._lock:
            activity = self._options.activity
            seen = None if activity is None else activity.seen
            if seen is None or self._seen is None or seen.mappings != self._seen.mappings or self._error is not None:
                self.notice_changes()
            self._seen, self._settled = seen, None
            if self.ended:
                return None
            wait = self._noted_step()
            self._error = None
            if wait is None and self.mapping.configuration.enabled:
                self._settled = seen
            return wait

    def _noted_step(self) -> float | None:
        """Advance the mapping, and note what it gave up."""
        given_up, refused = self._given_up(), len(self.mapping.delivery_errors)
        wait = self.mapping.step()
        if self._given_up() > given_up:
            self._functions.notices.note(f"{self._place}: records given up, after all their attempts")
        for error in self.mapping.delivery_errors[refused:]:
            self._functions.notices.note(f"{self._place}: {error}")
        return wait

    def _given_up(self) -> int:
        return sum(self.mapping.metrics[name] for name in _GIVEN_UP)
