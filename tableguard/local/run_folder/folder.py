"""Take the folder of a run: the first that no living run has, so that the same one is taken again after a restart.

Each lies in ~/.local/state/tableguard, or in $XDG_STATE_HOME/tableguard: https://specifications.freedesktop.org/basedir/.
A lock is held while its run lives. The kernel releases it, however the run ends.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from tableguard.errors import EmbeddedError
from tableguard.local.run_folder import private, processes

_LOCK = "lock"  # its text is the port of the last run
_TEMPORARY = "temporary"


@dataclass(frozen=True)
class RunFolder:
    """The folder of this run, and what it remembers of the last one there."""

    path: Path
    lock: int
    last_port: int | None
    runs_beside: bool = False

    def write(self, name: str, text: str) -> Path:
        """Write a file of the run, which goes with it."""
        private.write_file(self.path / name, text)
        return self.path / name

    def remember_port(self, port: int) -> None:
        """Note the port for the next run in this folder."""
        os.ftruncate(self.lock, 0)
        os.pwrite(self.lock, str(port).encode(), 0)


def states(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder that holds those of all runs of this user."""
    named = Path(environment.get("XDG_STATE_HOME", ""))
    if named.is_absolute():  # the specification has others ignored
        return named / "tableguard"
    try:
        return Path.home() / ".local" / "state" / "tableguard"
    except RuntimeError as error:
        raise EmbeddedError("this user has no home; name a folder of yours with XDG_STATE_HOME") from error


@contextmanager
def taken(kind: str, environment: Mapping[str, str] = os.environ) -> Iterator[RunFolder]:
    """Hold a folder in the block, where all temporary files of this process lie; what a killed run left goes first.

    The lock stays, with the port in it.
    """
    base = states(environment)
    private.make_folder(base)
    for path in sorted(base.iterdir()):
        if (path / _LOCK).exists() and (left := _locked(path)):
            _release(left)
    names = (kind if number == 1 else f"{kind}-{number}" for number in count(1))
    free = next(folder for name in names if (folder := _locked(base / name)))
    folder = replace(free, runs_beside=free.path.name != kind)
    try:
        private.make_folder(folder.path / _TEMPORARY)
        with _temporary_files_in(folder.path / _TEMPORARY):
            yield folder
    finally:
        _release(folder)


def _locked(path: Path) -> RunFolder | None:
    """Return the folder at a path, cleared; None if a living run has it."""
    private.make_folder(path)
    lock = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    except OSError as error:
        os.close(lock)
        raise EmbeddedError(f"{path}: cannot be locked ({error.strerror}); name another with XDG_STATE_HOME") from error
    port = os.pread(lock, 10, 0).decode()
    folder = RunFolder(path, lock, int(port) if port.isdigit() and int(port) < 2**16 else None)
    _clear(folder)
    return folder


def _release(folder: RunFolder) -> None:
    """Give a folder back, cleared."""
    _clear(folder)
    os.close(folder.lock)


def _clear(folder: RunFolder) -> None:
    """End what the folder's last run left at work, and remove all but the lock."""
    processes.end_recorded(folder.path / _TEMPORARY)
    for path in folder.path.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name != _LOCK:
            path.unlink()


@contextmanager
def _temporary_files_in(path: Path) -> Iterator[None]:
    """Have every temporary file of this process made there in the block."""
    usual = tempfile.tempdir
    tempfile.tempdir = str(path)
    try:
        yield
    finally:
        tempfile.tempdir = usual
