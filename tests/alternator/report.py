"""What a run of the suite came to, as text and as JSON: the same facts."""

import json
from collections.abc import Iterator, Mapping

from tests.alternator.run import Count


def as_json(engine: str, by_file: Mapping[str, Count]) -> str:
    """Return engine, sums, and each file's counts and failures."""
    files = {name: {"passed": count.passed, "of": count.of, "failed": count.failed} for name, count in by_file.items()}
    passed, of = sums(by_file)
    return json.dumps({"engine": engine, "passed": passed, "of": of, "files": files}, indent=2)


def as_text(engine: str, by_file: Mapping[str, Count]) -> str:
    """Return the failures by file, each with its reason, then a table of counts with their sum."""
    return "\n".join((*_failures(by_file), *_table(engine, by_file)))


def sums(by_file: Mapping[str, Count]) -> tuple[int, int]:
    """Return how many tests passed, and of how many."""
    return sum(count.passed for count in by_file.values()), sum(count.of for count in by_file.values())


def _failures(by_file: Mapping[str, Count]) -> Iterator[str]:
    for name, count in by_file.items():
        yield from (f"{name}::{test}: {why}" for test, why in count.failed.items())


def _table(engine: str, by_file: Mapping[str, Count]) -> Iterator[str]:
    yield f"{engine}:"
    for name, count in by_file.items():
        yield f"{count.passed:5} of {count.of:3}  {name}"
    passed, of = sums(by_file)
    yield f"{passed:5} of {of:3}  in all ({100 * passed / max(of, 1):.0f} %)"
