"""A fresh copy of the estate for each attempt: the process divides, and what the copy does ends with it.

Deploying an estate takes seconds, and dividing the process a few hundredths of one. Only a process with one thread can
be divided safely, so what works in the background ends beforehand: clients of an estate in their own process reach it
without a server. https://docs.python.org/3/library/os.html#os.fork
"""

import gc
import json
import os
import selectors
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from tableguard.errors import EmbeddedError, TableguardError
from tableguard.local.clients import served
from tableguard.local.estate import EmbeddedEstate

_PATIENCE = 10.0  # seconds until the last thread must have ended

Answer = Mapping[str, Any]  # of JSON's types
Task = Callable[[], Answer]


def quieten(running: EmbeddedEstate) -> None:
    """End what works in the background; EmbeddedError if something goes on."""
    running.poller.stop()
    running.functions.close()
    served.SERVERS[running.endpoint].shutdown()
    deadline = time.monotonic() + _PATIENCE
    while threading.active_count() > 1:
        if time.monotonic() > deadline:
            going_on = ", ".join(thread.name for thread in threading.enumerate()[1:])
            raise EmbeddedError(f"the estate cannot be copied while other threads run: {going_on}")
        time.sleep(0.01)
    gc.collect()
    gc.freeze()  # so that looking for garbage copies no memory


def answers(tasks: Sequence[Task], at_once: int) -> Iterator[tuple[int, Answer]]:
    """Yield the number and the answer of each task, each done in a copy of this process, as they end.

    EmbeddedError if a copy ends without an answer.
    """
    copies: dict[int, _Copy] = {}  # by the end of the pipe that is read
    waiting = iter(enumerate(tasks))
    with selectors.DefaultSelector() as selector:
        try:
            while True:
                for _, task in zip(range(at_once - len(copies)), waiting, strict=False):
                    copy = _copy(*task)
                    copies[copy.pipe] = copy
                    selector.register(copy.pipe, selectors.EVENT_READ)
                if not copies:
                    return
                for key, _ in selector.select():
                    if not copies[key.fd].read():
                        selector.unregister(key.fd)
                        copy = copies.pop(key.fd)
                        yield copy.number, copy.answer()
        finally:
            for copy in copies.values():
                copy.end()


class _Copy:
    """A copy of this process that does one task."""

    def __init__(self, number: int, pid: int, pipe: int) -> None:
        self.number, self.pid, self.pipe = number, pid, pipe
        self._parts: list[bytes] = []

    def read(self) -> bool:
        """Read what is there; False once the copy has closed its end."""
        part = os.read(self.pipe, 1 << 16)
        self._parts.append(part)
        return bool(part)

    def answer(self) -> Answer:
        """Return the answer of a copy that has ended; EmbeddedError if it has none."""
        os.close(self.pipe)
        _, status = os.waitpid(self.pid, 0)
        if status:
            raise EmbeddedError(f"a copy of the estate ended without an answer (status {status}); see above")
        answer: dict[str, Any] = json.loads(b"".join(self._parts))
        if "failure" in answer:
            raise EmbeddedError(answer["failure"])
        return answer

    def end(self) -> None:
        """End it before it is done."""
        os.close(self.pipe)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def _copy(number: int, task: Task) -> _Copy:
    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        os._exit(_done(task, writing))  # nothing that belongs to the original is cleaned up
    os.close(writing)
    return _Copy(number, pid, reading)


def _done(task: Task, writing: int) -> int:
    """Do a task and write its answer; return the copy's exit status."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    try:
        try:
            answer = task()
        except TableguardError as error:
            answer = {"failure": str(error)}
        with open(writing, "wb") as pipe:
            pipe.write(json.dumps(answer).encode())
    except BaseException:  # noqa: BLE001  # a copy must not go on as the original
        traceback.print_exc()
        sys.stderr.flush()
        return 1
    return 0
