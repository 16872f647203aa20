"""Tasks in copies of a process: what one does, no other sees, and what goes wrong in one is not lost."""

import subprocess
import sys

from tableguard.attack import fresh

WORLD = (
    f"import {fresh.__name__} as fresh\n"
    + """
import os, time
from tableguard.errors import PolicyError
world = {"table": 1}
def taking():
    return {"table": world.pop("table", 0), "pid": os.getpid()}
def answering(tasks, at_once=2):
    return [answer for _, answer in sorted(fresh.answers(tasks, at_once), key=lambda pair: pair[0])]
"""
)


def result_of(program: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a process of one thread: that of the tests has more."""
    return subprocess.run([sys.executable, "-c", WORLD + program], capture_output=True, text=True, check=False)


def test_what_one_copy_takes_is_there_for_every_other() -> None:
    done = result_of(
        "answers = answering([taking] * 5)\n"
        "assert [answer['table'] for answer in answers] == [1] * 5, answers\n"
        "assert len({answer['pid'] for answer in answers} - {os.getpid()}) == 5\n"
        "assert world == {'table': 1}"
    )
    assert done.returncode == 0, done.stderr


def test_a_copy_may_answer_more_than_a_pipe_holds() -> None:
    done = result_of("print(len(answering([lambda: {'text': 'x' * 1_000_000}])[0]['text']))")
    assert done.stdout == "1000000\n"


def test_copies_are_made_as_others_end() -> None:
    program = (
        "def waiting(seconds):\n    time.sleep(seconds)\n    return {'seconds': seconds}\n"
        "from functools import partial\n"
        "tasks = [partial(waiting, 0.6), partial(waiting, 0.1), partial(waiting, 0.1)]\n"
        "print([number for number, _ in fresh.answers(tasks, 2)])"
    )
    assert result_of(program).stdout == "[1, 2, 0]\n"


def test_an_error_of_a_user_in_a_copy_is_one_here() -> None:
    done = result_of("def failing():\n    raise PolicyError('no such table')\nanswering([failing])")
    assert done.stderr.splitlines()[-1] == "tableguard.errors.EmbeddedError: no such table"


def test_a_copy_that_crashes_is_an_error_and_shows_where() -> None:
    done = result_of("def failing():\n    raise KeyError('x')\nanswering([failing])")
    assert "in failing" in done.stderr
    assert done.stderr.splitlines()[-1].endswith("ended without an answer (status 256); see above")


def test_copies_that_are_not_waited_for_are_ended() -> None:
    program = (
        "def sleeping():\n    time.sleep(60)\n    return {}\n"
        "answers = fresh.answers([lambda: {}, sleeping], 2)\n"
        "next(answers)\n"
        "answers.close()\n"
        "try:\n    print(os.waitpid(-1, os.WNOHANG))\nexcept ChildProcessError:\n    print('none is left')"
    )
    assert result_of(program).stdout == "none is left\n"
