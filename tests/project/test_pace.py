"""Files are handed out whole, the longest first by what the last run took; a drawn order keeps files together."""

import json
from pathlib import Path

import pytest

from tests.pace import SHARED, portion
from tests.paths import ROOT

pytest_plugins = ("pytester",)

FILES = {
    "test_a.py": "def test_one(): pass\ndef test_two(): pass\n",
    "test_b.py": "import pytest\npytestmark = pytest.mark.slow\ndef test_one(): pass\ndef test_two(): pass\n",
    "test_c.py": "import time\ndef test_one(): time.sleep(0.2)\ndef test_two(): pass\n",
}
MARKS = "[pytest]\nmarkers =\n    slow: takes long\n"


def run(pytester: pytest.Pytester, *arguments: str) -> list[str]:
    """Return the names of the tests of FILES in the order in which they passed."""
    pytester.makeini(MARKS)
    for name, text in FILES.items():
        (pytester.path / name).write_text(text)
    result = pytester.runpytest_inprocess("-p", "tests.pace", "--verbose", *arguments)
    assert result.ret == 0
    return [line.split()[0].replace(".py::test", "") for line in result.outlines if "PASSED" in line]


def files(tests: list[str]) -> list[str]:
    """Return the files of some tests, each once, in the order in which they come; none may come twice."""
    order = [test.rpartition("_")[0] for test in tests]
    starts = [name for before, name in zip(["", *order], order, strict=False) if before != name]
    assert sorted(starts) == sorted(set(order))
    return starts


def test_before_any_run_files_that_are_marked_come_first(pytester: pytest.Pytester) -> None:
    assert files(run(pytester)) == ["test_b", "test_a", "test_c"]


def test_after_a_run_the_longest_file_comes_first(pytester: pytest.Pytester) -> None:
    run(pytester)
    assert files(run(pytester))[0] == "test_c"
    (kept,) = Path(pytester.path).rglob("pace/seconds")
    assert json.loads(kept.read_text())["test_c.py"] >= 0.2


@pytest.mark.parametrize("part", [("-k", "two"), ("test_c.py::test_two",), ("-m", "not slow")], ids=" ".join)
def test_a_run_of_a_part_says_nothing_about_whole_files(pytester: pytest.Pytester, part: tuple[str, ...]) -> None:
    run(pytester, *part)
    assert not list(Path(pytester.path).rglob("pace/seconds"))


def test_a_seed_draws_an_order_that_keeps_files_together(pytester: pytest.Pytester) -> None:
    orders = {seed: run(pytester, "--shuffle", str(seed)) for seed in range(1, 5)}
    assert len({tuple(order) for order in orders.values()}) > 1
    assert {len(files(order)) for order in orders.values()} == {3}
    assert run(pytester, "--shuffle", "1") == orders[1]


def test_a_folder_whose_files_share_a_fixture_is_one_portion() -> None:
    assert portion("tests/estate/test_one.py::test_it[a::b]") == portion("tests/estate/test_two.py::test_that")
    assert portion("tests/unit/policy/test_one.py::test_it[a::b]") == "tests/unit/policy/test_one.py"
    assert [folder for folder in SHARED if not (ROOT / folder).is_dir()] == []
