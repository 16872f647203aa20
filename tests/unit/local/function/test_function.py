"""A packaged function runs under AWS's runtime client: outcomes, timeouts, environment and log lines."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread
from threading import enumerate as threads
from typing import Any

import pytest

from tableguard.errors import EmbeddedError
from tableguard.local.function.configuration import Credentials, FunctionConfiguration
from tableguard.local.function.function import Function
from tableguard.local.function.outcome import FunctionError, Outcome, Success, Timeout
from tests.worlds.lambda_package import package

ARN = "arn:aws:lambda:eu-central-1:111122223333:function:messages"
CREDENTIALS = Credentials("ASIAEXAMPLE", "role-secret", "role-token")
APP = """
import os, subprocess, sys, tempfile, time

print("loaded")

def handle(event, context):
    return globals()[event.pop("do")](context, **event)

def echo(context, **event): return event
def environment(context): return dict(os.environ)
def where(context): return {"cwd": os.getcwd(), "tmp": tempfile.gettempdir(), "pid": os.getpid()}
def told(context): return [context.aws_request_id, context.invoked_function_arn, context.function_name,
                           context.memory_limit_in_mb, context.get_remaining_time_in_millis()]
def fail(context, message): raise LookupError(message)
def leave(context, status): os._exit(status)
def sleep(context, seconds): time.sleep(seconds)
def leave_a_child(context, seconds):
    child = subprocess.Popen([sys.executable, "-c", f"import time; time.sleep({seconds})"])
    print(f"child {child.pid}")
    time.sleep(seconds)
def leave_a_daemon(context, status):
    child = subprocess.Popen(["sleep", "60"], start_new_session=True)
    if status is None: return child.pid
    print(child.pid, flush=True)
    os._exit(status)
def say(context, text):
    print(text)
    print(text, file=sys.stderr)
"""


def configuration(**changes: Any) -> FunctionConfiguration:
    defaults: dict[str, Any] = {"timeout": 30, "environment": {"TABLE_NAME": "messages"}}
    return FunctionConfiguration("messages", ARN, **{"handler": "app.handle", **defaults, **changes})


def function(lines: list[str], source: str = APP, **changes: Any) -> Function:
    return Function(package(source), configuration(**changes), CREDENTIALS, "http://127.0.0.1:9", lines.append)


@pytest.fixture(scope="module")
def running() -> Iterator[Function]:
    """One function for all that leave its process as it was."""
    with function([]) as running:
        yield running


@pytest.fixture
def lines() -> list[str]:
    return []


def within(seconds: float, condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.005)
    return condition()


def payload(outcome: Outcome) -> Any:
    assert isinstance(outcome, Success), outcome
    return outcome.payload


def pid(running: Function) -> int:
    return int(payload(running.invoke({"do": "where"}))["pid"])


def is_gone(process: int) -> bool:
    return not Path(f"/proc/{process}").exists() or Path(f"/proc/{process}/stat").read_text().split()[2] == "Z"


@pytest.mark.parametrize("event", [{}, {"text": "grüß dich ✓"}, {"nested": [{"a": [1, 2.5, None, True]}]}])
def test_the_handler_gets_the_event_and_its_answer_comes_back(running: Function, event: dict[str, Any]) -> None:
    assert payload(running.invoke({"do": "echo", **event})) == event


def test_the_handler_is_told_about_its_invocation(running: Function) -> None:
    outcome = running.invoke({"do": "told"})
    request_id, arn, name, memory, remaining = payload(outcome)
    assert request_id == outcome.request_id
    assert (arn, name, memory) == (ARN, "messages", "128")
    assert 25_000 < remaining <= 30_000


def test_a_handler_that_raises_is_a_function_error_and_its_process_goes_on(running: Function) -> None:
    before = pid(running)
    outcome = running.invoke({"do": "fail", "message": "nobody there"})
    assert outcome == FunctionError("LookupError", "nobody there", outcome.request_id)
    assert pid(running) == before


def test_the_process_sees_its_own_environment_and_nothing_else(
    lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPERATOR_SECRET", "do not tell")
    monkeypatch.setenv("AWS_PROFILE", "operator")
    with function(lines) as fresh:
        seen = payload(fresh.invoke({"do": "environment"}))
    assert "do not tell" not in seen.values()
    assert seen["TABLE_NAME"] == "messages"
    keys = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    assert [seen[key] for key in keys] == ["ASIAEXAMPLE", "role-secret", "role-token"]
    assert (seen["AWS_REGION"], seen["AWS_DEFAULT_REGION"]) == ("eu-central-1", "eu-central-1")
    assert (seen["AWS_ENDPOINT_URL"], seen["AWS_ACCOUNT_ID_ENDPOINT_MODE"]) == ("http://127.0.0.1:9", "disabled")
    allowed = ("AWS_", "LAMBDA_", "_HANDLER", "LANG", "LC_CTYPE", "PATH", "PYTHONPATH", "TABLE_NAME", "TMPDIR", "TZ")
    assert [name for name in seen if not name.startswith(allowed)] == []
    assert "AWS_PROFILE" not in seen


@pytest.mark.parametrize(
    ("name", "value", "seen"), [("TZ", "Europe/Berlin", "Europe/Berlin"), ("AWS_REGION", "us-east-1", "eu-central-1")]
)
def test_a_function_may_set_its_time_zone_but_not_what_lambda_reserves(
    lines: list[str], name: str, value: str, seen: str
) -> None:
    with function(lines, environment={name: value}) as fresh:
        assert payload(fresh.invoke({"do": "environment"}))[name] == seen


def test_the_code_runs_from_a_folder_of_its_own_that_goes_with_it(lines: list[str]) -> None:
    with function(lines) as fresh:
        found = payload(fresh.invoke({"do": "where"}))
        task, tmp = Path(found["cwd"]), Path(found["tmp"])
        assert (task / "app.py").exists()
        assert tmp.is_dir()
        assert tmp != task
    assert not task.exists()
    assert not tmp.exists()


def test_a_handler_that_overruns_is_killed_and_the_next_event_finds_a_fresh_process(lines: list[str]) -> None:
    with function(lines, timeout=1) as slow:
        before = pid(slow)
        outcome = slow.invoke({"do": "sleep", "seconds": 60})
        assert outcome == Timeout(1, outcome.request_id)
        assert is_gone(before)
        assert pid(slow) != before


def test_a_caller_may_give_an_event_less_time_than_is_configured(lines: list[str]) -> None:
    with function(lines, timeout=60) as slow:
        remaining = payload(slow.invoke({"do": "told"}, timeout=20))[-1]
        assert 15_000 < remaining <= 20_000
        outcome = slow.invoke({"do": "sleep", "seconds": 30}, timeout=0.2)
        assert outcome == Timeout(0.2, outcome.request_id)


def kill_until(over: Event, busy: Function) -> None:
    """Kill the process every 50 ms: whenever its invocation begins on a machine with much to do, it is hit."""
    while not over.wait(0.05):
        busy.kill()


def test_a_process_ended_from_aside_does_not_take_its_successor_with_it(lines: list[str]) -> None:
    with function(lines) as busy:
        for _ in range(3):
            pid(busy)
            over = Event()
            killers = [Thread(target=kill_until, args=(over, busy)) for _ in range(3)]
            for killer in killers:
                killer.start()
            assert isinstance(busy.invoke({"do": "sleep", "seconds": 60}), FunctionError)
            over.set()
            for killer in killers:
                killer.join()
        before = set(threads())
        successor = pid(busy)
    assert is_gone(successor)
    assert set(threads()) <= before


def test_a_handler_that_is_quick_enough_keeps_its_process(lines: list[str]) -> None:
    with function(lines, timeout=5) as quick:
        before = pid(quick)
        assert payload(quick.invoke({"do": "sleep", "seconds": 0.01})) is None
        assert pid(quick) == before


def test_what_the_handler_started_is_killed_with_it(lines: list[str]) -> None:
    started = time.monotonic()
    with function(lines, timeout=1) as slow:
        slow.invoke({"do": "leave_a_child", "seconds": 60})
    assert time.monotonic() - started < 30  # the child holds on to the pipe of log lines
    child = next(int(line.split()[1]) for line in lines if line.startswith("child"))
    assert within(5, lambda: is_gone(child))


def test_a_daemon_that_the_handler_started_ends_with_it_and_delays_nothing(lines: list[str]) -> None:
    with function(lines) as running:
        daemon = payload(running.invoke({"do": "leave_a_daemon", "status": None}))
        assert not is_gone(daemon)
        began = time.monotonic()
        running.kill()
        assert within(2, lambda: is_gone(daemon))
        outcome = running.invoke({"do": "leave_a_daemon", "status": 3})
        assert isinstance(outcome, FunctionError)
        assert outcome.message.endswith("exit status 3")
        assert time.monotonic() - began < 10  # seconds: the daemon would hold the pipe for a minute
        assert within(2, lambda: is_gone(int(lines[-1])))


def test_a_process_that_ends_is_a_function_error_and_the_next_event_finds_a_fresh_one(lines: list[str]) -> None:
    with function(lines) as fragile:
        before = pid(fragile)
        outcome = fragile.invoke({"do": "leave", "status": 3})
        assert isinstance(outcome, FunctionError)
        assert outcome.error_type == "Runtime.ExitError"
        assert outcome.message.endswith("Runtime exited with error: exit status 3")
        assert pid(fragile) != before


def test_a_process_killed_in_the_middle_of_an_event_is_a_function_error(lines: list[str]) -> None:
    with function(lines) as busy:
        pid(busy)
        over = Event()
        killer = Thread(target=kill_until, args=(over, busy))
        killer.start()
        outcome = busy.invoke({"do": "sleep", "seconds": 60})
        over.set()
        killer.join()
        assert isinstance(outcome, FunctionError)
        assert outcome.message.endswith("signal: SIGKILL")


@pytest.mark.parametrize(
    ("source", "handler", "told"),
    [
        (APP, "app.absent", "Runtime.HandlerNotFound: Handler 'absent' missing on module 'app'"),
        (APP, "absent.handle", "Runtime.ImportModuleError: Unable to import module 'absent'"),
        ("raise KeyError('TABLE_NAME')", "app.handle", "KeyError: 'TABLE_NAME'"),
        ("def handle(:", "app.handle", "Runtime.UserCodeSyntaxError: Syntax error in module 'app'"),
        ("import os; os._exit(4)", "app.handle", "ended before its handler was loaded (exit status 4)"),
    ],
    ids=["no such handler", "no such module", "raises when loaded", "no Python", "exits when loaded"],
)
def test_a_function_that_cannot_start_says_why(lines: list[str], source: str, handler: str, told: str) -> None:
    with function(lines, source, handler=handler) as broken, pytest.raises(EmbeddedError) as caught:
        broken.invoke({})
    assert str(caught.value).startswith("function messages: ")
    assert told in str(caught.value)


def test_code_that_is_no_zip_is_refused_and_leaves_nothing(
    lines: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(EmbeddedError, match="function messages: its code is not a zip file"):
        Function(b"def handle(event, context): ...", configuration(), CREDENTIALS, "", lines.append)
    assert list(tmp_path.iterdir()) == []


def test_every_line_the_function_writes_is_passed_on(lines: list[str]) -> None:
    with function(lines) as talkative:
        talkative.invoke({"do": "say", "text": "grüß dich"})
        talkative.invoke({"do": "fail", "message": "nobody there"})
    assert lines[:3] == ["loaded", "grüß dich", "grüß dich"]
    assert lines[3].startswith("[ERROR] LookupError: nobody there\nTraceback")
    assert len(lines) == 4  # a traceback is one log event


def test_a_function_started_early_loads_its_handler_before_the_first_event(lines: list[str]) -> None:
    with function(lines) as early:
        assert lines == []
        early.start()
        assert within(30, lambda: lines == ["loaded"])


def test_closing_is_quick_and_leaves_neither_process_nor_thread(lines: list[str]) -> None:
    before = set(threads())
    used = function(lines)
    process = pid(used)
    started = time.monotonic()
    used.close()
    assert time.monotonic() - started < 1
    assert is_gone(process)
    assert set(threads()) <= before
    with pytest.raises(ChildProcessError):
        os.waitpid(process, os.WNOHANG)  # collected: no zombie is left


def test_secrets_are_not_shown() -> None:
    assert "role-secret" not in repr(CREDENTIALS)
    assert "role-token" not in repr(CREDENTIALS)
