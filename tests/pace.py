"""How the whole suite is run in less time, or in another order: `-p tests.pace`; each test passes without it.

A worker is handed whole files, as the tests of one share fixtures, and the folders of SHARED whole, as their files do.
What takes longest is begun first, so that no worker is left alone with it in the end. How long a file takes, the last
run knows: pytest's cache keeps it. Before any run, the files marked `slow` come first.

`--shuffle SEED` takes the files, and the tests of each, in an order drawn from the seed: what needs its neighbours to
have run before it, or not to have, is found out.
"""

import gc
import random
from collections import defaultdict
from typing import Any, cast

import pytest
from botocore import session
from botocore.hooks import EventAliaser
from botocore.loaders import Loader
from xdist.scheduler import LoadScopeScheduling

SHARED = ("tests/estate/", "tests/clients/")  # one estate is deployed for all files of each
_IN_CACHE = "pace/seconds"
_UNKNOWN_SLOW = 60.0  # before any run: longer than any file is
_SECONDS = pytest.StashKey[dict[str, float]]()


def portion(nodeid: str) -> str:
    """Return what a worker is handed whole: the test's file, or its folder where files share a fixture."""
    file = nodeid.partition("::")[0]
    return next((folder for folder in SHARED if file.startswith(folder)), file)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take a seed."""
    parser.addoption("--shuffle", type=int, metavar="SEED", help="run files, and the tests of each, in a drawn order")


def pytest_configure(config: pytest.Config) -> None:
    """Learn how long files took; workers are told by the process that starts them, so that their orders agree."""
    _read_each_description_once()
    _alias_each_event_once()
    if hasattr(config, "workerinput"):
        config.stash[_SECONDS] = config.workerinput["seconds"]
        return
    cache = getattr(config, "cache", None)  # absent with -p no:cacheprovider
    config.stash[_SECONDS] = dict(cache.get(_IN_CACHE, {})) if cache else {}
    if cache and _is_whole(config):
        config.pluginmanager.register(_Clock(config, cache))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker how long files took."""
    node.workerinput["seconds"] = node.config.stash[_SECONDS]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> "_Portions":
    """Hand out files and shared folders whole."""
    return _Portions(config, log)


class _Portions(LoadScopeScheduling):  # type: ignore[misc]  # xdist ships no type information
    def _split_scope(self, nodeid: str) -> str:
        return portion(nodeid)


def _is_whole(config: pytest.Config) -> bool:
    """Return whether files are run whole: a part of one would say that it takes less than it does."""
    options = config.option
    return not (options.keyword or options.markexpr or any("::" in argument for argument in config.args))


class _Clock:
    """Keeps how long each file took."""

    def __init__(self, config: pytest.Config, cache: pytest.Cache) -> None:
        self.before, self.cache = config.stash[_SECONDS], cache
        self.took: defaultdict[str, float] = defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add one phase of one test."""
        self.took[portion(report.nodeid)] += report.duration

    def pytest_sessionfinish(self) -> None:
        """Keep the sums, beside those of files that were not run this time."""
        sums = {name: round(seconds, 2) for name, seconds in self.took.items()}
        self.cache.set(_IN_CACHE, {**self.before, **sums})


@pytest.hookimpl(tryfirst=True)  # before pytest gathers the tests that share an expensive fixture's parameter
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the tests of long files first, the rest in their order; or all of them in a drawn one."""
    seed = config.getoption("shuffle")
    if seed is None:
        _longest_first(config.stash[_SECONDS], items)
    else:
        _drawn(random.Random(seed), items)  # noqa: S311  # an order, not a secret


def _longest_first(seconds: dict[str, float], items: list[pytest.Item]) -> None:
    slow = {portion(item.nodeid) for item in items if item.get_closest_marker("slow")}
    expected = dict.fromkeys(slow, _UNKNOWN_SLOW) | seconds
    items.sort(key=lambda item: -expected.get(portion(item.nodeid), 0.0))


def _drawn(chance: random.Random, items: list[pytest.Item]) -> None:
    chance.shuffle(items)
    portions, files = (sorted({of(item) for item in items}) for of in (_portion_of, _file_of))
    chance.shuffle(portions)
    chance.shuffle(files)
    items.sort(key=lambda item: (portions.index(_portion_of(item)), files.index(_file_of(item))))


def _portion_of(item: pytest.Item) -> str:
    return portion(item.nodeid)


def _file_of(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]


def _read_each_description_once() -> None:
    """Let sessions share what botocore reads: descriptions of services, 90 of the 105 ms that a new session takes."""
    create, read = session.create_loader, defaultdict[str | None, dict[Any, Any]](dict)

    def create_loader(search_path_string: str | None = None) -> Loader:
        loader: Any = create(search_path_string)
        loader._cache = read[search_path_string]
        return cast(Loader, loader)

    session.create_loader = create_loader


def _alias_each_event_once() -> None:
    """Let clients share the names that botocore gives events of old names: each client compares each with all."""
    aliaser: Any = EventAliaser
    name = aliaser(None)._alias_event_name
    aliaser._alias_event_name = lambda _, event_name: name(event_name)


def pytest_collection_finish() -> None:
    """Look for garbage less often, and not among the half million objects that imports made: 8 % of all CPU time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
