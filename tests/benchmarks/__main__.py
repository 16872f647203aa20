"""Run benchmarks by name: a table each, or with --json a line per figure."""

import argparse
import importlib
import json
import pkgutil
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from tableguard.errors import TableguardError
from tableguard.findings.exit_code import FINE, UNANSWERED
from tests import benchmarks
from tests.benchmarks.figures import Figure

_NOT_BENCHMARKS = {"__main__", "figures"}


def names() -> list[str]:
    """Every module beside this one that measures something."""
    return sorted({module.name for module in pkgutil.iter_modules(benchmarks.__path__)} - _NOT_BENCHMARKS)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what was asked for; 2 for an unknown name, and where an engine is missing, after all others."""
    options = _parser().parse_args(arguments)
    unknown = sorted(set(options.name) - set(names()))
    if unknown:
        print(f"no benchmark called {unknown[0]}; there are: {', '.join(names())}", file=sys.stderr)
        return UNANSWERED
    measured = [_measured(name, options.json) for name in options.name or names()]
    return FINE if all(measured) else UNANSWERED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Ours beside what one would use instead.")
    parser.add_argument("name", nargs="*", help=f"which to run: {', '.join(names())} (default: all)")
    parser.add_argument("--json", action="store_true", help="one line of JSON a figure")
    return parser


def _measured(name: str, as_json: bool) -> bool:
    """Measure and print; False, and on stderr how to get it, where an engine is missing."""
    try:
        module: Any = importlib.import_module(f"{benchmarks.__name__}.{name}")
        lack = module.missing() if hasattr(module, "missing") else None
    except TableguardError as error:  # an engine is named, and is not there
        lack = str(error)
    if lack:
        print(f"{name}: not measured: {lack}", file=sys.stderr)
        return False
    print(f"measuring {name} ...", file=sys.stderr)
    _print(name, module.figures(), as_json)
    return True


def _print(name: str, figures: Iterable[Figure], as_json: bool) -> None:
    """Print each figure once it is measured: some take minutes."""
    if as_json:
        for figure in figures:
            print(json.dumps(figure.facts(), sort_keys=True), flush=True)
        return
    print(f"\n{name:<44} {'ours':>10} {'other':>10}  {'unit':<12} {'ratio':>7}")
    for figure in figures:
        row = f"{figure.case:<44} {figure.ours:>10.3f} {figure.other:>10.3f}  {figure.unit:<12} {figure.ratio:>7.2f}"
        print(row, flush=True)


if __name__ == "__main__":
    sys.exit(main())
