"""checkov in a process of its own: paths as JSON on standard input, one JSON line for each on standard output.

Started as a file, not imported, by the Python of checkov's environment, 3.9 or later: it needs nothing but checkov.
Lines, in order: {"ready": version of checkov}, one for each file ({"file", "passed", "failed", "skipped"} or
{"file", "crash"}), {"refused": [addresses]}.
"""

import gc
import importlib
import json
import os
import sys
from typing import Any

# What a library raises when a template is stranger than it expected. Anything else ends this process, and the parent
# starts another one for the files that are left.
CRASHES = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
_NETWORK = frozenset(("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"))

Answer = dict[str, Any]


class RefusedError(OSError):
    """checkov reached for the network; a check needs none."""


def refuse_network() -> list[str]:
    """Let no connection leave this process from here on; return a list that fills with the addresses tried."""
    addresses: list[str] = []

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _NETWORK:
            # connect and sendto: (socket, address); the other two: (host, ...)
            addresses.append(str(arguments[1] if event in ("socket.connect", "socket.sendto") else arguments[0]))
            raise RefusedError(f"{event} {addresses[-1]}: a check needs no network")

    sys.addaudithook(hook)
    return addresses


def remember_grammar() -> None:
    """Build the grammar of JSON paths once: bc_jsonpath_ng does so for each path, which is half of a run's time."""
    try:
        yacc, parsers = (importlib.import_module(name) for name in ("ply.yacc", "bc_jsonpath_ng.parser"))
    except ModuleNotFoundError:
        return  # another checkov than ours has another parser, perhaps a quicker one
    build, built = yacc.yacc, {}

    def remembered(*arguments: Any, **options: Any) -> Any:
        if arguments or not isinstance(options.get("module"), parsers.JsonPathParser):
            return build(*arguments, **options)
        key = type(options["module"]), options.get("start")  # the tables depend on nothing else
        if key not in built:
            built[key] = build(**options)
        return built[key]

    yacc.__dict__["yacc"] = remembered


def leave_terraform_out() -> None:
    """Leave the grammar of Terraform unbuilt: it takes a second, or a file that stays among the temporary ones."""
    try:
        lark = importlib.import_module("lark")
    except ModuleNotFoundError:
        return  # another checkov than ours reads Terraform with another parser
    # whoever should want to parse with it fails, and that is told as a crash
    lark.__dict__["Lark"] = type("Unbuilt", (), {"__init__": lambda self, *_, **__: None})


class Engines:
    """The runners of checkov, imported when an instance is made: only once the network is refused."""

    def __init__(self) -> None:
        self.templates = importlib.import_module("checkov.cloudformation.runner").Runner
        self.secrets = importlib.import_module("checkov.secrets.runner").Runner
        self.filter = importlib.import_module("checkov.runner_filter").RunnerFilter
        self.version = importlib.import_module("checkov.version").version

    def check(self, path: str) -> Answer:
        """Check one file as a template, and as a text that may hold secrets."""
        answer: Answer = {"file": path, "passed": 0, "failed": [], "skipped": []}
        templates = self.templates()
        for runner, framework in ((templates, "cloudformation"), (self.secrets(), "secrets")):
            framework_only = self.filter(framework=[framework], show_progress_bar=False)
            reports = runner.run(root_folder=None, files=[path], runner_filter=framework_only)
            for report in reports if isinstance(reports, list) else [reports]:
                answer["passed"] += len(report.passed_checks)
                answer["failed"] += [_record(record) for record in report.failed_checks]
                answer["skipped"] += [_record(record) for record in report.skipped_checks]
        # what it cannot parse it leaves out, and reports no failure
        return answer if path in templates.definitions else {"file": path, "crash": "not read as a template"}


def _record(record: Any) -> Answer:
    return {
        "id": record.check_id,
        "name": record.check_name,
        "resource": record.resource,
        "line": record.file_line_range[0],
        "reason": record.check_result.get("suppress_comment") or "",
    }


def main() -> None:
    """Answer for each path, one line each, as soon as it is known."""
    # which Python before 3.11 takes for a place to import from, PYTHONSAFEPATH or not
    sys.path[:] = [folder for folder in sys.path if folder != os.path.dirname(os.path.abspath(__file__))]
    gc.set_threshold(200_000)  # a seventh of a run was spent looking for garbage that this short life may keep
    output, addresses = sys.stdout, refuse_network()
    sys.stdout = sys.stderr  # checkov's own words must not mix with the answers
    try:
        leave_terraform_out()
        engines = Engines()
        remember_grammar()
        _write(output, {"ready": engines.version})
        for path in json.load(sys.stdin):
            _write(output, _answer(engines, path))
    finally:
        _write(output, {"refused": addresses})


def _answer(engines: Engines, path: str) -> Answer:
    try:
        return engines.check(path)
    except CRASHES as crash:
        return {"file": path, "crash": f"{type(crash).__name__}: {crash}"}


def _write(stream: Any, answer: Answer) -> None:
    stream.write(json.dumps(answer) + "\n")
    stream.flush()


if __name__ == "__main__":
    main()
