"""A skip that no engine's absence explains is a failure, and where engines are required, every skip is one."""

import pytest

from tests.engines import absence

pytest_plugins = ("pytester",)

SKIPPING = """
import pytest

@pytest.mark.skipif(True, reason={reason!r})
def test_something():
    pass
"""


@pytest.mark.parametrize(
    ("reason", "required", "outcomes"),
    [
        pytest.param("engine absent: it", False, {"skipped": 1}, id="for want of an engine"),
        pytest.param("engine absent: it", True, {"errors": 1}, id="for want of a required engine"),
        pytest.param("no time", False, {"errors": 1}, id="for another reason"),
    ],
)
def test_a_skip_is_a_failure_unless_an_engine_is_absent(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, reason: str, required: bool, outcomes: dict[str, int]
) -> None:
    monkeypatch.setattr(absence.forbid_other_skips, "__defaults__", (required,))
    pytester.makeconftest("from tests.conftest import *")
    pytester.makepyfile(SKIPPING.format(reason=reason))
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(**outcomes)


@pytest.mark.parametrize(("reason", "outcomes"), [("engine absent: it", {"skipped": 1}), ("no time", {"errors": 1})])
def test_a_file_that_skips_itself_is_judged_alike(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, reason: str, outcomes: dict[str, int]
) -> None:
    monkeypatch.setattr(absence.forbid_other_skips, "__defaults__", (False,))
    pytester.makeconftest("from tests.conftest import *")
    pytester.makepyfile(f"import pytest\npytest.skip({reason!r}, allow_module_level=True)")
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(**outcomes)


def test_where_engines_are_required_nothing_is_marked_to_be_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(absence, "REQUIRED", True)
    assert absence.needs("an engine", present=False, remedy="install it").args == (False,)
    monkeypatch.setattr(absence, "REQUIRED", False)
    assert absence.needs("an engine", present=False, remedy="install it").args == (True,)
