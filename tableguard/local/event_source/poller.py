"""Runs the event source mappings of the embedded AWS, as its Lambda keeps them: new ones and changed ones too.

The code that runs is that of the deployed function, and every call is made as the function's role.
"""

import time
from collections.abc import Mapping
from threading import Event, Lock, Thread
from typing import Self

from tableguard.errors import EmbeddedError
from tableguard.local.event_source.deployed_mappings import deployed_mappings
from tableguard.local.event_source.lag import StreamLag, total
from tableguard.local.event_source.mapping import EventSourceMapping
from tableguard.local.event_source.mapping_runner import IDLE_SECONDS, POLL_SECONDS, MappingRunner, Options
from tableguard.local.function.functions import Functions


class Poller:
    """Runs one thread for each mapping between start() and stop(); drain() works with the threads or without."""

    def __init__(self, functions: Functions, options: Options | None = None) -> None:
        self._functions = functions
        self._options = options or Options()
        self._running: dict[str, MappingRunner] = {}
        self._loading = Lock()
        self._stopped = Event()
        self._thread: Thread | None = None

    @property
    def mappings(self) -> Mapping[str, EventSourceMapping]:
        """Return the running mappings by UUID, with their metrics and checkpoints."""
        return {uuid: running.mapping for uuid, running in list(self._running.items()) if running.connected}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Load every mapping and its function, poll in the background, and look out for new mappings.

        EmbeddedError if one of those that there are cannot be run; one that comes later is tried again and again.
        """
        self._load()
        try:
            for running in self._running.values():
                running.notice_changes()
        except EmbeddedError:
            self._running = {}
            raise
        self._thread = Thread(target=self._look_out, name="lambda mappings", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let current invocations finish, and end; EmbeddedError if a mapping stands still."""
        self._stopped.set()
        if self._options.activity is not None:
            self._options.activity.wake()
        if self._thread is not None:
            self._thread.join()
        stopped, self._running = list(self._running.values()), {}
        for running in stopped:
            running.stop()
        for running in stopped:
            running.raise_error()

    def drain(self, timeout: float) -> None:
        """Return once every record is delivered or discarded; EmbeddedError if that takes over `timeout` seconds."""
        self._load()
        deadline = time.monotonic() + timeout
        for running in list(self._running.values()):
            running.drain(deadline)

    def lag(self) -> StreamLag:
        """Return how far all mappings are behind; EmbeddedError if one of them stands still."""
        every = list(self._running.values())
        for running in every:
            running.raise_error()
        return total(running.lag() for running in every if running.connected)

    def _load(self) -> None:
        """Add a runner for each new mapping, and drop those that have ended."""
        with self._loading:
            kept = {uuid: running for uuid, running in self._running.items() if not running.ended}
            new = sorted(deployed_mappings().keys() - kept.keys())
            self._running = kept | {uuid: MappingRunner(uuid, self._functions, self._options) for uuid in new}

    def _look_out(self) -> None:
        activity = self._options.activity
        while not self._stopped.is_set():
            seen = None if activity is None else activity.seen
            self._load()
            for running in list(self._running.values()):
                running.start()
            self._stopped.wait(POLL_SECONDS)
            if activity is not None and seen is not None:
                activity.wait(seen, IDLE_SECONDS, self._stopped)
