"""Runs deployed functions for everybody who invokes them: requests, event source mappings, topics and other services.

One process of a function is kept for its next event. While it is busy others run beside it, as on AWS.
"""

import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache, partial
from threading import Event, Lock, Thread

from tableguard.aws.arn import require
from tableguard.errors import EmbeddedError
from tableguard.local.clients.factory import Clients
from tableguard.local.clients.identities import LAMBDA
from tableguard.local.function import platform_lines
from tableguard.local.function.configuration import FunctionConfiguration
from tableguard.local.function.deployed import DeployedFunction, role_credentials
from tableguard.local.function.function import Function
from tableguard.local.function.log_writer import LogEvent, LogStream, LogWriter
from tableguard.local.function.notices import Notices, error_logged
from tableguard.local.function.outcome import Outcome, error_type
from tableguard.local.function.platform_lines import Measures
from tableguard.local.function.runtime_process import InitFailure

# seconds before each attempt of an asynchronous invocation:
# https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
ATTEMPTS = (0.0, 60.0, 120.0)


class ThrottledError(EmbeddedError):
    """As many invocations are under way as the function's reserved concurrency allows."""


def _new_id() -> str:
    return str(uuid.uuid4())


@dataclass(frozen=True)
class FunctionEvent:
    """An event for a function, as JSON, with what Lambda hands over beside it."""

    body: bytes
    client_context: str = ""
    request_id: str = field(default_factory=_new_id)


@dataclass(frozen=True)
class Invocation:
    """The outcome of one event, and the lines that went to the log meanwhile."""

    outcome: Outcome
    log: str


class Functions:
    """The execution environments of one embedded AWS."""

    def __init__(self, endpoint: str, notices: Notices | None = None) -> None:
        self.endpoint = endpoint
        self.notices = notices or Notices()
        self._writer = LogWriter(self.notices.note)
        self._idle: dict[str, _Environment] = {}  # by ARN
        self._environments: set[_Environment] = set()
        self._busy: Counter[str] = Counter()
        self._counts: Counter[tuple[str, str]] = Counter()  # by ARN and Lambda's name of the metric
        self._asynchronous: set[Thread] = set()
        self._ending = Event()
        self._lock = Lock()

    def invoke(self, deployed: DeployedFunction, event: FunctionEvent) -> Invocation:
        """Return what comes of an event; EmbeddedError if the function's role cannot be taken."""
        with self._slot(deployed):
            environment = self._environment(deployed)
            try:
                invocation = environment.run(event)
            finally:
                self._keep(environment)
        failed = error_type(invocation.outcome) is not None
        self._count(deployed.configuration.arn, "Invocations", *(["Errors"] if failed else []))
        return invocation

    def invoke_soon(self, deployed: DeployedFunction, event: FunctionEvent, retries: int = len(ATTEMPTS) - 1) -> None:
        """Invoke in the background, and again after one and three minutes while that fails."""
        attempts = ATTEMPTS[: retries + 1]
        name = f"lambda {deployed.configuration.name} event"
        thread = Thread(target=self._attempt, args=(deployed, event, attempts), name=name, daemon=True)
        with self._lock:
            self._asynchronous = {running for running in self._asynchronous if running.is_alive()} | {thread}
            thread.start()

    def warm(self, deployed: DeployedFunction) -> None:
        """Begin a cold start now, so that the first event need not wait for all of it."""
        environment = self._environment(deployed)
        environment.start()
        self._keep(environment)

    def take_counts(self) -> Counter[tuple[str, str]]:
        """Return what was counted since the last time, by function and metric of Lambda's."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        return counts

    def _count(self, arn: str, *metrics: str) -> None:
        with self._lock:
            self._counts.update((arn, metric) for metric in metrics)

    def flush_logs(self) -> None:
        """Return once all lines of finished invocations are written."""
        self._writer.flush()

    def forget(self, arn: str) -> None:
        """End the idle processes of a function that is deleted, its versions' too, or of one version."""
        with self._lock:
            arns = [idle for idle in self._idle if idle == arn or idle.startswith(f"{arn}:")]
            environments = [self._idle.pop(idle) for idle in arns]
        for environment in environments:
            self._end(environment)

    def close(self) -> None:
        """End every process, even in the middle of an event; what they have logged is written."""
        with self._lock:
            self._ending.set()
            environments = set(self._environments)
            threads = set(self._asynchronous)
        for environment in environments:
            self._end(environment)
        for thread in threads:
            thread.join()
        self._writer.close()

    @contextmanager
    def _slot(self, deployed: DeployedFunction) -> Iterator[None]:
        """Count the invocation; ThrottledError if the function's reserved concurrency allows no more."""
        name, limit = deployed.configuration.name, deployed.reserved_concurrency
        arn = require(deployed.configuration.arn)
        function = f"{arn.account} {arn.region} {name}"
        with self._lock:
            if limit is not None and self._busy[function] >= limit:
                self._counts[deployed.configuration.arn, "Throttles"] += 1
                raise ThrottledError(f"function {name}: its reserved concurrency of {limit} is in use")
            self._busy[function] += 1
        try:
            yield
        finally:
            with self._lock:
                self._busy[function] -= 1

    def _environment(self, deployed: DeployedFunction) -> "_Environment":
        with self._lock:
            idle = self._idle.pop(deployed.configuration.arn, None)
        if idle is not None and idle.configuration == deployed.configuration:
            return idle
        if idle is not None:  # of code or a configuration that was changed since
            self._end(idle)
        environment = _Environment(deployed, self.endpoint, self._writer, self.notices)
        with self._lock:
            self._environments.add(environment)
            ending = self._ending.is_set()
        if ending:
            self._end(environment)
            raise EmbeddedError(f"function {deployed.configuration.name}: the embedded AWS is ending")
        return environment

    def _keep(self, environment: "_Environment") -> None:
        arn = environment.configuration.arn
        with self._lock:
            keep = not self._ending.is_set() and arn not in self._idle
            if keep:
                self._idle[arn] = environment
        if not keep:
            self._end(environment)

    def _end(self, environment: "_Environment") -> None:
        with self._lock:
            self._environments.discard(environment)
        environment.close()

    def _attempt(self, deployed: DeployedFunction, event: FunctionEvent, attempts: tuple[float, ...]) -> None:
        for wait in attempts:
            if self._ending.wait(wait):
                return
            try:
                if error_type(self.invoke(deployed, event).outcome) is None:
                    return
            except EmbeddedError as error:
                self.notices.note(str(error))


class _Environment:
    """One process of a function, with its log stream."""

    def __init__(self, deployed: DeployedFunction, endpoint: str, writer: LogWriter, notices: Notices) -> None:
        self.configuration = configuration = deployed.configuration
        self._writer = writer
        self._notices = notices
        self._events: list[LogEvent] = []
        credentials = role_credentials(endpoint, configuration)
        clients = Clients(endpoint, credentials.access_key_id, acting=LAMBDA)
        arn = require(configuration.arn)
        client = cache(partial(clients, "logs", arn.account, arn.region))
        name = f"{datetime.now(UTC):%Y/%m/%d}/[{configuration.version}]{uuid.uuid4().hex}"
        self._stream = LogStream(configuration.name, configuration.log_group, name, client)
        self._function = Function(deployed.package, configuration, credentials, endpoint, self._log, log_stream=name)

    def run(self, event: FunctionEvent) -> Invocation:
        """Return what comes of an event; its lines go to the log stream soon."""
        request_id = event.request_id
        began, first, init = time.perf_counter(), 0, None
        try:
            init = self._function.prepare()
            began, first = time.perf_counter(), len(self._events)
            self._log(*platform_lines.start(self.configuration, request_id, time.time()))
            outcome = self._function.run(event.body, request_id, event.client_context)
        except InitFailure as failure:
            self._log(*platform_lines.start(self.configuration, request_id, time.time()))
            outcome = replace(failure.outcome, request_id=request_id)
        measures = Measures(time.perf_counter() - began, init, self._function.megabytes())
        self._log(*platform_lines.end(self.configuration, outcome, measures, time.time()))
        return self._settled(outcome, first)

    def start(self) -> None:
        """Begin the cold start."""
        self._function.start()

    def close(self) -> None:
        """End the process."""
        self._function.close()

    def _log(self, *lines: str) -> None:
        now = int(time.time() * 1000)
        self._events += [LogEvent(now, f"{line}\n") for line in lines]

    def _settled(self, outcome: Outcome, first: int) -> Invocation:
        """Hand over the lines, and note what a user of the terminal should know."""
        events, self._events = self._events, []
        self._writer.write(self._stream, events)
        _note(self.configuration, outcome, events, self._notices)
        return Invocation(outcome, "".join(event.message for event in events[first:]))


def _note(configuration: FunctionConfiguration, outcome: Outcome, events: list[LogEvent], notices: Notices) -> None:
    where = f"aws logs filter-log-events --log-group-name {configuration.log_group}"
    for event in filter(None, (error_logged(event.message) for event in events)):
        notices.note(f"function {configuration.name} reports: {event}; see {where}")
    failure = error_type(outcome)
    if failure is not None:
        notices.note(f"function {configuration.name} failed: {failure}; see {where}")


_in_use: list[Functions] = []  # at most one: a process holds one embedded AWS, and moto has no place for it


def use(functions: Functions | None) -> None:
    """Let requests to this process's embedded AWS run functions by these; by none if it is None."""
    _in_use[:] = [] if functions is None else [functions]


def in_use() -> Functions | None:
    """Return what runs functions, None if nothing does."""
    return _in_use[0] if _in_use else None
