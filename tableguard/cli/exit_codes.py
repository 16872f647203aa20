"""How every command ends: an exit code, and one line on stderr where a user can mend something."""

import os
import sys
from collections.abc import Callable

from tableguard.errors import TableguardError

FINE, FINDINGS, COULD_NOT_ASK = 0, 1, 2
INTERRUPTED = 130  # as shells have it: 128 and the number of the signal


def exit_code(command: Callable[[], int | None], program: str) -> int:
    """Run a command and answer with its exit code; what a user can mend is one line that begins with `program`."""
    code = None
    try:
        code = command()
        sys.stdout.flush()
    except TableguardError as error:
        return _failed(program, str(error))
    except BrokenPipeError:  # the reader of our output has seen enough: `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        sys.stderr.write(f"{program}: interrupted\n")
        return INTERRUPTED
    except _unanswered() as error:
        from tableguard.credentials import advised

        return _failed(program, advised(error))
    return code or FINE


def _failed(program: str, reason: str) -> int:
    sys.stderr.write(f"{program}: {' '.join(reason.split())}\n")
    return COULD_NOT_ASK


def _unanswered() -> type[Exception]:
    """What botocore raises when AWS did not answer: imported once something was raised, which --help does not."""
    from botocore.exceptions import BotoCoreError

    error: type[Exception] = BotoCoreError
    return error
