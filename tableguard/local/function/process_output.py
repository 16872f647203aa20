"""The lines that a process writes: passed on as they come, and all of them at once where somebody must have them."""

import os
import select
from collections.abc import Callable
from threading import Lock
from typing import IO

_CHUNK = 65_536


class ProcessOutput:
    """Reads a pipe line by line; `follow` runs in a thread of its own, and `drain` beside it in any other."""

    def __init__(self, pipe: IO[bytes], log: Callable[[str], None]) -> None:
        self._pipe = pipe
        self._log = log
        self._rest = b""
        self._ended = False
        self._lock = Lock()

    def follow(self) -> None:
        """Pass on all lines until the last process that holds the pipe has ended."""
        with self._pipe:
            while not self._ended:
                self._readable(None)
                self.drain()

    def drain(self) -> None:
        """Pass on all that was written until now."""
        with self._lock:
            while not self._ended and self._readable(0):
                chunk = os.read(self._pipe.fileno(), _CHUNK)
                self._ended = not chunk
                self._pass_on(chunk)

    def _readable(self, milliseconds: int | None) -> bool:
        pipe = select.poll()
        pipe.register(self._pipe.fileno(), select.POLLIN)
        return bool(pipe.poll(milliseconds))

    def _pass_on(self, chunk: bytes) -> None:
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if self._ended and self._rest:
            lines.append(self._rest)
        for line in lines:
            # awslambdaric joins the lines of one log event with carriage returns
            self._log(line.decode(errors="replace").replace("\r", "\n"))
