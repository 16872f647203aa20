"""python -m tests.alternator --suite FOLDER: how many tests of ScyllaDB's Alternator suite an engine passes."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from tableguard.errors import TableguardError
from tableguard.local import server
from tableguard.local.dynamodb_local import engine
from tests.alternator import report, suite
from tests.alternator.run import counts


def main(arguments: Sequence[str] | None = None) -> int:
    """0 all that ran passed, 1 something failed, 2 the suite could not be run."""
    options = _options(arguments)
    try:
        tests = suite.tests_of(options.suite)
        files = suite.chosen(tests, options.files)
        bar = Progress(console=Console(stderr=True), disable=not sys.stderr.isatty())
        task = bar.add_task("starting", total=None)
        with _endpoint(options) as endpoint, bar:
            by_file = counts(
                tests,
                files,
                endpoint,
                options.seconds,
                lambda file, ended: bar.update(task, description=f"{file}: {ended}"),
            )
    except TableguardError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    name = "moto as shipped" if options.as_shipped else options.dynamodb
    sys.stdout.write((report.as_json if options.json else report.as_text)(name, by_file) + "\n")
    passed, of = report.sums(by_file)
    return 0 if passed == of else 1


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.alternator", description=__doc__)
    parser.add_argument("files", nargs="*", help="files of the suite, such as test_item.py (default: 23 of them)")
    parser.add_argument("--suite", type=Path, required=True, help="a checkout of scylladb, or its test/alternator")
    keeper = parser.add_mutually_exclusive_group()
    keeper.add_argument(
        "--dynamodb", choices=("embedded", "local"), default="embedded", help="who keeps the tables (default: embedded)"
    )
    keeper.add_argument("--as-shipped", action="store_true", help="ask moto without corrections")
    parser.add_argument("--seconds", type=float, default=60.0, help="after which a test is stopped (default: 60)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args(arguments)


@contextmanager
def _endpoint(options: argparse.Namespace) -> Iterator[str]:
    """Run what is asked; no policy decides about who sets an embedded AWS up, and so about the suite."""
    if options.as_shipped:
        with _moto_as_shipped() as endpoint:
            yield endpoint
    elif options.dynamodb == "local":
        with engine.running() as tables, server.start(tables=tables) as running:
            yield running.endpoint
    else:
        with server.start() as running:
            yield running.endpoint


@contextmanager
def _moto_as_shipped() -> Iterator[str]:
    from moto.server import ThreadedMotoServer  # moto's import is slow, and wanted here alone

    moto = ThreadedMotoServer(server.HOST, 0, verbose=False)
    moto.start()
    try:
        yield "http://{}:{}".format(*moto.get_host_and_port())
    finally:
        moto.stop()


if __name__ == "__main__":
    sys.exit(main())
