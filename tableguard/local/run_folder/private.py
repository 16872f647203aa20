"""Folders and files that nobody but their owner reads or replaces."""

import os
import stat
from pathlib import Path

from tableguard.errors import EmbeddedError

_REMEDY = "remove it, or name another folder with XDG_STATE_HOME"


def make_folder(path: Path) -> None:
    """Make a folder that its owner alone may enter; EmbeddedError for a link, or a folder of somebody else's."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as error:
        wrong = "is a symbolic link" if path.is_symlink() else f"cannot be used ({error.strerror})"
        raise EmbeddedError(f"{path}: {wrong}; {_REMEDY}") from error
    try:
        status = os.fstat(folder)
        if status.st_uid != os.geteuid():
            raise EmbeddedError(f"{path}: belongs to another user; {_REMEDY}")
        if stat.S_IMODE(status.st_mode) != 0o700:
            os.fchmod(folder, 0o700)
    finally:
        os.close(folder)


def write_file(path: Path, text: str) -> None:
    """Write a file at once, for its owner alone: whoever reads it finds the former text or all of the new one."""
    beside = path.with_name(f".{path.name}")
    beside.unlink(missing_ok=True)  # of a run that was killed
    with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    beside.replace(path)
