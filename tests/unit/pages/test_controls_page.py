"""The page policies/controls.md is what contracts and catalogue say today."""

import dataclasses

import pytest

from tableguard.pages import controls_page
from tableguard.policy import contract
from tableguard.reading.controls import Framework, catalogue
from tests.paths import ROOT


def test_the_page_is_as_it_would_be_generated_now(page: str) -> None:
    written = (ROOT / controls_page.PAGE).read_text(encoding="utf-8")
    assert written == page, "python -m tableguard.pages"


@pytest.fixture(scope="module")
def page() -> str:
    return controls_page.text()


def rows(page: str, control: str) -> list[str]:
    """Return a page's rows about one control, each its mapping and what supports it."""
    return [
        line.partition(" | ")[2].partition(" | ")[2].removesuffix(" |")
        for line in page.splitlines()
        if line.startswith(f"| `{control}` |")
    ]


@pytest.mark.parametrize("framework", catalogue().frameworks.values(), ids=lambda framework: framework.key)
def test_every_control_has_its_row(page: str, framework: Framework) -> None:
    assert [number for number in framework.titles if not rows(page, number)] == []


def test_a_mapping_of_aws_is_marked_and_ours_is_not(page: str) -> None:
    aws, ours = rows(page, "AU-9")
    assert aws == "AWS: CloudTrail.4 | [scp/protect_audit_trail](README.md#scpprotect_audit_trail)"
    assert ours.startswith("ours | [role/auditor](README.md#roleauditor), [")


def test_a_control_that_a_document_drops_leaves_the_page(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(rows(page, "CP-9")) == 1
    without = tuple(dataclasses.replace(one, controls=()) for one in contract.load_all())
    monkeypatch.setattr(contract, "load_all", lambda: without)
    changed = controls_page.text()
    assert rows(changed, "CP-9") == []
    assert rows(changed, "5.3") == ["ours | [detections/root_use](detections/root_use.toml)"]
