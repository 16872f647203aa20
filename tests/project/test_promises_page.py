"""What the page for writers of promises shows is what the command prints."""

import re
from pathlib import Path

import pytest

from tableguard.paths import EXAMPLE_SETTINGS
from tableguard.prove.foreign import promise_file
from tableguard.settings import example
from tests.paths import ROOT
from tests.worlds.commands import run

PAGE = (ROOT / "docs" / "promises.md").read_text(encoding="utf-8")
_BLOCK = re.compile(r"^```(json|toml|console) ([^\n]+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_SETTINGS = re.compile(r"^```toml\n(.*?)^```$", re.DOTALL | re.MULTILINE)
FILES = [(name, text) for kind, name, text in _BLOCK.findall(PAGE) if kind != "console"]
RUNS = [(*command.split(), text) for kind, command, text in _BLOCK.findall(PAGE) if kind == "console"]


@pytest.fixture
def written(tmp_path: Path) -> Path:
    for name, text in FILES:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(("folder", "claims", "code", "lines"), RUNS, ids=[claims for _, claims, *_ in RUNS])
def test_each_example_of_the_page_ends_as_the_page_says(  # a table and two fixtures
    folder: str, claims: str, code: str, lines: str, written: Path
) -> None:
    settings = str(EXAMPLE_SETTINGS / "default.toml")
    ran = run("prove", "--settings", settings, "--policies", str(written / folder), "--promises", str(written / claims))
    assert ran.code == int(code)
    printed = ran.out or ran.err
    assert [line for line in lines.splitlines() if line not in printed] == []


def test_the_settings_that_the_page_shows_are_accepted(tmp_path: Path) -> None:
    (shown,) = _SETTINGS.findall(PAGE)
    path = tmp_path / "claims.toml"
    path.write_text(f'{shown}\n[[must-deny]]\nname = "x"\nAction = "s3:*"\n', encoding="utf-8")
    promises = promise_file.load(path, example())
    assert promises.facts.shorthand.estate.account == "111122223333"
    assert promises.own_values["regions"] == ("eu-west-1", "eu-central-1")
