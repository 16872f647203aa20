"""One process of AWS's own Lambda runtime client for Python, with the Runtime API that it calls."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import IO, Any, cast

from tableguard.errors import EmbeddedError
from tableguard.local.function.configuration import FunctionConfiguration
from tableguard.local.function.outcome import FunctionError, Outcome, Success, Timeout
from tableguard.local.function.process_output import ProcessOutput
from tableguard.local.function.runtime_api import (
    InitError,
    InvocationError,
    Ready,
    Report,
    Response,
    RuntimeApi,
    RuntimeInvocation,
)
from tableguard.local.run_folder import processes

_ADDRESS = "AWS_LAMBDA_RUNTIME_API"  # the variable that names the API of one process
_LAST_OUTPUT_SECONDS = 2  # for the lines of a process that has ended; another may hold its pipe for ever
INIT_SECONDS = 60  # Lambda allows 10; a busy machine is not a broken function


@dataclass(frozen=True)
class _ProcessExit:
    status: int  # negative: the signal that ended it

    def __str__(self) -> str:
        return f"signal: {signal.Signals(-self.status).name}" if self.status < 0 else f"exit status {self.status}"


class InitFailure(EmbeddedError):
    """The handler could not be loaded; `outcome` is what Invoke answers then."""

    def __init__(self, message: str, outcome: FunctionError) -> None:
        super().__init__(message)
        self.outcome = outcome


class RuntimeProcess:
    """One process of awslambdaric with the Runtime API that it calls; never restarted."""

    def __init__(
        self,
        configuration: FunctionConfiguration,
        task_root: str,
        environment: Mapping[str, str],
        log: Callable[[str], None],
    ) -> None:
        self._configuration = configuration
        self._reports: SimpleQueue[Report | _ProcessExit] = SimpleQueue()
        self._ready = False
        self._began = time.perf_counter()
        self._api = RuntimeApi(self._reports.put)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "awslambdaric", configuration.handler],
            cwd=task_root,
            env={**environment, _ADDRESS: self._api.address},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a group of its own: what the handler starts is killed with it
        )
        processes.record(Path(task_root).parent, self._process.pid)
        # opened as a pipe above
        self._output = ProcessOutput(cast(IO[bytes], self._process.stdout), log)
        name = f"lambda {configuration.name}"
        self._follower = Thread(target=self._output.follow, name=f"{name} output", daemon=True)
        self._follower.start()
        self._watcher = Thread(target=self._await_end, name=f"{name} end", daemon=True)
        self._watcher.start()
        self.alive = True

    def await_ready(self) -> float | None:
        """Wait until the handler is loaded, else InitFailure; return the seconds that took, None if it was loaded."""
        if self._ready:
            return None
        self._await_ready()
        return time.perf_counter() - self._began

    def run(self, body: bytes, seconds: float, request_id: str = "", client_context: str = "") -> Outcome:
        """Return the outcome of one event; its seconds count from when the handler is loaded."""
        self.await_ready()
        request_id = request_id or str(uuid.uuid4())
        deadline_ms = int((time.time() + seconds) * 1000)
        arn = self._configuration.arn
        self._api.send(RuntimeInvocation(request_id, deadline_ms, arn, body, client_context))
        try:
            report = self._reports.get(timeout=seconds)
        except Empty:
            self.alive = False
            return Timeout(seconds, request_id)
        self._output.drain()  # the handler wrote its lines before its answer, on another way
        return self._outcome(report, request_id)

    def megabytes(self) -> int | None:
        """Return the most memory that the process has used; None where the system does not tell."""
        try:
            status = (Path("/proc") / str(self._process.pid) / "status").read_text()
        except OSError:
            return None
        peak = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
        return int(peak[0]) // 1024 + 1 if peak else None

    def kill(self) -> None:
        """Kill the process and what it started, and wait for their last output."""
        self.alive = False
        self._process.kill()
        self._watcher.join()
        self._api.close()

    def _await_ready(self) -> None:
        try:
            report = self._reports.get(timeout=INIT_SECONDS)
        except Empty:
            report = None
        self._ready = self.alive = isinstance(report, Ready)
        if report is None:
            raise self._init_failure(f"its handler was not loaded within {INIT_SECONDS} s", "Sandbox.Timedout")
        if isinstance(report, InitError):
            self._output.drain()
            text = f"cannot start: {report.error_type}: {report.message}"
            raise self._init_failure(text, report.error_type, report.body)
        if isinstance(report, _ProcessExit):
            text = f"ended before its handler was loaded ({report}); its log lines say more"
            raise self._init_failure(text, "Runtime.ExitError")

    def _init_failure(self, text: str, error_type: str, body: bytes = b"") -> InitFailure:
        outcome = FunctionError(error_type, f"Error: {text}", body=body)
        return InitFailure(f"function {self._configuration.name}: {text}", outcome)

    def _outcome(self, report: Report | _ProcessExit, request_id: str) -> Outcome:
        if isinstance(report, Response):
            return Success(_payload(report.body), request_id, report.body)
        if isinstance(report, InvocationError):
            return FunctionError(report.error_type, report.message, request_id, report.body)
        self.alive = False
        message = f"RequestId: {request_id} Error: Runtime exited with error: {report}"
        return FunctionError("Runtime.ExitError", message, request_id)

    def _await_end(self) -> None:
        """Wait until the process ends, end what it started, and report its end after its last line.

        Lambda too stops everything in the execution environment. A child may have left the group, as daemons do.
        """
        status = self._process.wait()
        with suppress(ProcessLookupError, PermissionError):  # nobody is left in its group
            os.killpg(self._process.pid, signal.SIGKILL)
        for pid in processes.started_with(f"{_ADDRESS}={self._api.address}"):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._follower.join(_LAST_OUTPUT_SECONDS)
        self._reports.put(_ProcessExit(status))


def _payload(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:  # a handler may return bytes, which the runtime client passes on as they are
        return body.decode(errors="replace")
