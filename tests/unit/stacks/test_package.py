"""The function's zip: the same bytes for the same source, and loadable by AWS's own runtime client."""

import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tableguard.errors import DeployError
from tableguard.stacks import package


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The source as another checkout would hold it."""
    return shutil.copytree(package.SOURCE, tmp_path / "elsewhere", ignore=shutil.ignore_patterns("__pycache__"))


def test_the_package_is_the_same_bytes_every_time() -> None:
    assert package.build() == package.build()


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_dates_permissions_and_folders_leave_no_trace(copy: Path, umask: int) -> None:
    for number, module in enumerate(sorted(copy.glob("*.py"), reverse=True)):
        os.utime(module, (1_000_000_000 + number, 1_000_000_000 + number))
        module.chmod(0o777 & ~umask)
    before = os.umask(umask)
    try:
        assert package.build(copy) == package.build()
    finally:
        os.umask(before)


def test_another_character_is_another_package_under_another_key(copy: Path) -> None:
    (copy / "items.py").write_text((copy / "items.py").read_text() + "#")
    changed = package.build(copy)
    assert changed != package.build()
    assert package.code_key(changed) != package.code_key(package.build())


def test_the_key_names_the_hash() -> None:
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert package.code_key(b"") == f"pattern-d/{empty}.zip"


def test_it_holds_the_modules_and_nothing_else(copy: Path) -> None:
    (copy / "notes.txt").write_text("not code")
    (copy / "__pycache__").mkdir()
    (copy / "__pycache__" / "items.cpython-313.pyc").write_bytes(b"stale")
    archive = zipfile.ZipFile(io.BytesIO(package.build(copy)))
    assert archive.namelist() == sorted(f"stream_lambda/{path.name}" for path in package.SOURCE.glob("*.py"))
    assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert {info.external_attr >> 16 for info in archive.infolist()} == {0o100644}


def test_it_is_small() -> None:
    assert len(package.build()) < 20_000


def test_a_folder_without_modules_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="no Python modules"):
        package.build(tmp_path)


LOAD = """
import json, sys
from awslambdaric.bootstrap import _get_handler
handler = _get_handler(sys.argv[1])
print(json.dumps([handler.__module__, sys.modules[handler.__module__].__file__, "boto3" in sys.modules]))
"""


def load(folder: Path, handler: str) -> subprocess.CompletedProcess[str]:
    environment = {"PYTHONPATH": str(folder), "PATH": os.environ["PATH"]}
    command = [sys.executable, "-W", "error", "-P", "-c", LOAD, handler]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("task")
    zipfile.ZipFile(io.BytesIO(package.build())).extractall(folder)
    return folder


def test_the_runtime_client_loads_the_handler_from_it(unpacked: Path) -> None:
    found = load(unpacked, "stream_lambda.handler.handle")
    assert found.returncode == 0, found.stderr
    module, file, boto3_loaded = json.loads(found.stdout)
    assert (module, file) == ("stream_lambda.handler", str(unpacked / "stream_lambda" / "handler.py"))
    assert not boto3_loaded, "botocore is enough, and starts faster"


def test_the_runtime_client_refuses_another_name(unpacked: Path) -> None:
    found = load(unpacked, "handler.handle")
    assert "Runtime.ImportModuleError" in found.stderr
