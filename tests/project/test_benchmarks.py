"""What `scripts/bench` does where an engine is missing, and what it refuses."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tableguard.errors import CheckError, EmbeddedError
from tests.benchmarks import checking, deciding, projecting, rendering
from tests.benchmarks.__main__ import main, names
from tests.benchmarks.figures import Figure
from tests.oracle import engine
from tests.paths import ROOT


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """One benchmark that takes no time, and no engine."""

    def figures() -> Iterator[Figure]:
        yield Figure("rendering", "nothing", 1.0, 2.0, "s")

    monkeypatch.setattr(rendering, "figures", figures)


@pytest.mark.usefixtures("quick")
def test_a_benchmark_without_its_engine_is_named_and_the_others_are_run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(engine, "ENGINE", tmp_path)
    assert main(["deciding", "rendering", "--json"]) == 2
    printed = capsys.readouterr()
    assert printed.err.splitlines() == [
        "deciding: not measured: no iam-simulate; scripts/engines/iam-simulate installs it",
        "measuring rendering ...",
    ]
    assert json.loads(printed.out)["ratio"] == 0.5


def test_a_named_folder_without_the_engine_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def absent() -> None:
        raise EmbeddedError("no jars")

    monkeypatch.setattr(projecting, "present", absent)
    assert main(["projecting"]) == 2
    assert capsys.readouterr().err == "projecting: not measured: no jars\n"


@pytest.mark.usefixtures("quick")
def test_what_can_be_measured_ends_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rendering"]) == 0
    assert "rendering" in capsys.readouterr().out


def test_an_unknown_name_is_refused_with_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drawing"]) == 2
    assert capsys.readouterr().err == f"no benchmark called drawing; there are: {', '.join(names())}\n"


def test_without_checkov_the_command_that_installs_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent() -> str:
        raise CheckError("it is not installed; `uv tool install checkov` brings it")

    monkeypatch.setattr(checking, "interpreter", absent)
    assert checking.missing() == "no checkov: it is not installed; `uv tool install checkov` brings it"
    monkeypatch.setattr(checking, "interpreter", lambda: "/usr/bin/python3")
    assert checking.missing() is None


def test_what_is_there_lacks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "available", lambda: True)
    assert deciding.missing() is None


def test_the_help_of_the_script_names_every_benchmark() -> None:
    script = (ROOT / "scripts" / "bench").read_text()
    assert f"# NAME is one of {', '.join(names())}; " in script
