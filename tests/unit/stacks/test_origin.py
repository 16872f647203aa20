"""The file of a rendered stack: its rendering where that is the same text, else the Python that made it."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from tableguard.paths import TEMPLATES
from tableguard.settings import example
from tableguard.stacks.origin import origin
from tableguard.stacks.registry import find_stack
from tableguard.stacks.render import render, write

SHIPPED = TEMPLATES / "rendered" / "table.yaml"
PATH = ("Resources", "Messages", "Properties", "BillingMode")


def test_a_stack_that_is_on_disk_as_rendered_has_the_lines_of_its_rendering() -> None:
    place = origin("table", render(example(), [find_stack("table")])["table"])
    assert place.path == SHIPPED
    assert place.is_rendering
    lines = SHIPPED.read_text(encoding="utf-8").splitlines()
    assert lines[place.line_of(PATH) - 1].strip() == "BillingMode: PAY_PER_REQUEST"


def test_a_rendering_below_the_working_directory_is_as_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rendered = render(replace(example(), environment="test"), [find_stack("table")])
    monkeypatch.chdir(tmp_path)
    write(rendered, tmp_path / "templates" / "rendered")
    assert origin("table", rendered["table"]).file == "templates/rendered/table.yaml"


def test_a_stack_of_other_settings_leads_to_the_python_that_made_it() -> None:
    rendered = render(replace(example(), environment="test"), [find_stack("table")])["table"]
    place = origin("table", rendered)
    assert place.path == TEMPLATES / "table.py"
    assert not place.is_rendering
    lines = place.path.read_text(encoding="utf-8").splitlines()
    assert '"Messages"' in lines[place.line_of(PATH) - 1]
    unnamed = next(name for name in yaml.safe_load(rendered)["Resources"] if f'"{name}"' not in place.text)
    assert lines[place.line_of(("Resources", unnamed)) - 1].startswith("def template(")
