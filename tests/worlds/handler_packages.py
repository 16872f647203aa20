"""The function's package under other names: as its zip holds it, and with one fault put into it."""

import importlib
import io
import shutil
import sys
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any, NamedTuple
from unittest.mock import patch

import stream_lambda
from tableguard.stacks import package
from tests.worlds.messages import TABLE

PLENTY = 60_000  # milliseconds left
_PACKAGE = stream_lambda.__name__


class Fault(NamedTuple):
    """One place in the function, and what could stand there by mistake."""

    module: str
    right: str
    wrong: str


@contextmanager
def packaged() -> Iterator[ModuleType]:
    """The function from its zip; `stream_lambda` itself is imported already."""
    with TemporaryDirectory() as folder:
        with zipfile.ZipFile(io.BytesIO(package.build())) as archive:
            archive.extractall(folder)
        with _imported(Path(folder), "packaged") as module:
            yield module


@contextmanager
def with_fault(fault: Fault) -> Iterator[ModuleType]:
    """The function with one fault in it."""
    with TemporaryDirectory() as folder:
        source = shutil.copytree(package.SOURCE, Path(folder) / _PACKAGE) / f"{fault.module}.py"
        before = source.read_text()
        assert before.count(fault.right) == 1, f"{source.name} says {fault.right!r} {before.count(fault.right)} times"
        source.write_text(before.replace(fault.right, fault.wrong))
        with _imported(Path(folder), "faulty") as module:
            yield module


@contextmanager
def _imported(folder: Path, prefix: str) -> Iterator[ModuleType]:
    name = f"{prefix}_{_PACKAGE}"
    (folder / _PACKAGE).rename(folder / name)
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield importlib.import_module(name)
    finally:
        sys.path.remove(str(folder))
        for imported in [known for known in sys.modules if known.split(".")[0] == name]:
            del sys.modules[imported]


@dataclass(frozen=True)
class Context:
    """As much of Lambda's context as the function uses."""

    remaining: int = PLENTY
    function_name: str = "messages-pattern-d"

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining


def invoke(module: ModuleType, client: Any, records: Sequence[Any], remaining: int = PLENTY) -> Any:
    """What a package's function answers Lambda, with this client in the place of its own."""
    handler = importlib.import_module(f"{module.__name__}.handler")
    table = importlib.import_module(f"{module.__name__}.table")
    asked = table.ProjectionTable(client, TABLE, workers=1, sleep=lambda seconds: None)
    with patch.object(handler, "_table", lambda: asked):
        return handler.handle({"Records": list(records)}, Context(remaining))
