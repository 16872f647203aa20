"""The end of every command: an exit code, and one line on stderr where a user can mend something."""

import contextlib
import io
import math
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from typing import TextIO

import click

from tableguard.errors import TableguardError
from tableguard.findings.exit_code import FINE, INTERRUPTED, UNANSWERED

ENDING = 30.0  # seconds for which a command that was interrupted may put things in order undisturbed
_HOW_FAR = "tableguard.how_far"  # in the context of a command


def exit_code(command: Callable[[], int | None], program: str) -> int:
    """Run a command and return its exit code; what a user can mend is one line that begins with `program`."""
    if sys.stdout is None:
        return _failed(program, "standard output is closed: there is nowhere to answer")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal of few letters still shows the answer
    code: int | None = None
    try:
        code = command()
        sys.stdout.flush()
    except TableguardError as error:
        code = _failed(program, str(error))
    except click.exceptions.Exit as ended:  # --help, --version
        code = ended.exit_code
    except click.UsageError as error:
        code = _misused(program, error)
    except BrokenPipeError:  # the reader of our output has seen enough: `| head`
        _end_output()
        code = FINE
    except OSError as error:  # a full disk, a folder that is gone: what is cut short must not pass for an answer
        _end_output()
        code = _failed(program, ": ".join(filter(None, (error.filename, error.strerror))) or str(error))
    except (KeyboardInterrupt, click.Abort):
        tell(f"{program}: {_how_far()}")
        code = INTERRUPTED
    except _aws_did_not_answer() as error:
        from tableguard.stacks.credentials import advice_on

        code = _failed(program, advice_on(error))
    return code or FINE


def on_interruption(how_far: Callable[[], str]) -> None:
    """Have Ctrl-C answered with how far the running command came."""
    click.get_current_context().meta[_HOW_FAR] = how_far


@contextlib.contextmanager
def one_interruption() -> Iterator[None]:
    """Have Ctrl-C, a request to terminate and the end of the terminal end the block alike, and end it once.

    Whoever presses Ctrl-C again does not disturb what is being put in order, unless that takes more than ENDING.
    """
    began = -math.inf

    def interrupt(_number: int, _frame: object) -> None:
        nonlocal began
        if time.monotonic() - began > ENDING:
            began = time.monotonic()
            raise KeyboardInterrupt

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    if before[signal.SIGHUP] is signal.SIG_IGN:  # nohup
        del before[signal.SIGHUP]
    try:
        for number in before:
            signal.signal(number, interrupt)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _how_far() -> str:
    context = click.get_current_context(silent=True)
    how_far: Callable[[], str] | None = context.meta.get(_HOW_FAR) if context else None
    return how_far() if how_far else "interrupted"


def _misused(program: str, error: click.UsageError) -> int:
    """Say in one line which argument is wrong, and where the accepted ones are listed."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return UNANSWERED
    message = error.format_message()
    path = error.ctx.command_path if error.ctx else program
    see = " See" if message.endswith(("?", "?)")) else "; see"
    return _failed(path, f"{message[:1].lower()}{message[1:].removesuffix('.')}{see} {path} --help")


def _end_output() -> None:
    """Write what is left of the output, or lead it nowhere, so that Python does not fail to write it when it ends."""
    try:
        sys.stdout.flush()
    except OSError:
        _lead_nowhere(sys.stdout)


def _lead_nowhere(stream: TextIO) -> None:
    """Lead what is left of a stream nowhere, so that Python does not fail to write it when it ends."""
    with contextlib.suppress(io.UnsupportedOperation):  # what only looks like a file has nothing to lead
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _failed(program: str, reason: str) -> int:
    tell(f"{program}: {' '.join(reason.split())}")
    return UNANSWERED


def tell(line: str) -> None:
    """Write a line to stderr; where that is closed or full, the exit code alone tells, and so must stay what it is."""
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
    except OSError:
        _lead_nowhere(sys.stderr)


def _aws_did_not_answer() -> type[Exception]:
    """Import botocore's class of such errors: once something was raised, which --help does not do."""
    from botocore.exceptions import BotoCoreError

    error: type[Exception] = BotoCoreError
    return error
