"""Run benchmarks by name: a table each, or with --json a line per figure."""

import argparse
import importlib
import json
import pkgutil
import sys
from collections.abc import Iterable

from tests import benchmarks
from tests.benchmarks.figures import Figure

_NOT_BENCHMARKS = {"__main__", "figures"}


def names() -> list[str]:
    """Every module beside this one that measures something."""
    return sorted({module.name for module in pkgutil.iter_modules(benchmarks.__path__)} - _NOT_BENCHMARKS)


def main() -> int:
    """Measure what was asked for; 2 for an unknown name."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Ours beside what one would use instead.")
    parser.add_argument("name", nargs="*", help=f"which to run: {', '.join(names())} (default: all)")
    parser.add_argument("--json", action="store_true", help="one line of JSON a figure")
    options = parser.parse_args()
    unknown = sorted(set(options.name) - set(names()))
    if unknown:
        print(f"no benchmark called {unknown[0]}; there are: {', '.join(names())}", file=sys.stderr)
        return 2
    for name in options.name or names():
        print(f"measuring {name} ...", file=sys.stderr)
        figures = list(importlib.import_module(f"tests.benchmarks.{name}").figures())
        _print(name, figures, options.json)
    return 0


def _print(name: str, figures: Iterable[Figure], as_json: bool) -> None:
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
