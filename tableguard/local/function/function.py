"""Runs a deployed function's package by AWS's own runtime client, in a process of its own."""

import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any, Self

from tableguard.errors import EmbeddedError
from tableguard.local.function.configuration import Credentials, FunctionConfiguration
from tableguard.local.function.outcome import Outcome
from tableguard.local.function.runtime_process import RuntimeProcess


class Function:
    """One execution environment, which handles one event at a time and is killed when it overruns its timeout.

    The process runs this interpreter, whatever the function's Runtime says, and sees nothing of our environment.
    """

    def __init__(
        self,
        package: bytes,
        configuration: FunctionConfiguration,
        credentials: Credentials,
        endpoint: str,
        log: Callable[[str], None],
        *,
        log_stream: str = "embedded",
    ) -> None:
        self.configuration = configuration
        self._log_stream = log_stream
        self._credentials = credentials
        self._endpoint = endpoint
        self._log = log
        self._folder = TemporaryDirectory(prefix="lambda-")
        self._runtime: RuntimeProcess | None = None
        self._ending = Lock()
        for name in ("task", "tmp"):
            (Path(self._folder.name) / name).mkdir()
        try:
            zipfile.ZipFile(io.BytesIO(package)).extractall(self._task_root)
        except zipfile.BadZipFile as error:
            self.close()
            raise EmbeddedError(f"function {configuration.name}: its code is not a zip file ({error})") from error

    @property
    def _task_root(self) -> str:
        return str(Path(self._folder.name) / "task")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Begin the cold start now, so that the first event need not wait for all of it."""
        self._runtime_process()

    def _runtime_process(self) -> RuntimeProcess:
        if self._runtime is None:
            self._runtime = RuntimeProcess(self.configuration, self._task_root, self._environment(), self._log)
        return self._runtime

    def prepare(self) -> float | None:
        """Wait until the handler is loaded; return how long that took if it was not before. InitFailure if it fails."""
        runtime = self._runtime_process()
        try:
            return runtime.await_ready()
        finally:
            if not runtime.alive:
                self.kill()

    def invoke(self, event: Any, timeout: float | None = None) -> Outcome:
        """Return the outcome of an event; EmbeddedError if the function cannot start.

        The handler has `timeout` seconds, or else those of its configuration.
        """
        return self.run(json.dumps(event, ensure_ascii=False).encode(), timeout=timeout)

    def run(self, body: bytes, request_id: str = "", client_context: str = "", timeout: float | None = None) -> Outcome:
        """Return the outcome of an event that is JSON already, as `invoke` does."""
        runtime = self._runtime_process()
        seconds = self.configuration.timeout if timeout is None else timeout
        try:
            return runtime.run(body, seconds, request_id, client_context)
        finally:
            if not runtime.alive:
                self.kill()

    def megabytes(self) -> int | None:
        """Return the most memory that its process has used; None if there is none, or the system does not tell."""
        return self._runtime.megabytes() if self._runtime else None

    def kill(self) -> None:
        """End the process at once, even in the middle of an event; the next event starts a fresh one."""
        with self._ending:  # another thread that kills it must not kill its successor
            runtime, self._runtime = self._runtime, None
        if runtime is not None:
            runtime.kill()

    def close(self) -> None:
        """End the process and remove its folder."""
        self.kill()
        self._folder.cleanup()

    def _environment(self) -> dict[str, str]:
        """Return the environment variables that Lambda sets, and the function's own.

        https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
        """
        configuration, credentials = self.configuration, self._credentials
        changeable = {
            "LANG": "C.UTF-8",
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "PYTHONPATH": self._task_root,
            "TMPDIR": str(Path(self._folder.name) / "tmp"),  # so that nothing outlives the function
            "TZ": ":UTC",
        }
        reserved = {
            "AWS_ACCESS_KEY_ID": credentials.access_key_id,
            "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",  # the embedded AWS has one host name for all accounts
            "AWS_CONFIG_FILE": os.devnull,  # the function does not read the user's home directory
            "AWS_DEFAULT_REGION": configuration.region,
            "AWS_ENDPOINT_URL": self._endpoint,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(configuration.memory_size),
            "AWS_LAMBDA_FUNCTION_NAME": configuration.name,
            "AWS_LAMBDA_FUNCTION_VERSION": configuration.version,
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_FORMAT": configuration.log_format,
            "AWS_LAMBDA_LOG_GROUP_NAME": configuration.log_group or f"/aws/lambda/{configuration.name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": self._log_stream,
            "AWS_REGION": configuration.region,
            "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
            "AWS_SESSION_TOKEN": credentials.session_token,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "LAMBDA_TASK_ROOT": self._task_root,
            "_HANDLER": configuration.handler,
        }
        if configuration.log_format == "JSON":
            reserved["AWS_LAMBDA_LOG_LEVEL"] = configuration.log_level
        return {**changeable, **configuration.environment, **reserved}
