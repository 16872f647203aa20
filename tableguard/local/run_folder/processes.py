"""Records of the processes that a run starts, by which a later run ends those of one that was killed.

A record lies in the temporary folder in which its process works. A process is known by its id and the time it began.
"""

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

_PROCESS, _CONTAINER = "process", "container"  # names of records
_BOOT = Path("/proc/sys/kernel/random/boot_id")


def record(folder: Path, pid: int) -> None:
    """Record the process that works in a folder; it leads a group of its own."""
    (folder / _PROCESS).write_text(f"{pid} {beginning(pid)}", encoding="utf-8")


def record_container(folder: Path, docker: str, name: str) -> None:
    """Record the container that is run for a folder: it outlives the process that runs it."""
    (folder / _CONTAINER).write_text(f"{name} {docker}", encoding="utf-8")


def beginning(pid: int) -> str | None:
    """Return when a process began; None if none has the id.

    On Linux that is the boot and the clock ticks since, https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html;
    elsewhere the second that `ps` shows.
    """
    if _BOOT.exists():
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None
        return f"{_BOOT.read_text(encoding='utf-8').strip()} {stat.rpartition(')')[2].split()[19]}"
    shown = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)  # noqa: S607
    return " ".join(shown.stdout.split()) or None


def started_with(variable: str) -> list[int]:
    """Return the processes that were started with a variable, `NAME=value`; none where the system does not tell."""
    pids = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):  # it has ended, or is another user's
            if variable.encode() in path.read_bytes().split(b"\0"):
                pids.append(int(path.parent.name))
    return pids


def end_recorded(temporary: Path) -> None:
    """End the processes and containers that are recorded below a folder of temporary files, if they still run."""
    for path in temporary.glob(f"*/{_PROCESS}"):
        pid, _, began = path.read_text(encoding="utf-8").partition(" ")
        if began and beginning(int(pid)) == began:
            os.killpg(int(pid), signal.SIGKILL)
    for path in temporary.glob(f"*/{_CONTAINER}"):
        name, _, docker = path.read_text(encoding="utf-8").partition(" ")
        if docker:
            subprocess.run([docker, "rm", "--force", name], capture_output=True, check=False)
