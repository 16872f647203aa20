"""Runs the event source mappings of an account of the embedded AWS, as its Lambda API describes them.

The code comes from the deployed function, never from a source tree; every call is made as the function's role.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cache, partial
from threading import Event, Lock, Thread
from typing import Any, Self

from botocore.config import Config

from tableguard.errors import EmbeddedError
from tableguard.local.clients.refusals import refusals_as_errors
from tableguard.local.event_source.activity import Activity, Seen
from tableguard.local.event_source.configuration import mapping_configuration
from tableguard.local.event_source.failure_destination import FailureDestination
from tableguard.local.event_source.lag import StreamLag, total
from tableguard.local.event_source.mapping import EventSourceMapping, Invoke, exponential_backoff
from tableguard.local.event_source.stream_reader import DynamoDbStream
from tableguard.local.function.configuration import Credentials
from tableguard.local.function.deployed import deployed_function
from tableguard.local.function.function import Function

POLL_SECONDS = 0.25  # Lambda polls four times a second: https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
IDLE_SECONDS = 30.0  # between two polls while nobody tells of a write

Client = Any  # a boto3 client; botocore makes their classes at run time
Session = Any  # a boto3.Session; importing boto3 takes 0.3 s, so the caller does it


def _drop(log_group: str, line: str) -> None:
    """Drop log lines."""


def _as_it_is(invoke: Invoke) -> Invoke:
    return invoke


@dataclass(frozen=True)
class Options:
    """Options of a caller: the receiver of log lines, the clock, the backoff, and a wrapper around invocations.

    With `activity`, which must tell of every write, a poller that has settled all waits for it and does not poll.
    """

    log: Callable[[str, str], None] = _drop  # log group, line
    clock: Callable[[], float] = time.time
    backoff: Callable[[int], float] = exponential_backoff
    around_invoke: Callable[[Invoke], Invoke] = _as_it_is
    activity: Activity | None = None


class Poller:
    """Runs one thread for each mapping between start() and stop(); drain() works with the threads or without.

    Mappings and their functions are read once; of later changes only Enabled, the kill switch, is noticed.
    """

    def __init__(self, session: Session, endpoint: str, code_bucket: str, options: Options | None = None) -> None:
        self._session = session
        self._endpoint = endpoint
        self._code_bucket = code_bucket
        self._options = options or Options()
        self._running: list[_MappingRunner] = []

    @property
    def mappings(self) -> Mapping[str, EventSourceMapping]:
        """Return the running mappings by UUID, with their metrics and checkpoints."""
        return {running.mapping.configuration.uuid: running.mapping for running in self._running}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Load every mapping and its function, and poll in the background."""
        self._load()
        for running in self._running:
            running.start()

    def stop(self) -> None:
        """Let current invocations finish and end all processes; EmbeddedError if a mapping had failed before."""
        stopped, self._running = self._running, []
        for running in stopped:
            running.stop()
        for running in stopped:
            running.raise_error()

    def drain(self, timeout: float) -> None:
        """Return once every record is delivered or discarded; EmbeddedError if that takes over `timeout` seconds."""
        self._load()
        deadline = time.monotonic() + timeout
        for running in self._running:
            running.drain(deadline)

    def lag(self) -> StreamLag:
        """Return how far all mappings are behind; EmbeddedError if one of them has stopped."""
        for running in self._running:
            running.raise_error()
        return total(running.lag() for running in self._running)

    def _load(self) -> None:
        if self._running:
            return
        client = _clients(self._session, self._endpoint)
        with refusals_as_errors("event source mappings"):
            pages = client("lambda").get_paginator("list_event_source_mappings").paginate()
            descriptions = [mapping for page in pages for mapping in page["EventSourceMappings"]]
        with ExitStack() as loaded:  # should one of them fail, the processes of the others end
            running = [loaded.enter_context(self._run(description, client)) for description in descriptions]
            loaded.pop_all()
        self._running = running

    def _run(self, description: Mapping[str, Any], client: Callable[[str], Client]) -> "_MappingRunner":
        configuration = mapping_configuration(description)
        deployed = deployed_function(configuration.function_arn, client, self._code_bucket)
        as_role = _clients(self._session, self._endpoint, deployed.credentials)
        options, arn = self._options, configuration.destination_arn
        reader = DynamoDbStream(as_role("dynamodbstreams"), configuration.stream_arn)
        deliver = FailureDestination(configuration, arn, as_role, options.clock) if arn else None
        log = partial(options.log, deployed.configuration.log_group)
        function = Function(deployed.package, deployed.configuration, deployed.credentials, self._endpoint, log)
        function.start()
        mapping = EventSourceMapping(
            configuration,
            reader,
            options.around_invoke(function.invoke),
            deliver=deliver,
            clock=options.clock,
            backoff=options.backoff,
        )
        return _MappingRunner(mapping, function, client("lambda"), options.activity)


def _clients(session: Session, endpoint: str, role: Credentials | None = None) -> Callable[[str], Client]:
    """Return a cached factory of clients of the embedded AWS: without a proxy, and with two attempts."""
    config = Config(proxies={}, retries={"mode": "standard", "total_max_attempts": 2})
    acting = (
        {
            "aws_access_key_id": role.access_key_id,
            "aws_secret_access_key": role.secret_access_key,
            "aws_session_token": role.session_token,
        }
        if role
        else {}
    )
    return cache(lambda service: session.client(service, endpoint_url=endpoint, config=config, **acting))


class _MappingRunner:
    """One running mapping, advanced by its thread or by a caller that drains it, never by both at a time."""

    def __init__(
        self, mapping: EventSourceMapping, function: Function, lambda_client: Client, activity: Activity | None
    ) -> None:
        self.mapping = mapping
        self._function = function
        self._lambda = lambda_client
        self._activity = activity
        self._seen: Seen | None = None  # when the last step began
        self._settled: Seen | None = None  # when the last step began, if it left nothing to do
        self._lock = Lock()
        self._stopped = Event()
        self._error: EmbeddedError | None = None
        self._thread: Thread | None = None

    @property
    def _place(self) -> str:
        return f"event source mapping {self.mapping.configuration.uuid}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        if self._thread is None:
            self._thread = Thread(target=self._poll, name=f"lambda {self._place}", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._activity is not None:
            self._activity.wake()
        if self._thread is not None:
            self._thread.join()
        self._function.close()

    def raise_error(self) -> None:
        if self._error is not None:
            raise self._error

    def lag(self) -> StreamLag:
        """Return how far the mapping is behind; nothing is asked where nothing was written since all was settled."""
        if self._settled is not None and self._activity is not None and self._settled == self._activity.seen:
            return StreamLag()
        return self.mapping.lag()

    def drain(self, deadline: float) -> None:
        while (wait := self._step()) is not None:
            time.sleep(min(wait, POLL_SECONDS))
            if time.monotonic() > deadline:
                raise EmbeddedError(f"{self._place}: not drained in time; it stands at {self.mapping.checkpoints}")
        if not self.mapping.configuration.enabled:
            raise EmbeddedError(f"{self._place}: is disabled and drains nothing; enable it")

    def _poll(self) -> None:
        while not self._stopped.is_set():
            try:
                wait = self._step()
            except EmbeddedError as error:  # raised by the next drain or stop
                self._error = error
                return
            self._pause(wait)

    def _pause(self, wait: float | None) -> None:
        """Wait until the next step is due: at most four are made a second while there is nothing to do."""
        self._stopped.wait(POLL_SECONDS if wait is None else min(wait, POLL_SECONDS))
        if wait is None and self._activity is not None and self._seen is not None:
            self._activity.wait(self._seen, IDLE_SECONDS, self._stopped)

    def _step(self) -> float | None:
        with self._lock:
            self.raise_error()
            seen = self._activity.seen if self._activity is not None else None
            if seen is None or self._seen is None or seen.mappings != self._seen.mappings:
                self._notice_enabled()
            self._seen, self._settled = seen, None
            wait = self.mapping.step()
            if wait is None and self.mapping.configuration.enabled:
                self._settled = seen
            return wait

    def _notice_enabled(self) -> None:
        with refusals_as_errors(self._place):
            state = self._lambda.get_event_source_mapping(UUID=self.mapping.configuration.uuid)["State"]
        self.mapping.configuration = replace(self.mapping.configuration, enabled=state == "Enabled")
