"""What holds for every test: it is skipped for want of an engine and for nothing else, and opted in by name."""

from collections.abc import Generator, Iterator

import pytest

from tests.engines.absence import forbid_other_skips, wants_engine


@pytest.fixture(scope="session", autouse=True)
def states_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the folders of runs of `tableguard up` out of the user's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("states")))
        yield


@pytest.hookimpl(tryfirst=True)  # before -m selects by marks
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what asks an engine; set aside what takes minutes, unless -m names it."""
    for item in filter(wants_engine, items):
        item.add_marker("engine")
    if "opt_in" not in config.option.markexpr:
        set_aside = [item for item in items if item.get_closest_marker("opt_in")]
        config.hook.pytest_deselected(items=set_aside)
        items[:] = [item for item in items if item not in set_aside]


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
