"""What holds for every test: it is skipped for want of an engine, and for nothing else."""

from collections.abc import Generator

import pytest

from tests.engines.absence import forbid_other_skips


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Judge the skips of tests."""
    report = yield
    forbid_other_skips(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Judge the skips of whole files."""
    report = yield
    forbid_other_skips(report)
    return report
