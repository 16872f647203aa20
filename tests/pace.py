"""How the whole suite is run in less time: `-p tests.pace`; each test passes without it.

Files that take long are begun first, so that no worker is left alone with one in the end. That wants
`--no-loadscope-reorder`, as xdist would begin the files with the most tests, which are the quickest.
"""

import gc

import pytest

# longest first, by seconds of CPU; a file that is not named takes less than ten
LONGEST = (
    "test_oracle",
    "test_check",
    "test_fault_drill",
    "test_estate",
    "test_moto_dynamodb",
    "test_enforced_live",
    "test_commands",
    "test_mutants",
)


def _turn(item: pytest.Item) -> int:
    return LONGEST.index(item.path.stem) if item.path.stem in LONGEST else len(LONGEST)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of long files first; the rest stay in their order."""
    items.sort(key=_turn)


def pytest_collection_finish() -> None:
    """Look for garbage less often, and not among the half million objects that imports made: 8 % of all CPU time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
