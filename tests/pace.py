"""How the whole suite is run in less time, or in another order: `-p tests.pace`; each test passes without it.

Files that take long are begun first, so that no worker is left alone with one in the end. That wants
`--no-loadscope-reorder`, as xdist would begin the files with the most tests, which are the quickest.

`--shuffle SEED` takes the files, and the tests of each, in an order drawn from the seed: what needs its neighbours to
have run before it, or not to have, is found out.
"""

import gc
import random

import pytest

# longest first, by seconds of CPU; a file that is not named takes less than ten
LONGEST = (
    "test_oracle",
    "test_run",
    "test_fault_drill",
    "test_estate",
    "test_corrections",
    "test_enforced",
    "test_commands",
    "test_mutants",
)


def _turn(item: pytest.Item) -> int:
    return LONGEST.index(item.path.stem) if item.path.stem in LONGEST else len(LONGEST)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take a seed."""
    parser.addoption("--shuffle", type=int, metavar="SEED", help="run files, and the tests of each, in a drawn order")


@pytest.hookimpl(tryfirst=True)  # before pytest gathers the tests that share an expensive fixture's parameter
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the tests of long files first, the rest in their order; or all of them in a drawn one."""
    seed = config.getoption("shuffle")
    if seed is None:
        items.sort(key=_turn)
        return
    chance = random.Random(seed)  # noqa: S311  # an order, not a secret
    chance.shuffle(items)
    files = sorted({item.path for item in items})
    chance.shuffle(files)
    items.sort(key=lambda item: files.index(item.path))


def pytest_collection_finish() -> None:
    """Look for garbage less often, and not among the half million objects that imports made: 8 % of all CPU time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
