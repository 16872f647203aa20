"""The foreign suite: its folder, its files, and a copy of it that runs without the rest of its repository."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from tableguard.errors import TableguardError

# those about what DynamoDB has and this product's engines may be asked
FILES = tuple(
    f"test_{topic}.py"
    for topic in (
        "item",
        "update_expression",
        "condition_expression",
        "query",
        "key_condition_expression",
        "filter_expression",
        "projection_expression",
        "gsi",
        "lsi",
        "streams",
        "transact",
        "batch",
        "returnvalues",
        "returnconsumedcapacity",
        "expected",
        "number",
        "scan",
        "limits",
        "table",
        "describe_table",
        "tag",
        "nested",
        "manual_requests",
    )
)
_PLACE = Path("test", "alternator")
# what the suite imports of its repository, as far as a run against AWS needs it
_STAND_INS = {
    "cassandra/__init__.py": "",
    "cassandra/auth.py": "PlainTextAuthProvider = dict\n",
    "cassandra/cluster.py": "Cluster = None\nNoHostAvailable = OSError\n",
    "pytest.ini": "[pytest]\n",
    "test/__init__.py": "",
    "test/conftest.py": 'def dynamic_scope():\n    return "session"\n',
    "test/cqlpy/__init__.py": "",
    "test/cqlpy/conftest.py": 'import pytest\n\n\n@pytest.fixture\ndef host():\n    return "localhost"\n',
    "test/pylib/__init__.py": "",
    "test/pylib/connect_options.py": "def add_host_option(parser):\n    pass\n",
    "test/pylib/driver_utils.py": "def safe_driver_shutdown(cluster):\n    cluster.shutdown()\n",
    "test/pylib/skip_types.py": "from pytest import skip as skip_env\n",
}


class SuiteError(TableguardError):
    """A folder that is not the suite, a file that it does not have, or a run of it that came to nothing."""


def tests_of(folder: Path) -> Path:
    """Return the folder of the tests: of a checkout, or the one itself."""
    for place in (folder / _PLACE, folder):
        if (place / "conftest.py").is_file() and (place / "util.py").is_file() and (place / FILES[0]).is_file():
            return place
    raise SuiteError(
        f"{folder} is not the suite: {_PLACE}/ with conftest.py, util.py and {FILES[0]} is not in it; "
        "clone github.com/scylladb/scylladb and name that folder"
    )


def chosen(tests: Path, names: Iterable[str]) -> tuple[str, ...]:
    """Return the files of the suite to run: those named, or all of FILES."""
    files = tuple(names) or FILES
    absent = [name for name in files if not (tests / name).is_file()]
    if absent:
        raise SuiteError(f"{tests} has no {', '.join(absent)}; the files of the suite are {', '.join(FILES)}")
    return files


def copy(tests: Path, into: Path) -> Path:
    """Copy the tests into an empty folder, beside stand-ins for what they import; return their folder."""
    shutil.copytree(tests, into / _PLACE, ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in _STAND_INS.items():
        path = into / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return into / _PLACE
