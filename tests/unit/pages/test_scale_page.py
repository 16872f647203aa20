"""The page docs/scale/ is what formulas and simulation give today, and its pictures can be read without eyes."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tableguard.cost.estate import count_estate
from tableguard.pages import scale_curves, scale_page
from tableguard.scale import formulas
from tableguard.scale.invocation import InvocationModel
from tableguard.settings import example
from tests.paths import ROOT

PAGES = ROOT / scale_page.FOLDER


@pytest.fixture(scope="module")
def generated() -> dict[str, str]:
    """The page and its pictures as they would be written now."""
    return scale_page.files()


def test_the_page_is_as_it_would_be_generated_now(generated: dict[str, str]) -> None:
    for name, text in generated.items():
        assert (PAGES / name).read_text(encoding="utf-8") == text, f"{name}: python -m tableguard.pages"


def test_no_picture_is_left_over_and_the_page_shows_each(generated: dict[str, str]) -> None:
    pictures = {name for name in generated if name.endswith(".svg")}
    assert {path.name for path in PAGES.glob("*.svg")} == pictures
    assert set(re.findall(r"!\[[^\]]+\]\(([^)]+)\)", generated[scale_page.PAGE])) == pictures


def test_the_page_reserves_what_the_template_reserves() -> None:
    shipped = count_estate(example())
    assert (shipped.concurrency, shipped.memory) == (scale_curves.RESERVED, InvocationModel().memory)


def test_a_changed_figure_would_show_in_the_page(generated: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert scale_curves.partition_curves() == generated["partitions.svg"]
    monkeypatch.setattr(formulas, "PARTITION_WRITE_UNITS", 500)
    assert scale_curves.partition_curves() != generated["partitions.svg"]


class _Read(HTMLParser):
    """The texts of a picture, and whether it names itself to those who do not see it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.role = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "svg":
            self.role = dict(attrs)["role"] or ""


def test_every_picture_can_be_read_without_eyes_and_fetches_nothing(generated: dict[str, str]) -> None:
    for name, text in generated.items():
        if name.endswith(".svg"):
            read = _Read(text)
            assert (read.role, read.tags[1:3]) == ("img", ["title", "desc"])
            assert "href" not in text
            assert "nan" not in text
            assert "inf " not in text


def test_files_are_written_where_they_are_asked_for(
    generated: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scale_page, "files", lambda: generated)
    assert {str(path.relative_to(tmp_path)) for path in scale_page.write(tmp_path)} == set(generated)
    assert (tmp_path / scale_page.PAGE).read_text(encoding="utf-8") == generated[scale_page.PAGE]
