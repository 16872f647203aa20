"""How every command ends: an exit code, and one line on stderr where a user can mend something."""

import contextlib
import io
import os
import sys
from collections.abc import Callable

from tableguard.errors import TableguardError

FINE, FINDINGS, COULD_NOT_ASK = 0, 1, 2
INTERRUPTED = 130  # as shells have it: 128 and the number of the signal


def exit_code(command: Callable[[], int | None], program: str) -> int:
    """Run a command and answer with its exit code; what a user can mend is one line that begins with `program`."""
    if sys.stdout is None:
        return _failed(program, "standard output is closed: there is nowhere to answer")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal of few letters still shows the answer
    code = None
    try:
        code = command()
        sys.stdout.flush()
    except TableguardError as error:
        return _failed(program, str(error))
    except BrokenPipeError:  # the reader of our output has seen enough: `| head`
        _end_output()
    except OSError as error:  # a full disk, a folder that is gone: what is cut short must not pass for an answer
        _end_output()
        return _failed(program, ": ".join(filter(None, (error.filename, error.strerror))) or str(error))
    except KeyboardInterrupt:
        sys.stderr.write(f"{program}: interrupted\n")
        return INTERRUPTED
    except _unanswered() as error:
        from tableguard.stacks.credentials import advice_on

        return _failed(program, advice_on(error))
    return code or FINE


def _end_output() -> None:
    """Write what is left of the output, or lead it nowhere, so that Python does not fail to write it when it ends."""
    try:
        sys.stdout.flush()
    except OSError:
        with contextlib.suppress(io.UnsupportedOperation):  # what only looks like a file has nothing to lead
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _failed(program: str, reason: str) -> int:
    sys.stderr.write(f"{program}: {' '.join(reason.split())}\n")
    return COULD_NOT_ASK


def _unanswered() -> type[Exception]:
    """What botocore raises when AWS did not answer: imported once something was raised, which --help does not."""
    from botocore.exceptions import BotoCoreError

    error: type[Exception] = BotoCoreError
    return error
