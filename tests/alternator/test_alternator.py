"""The command about the foreign suite, tried on a suite of a few tests that is written here."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.alternator import suite
from tests.alternator.__main__ import main

CONFTEST = """
import boto3, pytest
from test.conftest import dynamic_scope
from test.cqlpy.conftest import host
from test.pylib.connect_options import add_host_option
from test.pylib.driver_utils import safe_driver_shutdown
from test.alternator.util import is_aws, skip_env
def pytest_addoption(parser):
    parser.addoption("--aws", action="store_true")
    add_host_option(parser)
@pytest.fixture
def scylla_only():
    if is_aws(None):
        skip_env("not for AWS")
@pytest.fixture(scope=dynamic_scope())
def dynamodb():
    return boto3.client("dynamodb")
"""
UTIL = "from test.pylib.skip_types import skip_env\ndef is_aws(dynamodb): return False\n"
ITEM = """
import time, pytest
from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import Cluster, NoHostAvailable
from test.alternator.util import is_aws, skip_env
def test_passes(dynamodb, request):
    assert is_aws(dynamodb) and request.config.getoption("--aws")
    assert dynamodb.list_tables()["TableNames"] == []
@pytest.mark.parametrize("n", [1, 2])
def test_differs(n): assert n == 1
@pytest.mark.xfail
def test_known_to_fail(): assert False, "for a reason"
def test_is_not_for_aws(scylla_only): pass
@pytest.mark.skip_env
def test_is_not_for_aws_either(): assert False
@pytest.fixture
def broken(): raise ValueError("broken")
def test_of_a_broken_fixture(broken): pass
def test_hangs(): time.sleep(60)
"""
FAILED = {
    "test_differs[2]": "assert 2 == 1",
    "test_known_to_fail": "AssertionError: for a reason",
    "test_of_a_broken_fixture": "ValueError: broken",
    "test_hangs": "tests.alternator.plugin._TookTooLongError: stopped after 2 seconds",
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    tests = tmp_path / "test" / "alternator"
    tests.mkdir(parents=True)
    files = {"__init__": "", "conftest": CONFTEST, "util": UTIL, "test_item": ITEM, "test_tag": "def test_is(): pass"}
    for name, text in files.items():
        (tests / f"{name}.py").write_text(text)
    return tmp_path


def counted(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    main([*arguments, "--seconds", "2", "--json"])
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("engine", [(), ("--as-shipped",)])
def test_what_passed_and_what_did_not_is_counted_by_file(
    checkout: Path, capsys: pytest.CaptureFixture[str], engine: tuple[str, ...]
) -> None:
    before = {path: path.read_bytes() for path in checkout.rglob("*.*")}
    run = counted(capsys, "--suite", str(checkout), *engine, "test_item.py", "test_tag.py")
    assert run["files"]["test_item.py"] == {"passed": 2, "of": 6, "failed": FAILED}
    assert run["files"]["test_tag.py"] == {"passed": 1, "of": 1, "failed": {}}
    assert (run["engine"], run["passed"], run["of"]) == ("moto as shipped" if engine else "embedded", 3, 7)
    assert {path: path.read_bytes() for path in checkout.rglob("*.*")} == before


def test_the_text_names_what_failed_and_ends_with_the_sum(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--suite", str(checkout / "test" / "alternator"), "--seconds", "2", "test_item.py"]) == 1
    text = capsys.readouterr().out.splitlines()
    assert [line for line in text if "::" in line] == [f"test_item.py::{test}: {why}" for test, why in FAILED.items()]
    assert text[-1] == "    2 of   6  in all (33 %)"


def test_a_suite_that_passes_ends_with_0(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--suite", str(checkout), "test_tag.py"]) == 0
    assert capsys.readouterr().out.endswith("in all (100 %)\n")


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    return captured.err


def test_a_folder_that_is_not_the_suite_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert f"{tmp_path} is not the suite" in refusal(capsys, "--suite", str(tmp_path))


def test_a_file_that_the_suite_lacks_is_told(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "has no test_items.py; the files" in refusal(capsys, "--suite", str(checkout), "test_items.py")
    assert "has no test_update_expression.py" in refusal(capsys, "--suite", str(checkout))


def test_a_suite_that_cannot_be_read_is_told(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (checkout / "test" / "alternator" / "test_tag.py").write_text("import nothing_of_this_name")
    assert "pytest ended with 2" in refusal(capsys, "--suite", str(checkout), "test_tag.py")


def test_all_files_are_23() -> None:
    assert len(set(suite.FILES)) == 23
